#pragma once
/* SLIM with chosen features: each item from a few others by a local ridge regression (Ning and
 * Karypis 2011, "SLIM: sparse linear methods for top-N recommender systems", the variant fsSLIM;
 * Steck 2019, "Markov random fields for collaborative filtering", for the systems without L1). It
 * is ease (models/ease.h) for catalogues whose square does not fit: the same objective, settings
 * and way of serving, but column j of B may use the items S_j alone:
 *
 *     (G + L)_SS B_Sj = G_Sj,    G = X' W^2 X,   L = lambda I + p / (1 - p) diag G
 *
 * S_j are, of the items that share users with j, the `neighbours` that would lower the loss of
 * column j most if each stood alone, which is by G_ij^2 / (G_ii + L_ii). Where all items share
 * users and all are neighbours, B is that of ease.
 *
 * Of each column of G its `overlaps` largest sums are held, at least as many as `neighbours`; fewer
 * where all columns would hold more than 2^28 (2 GB), which begins at 268,000 items. An element
 * that neither of its two columns holds counts as 0. That may leave a system that is not positive
 * definite; its diagonal is then doubled until it is. For K neighbours and M overlaps a column
 * takes K^3 / 3 + K M operations; nothing grows with the square of the catalogue.
 *
 * Likeness is as in ease, with 1 / P_jj = G_jj + L_jj - G_jS B_Sj of the local system.
 *
 * Reports "fit/loss": the sum of G_jj - G_jS B_Sj, the minimum of the local objectives.
 */
#include "models/model.h"

extern const struct model_class slim_class;
