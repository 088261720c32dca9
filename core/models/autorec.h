#pragma once
/* AutoRec: an autoencoder of items' or users' ratings (Sedhain et al. 2015), and its variant for
 * what people do without rating (the multinomial likelihood of Liang et al. 2018).
 *
 *     ratings:      min sum_observed (r_ui - b(u, i) - <W_u, g(V' r_i + m)>)^2
 *                       + lambda (|V|^2 + |W|^2)                          side: item
 *     multinomial:  min -sum_u sum_liked log softmax(W g(V' x_u / |x_u| + m) + b)_i
 *                       + lambda (|V|^2 + |W|^2)                          side: user
 *
 * b(u, i) are damped means (models/rating_means.h): the paper predicts r itself; what the means
 * leave is learnt in fewer passes and predicted better. g is a sigmoid for ratings, tanh for
 * multinomial, where each epoch hides half of a user's x from the encoder, so that it learns to
 * tell what is hidden from what is left. Learnt by Adam on batches of rows, each epoch in an order
 * drawn from the seed. A share of the ratings (never a test part) is kept apart:
 * where their error has not fallen for `patience` epochs, the best epoch's V is taken.
 *
 * Side item ends with W solved exactly, user by user, from all ratings: a ridge regression on the
 * items' hidden units. It is how later users are folded in, too, so that a user's predictions do
 * not hang on when the user came. Side user encodes the history itself. Either way
 *
 *     prediction = <query vector, item row>,  rows [v, c, 1], queries [x, 1, mean + o_u]
 *
 * Fitted with loss=ratings it ranks by predicted rating, which is not what ranks best.
 *
 * Reports "fit/loss" and, with ratings kept apart, "fit/validation": their RMSE.
 */
#include "models/model.h"

extern const struct model_class autorec_class;
