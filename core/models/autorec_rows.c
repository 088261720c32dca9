#include "models/autorec_rows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"

enum { STREAM_SPLIT = 0xa072, STREAM_DROPOUT = 0xa073, BLOCK_ROWS = 64 };

/* What is kept apart of ratings; share 0: nothing. */
struct split {
    double share;
    uint64_t seed;
    bool by_item;
};

/* By chance, the same whatever the order. */
static bool is_kept_apart(const struct split *split, uint32_t row, uint32_t column)
{
    if (split->share <= 0)
        return false;
    const uint32_t user = split->by_item ? column : row, item = split->by_item ? row : column;
    struct rng rng = rng_seed(split->seed ^ STREAM_SPLIT, (uint64_t)user << 32 | (uint64_t)item);
    return rng_uniform(&rng) < split->share;
}

/* The entries that are kept apart, or those that are not. */
static enum status divide(const struct csr *all, const struct split *split, bool apart,
                          struct csr *ret_part)
{
    struct csr part;
    const enum status status = csr_alloc(all->n_rows, all->n_columns, csr_size(all), &part);
    if (status != STATUS_OK)
        return status;
    uint64_t n = 0;
    for (uint32_t r = 0; r < all->n_rows; r++) {
        for (uint64_t k = all->starts[r]; k < all->starts[r + 1]; k++)
            if (is_kept_apart(split, r, all->columns[k]) == apart) {
                part.columns[n] = all->columns[k];
                part.values[n++] = all->values[k];
            }
        part.starts[r + 1] = n;
    }
    *ret_part = part;
    return STATUS_OK;
}

/* ---- ratings ---- */

/* What the means leave of each rating; the users' offsets from the part that is learnt from. */
static float *make_targets(const struct csr *part, bool by_item, const struct rating_means *means,
                           const float *offsets)
{
    float *targets = malloc((csr_size(part) + 1) * sizeof *targets);
    for (uint32_t r = 0; targets && r < part->n_rows; r++)
        for (uint64_t k = part->starts[r]; k < part->starts[r + 1]; k++) {
            const uint32_t user = by_item ? part->columns[k] : r,
                           item = by_item ? r : part->columns[k];
            targets[k] = part->values[k] - means->mean - means->offsets[item] - offsets[user];
        }
    return targets;
}

static float *user_offsets(const struct csr *by_user, const struct rating_means *means)
{
    float *offsets = malloc(((size_t)by_user->n_rows + 1) * sizeof *offsets);
    struct rating *own = malloc(((size_t)by_user->n_columns + 1) * sizeof *own);
    for (uint32_t u = 0; offsets && own && u < by_user->n_rows; u++) {
        uint32_t n = 0;
        for (uint64_t k = by_user->starts[u]; k < by_user->starts[u + 1]; k++)
            own[n++] = (struct rating){by_user->columns[k], by_user->values[k]};
        offsets[u] = rating_means_user(means, own, n);
    }
    if (!own) {
        free(offsets);
        offsets = NULL;
    }
    free(own);
    return offsets;
}

static enum status make_all_targets(struct autorec_rows *rows, bool by_item)
{
    struct csr turned = {0};
    struct rating_means means = {.low = 1};
    enum status status = csr_transpose(&rows->x, &turned);
    const struct csr *by_user = by_item ? &turned : &rows->x,
                     *by_items = by_item ? &rows->x : &turned;
    if (status == STATUS_OK)
        status = rating_means_fit(by_user, by_items, &means);
    float *offsets = status == STATUS_OK ? user_offsets(by_user, &means) : NULL;
    if (offsets) {
        rows->targets = make_targets(&rows->x, by_item, &means, offsets);
        rows->valid_targets = make_targets(&rows->valid, by_item, &means, offsets);
    }
    status = rows->targets && rows->valid_targets ? STATUS_OK : STATUS_NO_MEMORY;
    free(offsets);
    rating_means_free(&means);
    csr_free(&turned);
    return status;
}

enum status autorec_rows_read_ratings(struct autorec_rows *rows, const struct train_set *data,
                                      const struct autorec_settings *settings, bool by_item,
                                      struct parallel *pool, struct rating_means *ret_means)
{
    const struct split split = {settings->validation, data->seed, by_item};
    struct csr turned = {0};
    enum status status = dataset_ratings(data->dataset, data->held, pool, &rows->ratings);
    if (status == STATUS_OK)
        status = csr_transpose(&rows->ratings, &turned);
    if (status == STATUS_OK)
        status = rating_means_fit(&rows->ratings, &turned, ret_means);
    const struct csr *all = by_item ? &turned : &rows->ratings;
    if (status == STATUS_OK)
        status = divide(all, &split, false, &rows->x);
    if (status == STATUS_OK)
        status = divide(all, &split, true, &rows->valid);
    if (status == STATUS_OK)
        status = make_all_targets(rows, by_item);
    csr_free(&turned);
    return status;
}

/* ---- likes ---- */

enum status autorec_rows_read_likes(struct autorec_rows *rows, const struct train_set *data)
{
    const struct csr *all = data->by_user;
    struct csr x;
    const enum status status = csr_alloc(all->n_rows, all->n_columns, csr_size(all), &x);
    if (status != STATUS_OK)
        return status;
    uint64_t n = 0;
    for (uint32_t r = 0; r < all->n_rows; r++) {
        for (uint64_t k = all->starts[r]; k < all->starts[r + 1]; k++)
            if (all->values[k] > 0)
                x.columns[n++] = all->columns[k];
        x.starts[r + 1] = n;
        for (uint64_t k = x.starts[r]; k < n; k++)
            x.values[k] = 1 / sqrtf((float)(n - x.starts[r]));
    }
    rows->x = x;
    return STATUS_OK;
}

/* ---- dropout ---- */

enum status autorec_rows_reserve(struct autorec_rows *rows, const struct autorec_settings *settings)
{
    rows->inputs = rows->x.values;
    if (settings->dropout <= 0)
        return STATUS_OK;
    rows->left = malloc((csr_size(&rows->x) + 1) * sizeof *rows->left);
    rows->inputs = rows->left;
    return rows->left ? STATUS_OK : STATUS_NO_MEMORY;
}

struct hiding {
    struct autorec_rows *rows;
    double share;
    uint64_t seed;
    int64_t epoch;
};

static void hide_block(void *context, size_t block, unsigned worker)
{
    (void)worker;
    const struct hiding *hiding = context;
    const struct csr *x = &hiding->rows->x;
    const float scale = (float)(1 / (1 - hiding->share));
    const uint64_t first = (uint64_t)block * BLOCK_ROWS;
    for (uint64_t r = first; r < first + BLOCK_ROWS && r < x->n_rows; r++) {
        struct rng rng = rng_seed(hiding->seed, (uint64_t)hiding->epoch << 32 | r);
        for (uint64_t k = x->starts[r]; k < x->starts[r + 1]; k++)
            hiding->rows->left[k] = rng_uniform(&rng) < hiding->share ? 0 : scale * x->values[k];
    }
}

void autorec_rows_hide(struct autorec_rows *rows, const struct autorec_settings *settings,
                       uint64_t seed, int64_t epoch, struct parallel *pool)
{
    struct hiding hiding = {rows, settings->dropout, seed ^ STREAM_DROPOUT, epoch};
    if (rows->left)
        parallel_for(pool, ((size_t)rows->x.n_rows + BLOCK_ROWS - 1) / BLOCK_ROWS, hide_block,
                     &hiding, NULL);
}

void autorec_rows_free(struct autorec_rows *rows)
{
    csr_free(&rows->ratings);
    csr_free(&rows->x);
    csr_free(&rows->valid);
    free(rows->targets);
    free(rows->valid_targets);
    free(rows->left);
    *rows = (struct autorec_rows){0};
}
