#include "eval/map_quality.h"

#include <math.h>
#include <stdlib.h>

#include "linalg/topk.h"

enum { BLOCK_POINTS = 8, BLOCKS_A_CALL = 32 };

struct work {
    const struct points *points;
    const float *places;
    uint32_t k, looks;
    struct ranked *near, *near_map; /* [workers x n] all points by distance */
    float *distances;               /* [workers x n] */
    uint32_t *ranks;                /* [workers x n] */
    double *faults, *tears;         /* [looks] of a point */
    size_t first_block;
};

/* The squared distance by differences: exact where points are alike. */
static float distance2(const float *a, const float *b, uint32_t d)
{
    float sum = 0;
    for (uint32_t c = 0; c < d; c++)
        sum += (a[c] - b[c]) * (a[c] - b[c]);
    return sum;
}

/* All points but i, the nearest first. */
static void rank_around(const float *rows, uint32_t n, uint32_t d, uint32_t i, float *distances,
                        struct ranked *out)
{
    for (uint32_t j = 0; j < n; j++)
        distances[j] = -distance2(rows + (size_t)i * d, rows + (size_t)j * d, d);
    distances[i] = -INFINITY;
    topk_of_all(distances, n, NULL, n, out);
}

/* sum over the k first of `by` of how far past k they stand in `in`. */
static double displaced(const struct ranked *by, const struct ranked *in, uint32_t n, uint32_t k,
                        uint32_t *ranks)
{
    double sum = 0;
    for (uint32_t r = 0; r < n; r++)
        ranks[in[r].item] = r + 1;
    for (uint32_t e = 0; e < k; e++)
        sum += ranks[by[e].item] > k ? ranks[by[e].item] - k : 0;
    return sum;
}

static void look_block(void *context, size_t block, unsigned worker)
{
    const struct work *work = context;
    const struct points *points = work->points;
    const uint32_t n = points->n;
    struct ranked *near = work->near + (size_t)worker * n,
                  *near_map = work->near_map + (size_t)worker * n;
    float *distances = work->distances + (size_t)worker * n;
    uint32_t *ranks = work->ranks + (size_t)worker * n;
    const uint64_t first = (work->first_block + block) * BLOCK_POINTS;
    for (uint64_t look = first; look < first + BLOCK_POINTS && look < work->looks; look++) {
        const uint32_t i = (uint32_t)(look * n / work->looks);
        rank_around(points->rows, n, points->d, i, distances, near);
        rank_around(work->places, n, 2, i, distances, near_map);
        work->faults[look] = displaced(near_map, near, n, work->k, ranks);
        work->tears[look] = displaced(near, near_map, n, work->k, ranks);
    }
}

static enum status look(struct work *work, struct parallel *pool, const struct observer *observer)
{
    const size_t n_blocks = ((size_t)work->looks + BLOCK_POINTS - 1) / BLOCK_POINTS;
    for (work->first_block = 0; work->first_block < n_blocks; work->first_block += BLOCKS_A_CALL) {
        if (observer_stops(observer))
            return STATUS_CANCELLED;
        observe_progress(observer, "measuring the map",
                         (double)work->first_block / (double)n_blocks);
        const size_t left = n_blocks - work->first_block;
        parallel_for(pool, left < BLOCKS_A_CALL ? left : BLOCKS_A_CALL, look_block, work, NULL);
    }
    return STATUS_OK;
}

static struct map_quality quality_of(const struct work *work)
{
    const double n = work->points->n, k = work->k,
                 scale = 2 / (work->looks * k * (2 * n - 3 * k - 1));
    struct map_quality quality = {0};
    for (uint32_t i = 0; i < work->looks; i++) {
        quality.trustworthiness += work->faults[i];
        quality.continuity += work->tears[i];
    }
    quality.trustworthiness = 1 - scale * quality.trustworthiness;
    quality.continuity = 1 - scale * quality.continuity;
    return quality;
}

enum status map_quality_find(const struct points *points, const float *places, uint32_t k,
                             uint32_t looks, struct parallel *pool, const struct observer *observer,
                             struct map_quality *ret_quality, struct error *reterr)
{
    enum status status = points_check(points, reterr);
    if (status != STATUS_OK)
        return status;
    if (k < 1 || 2 * (uint64_t)k >= points->n)
        return error_set(reterr, STATUS_OUT_OF_RANGE,
                         "neighbours to measure a map by: from 1 to below half of %u points",
                         points->n);
    struct work work = {.points = points,
                        .places = places,
                        .k = k,
                        .looks = looks && looks < points->n ? looks : points->n};
    const size_t room = (size_t)parallel_threads(pool) * points->n;
    work.near = malloc(room * sizeof *work.near);
    work.near_map = malloc(room * sizeof *work.near_map);
    work.distances = malloc(room * sizeof *work.distances);
    work.ranks = malloc(room * sizeof *work.ranks);
    work.faults = calloc(work.looks, sizeof *work.faults);
    work.tears = calloc(work.looks, sizeof *work.tears);
    if (!work.near || !work.near_map || !work.distances || !work.ranks || !work.faults ||
        !work.tears)
        status = error_set(reterr, STATUS_NO_MEMORY, "no memory to measure the map");
    else
        status = look(&work, pool, observer);
    if (status == STATUS_OK)
        *ret_quality = quality_of(&work);
    free(work.near);
    free(work.near_map);
    free(work.distances);
    free(work.ranks);
    free(work.faults);
    free(work.tears);
    return status;
}
