#include "models/ease.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "linalg/invert.h"
#include "models/gram.h"
#include "models/neighbours.h"

enum { BLOCKS_A_CALL = 64 /* of TILE columns, between two looks at the observer */ };

struct ease_settings {
    double lambda, row_power, dropout, popularity_power;
    int64_t neighbours;
};

static const struct option options[] = {
    {.name = "lambda",
     .type = OPTION_REAL,
     .offset = offsetof(struct ease_settings, lambda),
     .initial = "30",
     .min = 1e-3,
     .max = 1e9,
     .help = "strength of the regularisation; about 500 with row_power 0, less for sparser data",
     .search = SEARCH_LOG,
     .low = 1,
     .high = 1000},
    {.name = "row_power",
     .type = OPTION_REAL,
     .offset = offsetof(struct ease_settings, row_power),
     .initial = "0.3",
     .min = 0,
     .max = 1,
     .help = "how far long histories are held down: each counts by its length to minus this",
     .search = SEARCH_LINEAR,
     .low = 0,
     .high = 0.6},
    {.name = "dropout",
     .type = OPTION_REAL,
     .offset = offsetof(struct ease_settings, dropout),
     .initial = "0.5",
     .min = 0,
     .max = 0.99,
     .help = "share of a history that the weights must do without: 0 is plain ease",
     .search = SEARCH_LINEAR,
     .low = 0,
     .high = 0.8},
    {.name = "popularity_power",
     .type = OPTION_REAL,
     .offset = offsetof(struct ease_settings, popularity_power),
     .initial = "0.1",
     .min = -1,
     .max = 1,
     .help = "how far popular items are held down: a score is divided by users to this power",
     .search = SEARCH_LINEAR,
     .low = -0.1,
     .high = 0.3},
    {.name = "neighbours",
     .type = OPTION_INT,
     .offset = offsetof(struct ease_settings, neighbours),
     .initial = "800",
     .min = 1,
     .max = NEIGHBOURS_MAX,
     .help = "strongest weights that each item keeps; fewer serve faster and lose a little"},
};

struct fit {
    const struct train_set *data;
    const struct ease_settings *settings;
    struct parallel *pool;
    const struct observer *observer;
    uint32_t m;         /* items that anybody likes */
    uint32_t *items;    /* [m] their numbers, rising */
    uint32_t *places;   /* [n_items] where in items; UINT32_MAX: not there */
    size_t width;       /* m, rounded up to whole tiles */
    float *matrix;      /* X' W^2 X + L, then P; in tiles (linalg/solve.h) */
    float *penalties;   /* [m] the diagonal of L */
    float *factors;     /* [m] the c of ease.h */
    float *columns;     /* [workers x TILE x width] */
    uint32_t *kept;     /* [workers x lists.k] */
    size_t first_block; /* of this call */
    struct neighbour_lists lists;
};

/* ---- X' W^2 X + L ---- */

/* Above the diagonal, and whole tiles on it. */
static void put_column(void *context, const struct gram_column *column, unsigned worker)
{
    (void)worker;
    const struct fit *fit = context;
    const uint32_t j = fit->places[column->item];
    for (size_t e = 0; e < column->n; e++) {
        const uint32_t i = fit->places[column->items[e]];
        if (i / TILE <= j / TILE)
            fit->matrix[spd_element(i, j)] = column->sums[e];
    }
}

static void add_penalties(struct fit *fit)
{
    const double odds = fit->settings->dropout / (1 - fit->settings->dropout);
    for (uint32_t j = 0; j < fit->m; j++) {
        float *diagonal = &fit->matrix[spd_element(j, j)];
        fit->penalties[j] = (float)(fit->settings->lambda + odds * (double)*diagonal);
        *diagonal += fit->penalties[j];
    }
}

static enum status fill_matrix(struct fit *fit)
{
    float *weights = gram_weights(fit->data->by_user, 2 * fit->settings->row_power);
    if (!weights)
        return STATUS_NO_MEMORY;
    const struct gram_request request = {.by_user = fit->data->by_user,
                                         .by_item = fit->data->by_item,
                                         .user_weights = weights,
                                         .phase = "fitting ease",
                                         .each = put_column,
                                         .context = fit};
    const enum status status = gram_columns(&request, fit->pool, fit->observer);
    add_penalties(fit);
    spd_add_diagonal(fit->matrix, fit->m, fit->width, 1);
    free(weights);
    return status;
}

/* ---- B, column by column ---- */

/* out[TILE x width]: columns block * TILE and on of P, each in one piece. */
static void gather_columns(const struct fit *fit, size_t block, float *out)
{
    for (size_t row = 0; row < fit->width / TILE; row++) {
        const float *tile =
            fit->matrix + (row <= block ? spd_offset(row, block) : spd_offset(block, row));
        for (size_t c = 0; c < TILE; c++)
            for (size_t r = 0; r < TILE; r++)
                out[c * fit->width + row * TILE + r] =
                    row <= block ? tile[r * TILE + c] : tile[c * TILE + r];
    }
}

static void keep_column(struct fit *fit, uint32_t j, float *column, uint32_t *kept)
{
    const float scale = -fit->factors[j] / column[j];
    for (uint32_t i = 0; i < fit->m; i++)
        column[i] *= scale;
    column[j] = 0;
    struct neighbour_lists *lists = &fit->lists;
    struct ranked *list = lists->entries + (size_t)fit->items[j] * lists->k;
    const size_t n = topk_by_size(column, fit->m, lists->k, kept);
    for (size_t e = 0; e < n; e++)
        list[e] = (struct ranked){.item = fit->items[kept[e]], .score = column[kept[e]]};
    lists->lengths[fit->items[j]] = (uint32_t)n;
}

static void columns_block(void *context, size_t index, unsigned worker)
{
    struct fit *fit = context;
    const size_t block = fit->first_block + index;
    float *columns = fit->columns + worker * TILE * fit->width;
    gather_columns(fit, block, columns);
    for (size_t c = 0; c < TILE && block * TILE + c < fit->m; c++)
        keep_column(fit, (uint32_t)(block * TILE + c), columns + c * fit->width,
                    fit->kept + worker * fit->lists.k);
}

static enum status keep_columns(struct fit *fit)
{
    const size_t n_blocks = fit->width / TILE;
    for (fit->first_block = 0; fit->first_block < n_blocks; fit->first_block += BLOCKS_A_CALL) {
        if (observer_stops(fit->observer))
            return STATUS_CANCELLED;
        const size_t left = n_blocks - fit->first_block;
        parallel_for(fit->pool, left < BLOCKS_A_CALL ? left : BLOCKS_A_CALL, columns_block, fit,
                     NULL);
    }
    return STATUS_OK;
}

/* ---- fit ---- */

static uint64_t bytes_needed(uint32_t m, uint32_t n_items, uint64_t k, unsigned threads)
{
    const uint64_t width = tile_round(m), kept = k < n_items ? k : n_items;
    return spd_size(width) * sizeof(float) + spd_invert_estimate(width) +
           neighbours_estimate(n_items, kept) + gram_estimate(n_items) +
           threads * (TILE * width * sizeof(float) + kept * sizeof(uint32_t)) +
           5 * (uint64_t)n_items * sizeof(uint32_t);
}

/* Fills items, places and factors. */
static void find_liked(struct fit *fit)
{
    const struct csr *by_item = fit->data->by_item;
    gram_count_likes(by_item, fit->places);
    for (uint32_t i = 0; i < by_item->n_rows; i++) {
        const uint32_t likes = fit->places[i];
        fit->places[i] = likes ? fit->m : UINT32_MAX;
        if (!likes)
            continue;
        fit->factors[fit->m] = (float)pow(likes, -fit->settings->popularity_power);
        fit->items[fit->m++] = i;
    }
}

static enum status check_memory(const struct fit *fit, struct error *reterr)
{
    const uint64_t need =
        bytes_needed(fit->m, fit->data->by_item->n_rows, (uint64_t)fit->settings->neighbours,
                     parallel_threads(fit->pool));
    const uint64_t limit = parallel_memory_limit();
    if (need <= limit)
        return STATUS_OK;
    return error_set(reterr, STATUS_TOO_LARGE,
                     "ease needs %.1f GB for the %u items that anybody likes and may use %.1f GB; "
                     "slim is the same for so many items",
                     (double)need / 1e9, fit->m, (double)limit / 1e9);
}

static enum status reserve(struct fit *fit, struct error *reterr)
{
    const struct csr *by_item = fit->data->by_item;
    const unsigned threads = parallel_threads(fit->pool);
    fit->items = malloc(((size_t)by_item->n_rows + 1) * sizeof *fit->items);
    fit->places = malloc(((size_t)by_item->n_rows + 1) * sizeof *fit->places);
    fit->penalties = malloc(((size_t)by_item->n_rows + 1) * sizeof *fit->penalties);
    fit->factors = malloc(((size_t)by_item->n_rows + 1) * sizeof *fit->factors);
    if (!fit->items || !fit->places || !fit->penalties || !fit->factors)
        return STATUS_NO_MEMORY;
    find_liked(fit);
    fit->width = tile_round(fit->m);
    enum status status = check_memory(fit, reterr);
    if (status == STATUS_OK)
        status = neighbour_lists_alloc(by_item->n_rows, (uint32_t)fit->settings->neighbours,
                                       &fit->lists);
    if (status != STATUS_OK)
        return status;
    fit->matrix = calloc(spd_size(fit->width) + 1, sizeof *fit->matrix);
    fit->columns = malloc((threads * TILE * fit->width + 1) * sizeof *fit->columns);
    fit->kept = malloc(((size_t)threads * fit->lists.k + 1) * sizeof *fit->kept);
    return fit->matrix && fit->columns && fit->kept ? STATUS_OK : STATUS_NO_MEMORY;
}

static void report_loss(const struct fit *fit)
{
    double loss = 0;
    for (uint32_t j = 0; j < fit->m; j++)
        loss += 1 / (double)fit->matrix[spd_element(j, j)] - (double)fit->penalties[j];
    observe_scalar(fit->observer, "fit/loss", 1, loss);
}

/* sqrt (P_jj / c_j); new, NULL when memory is out. */
static float *make_scales(const struct fit *fit)
{
    const uint32_t n_items = fit->data->by_item->n_rows;
    float *scales = malloc(((size_t)n_items + 1) * sizeof *scales);
    for (uint32_t i = 0; scales && i < n_items; i++) {
        const uint32_t j = fit->places[i];
        scales[i] = j == UINT32_MAX ? 1 : sqrtf(fit->matrix[spd_element(j, j)] / fit->factors[j]);
    }
    return scales;
}

/* The matrix is gone before the model is made of the lists. */
static enum status make_model(struct fit *fit, struct model **ret_model)
{
    report_loss(fit);
    float *scales = make_scales(fit);
    free(fit->matrix);
    fit->matrix = NULL;
    enum status status = STATUS_NO_MEMORY;
    if (scales)
        status = neighbours_new(&ease_class, NEIGHBOURS_SCALED, fit->data->by_user->n_rows,
                                &fit->lists, scales, fit->observer, ret_model);
    if (status != STATUS_OK)
        free(scales);
    return status;
}

static enum status run(struct fit *fit, struct model **ret_model, struct error *reterr)
{
    enum status status = reserve(fit, reterr);
    if (status == STATUS_TOO_LARGE)
        return status;
    if (status == STATUS_OK)
        status = fill_matrix(fit);
    if (status == STATUS_OK)
        status = spd_invert(fit->matrix, fit->width, fit->pool, fit->observer, "fitting ease");
    if (status == STATUS_OUT_OF_RANGE)
        return error_set(
            reterr, status,
            "ease: lambda %g is too small for these data in single precision; raise it",
            fit->settings->lambda);
    if (status == STATUS_OK)
        status = keep_columns(fit);
    if (status == STATUS_OK)
        status = make_model(fit, ret_model);
    return status == STATUS_OK ? status
                               : error_set(reterr, status, "ease: %s", status_name(status));
}

static enum status ease_fit(const struct train_set *data, const void *settings,
                            struct parallel *pool, const struct observer *observer,
                            struct model **ret_model, struct error *reterr)
{
    struct fit fit = {.data = data, .settings = settings, .pool = pool, .observer = observer};
    const enum status status = run(&fit, ret_model, reterr);
    neighbour_lists_free(&fit.lists);
    free(fit.items);
    free(fit.places);
    free(fit.penalties);
    free(fit.factors);
    free(fit.matrix);
    free(fit.columns);
    free(fit.kept);
    return status;
}

static uint64_t ease_estimate(const void *settings, uint32_t n_users, uint32_t n_items,
                              uint64_t size)
{
    (void)size;
    const struct ease_settings *s = settings;
    return bytes_needed(n_items, n_items, (uint64_t)s->neighbours, parallel_cores()) +
           n_users * sizeof(float);
}

static enum status ease_load(const struct sections *sections, struct model **ret_model,
                             struct error *reterr)
{
    return neighbours_load(&ease_class, NEIGHBOURS_SCALED, sections, ret_model, reterr);
}

const struct model_class ease_class = {
    .name = "ease",
    .summary = "each item from all others in closed form: strong up to some 20,000 items",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .settings_size = sizeof(struct ease_settings),
    .fit = ease_fit,
    .estimate = ease_estimate,
    .score = neighbours_score,
    .similar = neighbours_similar,
    .save = neighbours_save,
    .load = ease_load,
    .free = neighbours_free,
};
