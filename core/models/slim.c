#include "models/slim.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "linalg/invert.h"
#include "models/gram.h"
#include "models/neighbours.h"

enum {
    SLIM_NEIGHBOURS_MAX = 1000,
    COLUMNS_MAX = 512, /* between two looks at the observer, */
    COLUMNS_MIN = 4,
    DOUBLINGS_MAX = 20, /* far more than make any system diagonally dominant */
};

/* Operations between two looks at the observer, some tenths of a second. */
static const uint64_t call_work = UINT64_C(1) << 29;

/* Elements of G that are held at most. */
static const uint64_t elements_max = UINT64_C(1) << 28;

struct slim_settings {
    double lambda, row_power, dropout, popularity_power;
    int64_t neighbours, overlaps;
};

static const struct option options[] = {
    {.name = "lambda",
     .type = OPTION_REAL,
     .offset = offsetof(struct slim_settings, lambda),
     .initial = "30",
     .min = 1e-3,
     .max = 1e9,
     .help = "strength of the regularisation; less for sparser data",
     .search = SEARCH_LOG,
     .low = 1,
     .high = 1000},
    {.name = "row_power",
     .type = OPTION_REAL,
     .offset = offsetof(struct slim_settings, row_power),
     .initial = "0.3",
     .min = 0,
     .max = 1,
     .help = "how far long histories are held down: each counts by its length to minus this",
     .search = SEARCH_LINEAR,
     .low = 0,
     .high = 0.6},
    {.name = "dropout",
     .type = OPTION_REAL,
     .offset = offsetof(struct slim_settings, dropout),
     .initial = "0.5",
     .min = 0,
     .max = 0.99,
     .help = "share of a history that the weights must do without",
     .search = SEARCH_LINEAR,
     .low = 0,
     .high = 0.8},
    {.name = "popularity_power",
     .type = OPTION_REAL,
     .offset = offsetof(struct slim_settings, popularity_power),
     .initial = "0.1",
     .min = -1,
     .max = 1,
     .help = "how far popular items are held down: a score is divided by users to this power",
     .search = SEARCH_LINEAR,
     .low = -0.1,
     .high = 0.3},
    {.name = "neighbours",
     .type = OPTION_INT,
     .offset = offsetof(struct slim_settings, neighbours),
     .initial = "200",
     .min = 1,
     .max = SLIM_NEIGHBOURS_MAX,
     .help = "items that each item is made of; more come nearer to ease and cost their cube"},
    {.name = "overlaps",
     .type = OPTION_INT,
     .offset = offsetof(struct slim_settings, overlaps),
     .initial = "1000",
     .min = 1,
     .max = NEIGHBOURS_MAX,
     .help = "items liked together with each item that are looked at, the most frequent first"},
};

/* What one worker needs for one column, n the neighbours and `width` whole tiles of them. */
struct scratch {
    float *memory;                                     /* of all floats */
    float *matrix, *inverses, *targets, *x, *solution; /* [spd_size(width)], [width] each */
    float *benefits;                                   /* [overlaps] */
    uint32_t *others;                                  /* [overlaps] */
    uint32_t *places;                                  /* [n_items] in S; UINT32_MAX: not there */
    struct ranked *chosen;                             /* [neighbours] S, rising items */
    uint32_t n;                                        /* of them */
};

struct fit {
    const struct train_set *data;
    const struct slim_settings *settings;
    struct parallel *pool;
    const struct observer *observer;
    uint32_t n_items, k;            /* k: neighbours */
    float *diagonal;                /* [n_items] of G; 0: nobody likes the item */
    float *factors;                 /* [n_items] likes^-popularity_power, 1 without likes */
    float *scales;                  /* [n_items] sqrt(P_jj / factor) */
    double *losses;                 /* [n_items] */
    struct neighbour_lists columns; /* of G, the item itself left out */
    struct neighbour_lists lists;   /* of B */
    struct scratch *workers;
    size_t first; /* column of this call */
};

/* ---- G ---- */

static void put_column(void *context, const struct gram_column *column, unsigned worker)
{
    (void)worker;
    struct fit *fit = context;
    for (size_t e = 0; e < column->n; e++)
        if (column->items[e] == column->item)
            fit->diagonal[column->item] = column->sums[e];
    neighbour_lists_put(&fit->columns, column->item, column->items, column->sums, column->n);
}

static enum status fill_columns(struct fit *fit)
{
    float *weights = gram_weights(fit->data->by_user, 2 * fit->settings->row_power);
    if (!weights)
        return STATUS_NO_MEMORY;
    const struct gram_request request = {.by_user = fit->data->by_user,
                                         .by_item = fit->data->by_item,
                                         .user_weights = weights,
                                         .phase = "counting for slim",
                                         .each = put_column,
                                         .context = fit};
    const enum status status = gram_columns(&request, fit->pool, fit->observer);
    free(weights);
    return status;
}

static const struct ranked *column_of(const struct fit *fit, uint32_t item, uint32_t *ret_n)
{
    *ret_n = fit->columns.lengths[item];
    return fit->columns.entries + (size_t)item * fit->columns.k;
}

static float penalised(const struct fit *fit, uint32_t item)
{
    const double dropout = fit->settings->dropout, g = (double)fit->diagonal[item];
    return (float)(g + fit->settings->lambda + dropout / (1 - dropout) * g);
}

/* ---- one column of B ---- */

static int by_item(const void *a, const void *b)
{
    const uint32_t x = ((const struct ranked *)a)->item, y = ((const struct ranked *)b)->item;
    return (x > y) - (x < y);
}

/* Fills chosen, places and targets. */
static void choose(const struct fit *fit, uint32_t item, struct scratch *s)
{
    uint32_t n;
    const struct ranked *column = column_of(fit, item, &n);
    for (uint32_t e = 0; e < n; e++) {
        s->others[e] = column[e].item;
        s->benefits[e] = column[e].score * column[e].score / penalised(fit, column[e].item);
    }
    s->n = (uint32_t)topk_of_list(s->others, s->benefits, n, fit->k, s->chosen);
    qsort(s->chosen, s->n, sizeof *s->chosen, by_item);
    for (uint32_t e = 0; e < s->n; e++)
        s->places[s->chosen[e].item] = e;
    for (uint32_t e = 0; e < n; e++)
        if (s->places[column[e].item] != UINT32_MAX)
            s->targets[s->places[column[e].item]] = column[e].score;
}

/* Element (a, b) comes from either column, and is the same in both: a sum over the same users in
 * the same order. */
static void fill_system(const struct fit *fit, struct scratch *s, float factor)
{
    const size_t width = tile_round(s->n);
    memset(s->matrix, 0, spd_size(width) * sizeof *s->matrix);
    for (uint32_t a = 0; a < s->n; a++) {
        uint32_t n;
        const struct ranked *column = column_of(fit, s->chosen[a].item, &n);
        for (uint32_t e = 0; e < n; e++) {
            const uint32_t b = s->places[column[e].item];
            if (b == UINT32_MAX)
                continue;
            s->matrix[a < b ? spd_element(a, b) : spd_element(b, a)] = column[e].score;
            if (a / TILE == b / TILE) /* tiles on the diagonal are whole */
                s->matrix[a < b ? spd_element(b, a) : spd_element(a, b)] = column[e].score;
        }
        s->matrix[spd_element(a, a)] = factor * penalised(fit, s->chosen[a].item);
    }
    spd_add_diagonal(s->matrix, s->n, width, 1);
}

/* Fills solution; false when there is none, which takes numbers that are not finite. */
static bool solve(const struct fit *fit, struct scratch *s)
{
    const size_t width = tile_round(s->n);
    float factor = 1;
    for (unsigned turn = 0; turn <= DOUBLINGS_MAX; turn++, factor *= 2) {
        fill_system(fit, s, factor);
        if (!spd_factor(s->matrix, width, s->inverses))
            continue;
        memset(s->solution, 0, width * sizeof *s->solution);
        memcpy(s->solution, s->targets, s->n * sizeof *s->solution);
        spd_solve(s->matrix, width, s->inverses, s->solution, s->x);
        return true;
    }
    return false;
}

static void keep_solution(struct fit *fit, uint32_t item, const struct scratch *s)
{
    struct neighbour_lists *lists = &fit->lists;
    struct ranked *list = lists->entries + (size_t)item * lists->k;
    double explained = 0;
    uint32_t n = 0;
    for (uint32_t e = 0; e < s->n; e++) {
        explained += (double)(s->targets[e] * s->solution[e]);
        if (s->solution[e] != 0)
            list[n++] = (struct ranked){.item = s->chosen[e].item,
                                        .score = s->solution[e] * fit->factors[item]};
    }
    lists->lengths[item] = n;
    fit->losses[item] = (double)fit->diagonal[item] - explained;
    const double rest = (double)penalised(fit, item) - explained; /* 1 / P_jj */
    const double least = fit->settings->lambda * 1e-3;
    fit->scales[item] = (float)sqrt(1 / (fmax(rest, least) * (double)fit->factors[item]));
}

static void column_block(void *context, size_t index, unsigned worker)
{
    struct fit *fit = context;
    struct scratch *s = &fit->workers[worker];
    const uint32_t item = (uint32_t)(fit->first + index);
    if (!(fit->diagonal[item] > 0))
        return;
    choose(fit, item, s);
    if (!solve(fit, s))
        s->n = 0;
    keep_solution(fit, item, s);
    uint32_t n;
    const struct ranked *column = column_of(fit, item, &n);
    for (uint32_t e = 0; e < n; e++)
        s->places[column[e].item] = UINT32_MAX;
}

static enum status solve_columns(struct fit *fit)
{
    const uint64_t k = fit->k;
    const uint64_t work = k * k * k / 3 + k * fit->columns.k + 1;
    uint64_t at_once = call_work / work;
    at_once = at_once < COLUMNS_MIN ? COLUMNS_MIN : at_once > COLUMNS_MAX ? COLUMNS_MAX : at_once;
    for (fit->first = 0; fit->first < fit->n_items; fit->first += at_once) {
        if (observer_stops(fit->observer))
            return STATUS_CANCELLED;
        const size_t left = fit->n_items - fit->first;
        parallel_for(fit->pool, left < at_once ? left : at_once, column_block, fit, NULL);
        observe_progress(fit->observer, "fitting slim", (double)fit->first / fit->n_items);
    }
    return STATUS_OK;
}

/* ---- memory ---- */

static uint64_t overlaps_of(const struct slim_settings *settings, uint32_t n_items)
{
    const uint64_t fair = elements_max / (n_items ? n_items : 1);
    const uint64_t wanted = (uint64_t)settings->overlaps;
    const uint64_t most = wanted < fair ? wanted : fair;
    return most > (uint64_t)settings->neighbours ? most : (uint64_t)settings->neighbours;
}

static uint64_t scratch_floats(uint64_t k, uint64_t overlaps)
{
    const uint64_t width = tile_round(k);
    return spd_size(width) + 4 * width + overlaps;
}

static bool scratch_new(struct scratch *s, const struct fit *fit)
{
    const size_t width = tile_round(fit->k), overlaps = fit->columns.k;
    s->memory = malloc((scratch_floats(fit->k, overlaps) + 1) * sizeof *s->memory);
    s->others = malloc((overlaps + 1) * sizeof *s->others);
    s->places = malloc(((size_t)fit->n_items + 1) * sizeof *s->places);
    s->chosen = malloc(((size_t)fit->k + 1) * sizeof *s->chosen);
    if (!s->memory || !s->others || !s->places || !s->chosen)
        return false;
    s->matrix = s->memory;
    s->inverses = s->matrix + spd_size(width);
    s->targets = s->inverses + width;
    s->x = s->targets + width;
    s->solution = s->x + width;
    s->benefits = s->solution + width;
    memset(s->places, 0xff, ((size_t)fit->n_items + 1) * sizeof *s->places);
    return true;
}

static void fit_free(struct fit *fit)
{
    for (unsigned w = 0; fit->workers && w < parallel_threads(fit->pool); w++) {
        free(fit->workers[w].memory);
        free(fit->workers[w].others);
        free(fit->workers[w].places);
        free(fit->workers[w].chosen);
    }
    free(fit->workers);
    neighbour_lists_free(&fit->columns);
    neighbour_lists_free(&fit->lists);
    free(fit->diagonal);
    free(fit->factors);
    free(fit->scales);
    free(fit->losses);
}

static bool fill_factors(struct fit *fit)
{
    uint32_t *likes = malloc(((size_t)fit->n_items + 1) * sizeof *likes);
    if (!likes)
        return false;
    gram_count_likes(fit->data->by_item, likes);
    for (uint32_t i = 0; i < fit->n_items; i++) {
        fit->factors[i] = likes[i] ? (float)pow(likes[i], -fit->settings->popularity_power) : 1;
        fit->scales[i] = 1;
    }
    free(likes);
    return true;
}

static enum status reserve(struct fit *fit)
{
    const size_t n = (size_t)fit->n_items + 1;
    fit->diagonal = calloc(n, sizeof *fit->diagonal);
    fit->factors = malloc(n * sizeof *fit->factors);
    fit->scales = malloc(n * sizeof *fit->scales);
    fit->losses = calloc(n, sizeof *fit->losses);
    if (!fit->diagonal || !fit->factors || !fit->scales || !fit->losses || !fill_factors(fit))
        return STATUS_NO_MEMORY;
    enum status status = neighbour_lists_alloc(
        fit->n_items, (uint32_t)overlaps_of(fit->settings, fit->n_items), &fit->columns);
    if (status == STATUS_OK)
        status = neighbour_lists_alloc(fit->n_items, fit->k, &fit->lists);
    if (status != STATUS_OK)
        return status;
    fit->workers = calloc(parallel_threads(fit->pool), sizeof *fit->workers);
    for (unsigned w = 0; fit->workers && w < parallel_threads(fit->pool); w++)
        if (!scratch_new(&fit->workers[w], fit))
            return STATUS_NO_MEMORY;
    return fit->workers ? STATUS_OK : STATUS_NO_MEMORY;
}

static uint64_t slim_estimate(const void *settings, uint32_t n_users, uint32_t n_items,
                              uint64_t size)
{
    (void)size;
    const struct slim_settings *s = settings;
    uint64_t k = (uint64_t)s->neighbours, overlaps = overlaps_of(s, n_items);
    k = k < n_items ? k : n_items;
    overlaps = overlaps < n_items ? overlaps : n_items;
    const uint64_t worker = scratch_floats(k, overlaps) * sizeof(float) +
                            overlaps * sizeof(uint32_t) + n_items * sizeof(uint32_t) +
                            k * sizeof(struct ranked);
    return (uint64_t)n_items * overlaps * sizeof(struct ranked) + neighbours_estimate(n_items, k) +
           gram_estimate(n_items) + parallel_cores() * worker + 24 * (uint64_t)n_items +
           n_users * sizeof(float);
}

/* ---- fit ---- */

static enum status make_model(struct fit *fit, struct model **ret_model)
{
    double loss = 0;
    for (uint32_t i = 0; i < fit->n_items; i++)
        loss += fit->losses[i];
    observe_scalar(fit->observer, "fit/loss", 1, loss);
    neighbour_lists_free(&fit->columns);
    const enum status status =
        neighbours_new(&slim_class, NEIGHBOURS_SCALED, fit->data->by_user->n_rows, &fit->lists,
                       fit->scales, fit->observer, ret_model);
    if (status == STATUS_OK)
        fit->scales = NULL;
    return status;
}

static enum status slim_fit(const struct train_set *data, const void *settings,
                            struct parallel *pool, const struct observer *observer,
                            struct model **ret_model, struct error *reterr)
{
    const struct slim_settings *s = settings;
    const uint32_t n_items = data->by_item->n_rows;
    struct fit fit = {.data = data,
                      .settings = s,
                      .pool = pool,
                      .observer = observer,
                      .n_items = n_items,
                      .k = s->neighbours < n_items ? (uint32_t)s->neighbours : n_items};
    enum status status = reserve(&fit);
    if (status == STATUS_OK)
        status = fill_columns(&fit);
    if (status == STATUS_OK)
        status = solve_columns(&fit);
    if (status == STATUS_OK)
        status = make_model(&fit, ret_model);
    fit_free(&fit);
    return status == STATUS_OK ? status
                               : error_set(reterr, status, "slim: %s", status_name(status));
}

static enum status slim_load(const struct sections *sections, struct model **ret_model,
                             struct error *reterr)
{
    return neighbours_load(&slim_class, NEIGHBOURS_SCALED, sections, ret_model, reterr);
}

const struct model_class slim_class = {
    .name = "slim",
    .summary = "ease from each item's nearest alone: for catalogues past some 20,000 items",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .settings_size = sizeof(struct slim_settings),
    .fit = slim_fit,
    .estimate = slim_estimate,
    .score = neighbours_score,
    .similar = neighbours_similar,
    .save = neighbours_save,
    .load = slim_load,
    .free = neighbours_free,
};
