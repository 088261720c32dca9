#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "linalg/solve.h"
#include "models/gfcf.h"
#include "models/gfcf_model.h"
#include "models/gram.h"

enum {
    STREAM_START = 0x6fcf, /* of random numbers, one an item */
    BLOCK_ROWS = 64,
    BLOCKS_A_CALL = 64, /* between two looks at the observer */
    GRAM_PARTS = 16     /* of the rows of Y, each summed alone, then added up in order */
};

struct fit {
    const struct train_set *data;
    const struct gfcf_settings *settings;
    struct parallel *pool;
    const struct observer *observer;
    struct gfcf *model;
    size_t width;
    float *user_factors; /* [n_users] likes^-1/2 */
    float *item_factors; /* [n_items] */
    float *items;        /* [n_items x width] Q and Y */
    float *users;        /* [n_users x width] R Q */
    float *panels;       /* [workers x width x BLOCK_ROWS] */
    float *grams;        /* [GRAM_PARTS x spd_size(width)] Y'Y */
    float *inverses;     /* [width] */
    bool is_definite;
    size_t first_block; /* of this call */
    struct neighbour_lists lists;
};

/* ---- R'R ---- */

static void put_column(void *context, const struct gram_column *column, unsigned worker)
{
    (void)worker;
    struct fit *fit = context;
    const float own = fit->item_factors[column->item];
    for (size_t e = 0; e < column->n; e++)
        column->sums[e] *= own * fit->item_factors[column->items[e]];
    neighbour_lists_put(&fit->lists, column->item, column->items, column->sums, column->n);
}

static enum status fit_near(struct fit *fit)
{
    const struct csr *by_user = fit->data->by_user;
    float *weights = gram_weights(by_user, 1);
    enum status status = STATUS_NO_MEMORY;
    if (weights)
        status = neighbour_lists_alloc(fit->data->by_item->n_rows,
                                       (uint32_t)fit->settings->neighbours, &fit->lists);
    if (status == STATUS_OK) {
        const struct gram_request request = {.by_user = by_user,
                                             .by_item = fit->data->by_item,
                                             .user_weights = weights,
                                             .phase = "fitting gfcf",
                                             .each = put_column,
                                             .context = fit};
        status = gram_columns(&request, fit->pool, fit->observer);
    }
    if (status == STATUS_OK)
        status = neighbours_new(&gfcf_class, NEIGHBOURS_SYMMETRIC, by_user->n_rows, &fit->lists,
                                NULL, fit->observer, &fit->model->near);
    neighbour_lists_free(&fit->lists);
    free(weights);
    return status;
}

/* ---- Y = R'(R Q) ---- */

/* out[row] = factor_row sum of factor_column from[column] over the row's likes. */
static void gather_row(const struct csr *matrix, uint32_t row, const float *row_factors,
                       const float *column_factors, const float *from, size_t width, float *out)
{
    const struct kernels *kernels = kernels_get();
    out += row * width;
    memset(out, 0, width * sizeof *out);
    for (uint64_t k = matrix->starts[row]; k < matrix->starts[row + 1]; k++) {
        const uint32_t column = matrix->columns[k];
        if (matrix->values[k] > 0)
            kernels->axpy(row_factors[row] * column_factors[column], from + column * width, out,
                          width);
    }
}

static void users_block(void *context, size_t block, unsigned worker)
{
    (void)worker;
    const struct fit *fit = context;
    const struct csr *m = fit->data->by_user;
    const uint64_t first = (fit->first_block + block) * BLOCK_ROWS;
    for (uint64_t u = first; u < first + BLOCK_ROWS && u < m->n_rows; u++)
        gather_row(m, (uint32_t)u, fit->user_factors, fit->item_factors, fit->items, fit->width,
                   fit->users);
}

static void items_block(void *context, size_t block, unsigned worker)
{
    (void)worker;
    const struct fit *fit = context;
    const struct csr *m = fit->data->by_item;
    const uint64_t first = (fit->first_block + block) * BLOCK_ROWS;
    for (uint64_t i = first; i < first + BLOCK_ROWS && i < m->n_rows; i++)
        gather_row(m, (uint32_t)i, fit->item_factors, fit->user_factors, fit->users, fit->width,
                   fit->items);
}

static enum status run_blocks(struct fit *fit, uint32_t n_rows, parallel_block run)
{
    const size_t n_blocks = ((size_t)n_rows + BLOCK_ROWS - 1) / BLOCK_ROWS;
    for (fit->first_block = 0; fit->first_block < n_blocks; fit->first_block += BLOCKS_A_CALL) {
        if (observer_stops(fit->observer))
            return STATUS_CANCELLED;
        const size_t left = n_blocks - fit->first_block;
        parallel_for(fit->pool, left < BLOCKS_A_CALL ? left : BLOCKS_A_CALL, run, fit, NULL);
    }
    return STATUS_OK;
}

/* ---- Q = Y U^-1 ---- */

/* Adds up the part's rows, packed into strips of TILE columns for the kernel. */
static void gram_block(void *context, size_t part, unsigned worker)
{
    const struct fit *fit = context;
    const uint32_t n_items = fit->data->by_item->n_rows;
    const size_t width = fit->width;
    float *panel = fit->panels + worker * width * BLOCK_ROWS;
    float *gram = fit->grams + part * spd_size(width);
    const uint64_t begin = (uint64_t)n_items * part / GRAM_PARTS,
                   end = (uint64_t)n_items * (part + 1) / GRAM_PARTS;
    memset(gram, 0, spd_size(width) * sizeof *gram);
    for (uint64_t first = begin; first < end; first += BLOCK_ROWS) {
        const size_t n = end - first < BLOCK_ROWS ? (size_t)(end - first) : BLOCK_ROWS;
        for (size_t r = 0; r < n; r++)
            for (size_t c = 0; c < width; c += TILE)
                memcpy(panel + c * n + r * TILE, fit->items + (first + r) * width + c,
                       TILE * sizeof *panel);
        spd_add_panel(gram, width, panel, n * TILE, n);
    }
}

/* The largest sum of sizes in a row: no eigenvalue is above it. sums[width]. */
static float norm_bound(const float *gram, size_t width, float *sums)
{
    float bound = 0;
    memset(sums, 0, width * sizeof *sums);
    for (size_t j = 0; j < width; j++)
        for (size_t i = 0; i <= j; i++) {
            const float size =
                fabsf(gram[spd_offset(i / TILE, j / TILE) + i % TILE * TILE + j % TILE]);
            sums[i] += size;
            sums[j] += i < j ? size : 0;
        }
    for (size_t k = 0; k < width; k++)
        bound = fmaxf(bound, sums[k]);
    return bound;
}

/* What is added to the diagonal is as much as rounding may have taken from it. */
static void factor_block(void *context, size_t block, unsigned worker)
{
    (void)block;
    (void)worker;
    struct fit *fit = context;
    const size_t size = spd_size(fit->width);
    for (size_t part = 1; part < GRAM_PARTS; part++)
        for (size_t k = 0; k < size; k++)
            fit->grams[k] += fit->grams[part * size + k];
    const float bound = norm_bound(fit->grams, fit->width, fit->inverses);
    spd_add_diagonal(fit->grams, 0, fit->width,
                     bound > 0 ? (float)fit->width * FLT_EPSILON * bound : 1);
    fit->is_definite = spd_factor(fit->grams, fit->width, fit->inverses);
}

static void solve_block(void *context, size_t block, unsigned worker)
{
    (void)worker;
    const struct fit *fit = context;
    const uint32_t n_items = fit->data->by_item->n_rows;
    const uint64_t first = (fit->first_block + block) * BLOCK_ROWS;
    for (uint64_t i = first; i < first + BLOCK_ROWS && i < n_items; i++)
        spd_solve_half(fit->grams, fit->width, fit->inverses, fit->items + i * fit->width);
}

static enum status orthonormalise(struct fit *fit)
{
    if (observer_stops(fit->observer))
        return STATUS_CANCELLED;
    parallel_for(fit->pool, GRAM_PARTS, gram_block, fit, NULL);
    parallel_for(fit->pool, 1, factor_block, fit, NULL);
    if (!fit->is_definite)
        return STATUS_OUT_OF_RANGE;
    return run_blocks(fit, fit->data->by_item->n_rows, solve_block);
}

/* ---- the space ---- */

static void start_vectors(struct fit *fit)
{
    const struct csr *by_item = fit->data->by_item;
    for (uint32_t i = 0; i < by_item->n_rows; i++) {
        if (by_item->starts[i + 1] == by_item->starts[i])
            continue;
        struct rng rng = rng_seed(fit->data->seed, (uint64_t)STREAM_START << 32 | i);
        for (int64_t k = 0; k < fit->settings->dimensions; k++)
            fit->items[i * fit->width + (size_t)k] = (float)rng_normal(&rng);
    }
}

/* |R Q|^2 / |R|^2 from the users' side of the product. */
static double energy(const struct fit *fit)
{
    const struct csr *m = fit->data->by_user;
    double held = 0, all = 0;
    for (uint32_t u = 0; u < m->n_rows; u++) {
        const float *row = fit->users + u * fit->width;
        held += (double)kernels_get()->dot(row, row, fit->width);
        for (uint64_t k = m->starts[u]; k < m->starts[u + 1]; k++) {
            const float factor = fit->user_factors[u] * fit->item_factors[m->columns[k]];
            all += m->values[k] > 0 ? (double)(factor * factor) : 0;
        }
    }
    return all > 0 ? held / all : 0;
}

/* Ends with a second orthonormalisation: what the first adds to the diagonal counts in the smallest
 * directions, what the second adds counts nowhere, as all are of one size. */
static enum status fit_space(struct fit *fit)
{
    start_vectors(fit);
    enum status status = orthonormalise(fit);
    for (int64_t step = 1; step <= fit->settings->iterations && status == STATUS_OK; step++) {
        observe_progress(fit->observer, "fitting gfcf",
                         (double)step / (double)(fit->settings->iterations + 1));
        status = run_blocks(fit, fit->data->by_user->n_rows, users_block);
        if (status != STATUS_OK)
            break;
        observe_scalar(fit->observer, "fit/energy", step, energy(fit));
        status = run_blocks(fit, fit->data->by_item->n_rows, items_block);
        if (status == STATUS_OK)
            status = orthonormalise(fit);
    }
    return status == STATUS_OK ? orthonormalise(fit) : status;
}

/* ---- fit ---- */

static enum status reserve(struct fit *fit)
{
    const struct csr *by_user = fit->data->by_user, *by_item = fit->data->by_item;
    const unsigned threads = parallel_threads(fit->pool);
    fit->width = tile_round((size_t)fit->settings->dimensions);
    const size_t width = fit->width;
    fit->user_factors = gram_weights(by_user, 0.5);
    fit->item_factors = gram_weights(by_item, 0.5);
    fit->items = calloc(by_item->n_rows * width + 1, sizeof *fit->items);
    fit->users = malloc((by_user->n_rows * width + 1) * sizeof *fit->users);
    fit->panels = malloc(threads * width * BLOCK_ROWS * sizeof *fit->panels);
    fit->grams = malloc(GRAM_PARTS * spd_size(width) * sizeof *fit->grams);
    fit->inverses = malloc(width * sizeof *fit->inverses);
    fit->model = calloc(1, sizeof *fit->model);
    return fit->user_factors && fit->item_factors && fit->items && fit->users && fit->panels &&
                   fit->grams && fit->inverses && fit->model
               ? STATUS_OK
               : STATUS_NO_MEMORY;
}

/* The arrays that stay move into the model. */
static void finish(struct fit *fit)
{
    struct gfcf *model = fit->model;
    model->base = (struct model){.class = &gfcf_class,
                                 .n_users = fit->data->by_user->n_rows,
                                 .n_items = fit->data->by_item->n_rows};
    model->width = fit->width;
    model->alpha = fit->settings->alpha;
    model->vectors = model->vectors_memory = fit->items;
    model->factors = model->factors_memory = fit->item_factors;
    fit->items = fit->item_factors = NULL;
    fit->model = NULL;
}

static void release(struct fit *fit)
{
    free(fit->user_factors);
    free(fit->item_factors);
    free(fit->items);
    free(fit->users);
    free(fit->panels);
    free(fit->grams);
    free(fit->inverses);
    gfcf_free((struct model *)fit->model);
}

enum status gfcf_fit(const struct train_set *data, const void *settings, struct parallel *pool,
                     const struct observer *observer, struct model **ret_model,
                     struct error *reterr)
{
    struct fit fit = {.data = data, .settings = settings, .pool = pool, .observer = observer};
    enum status status = reserve(&fit);
    if (status == STATUS_OK)
        status = fit_near(&fit);
    if (status == STATUS_OK)
        status = fit_space(&fit);
    if (status == STATUS_OK) {
        *ret_model = &fit.model->base;
        finish(&fit);
    }
    release(&fit);
    return status == STATUS_OK ? status
                               : error_set(reterr, status, "gfcf: %s", status_name(status));
}

uint64_t gfcf_estimate(const void *settings, uint32_t n_users, uint32_t n_items, uint64_t size)
{
    (void)size;
    const struct gfcf_settings *s = settings;
    const uint64_t width = tile_round((size_t)s->dimensions), rows = (uint64_t)n_users + n_items;
    const uint64_t fixed =
        GRAM_PARTS * spd_size(width) + parallel_cores() * width * BLOCK_ROWS + width;
    return (rows * (width + 1) + n_users + fixed) * sizeof(float) + gram_estimate(n_items) +
           neighbours_estimate(n_items, (uint64_t)s->neighbours);
}
