#include "embed/affinities.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "linalg/kernels.h"
#include "linalg/topk.h"

enum {
    BLOCK_POINTS = 16,
    SEARCH_STEPS = 100 /* halvings for b */
};
static const double products_a_call = 1e9; /* multiplications between two looks at the observer */

struct work {
    const struct points *points;
    double perplexity;
    uint32_t k;             /* neighbours a point that are kept; sparse */
    float *norms;           /* [n] |x|^2 */
    float *products;        /* [workers x n], then squared distances */
    struct ranked *nearest; /* [workers x k] */
    struct affinities *out;
    size_t first_block;
};

/* ---- one point ---- */

/* Entropy of p(.|i) at b, of the n squared distances above `least`; `at` is left out. */
static double entropy_at(const float *distances, uint32_t n, uint32_t at, double least, double b)
{
    double sum = 0, weighted = 0;
    for (uint32_t j = 0; j < n; j++) {
        if (j == at)
            continue;
        const double beyond = (double)distances[j] - least, p = exp(-b * beyond);
        sum += p;
        weighted += p * beyond;
    }
    return log(sum) + b * weighted / sum;
}

/* Squared distances to p(.|i), in place; entry `at` is the point itself, n: it is not there. */
static void distances_to_chances(float *distances, uint32_t n, uint32_t at, double perplexity)
{
    double least = INFINITY, most = 0, sum = 0;
    for (uint32_t j = 0; j < n; j++)
        if (j != at) {
            least = fmin(least, (double)distances[j]);
            most = fmax(most, (double)distances[j]);
        }
    const double wanted = log(perplexity);
    double low = 0, high = INFINITY, b = most > least ? 1 / (most - least) : 0;
    for (int step = 0; step < SEARCH_STEPS && b > 0; step++) {
        const double entropy = entropy_at(distances, n, at, least, b);
        if (fabs(entropy - wanted) < 1e-6)
            break;
        *(entropy > wanted ? &low : &high) = b;
        b = isinf(high) ? b * 2 : (low + high) / 2;
        if (b > 1e30) /* many points in one spot: they share the chance whatever b is */
            break;
    }
    for (uint32_t j = 0; j < n; j++) {
        distances[j] = j == at ? 0 : (float)exp(-b * ((double)distances[j] - least));
        sum += (double)distances[j];
    }
    for (uint32_t j = 0; j < n; j++)
        distances[j] = (float)((double)distances[j] / sum);
}

/* out[n] = |x_i - x_j|^2 */
static void put_distances(const struct work *work, uint32_t i, float *out)
{
    const struct points *points = work->points;
    const float *row = points->rows + (size_t)i * points->d;
    kernels_get()->scan(points->rows, points->n, points->d, row, out);
    for (uint32_t j = 0; j < points->n; j++)
        out[j] = fmaxf(work->norms[i] + work->norms[j] - 2 * out[j], 0);
}

/* ---- all pairs ---- */

static void dense_block(void *context, size_t block, unsigned worker)
{
    (void)worker;
    const struct work *work = context;
    const uint32_t n = work->points->n;
    const uint64_t first = (work->first_block + block) * BLOCK_POINTS;
    for (uint64_t i = first; i < first + BLOCK_POINTS && i < n; i++) {
        float *row = work->out->dense + i * n;
        put_distances(work, (uint32_t)i, row);
        distances_to_chances(row, n, (uint32_t)i, work->perplexity);
    }
}

/* Each pair belongs to the row of its lower number. */
static void symmetry_block(void *context, size_t block, unsigned worker)
{
    (void)worker;
    const struct work *work = context;
    const size_t n = work->points->n, first = (work->first_block + block) * BLOCK_POINTS;
    float *p = work->out->dense;
    for (size_t i = first; i < first + BLOCK_POINTS && i < n; i++)
        for (size_t j = i + 1; j < n; j++)
            p[i * n + j] = p[j * n + i] = (p[i * n + j] + p[j * n + i]) / (float)(2 * n);
}

/* ---- the nearest ---- */

static int by_item(const struct ranked *a, const struct ranked *b)
{
    return a->item < b->item ? -1 : a->item > b->item;
}

/* In place and without memory: the lists are short. */
static void sort_by_item(struct ranked *list, size_t n)
{
    for (size_t gap = n / 2; gap > 0; gap /= 2)
        for (size_t k = gap; k < n; k++) {
            const struct ranked moved = list[k];
            size_t at = k;
            for (; at >= gap && by_item(&list[at - gap], &moved) > 0; at -= gap)
                list[at] = list[at - gap];
            list[at] = moved;
        }
}

static void sparse_block(void *context, size_t block, unsigned worker)
{
    const struct work *work = context;
    const uint32_t n = work->points->n, k = work->k;
    float *products = work->products + (size_t)worker * n;
    struct ranked *nearest = work->nearest + (size_t)worker * k;
    const uint64_t first = (work->first_block + block) * BLOCK_POINTS;
    for (uint64_t i = first; i < first + BLOCK_POINTS && i < n; i++) {
        float *row = work->out->sparse.values + i * k;
        put_distances(work, (uint32_t)i, products);
        for (uint32_t j = 0; j < n; j++)
            products[j] = -products[j];
        products[i] = -INFINITY;
        topk_of_all(products, n, NULL, k, nearest);
        sort_by_item(nearest, k);
        for (uint32_t e = 0; e < k; e++) {
            work->out->sparse.columns[i * k + e] = nearest[e].item;
            row[e] = -nearest[e].score;
        }
        distances_to_chances(row, k, k, work->perplexity);
    }
}

/* Merges row i of p(j|i) and of its transpose; counts only where `out` is NULL. */
static uint64_t merge_row(const struct csr *a, const struct csr *b, uint32_t i, uint64_t to,
                          struct csr *out)
{
    uint64_t ka = a->starts[i], kb = b->starts[i];
    const uint64_t end_a = a->starts[i + 1], end_b = b->starts[i + 1];
    while (ka < end_a || kb < end_b) {
        const uint32_t ca = ka < end_a ? a->columns[ka] : UINT32_MAX,
                       cb = kb < end_b ? b->columns[kb] : UINT32_MAX;
        const float value = (ca <= cb ? a->values[ka] : 0) + (cb <= ca ? b->values[kb] : 0);
        if (out) {
            out->columns[to] = ca < cb ? ca : cb;
            out->values[to] = value / (2 * (float)a->n_rows);
        }
        ka += ca <= cb;
        kb += cb <= ca;
        to++;
    }
    return to;
}

static enum status make_symmetric(struct csr *matrix)
{
    struct csr transpose = {0}, both = {0};
    uint64_t size = 0;
    enum status status = csr_transpose(matrix, &transpose);
    if (status != STATUS_OK)
        return status;
    for (uint32_t i = 0; i < matrix->n_rows; i++)
        size = merge_row(matrix, &transpose, i, size, NULL);
    status = csr_alloc(matrix->n_rows, matrix->n_rows, size, &both);
    if (status == STATUS_OK) {
        for (uint32_t i = 0; i < matrix->n_rows; i++)
            both.starts[i + 1] = merge_row(matrix, &transpose, i, both.starts[i], &both);
        csr_free(matrix);
        *matrix = both;
    }
    csr_free(&transpose);
    return status;
}

/* ---- all of it ---- */

static enum status run_blocks(struct work *work, parallel_block run, double cost_of_block,
                              struct parallel *pool, const struct observer *observer)
{
    const size_t n_blocks = (work->points->n + BLOCK_POINTS - 1) / BLOCK_POINTS;
    const size_t step = 1 + (size_t)(products_a_call / cost_of_block);
    for (work->first_block = 0; work->first_block < n_blocks; work->first_block += step) {
        if (observer_stops(observer))
            return STATUS_CANCELLED;
        observe_progress(observer, "finding near points",
                         (double)work->first_block / (double)n_blocks);
        const size_t left = n_blocks - work->first_block;
        parallel_for(pool, left < step ? left : step, run, work, NULL);
    }
    return STATUS_OK;
}

/* The search for b counts as some 30 exponentials a distance. */
static double cost_of_block(uint32_t n, uint32_t d, uint32_t searched)
{
    return BLOCK_POINTS * ((double)n * d + 400.0 * searched);
}

static enum status find_dense(struct work *work, struct parallel *pool,
                              const struct observer *observer)
{
    const uint32_t n = work->points->n;
    work->out->dense = malloc((size_t)n * n * sizeof *work->out->dense);
    if (!work->out->dense)
        return STATUS_NO_MEMORY;
    const enum status status =
        run_blocks(work, dense_block, cost_of_block(n, work->points->d, n), pool, observer);
    return status == STATUS_OK
               ? run_blocks(work, symmetry_block, cost_of_block(n, 4, 0), pool, observer)
               : status;
}

static enum status find_sparse(struct work *work, struct parallel *pool,
                               const struct observer *observer)
{
    const uint32_t n = work->points->n, k = work->k;
    const unsigned workers = parallel_threads(pool);
    struct csr *sparse = &work->out->sparse;
    work->products = malloc((size_t)workers * n * sizeof *work->products);
    work->nearest = malloc((size_t)workers * k * sizeof *work->nearest);
    enum status status = STATUS_NO_MEMORY;
    if (work->products && work->nearest)
        status = csr_alloc(n, n, (uint64_t)n * k, sparse);
    if (status == STATUS_OK) {
        for (uint32_t i = 0; i < n; i++)
            sparse->starts[i + 1] = (uint64_t)(i + 1) * k;
        status =
            run_blocks(work, sparse_block, cost_of_block(n, work->points->d, k), pool, observer);
    }
    if (status == STATUS_OK)
        status = make_symmetric(sparse);
    free(work->products);
    free(work->nearest);
    return status;
}

static double entropy_of(const float *p, uint64_t size)
{
    double sum = 0;
    for (uint64_t k = 0; k < size; k++)
        if (p[k] > 0)
            sum += (double)p[k] * log((double)p[k]);
    return sum;
}

enum status affinities_find(const struct points *points, double perplexity, struct parallel *pool,
                            const struct observer *observer, struct affinities *ret_affinities)
{
    const uint32_t n = points->n;
    struct affinities affinities = {.n = n};
    struct work work = {.points = points, .perplexity = perplexity, .out = &affinities};
    work.k = (uint32_t)fmin(fmax(ceil(3 * perplexity), 1), n - 1);
    work.norms = malloc(n * sizeof *work.norms);
    if (!work.norms)
        return STATUS_NO_MEMORY;
    for (size_t i = 0; i < n; i++) {
        const float *row = points->rows + i * points->d;
        kernels_get()->scan(row, 1, points->d, row, &work.norms[i]);
    }
    const enum status status = n <= AFFINITIES_DENSE_MAX ? find_dense(&work, pool, observer)
                                                         : find_sparse(&work, pool, observer);
    free(work.norms);
    if (status != STATUS_OK) {
        affinities_free(&affinities);
        return status;
    }
    affinities.entropy = affinities.dense
                             ? entropy_of(affinities.dense, (uint64_t)n * n)
                             : entropy_of(affinities.sparse.values, csr_size(&affinities.sparse));
    *ret_affinities = affinities;
    return STATUS_OK;
}

uint64_t affinities_estimate(uint32_t n, double perplexity, unsigned threads)
{
    if (n <= AFFINITIES_DENSE_MAX)
        return (uint64_t)n * n * sizeof(float) + n * sizeof(float);
    const uint64_t kept = (uint64_t)(3 * perplexity + 1) * n;
    return 4 * kept * (sizeof(uint32_t) + sizeof(float)) + (uint64_t)threads * n * sizeof(float) +
           3 * (uint64_t)n * sizeof(uint64_t);
}

void affinities_free(struct affinities *affinities)
{
    free(affinities->dense);
    csr_free(&affinities->sparse);
    *affinities = (struct affinities){0};
}
