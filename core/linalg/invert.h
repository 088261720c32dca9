#pragma once
/* The inverse of a symmetric positive definite matrix of thousands of rows, in place and over a
 * pool: by symmetric Gauss-Jordan steps on block rows (the sweep operator; Goodnight 1979).
 *
 * A step on the block row K takes, with P = A_KK^-1,
 *     A_ij -= A_iK P A_Kj     A_Kj = P A_Kj     A_KK = -P      for all i, j outside K
 * and leaves A symmetric; once every block row has had its step, A holds -A^-1. Each step is one
 * product of two panels over half of the matrix, which splits evenly over workers. d^3 operations
 * (a multiplication and an addition each half of that), as the way by Cholesky's factor.
 *
 * Memory beyond the half of the matrix that is kept: two panels of 256 rows.
 */
#include "base/observer.h"
#include "base/parallel.h"
#include "base/status.h"
#include "linalg/solve.h"

/* matrix[spd_size(d)] in tiles (linalg/solve.h), those on the diagonal whole; d a multiple of TILE.
 * The same bits for any number of threads. On failure the matrix is spoilt: OUT_OF_RANGE when it is
 * not positive definite to float32; NO_MEMORY; CANCELLED when the observer says so, asked every few
 * hundred million operations, who hears of progress from 0 to 1 in `phase`. */
enum status spd_invert(float *matrix, size_t d, struct parallel *pool,
                       const struct observer *observer, const char *phase);

/* Bytes that spd_invert takes beside the matrix. */
uint64_t spd_invert_estimate(size_t d);

/* Where element (i, j) lies, i <= j or both in one tile. */
static inline size_t spd_element(size_t i, size_t j)
{
    return spd_offset(i / TILE, j / TILE) + i % TILE * TILE + j % TILE;
}
