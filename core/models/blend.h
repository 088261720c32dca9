#pragma once
/* A weighted sum of other models' scores, each brought to one scale first.
 *
 *     score(u, i) = sum_m w_m f(s_m(u, .))_i
 *
 * Over all items of one query f takes the mean off and divides by the standard deviation
 * (`scores`), or gives 1 / (60 + rank) (`ranks`: reciprocal rank fusion; Cormack, Clarke, Buettcher
 * 2009). A list of some items is therefore scored by scoring all.
 *
 * Members are named with their own settings: "ials dimensions=192 epochs=16, ease". Their weights
 * are given, or fitted: the members are fitted without a validation part of the training data (the
 * last share of the events of at most `users` users), the weights are those of the highest NDCG@20
 * on it that coordinate ascent finds, and the members are fitted again on everything. A member
 * whose weight comes to 0 is left out. Where nothing can be cut off, all weigh the same.
 *
 * Likeness: the sum of the members' likenesses by the same weights, each divided by its largest.
 *
 * Reports "fit/validation_ndcg@20" and "fit/weight/<member>" where weights are fitted, and the
 * members' scalars "fit/x" of the last fit as "fit/<member>/x".
 *
 * Sections: blend/shape (users, items, members, scale), blend/names, blend/weights, and those of
 * member n under "blend/n/".
 */
#include "models/model.h"

extern const struct model_class blend_class;
