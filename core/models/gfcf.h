#pragma once
/* Graph filtering, without training (Shen et al. 2021, "How powerful is graph convolution for
 * recommendation?", GF-CF).
 *
 *     R = D_u^-1/2 X D_i^-1/2
 *     scores of u = x_u (R'R + alpha D_i^-1/2 V V' D_i^1/2)
 *
 * X is 1 where a user likes an item, D_u and D_i hold the likes of each user and item. R'R smooths
 * over the users in common; V, the leading right singular vectors of R, is an ideal low-pass
 * filter. Of each column of R'R the `neighbours` largest entries off the diagonal are kept, which
 * besides being faster ranks better than all of them.
 *
 * The filter needs V V' alone, so V is any orthonormal basis of the same space, found by block
 * power iteration from random vectors (Halko, Martinsson, Tropp 2011, algorithm 4.4):
 *
 *     Y = R'(R Q),    Q = Y U^-1 with U'U = Y'Y + e I,    repeated
 *
 * e, a bound of the rounding in Y'Y, lets a matrix of lower rank pass: directions that R does not
 * have come out as 0.
 *
 * Likeness is (R'R)_ij + alpha <v_i, v_j>. Reports "fit/energy" by iteration: the share of |R|^2 =
 * trace R'R that Q's space holds, as Q comes closer to V.
 *
 * Sections: those of models/neighbours.h for R'R, gfcf/vectors (Q), gfcf/factors (D_i^-1/2),
 * gfcf/alpha.
 */
#include "models/model.h"

extern const struct model_class gfcf_class;
