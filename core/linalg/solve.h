#pragma once
/* Symmetric positive definite systems A x = b of a few hundred unknowns, in float32: by Cholesky's
 * factor, or nearly by a few steps of conjugate gradients.
 *
 * Tiles: of A, d x d with d a multiple of TILE, only tiles (i, j) with i <= j are kept, TILE x TILE
 * floats each, row-major. Those of one j follow one another: block column j is a panel of
 * (j + 1) TILE rows, TILE wide, which is what the kernels read. Nothing here takes memory.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "linalg/kernels.h"

/* Tile (i, j), i <= j, of a matrix in tiles. */
static inline size_t spd_offset(size_t i, size_t j)
{
    return (j * (j + 1) / 2 + i) * TILE * TILE;
}

/* Floats of a matrix in tiles. */
static inline size_t spd_size(size_t d)
{
    return spd_offset(0, d / TILE);
}

/* matrix += panel' panel. The panel lies in strips of TILE columns: column c of row r is
 * panel[(c / TILE) * stride + r * TILE + c % TILE]; n rows. */
void spd_add_panel(float *matrix, size_t d, const float *panel, size_t stride, size_t n);

/* matrix[k][k] += value for k in first .. last-1. */
void spd_add_diagonal(float *matrix, size_t first, size_t last, float value);

/* A = U' U in place, block column by block column (left-looking). inverses[d]: of U's diagonal.
 * False when A is not positive definite to float32; matrix is then spoilt. */
bool spd_factor(float *matrix, size_t d, float *inverses);

/* x = A^-1 x for a matrix from spd_factor. scratch[d]. */
void spd_solve(const float *matrix, size_t d, const float *inverses, float *x, float *scratch);

/* x = U^-T x for a matrix from spd_factor: with A = Y'Y, the row of Y U^-1, whose columns are
 * orthonormal. */
void spd_solve_half(const float *matrix, size_t d, const float *inverses, float *x);

/* out = A x, all [d]. */
typedef void (*spd_apply)(void *context, const float *x, float *out);

/* At most `steps` steps of conjugate gradients (Hestenes and Stiefel 1952) from the x given, on
 * A x = b; ends early when the residual is nothing next to b. scratch[3 d]. Returns
 * x' A x - 2 b' x for the new x: what the steps lower. */
double spd_improve(spd_apply apply, void *context, size_t d, unsigned steps, const float *b,
                   float *x, float *scratch);
