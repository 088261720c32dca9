#include "embed/tsne.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "embed/affinities.h"
#include "embed/pca.h"
#include "embed/quadtree.h"

enum {
    STREAM_START = 0x75e,
    BLOCK_POINTS = 64,
    LANES = 16,       /* sums side by side, for the width of the machine's registers */
    REPORT_EVERY = 50 /* iterations */
};
static const float exaggeration = 12, gain_least = 0.01F;
static const double start_size = 1e-4, start_noise = 1e-6;

struct fit {
    struct affinities affinities;
    struct quadtree tree; /* where there are many points */
    uint32_t n;
    size_t n_blocks;
    float *places, *steps, *gains, *attraction, *repulsion; /* [n x 2] */
    float *x, *y; /* [n], of few points: the places, a coordinate at a time */
    double *sums; /* [n_blocks] of q, or of the divergence */
    float exaggeration, momentum, rate;
    double all; /* of q */
};

/* ---- the two sums of the gradient ---- */

/* Every pair: one pass for both. */
static void dense_block(void *context, size_t block, unsigned worker)
{
    (void)worker;
    struct fit *fit = context;
    const uint32_t n = fit->n, whole = n / LANES * LANES;
    const size_t first = block * BLOCK_POINTS;
    double all = 0;
    for (size_t i = first; i < first + BLOCK_POINTS && i < n; i++) {
        const float *p = fit->affinities.dense + i * n, x = fit->x[i], y = fit->y[i];
        float q_sum[LANES] = {0}, ax[LANES] = {0}, ay[LANES] = {0}, rx[LANES] = {0},
              ry[LANES] = {0};
        for (uint32_t j = 0; j < n; j += LANES)
            for (uint32_t l = 0; l < (j < whole ? LANES : n - whole); l++) {
                const float dx = x - fit->x[j + l], dy = y - fit->y[j + l];
                const float q = 1 / (1 + dx * dx + dy * dy), pq = p[j + l] * q, qq = q * q;
                q_sum[l] += q;
                ax[l] += pq * dx;
                ay[l] += pq * dy;
                rx[l] += qq * dx;
                ry[l] += qq * dy;
            }
        float *attraction = fit->attraction + 2 * i, *repulsion = fit->repulsion + 2 * i;
        attraction[0] = attraction[1] = repulsion[0] = repulsion[1] = 0;
        all -= 1; /* its own */
        for (size_t l = 0; l < LANES; l++) {
            all += (double)q_sum[l];
            attraction[0] += ax[l];
            attraction[1] += ay[l];
            repulsion[0] += rx[l];
            repulsion[1] += ry[l];
        }
    }
    fit->sums[block] = all;
}

static void tree_block(void *context, size_t block, unsigned worker)
{
    (void)block;
    (void)worker;
    struct fit *fit = context;
    quadtree_build(&fit->tree, fit->places);
}

static void attract(const struct fit *fit, uint32_t i)
{
    const struct csr *p = &fit->affinities.sparse;
    const float *place = fit->places + 2 * (size_t)i;
    float *attraction = fit->attraction + 2 * (size_t)i;
    float ax = 0, ay = 0;
    for (uint64_t k = p->starts[i]; k < p->starts[i + 1]; k++) {
        const float *other = fit->places + 2 * (size_t)p->columns[k];
        const float dx = place[0] - other[0], dy = place[1] - other[1];
        const float pq = p->values[k] / (1 + dx * dx + dy * dy);
        ax += pq * dx;
        ay += pq * dy;
    }
    attraction[0] = ax;
    attraction[1] = ay;
}

/* Points along the curve, so that neighbours walk the same squares. */
static void sparse_block(void *context, size_t block, unsigned worker)
{
    (void)worker;
    struct fit *fit = context;
    const size_t first = block * BLOCK_POINTS;
    double all = 0;
    for (size_t k = first; k < first + BLOCK_POINTS && k < fit->n; k++) {
        const uint32_t i = fit->tree.order[k];
        const struct repulsion sum = quadtree_repulsion(&fit->tree, i, fit->places + 2 * (size_t)i);
        fit->repulsion[2 * (size_t)i] = (float)sum.x;
        fit->repulsion[2 * (size_t)i + 1] = (float)sum.y;
        all += sum.q;
        attract(fit, i);
    }
    fit->sums[block] = all;
}

static double sum_of_blocks(const struct fit *fit)
{
    double sum = 0;
    for (size_t b = 0; b < fit->n_blocks; b++)
        sum += fit->sums[b];
    return sum;
}

static void find_gradient(struct fit *fit, struct parallel *pool)
{
    if (fit->affinities.dense) {
        for (size_t i = 0; i < fit->n; i++) {
            fit->x[i] = fit->places[2 * i];
            fit->y[i] = fit->places[2 * i + 1];
        }
        parallel_for(pool, fit->n_blocks, dense_block, fit, NULL);
    } else {
        parallel_for(pool, 1, tree_block, fit, NULL);
        parallel_for(pool, fit->n_blocks, sparse_block, fit, NULL);
    }
    fit->all = fmax(sum_of_blocks(fit), 1e-300);
}

/* ---- the divergence ---- */

/* sum p log(1 + |y_i - y_j|^2) of the block's points */
static void divergence_block(void *context, size_t block, unsigned worker)
{
    (void)worker;
    struct fit *fit = context;
    const struct affinities *a = &fit->affinities;
    const size_t first = block * BLOCK_POINTS;
    double sum = 0;
    for (size_t i = first; i < first + BLOCK_POINTS && i < fit->n; i++) {
        const uint64_t begin = a->dense ? 0 : a->sparse.starts[i],
                       end = a->dense ? fit->n : a->sparse.starts[i + 1];
        const float *p = a->dense ? a->dense + i * fit->n : a->sparse.values;
        for (uint64_t k = begin; k < end; k++) {
            const size_t j = a->dense ? k : a->sparse.columns[k];
            const double dx = (double)fit->places[2 * i] - (double)fit->places[2 * j],
                         dy = (double)fit->places[2 * i + 1] - (double)fit->places[2 * j + 1];
            sum += (double)p[k] * log1p(dx * dx + dy * dy);
        }
    }
    fit->sums[block] = sum;
}

/* Of the places as they are; the sum of q is of them or of those one step before. */
static double divergence(struct fit *fit, struct parallel *pool)
{
    parallel_for(pool, fit->n_blocks, divergence_block, fit, NULL);
    return fit->affinities.entropy + sum_of_blocks(fit) + log(fit->all);
}

/* ---- the descent ---- */

static void move(struct fit *fit)
{
    const size_t n = fit->n;
    double mean[2] = {0};
    for (size_t c = 0; c < 2 * n; c++) {
        const float gradient = 4 * (fit->exaggeration * fit->attraction[c] -
                                    (float)((double)fit->repulsion[c] / fit->all));
        const bool turns = gradient * fit->steps[c] < 0; /* against the way it went */
        fit->gains[c] = turns ? fit->gains[c] + 0.2F : fit->gains[c] * 0.8F;
        fit->gains[c] = fmaxf(fit->gains[c], gain_least);
        fit->steps[c] = fit->momentum * fit->steps[c] - fit->rate * fit->gains[c] * gradient;
        fit->places[c] += fit->steps[c];
        mean[c % 2] += (double)fit->places[c];
    }
    for (size_t c = 0; c < 2 * n; c++)
        fit->places[c] -= (float)(mean[c % 2] / (double)n);
}

static enum status descend(struct fit *fit, int64_t iterations, struct parallel *pool,
                           const struct observer *observer, struct error *reterr)
{
    const int64_t early = iterations / 4;
    fit->rate = fmaxf((float)fit->n / exaggeration / 4, 50);
    for (int64_t t = 0; t < iterations; t++) {
        if (observer_stops(observer))
            return error_set(reterr, STATUS_CANCELLED,
                             "the map was stopped after %lld of %lld iterations", (long long)t,
                             (long long)iterations);
        fit->exaggeration = t < early ? exaggeration : 1;
        fit->momentum = t < early ? 0.5F : 0.8F;
        find_gradient(fit, pool);
        move(fit);
        if ((t + 1) % REPORT_EVERY == 0) {
            observe_progress(observer, "drawing the map", (double)(t + 1) / (double)iterations);
            observe_scalar(observer, "map/divergence", t + 1, divergence(fit, pool));
        }
    }
    find_gradient(fit, pool);
    return STATUS_OK;
}

/* The first two principal components, the first with a deviation of start_size. */
static enum status start(const struct points *points, uint64_t seed, struct parallel *pool,
                         const struct observer *observer, float *places, struct error *reterr)
{
    struct pca pca;
    const enum status status = pca_project(points, 2, seed, pool, observer, places, &pca, reterr);
    if (status != STATUS_OK)
        return status;
    const double scale = pca.variances[0] > 0 ? start_size / sqrt(pca.variances[0]) : 0;
    struct rng rng = rng_seed(seed, STREAM_START);
    for (size_t c = 0; c < 2 * (size_t)points->n; c++)
        places[c] = (float)((double)places[c] * scale + start_noise * rng_normal(&rng));
    return STATUS_OK;
}

/* ---- all of it ---- */

static enum status fit_alloc(struct fit *fit)
{
    const size_t n = fit->n;
    fit->n_blocks = (n + BLOCK_POINTS - 1) / BLOCK_POINTS;
    float *arrays = calloc(10 * n, sizeof *arrays); /* freed by fit_free as `steps` */
    fit->sums = calloc(fit->n_blocks, sizeof *fit->sums);
    fit->steps = arrays;
    if (!arrays || !fit->sums)
        return STATUS_NO_MEMORY;
    fit->gains = arrays + 2 * n;
    fit->attraction = arrays + 4 * n;
    fit->repulsion = arrays + 6 * n;
    fit->x = arrays + 8 * n;
    fit->y = arrays + 9 * n;
    for (size_t c = 0; c < 2 * n; c++)
        fit->gains[c] = 1;
    return n > AFFINITIES_DENSE_MAX ? quadtree_new(fit->n, &fit->tree) : STATUS_OK;
}

static void fit_free(struct fit *fit)
{
    affinities_free(&fit->affinities);
    quadtree_free(&fit->tree);
    free(fit->steps);
    free(fit->sums);
}

static enum status settings_check(const struct tsne_settings *settings, struct error *reterr)
{
    if (!(settings->perplexity >= 1) || !isfinite(settings->perplexity))
        return error_set(reterr, STATUS_OUT_OF_RANGE, "the perplexity of a map is at least 1");
    if (settings->iterations < 1 || settings->iterations > TSNE_ITERATIONS_MAX)
        return error_set(reterr, STATUS_OUT_OF_RANGE, "a map takes from 1 to %d iterations",
                         TSNE_ITERATIONS_MAX);
    return STATUS_OK;
}

static enum status fit_map(struct fit *fit, const struct points *points,
                           const struct tsne_settings *settings, double perplexity, uint64_t seed,
                           struct parallel *pool, const struct observer *observer,
                           struct error *reterr)
{
    enum status status = fit_alloc(fit);
    if (status == STATUS_OK)
        status = affinities_find(points, perplexity, pool, observer, &fit->affinities);
    if (status != STATUS_OK)
        return error_set(reterr, status, "%s",
                         status == STATUS_CANCELLED
                             ? "the map was stopped before its first iteration"
                             : "no memory for a map of so many points");
    status = start(points, seed, pool, observer, fit->places, reterr);
    return status == STATUS_OK ? descend(fit, settings->iterations, pool, observer, reterr)
                               : status;
}

enum status tsne_fit(const struct points *points, const struct tsne_settings *settings,
                     uint64_t seed, struct parallel *pool, const struct observer *observer,
                     float *places, struct tsne_map *ret_map, struct error *reterr)
{
    enum status status = settings_check(settings, reterr);
    if (status == STATUS_OK)
        status = points_check(points, reterr);
    if (status != STATUS_OK)
        return status;
    if (points->n == 1) {
        places[0] = places[1] = 0;
        *ret_map = (struct tsne_map){0};
        return STATUS_OK;
    }
    const double perplexity = fmax(fmin(settings->perplexity, (points->n - 1) / 3.0), 1);
    struct fit fit = {.n = points->n, .places = calloc(points->n, 2 * sizeof *places)};
    status = fit.places ? fit_map(&fit, points, settings, perplexity, seed, pool, observer, reterr)
                        : error_set(reterr, STATUS_NO_MEMORY, "no memory for the map");
    if (status == STATUS_OK) {
        *ret_map =
            (struct tsne_map){.perplexity = perplexity, .divergence = divergence(&fit, pool)};
        memcpy(places, fit.places, points->n * 2 * sizeof *places);
    }
    fit_free(&fit);
    free(fit.places);
    return status;
}

uint64_t tsne_estimate(uint32_t n, uint32_t d, double perplexity, unsigned threads)
{
    const uint64_t tree = n > AFFINITIES_DENSE_MAX ? quadtree_estimate(n) : 0,
                   pca = pca_estimate(n, d, threads);
    return affinities_estimate(n, perplexity, threads) + tree + pca +
           (uint64_t)n * 13 * sizeof(float);
}
