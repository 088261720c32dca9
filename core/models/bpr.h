#pragma once
/* Ranking by many sampled negatives (Mao et al. 2021, "SimpleX: a simple and strong baseline for
 * collaborative filtering"; pairwise ranking by sampling began with Rendle et al. 2009, "BPR").
 *
 * An item i has a vector e_i of what it is and a vector a_i of what liking it says of a user:
 *
 *     s(u, i) = <h_u, e_i> / (|h_u| |e_i|),      h_u = sum of a_j over the items j that u likes
 *
 * There is nothing of a user but the history (SimpleX with g = 0), so that anybody's history is
 * folded in by a sum. A pass over the users leaves a random `held_out` share T of each history out
 * of the sum and lowers, over these and a set N of items drawn for the whole batch,
 *
 *     softmax:  sum over T of -s_i / t + log sum over N of exp(s_n / t)
 *     cosine:   sum over T of (1 - s_i) + w / |N| sum over N of max(0, s_n - m)     (eq. 1)
 *
 * times |T|^-history_power; t the temperature, w the negative_weight, m the margin. What the user
 * is known to like is no negative: of the history that is summed for softmax, of all for cosine. A
 * set of negatives that all users of a batch share makes the work a few matrix products.
 *
 * Adam on rows that the batch touched, the rate falling by a cosine to nothing. The same for any
 * number of threads: users are computed each alone, then each item's gradients are summed in the
 * order of the batch.
 *
 * Vectors are not propagated over the graph (LightGCN) beyond the one step that the sum over the
 * history is: this was not tried, and a history alone would not fold in.
 *
 * Reports "fit/loss" by epoch, the mean over held-out items. A history of one item teaches nothing.
 * Likeness is the cosine of two e. Items that nobody likes score -2, below all others.
 *
 * Sections: bpr/shape (users, items, numbers a row), bpr/users, bpr/inputs (a), bpr/items (e / |e|,
 * and 0 or -2). A user is erased by zeroing the row of bpr/users.
 */
#include "models/model.h"

extern const struct model_class bpr_class;
