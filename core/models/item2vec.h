#pragma once
/* item2vec: skip-gram over what each user did, in the order of time (Barkan and Koenigstein 2016;
 * settings after Caselles-Dupre, Lesaint and Royo-Letelier 2018). See embed/skipgram.h.
 *
 * A user's sequence holds the items of the training events that the user likes in sum, in order;
 * an item that follows itself counts once. An item's vector is u / |u|, 0 where nobody likes it. A
 * user's vector is the mean of the liked items' vectors, each weighted by its confidence, which is
 * what a history is folded in by: order plays no part there. Scores are products, likeness is the
 * cosine.
 *
 * Sections: item2vec/shape (users, items, dimensions), item2vec/users, item2vec/items. A user is
 * erased by zeroing the row of item2vec/users.
 */
#include "models/model.h"

extern const struct model_class item2vec_class;
