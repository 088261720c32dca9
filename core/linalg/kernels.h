#pragma once
/* The inner loops of arithmetic on dense float32, one set by instruction set.
 *
 * The set is chosen once, when the program starts, from what the CPU has: AVX-512, AVX2 with FMA,
 * or plain C. Sets differ in the order of summation and in fused operations, so results agree to
 * rounding; within one set a result depends on the arguments alone, never on the thread.
 *
 * None takes memory or a lock. Pointers need only be aligned as floats are.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bitmap.h"

/* Width of tiles and panels, in floats. */
enum { TILE = 16 };

/* d up to the next multiple of TILE. */
static inline size_t tile_round(size_t d)
{
    return (d + TILE - 1) / TILE * TILE;
}

/* The product of a [m x k] and b [k x n] to c [m x n], float32. a[i, p] lies at i * a_row + p *
 * a_step, so that a stored the other way round (row by p) is the same to it; rows of b and c lie
 * b_row and c_row apart. n is a multiple of TILE. c overlaps neither. */
struct gemm {
    const float *a, *b;
    float *c;
    size_t a_row, a_step, b_row, c_row;
    size_t m, n, k;
};

/* One step of Adam (Kingma and Ba 2015, algorithm 1) with its corrections worked in: rate is
 * alpha / (1 - beta1^t), v_scale is 1 / sqrt(1 - beta2^t). l2 goes into the gradient; keep is what
 * a decoupled decay leaves of a weight, 1 without one (Loshchilov and Hutter 2019). */
struct adam_step {
    float rate, beta1, beta2, v_scale, epsilon, l2, keep;
};

struct kernels {
    const char *name; /* "avx512", "avx2", "plain" */

    /* sum_k a[k] b[k] */
    float (*dot)(const float *a, const float *b, size_t d);

    /* y[k] += a x[k] */
    void (*axpy)(float a, const float *x, float *y, size_t d);

    /* out[i] = <rows[i, :], query> for the n rows of rows[n x d]; the same bits for a row wherever
     * it stands. */
    void (*scan)(const float *rows, size_t n, size_t d, const float *query, float *out);

    /* tile[TILE x TILE] += sign * a' b for a, b [n x TILE]; sign is 1 or -1. */
    void (*tile_product)(const float *a, const float *b, size_t n, float sign, float *tile);

    /* The Cholesky factor of one tile, in place: upper u with u' u = tile; what is below the
     * diagonal is lost. inverses[TILE]: 1 / u[t][t]. False for a pivot that is not above 0. */
    bool (*tile_factor)(float *tile, float *inverses);

    /* tile = u^-T tile, for u and inverses from tile_factor. */
    void (*tile_solve)(const float *u, const float *inverses, float *tile);

    /* out[k] += sum_r weights[r] panel[r, k]. panel[n x d], d a multiple of TILE. */
    void (*combine)(const float *panel, size_t n, size_t d, const float *weights, float *out);

    /* out[k] += sum_r weights[r] <panel[r, :], x> panel[r, k]: a normal matrix times x without
     * forming it. panel[n x d], d a multiple of TILE. */
    void (*normal_product)(const float *panel, size_t n, size_t d, const float *weights,
                           const float *x, float *out);

    /* c = a b, or c += a b. The same bits for an element of c whatever m and n are. */
    void (*gemm)(const struct gemm *g, bool add);

    /* AdaGrad (Duchi et al. 2011), diagonal: sums += g g; w = keep w - rate g / sqrt(sums). The
     * sums start above 0. */
    void (*adagrad)(float *w, float *sums, const float *g, size_t n, float rate, float keep);

    /* g' = g + l2 w; m and v move to g' and g' g' by 1 - beta1 and 1 - beta2;
     * w = keep w - rate m / (sqrt(v) v_scale + epsilon). */
    void (*adam)(float *w, float *m, float *v, const float *g, size_t n,
                 const struct adam_step *step);
};

/* The set in force. */
const struct kernels *kernels_get(void);

/* Every set that this CPU can run, the best first; NULL at the end. For tests and benchmarks. */
const struct kernels *const *kernels_all(void);

/* out[i] = <rows[i, :], query> for the items whose bit is set (and i < n); the others are left as
 * they are. */
void kernels_scan_marked(const float *rows, size_t n, size_t d, const float *query,
                         const struct bitmap *marked, float *out);
