#pragma once
/* item2vec: skip-gram over what each user did, in the order of time (Barkan and Koenigstein 2016;
 * settings after Caselles-Dupre, Lesaint and Royo-Letelier 2018). See embed/skipgram.h.
 *
 * A user's sequence holds the items of the training events that the user likes in sum, in order;
 * an item that follows itself counts once. A user's vector is the mean of the liked items' u / |u|,
 * each weighted by its confidence, which is what a history is folded in by: order plays no part
 * there. An item's score is the product of that with its v, so what the negatives leave of its
 * popularity (the less, the larger alpha) is part of it. Likeness is the cosine of two u.
 *
 * Rows hold one number more than the dimensions: 1 of who asks times what puts items that nobody
 * likes below all others.
 *
 * Sections: item2vec/shape (users, items, numbers a row), item2vec/users, item2vec/inputs (u /
 * |u|), item2vec/items (v). A user is erased by zeroing the row of item2vec/users.
 */
#include "models/model.h"

extern const struct model_class item2vec_class;
