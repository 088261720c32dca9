/* The twin in plain C: for other CPUs, and what the tests compare the others with. */
#include <math.h>

#include "linalg/kernels_sets.h"

static float dot(const float *a, const float *b, size_t d)
{
    float sum = 0;
    for (size_t k = 0; k < d; k++)
        sum += a[k] * b[k];
    return sum;
}

static void axpy(float a, const float *x, float *y, size_t d)
{
    for (size_t k = 0; k < d; k++)
        y[k] += a * x[k];
}

static void scan(const float *rows, size_t n, size_t d, const float *query, float *out)
{
    for (size_t i = 0; i < n; i++)
        out[i] = dot(rows + i * d, query, d);
}

static void tile_product(const float *a, const float *b, size_t n, float sign, float *tile)
{
    for (size_t r = 0; r < n; r++)
        for (size_t i = 0; i < TILE; i++)
            axpy(sign * a[r * TILE + i], b + r * TILE, tile + i * TILE, TILE);
}

static bool tile_factor(float *tile, float *inverses)
{
    for (size_t t = 0; t < TILE; t++) {
        float *row = tile + t * TILE;
        if (!(row[t] > 0) || !isfinite(row[t]))
            return false;
        inverses[t] = 1 / sqrtf(row[t]);
        for (size_t c = t; c < TILE; c++)
            row[c] *= inverses[t];
        for (size_t s = t + 1; s < TILE; s++)
            axpy(-row[s], row + s, tile + s * TILE + s, TILE - s);
    }
    return true;
}

static void tile_solve(const float *u, const float *inverses, float *tile)
{
    for (size_t t = 0; t < TILE; t++) {
        float *row = tile + t * TILE;
        for (size_t c = 0; c < TILE; c++)
            row[c] *= inverses[t];
        for (size_t s = t + 1; s < TILE; s++)
            axpy(-u[t * TILE + s], row, tile + s * TILE, TILE);
    }
}

static void combine(const float *panel, size_t n, size_t d, const float *weights, float *out)
{
    for (size_t r = 0; r < n; r++)
        axpy(weights[r], panel + r * d, out, d);
}

static void normal_product(const float *panel, size_t n, size_t d, const float *weights,
                           const float *x, float *out)
{
    for (size_t r = 0; r < n; r++)
        axpy(weights[r] * dot(panel + r * d, x, d), panel + r * d, out, d);
}

static void gemm(const struct gemm *g, bool add)
{
    for (size_t i = 0; i < g->m; i++) {
        float *c = g->c + i * g->c_row;
        for (size_t j = 0; j < g->n && !add; j++)
            c[j] = 0;
        for (size_t p = 0; p < g->k; p++)
            axpy(g->a[i * g->a_row + p * g->a_step], g->b + p * g->b_row, c, g->n);
    }
}

static void adagrad(float *w, float *sums, const float *g, size_t n, float rate, float keep)
{
    for (size_t k = 0; k < n; k++) {
        sums[k] += g[k] * g[k];
        w[k] = keep * w[k] - rate * g[k] / sqrtf(sums[k]);
    }
}

static void adam(float *w, float *m, float *v, const float *g, size_t n, const struct adam_step *s)
{
    for (size_t k = 0; k < n; k++) {
        const float gk = g[k] + s->l2 * w[k];
        m[k] += (1 - s->beta1) * (gk - m[k]);
        v[k] += (1 - s->beta2) * (gk * gk - v[k]);
        w[k] = s->keep * w[k] - s->rate * m[k] / (sqrtf(v[k]) * s->v_scale + s->epsilon);
    }
}

const struct kernels kernels_plain = {.name = "plain",
                                      .dot = dot,
                                      .axpy = axpy,
                                      .scan = scan,
                                      .tile_product = tile_product,
                                      .tile_factor = tile_factor,
                                      .tile_solve = tile_solve,
                                      .combine = combine,
                                      .normal_product = normal_product,
                                      .gemm = gemm,
                                      .adagrad = adagrad,
                                      .adam = adam};
