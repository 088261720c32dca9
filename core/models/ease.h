#pragma once
/* EASE: each item as a linear combination of all others, in closed form (Steck 2019,
 * "Embarrassingly shallow autoencoders for sparse data", eq. 8), learnt as if a part of each
 * history were missing (Steck 2020, "Autoencoders that don't overfit towards the identity", eq.
 * 11).
 *
 *     min  |W (X - X B)|^2 + sum_ij L_ii B_ij^2            with diag B = 0
 *     P  = (X' W^2 X + L)^-1,     B_ij = -P_ij / P_jj,  i != j
 *     L  = lambda I + p / (1 - p) diag(X' W^2 X),           p the dropout
 *
 * X is 1 where a user likes an item. W = diag(|u|^-row_power), |u| the user's likes: users of long
 * histories would otherwise decide alone, as a history enters by the square of its length. Served
 * is B_ij c_j, c_j the likes of j to the power -popularity_power: what everybody has anyway is left
 * to those who have nothing better.
 *
 * Items that nobody likes are left out first; for the m others the inverse takes m^3 operations and
 * 2 m^2 bytes, as only half of P is held. A fit that would need more than the memory this process
 * may use is refused with the figure. Served are the `neighbours` entries of each column that are
 * largest in size: negative ones matter, and a catalogue of some thousands loses little.
 *
 * Likeness of two items is their partial correlation -P_ij / sqrt(P_ii P_jj) times sqrt(c_i c_j).
 *
 * Reports "fit/loss": the minimum above, which is sum_j (1 / P_jj - L_jj).
 */
#include "models/model.h"

extern const struct model_class ease_class;
