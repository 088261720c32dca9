#pragma once
/* One row of implicit alternating least squares: the vector x of a user (or item) for the fixed
 * vectors h_i of the other side (Hu, Koren, Volinsky 2008; Rendle et al. 2022),
 *
 *     min  sum_{i in I} c_i (p_i - <x, h_i>)^2 + alpha0 sum_i <x, h_i>^2 + r |x|^2
 *     r  = lambda (|I| + alpha0 n)^nu,  n: the rows of the other side that have any interaction
 *
 * p_i is 1 for a positive and 0 for a negative confidence, c_i its size times `scale`. The minimum
 * solves A x = b with A = alpha0 H'H + sum c_i h_i h_i' + r I and b = sum c_i p_i h_i.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

struct ials_weights {
    double alpha0, lambda, nu;
    double scale;         /* of confidences */
    uint32_t history_max; /* interactions of one user that count */
};

/* The fixed side. square and tiles are in one allocation of ials_side_size floats at `square`. */
struct ials_side {
    const float *vectors; /* [n x d] */
    uint32_t n, n_active; /* rows; those with an interaction */
    size_t d, width;      /* width: d, rounded up to a multiple of TILE */
    float *square;        /* alpha0 H'H, [width x width], 0 beyond d */
    float *tiles;         /* the same in tiles (linalg/solve.h), 1 on the diagonal beyond d */
};

/* What a row is solved from: indices below side->n, signed confidences, in any order. */
struct ials_row {
    const uint32_t *columns; /* [n] */
    const float *confidences;
    uint32_t n;
};

/* Floats of a side's square and tiles, and of the scratch of one solver. */
size_t ials_side_size(size_t d);
size_t ials_scratch_size(size_t d, uint32_t history_max);

/* Fills side->tiles (and its padding) from side->square. */
void ials_side_pack(struct ials_side *side);

/* sums[spd_size(width)] += H'H over rows first .. last-1, in tiles. */
void ials_gram_add(const struct ials_side *side, uint32_t first, uint32_t last, float *scratch,
                   float *sums);

/* The row with only its history_max strongest interactions, equally strong ones from the end; the
 * row itself when it has no more. The arrays of the result lie in scratch. */
struct ials_row ials_row_limit(struct ials_row row, size_t d, uint32_t history_max, float *scratch);

/* x[d] = A^-1 b by Cholesky's factor. A row without interactions is 0. Returns the minimum of the
 * row's objective above. x is finite whatever the weights. */
double ials_solve_exact(const struct ials_side *side, const struct ials_weights *weights,
                        struct ials_row row, float *scratch, float *x);

/* The same, nearly: `steps` conjugate gradient steps from the x given (Takacs, Pilaszy, Tikk
 * 2011), which never form A. */
double ials_solve_nearly(const struct ials_side *side, const struct ials_weights *weights,
                         struct ials_row row, unsigned steps, float *scratch, float *x);
