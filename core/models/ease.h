#pragma once
/* EASE: each item as a linear combination of all others, in closed form (Steck 2019,
 * "Embarrassingly shallow autoencoders for sparse data", eq. 8).
 *
 *     min  |W (X - X B)|^2 + lambda |B|^2   with diag B = 0
 *     P  = (X' W^2 X + lambda I)^-1,     B_ij = -P_ij / P_jj,  i != j
 *
 * X is 1 where a user likes an item. W = diag(|u|^-row_power), |u| the user's likes: users of long
 * histories would otherwise decide alone, as a history enters by the square of its length.
 *
 * Items that nobody likes are left out first; for the m others the inverse takes m^3 operations and
 * 2 m^2 bytes, as only half of P is held. A fit that would need more than the memory this process
 * may use is refused with the figure. Served are the `neighbours` entries of each column that are
 * largest in size: negative ones matter, and a catalogue of some thousands loses little.
 *
 * Likeness of two items is their partial correlation -P_ij / sqrt(P_ii P_jj).
 *
 * Reports "fit/loss": the minimum above, which is sum_j (1 / P_jj - lambda).
 */
#include "models/model.h"

extern const struct model_class ease_class;
