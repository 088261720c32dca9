#include "models/popular.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "models/rating_means.h"

enum {
    BLOCK_USERS = 256,
    BLOCK_ITEMS = 256,
    BLOCKS_A_CALL = 64 /* between two looks at the observer */
};

struct popular_settings {
    int64_t half_life_ms; /* below 0: never */
};

struct popular {
    struct model base;
    const float *scores; /* [n_items] */
    float *owned;        /* scores, unless they lie in a mapping */
    struct rating_means means;
};

static const struct option options[] = {
    {.name = "half_life",
     .type = OPTION_DURATION,
     .offset = offsetof(struct popular_settings, half_life_ms),
     .initial = "never",
     .min = -1,
     .max = 3.2e12,
     .help = "age, counted from the newest event, at which a user's interest counts half"},
};

/* ---- fit ---- */

struct popular_fit {
    const struct train_set *data;
    double half_life_ms;
    float *decays; /* [entries of by_user]; below 0: not yet known. NULL without a half-life */
    float *scores;
    size_t first_block;
};

static uint64_t find_entry(const struct csr *m, uint32_t row, uint32_t column)
{
    uint64_t low = m->starts[row], high = m->starts[row + 1];
    const uint64_t end = high;
    while (low < high) {
        const uint64_t middle = low + (high - low) / 2;
        if (m->columns[middle] < column)
            low = middle + 1;
        else
            high = middle;
    }
    return low < end && m->columns[low] == column ? low : UINT64_MAX;
}

/* A user's events stand in order of time: the last one met for an item is its newest. */
static void decay_user(const struct popular_fit *fit, uint32_t user)
{
    const struct dataset *d = fit->data->dataset;
    const struct bitmap *held = fit->data->held;
    for (uint64_t e = d->starts[user + 1]; e > d->starts[user]; e--) {
        if (held && bitmap_test(held, (uint32_t)(e - 1)))
            continue;
        const uint64_t entry = find_entry(fit->data->by_user, user, d->items[e - 1]);
        if (entry == UINT64_MAX || fit->decays[entry] >= 0)
            continue;
        const int64_t time = d->times[e - 1];
        const double age = time == TIME_UNKNOWN ? 0 : (double)d->frame.newest_ms - (double)time;
        fit->decays[entry] = (float)exp2(-age / fit->half_life_ms);
    }
}

static void decay_block(void *context, size_t block, unsigned worker)
{
    (void)worker;
    const struct popular_fit *fit = context;
    const uint64_t first = (fit->first_block + block) * BLOCK_USERS;
    for (uint64_t u = first; u < first + BLOCK_USERS && u < fit->data->by_user->n_rows; u++)
        decay_user(fit, (uint32_t)u);
}

static void count_block(void *context, size_t block, unsigned worker)
{
    (void)worker;
    const struct popular_fit *fit = context;
    const struct csr *m = fit->data->by_item;
    const uint64_t first = (fit->first_block + block) * BLOCK_ITEMS;
    for (uint64_t i = first; i < first + BLOCK_ITEMS && i < m->n_rows; i++) {
        uint64_t n = 0;
        for (uint64_t k = m->starts[i]; k < m->starts[i + 1]; k++)
            n += m->values[k] > 0;
        fit->scores[i] = (float)n;
    }
}

/* In several calls, so that a stop is seen in time. */
static enum status run_blocks(struct popular_fit *fit, uint64_t n, uint64_t block_size,
                              parallel_block run, struct parallel *pool,
                              const struct observer *observer)
{
    const size_t n_blocks = (size_t)((n + block_size - 1) / block_size);
    for (fit->first_block = 0; fit->first_block < n_blocks; fit->first_block += BLOCKS_A_CALL) {
        if (observer_stops(observer))
            return STATUS_CANCELLED;
        const size_t left = n_blocks - fit->first_block;
        parallel_for(pool, left < BLOCKS_A_CALL ? left : BLOCKS_A_CALL, run, fit, NULL);
        observe_progress(observer, "fitting popular", (double)fit->first_block / (double)n_blocks);
    }
    return STATUS_OK;
}

/* Sums in order of users and in double: the same for any number of threads. */
static enum status sum_decays(struct popular_fit *fit)
{
    const struct csr *m = fit->data->by_user;
    double *sums = calloc((size_t)m->n_columns + 1, sizeof *sums);
    if (!sums)
        return STATUS_NO_MEMORY;
    for (uint64_t k = 0; k < csr_size(m); k++)
        if (m->values[k] > 0 && fit->decays[k] > 0)
            sums[m->columns[k]] += fit->decays[k];
    for (uint32_t i = 0; i < m->n_columns; i++)
        fit->scores[i] = (float)sums[i];
    free(sums);
    return STATUS_OK;
}

static enum status fit_decayed(struct popular_fit *fit, struct parallel *pool,
                               const struct observer *observer)
{
    const struct csr *m = fit->data->by_user;
    fit->decays = malloc((csr_size(m) + 1) * sizeof *fit->decays);
    if (!fit->decays)
        return STATUS_NO_MEMORY;
    for (uint64_t k = 0; k < csr_size(m); k++)
        fit->decays[k] = -1;
    enum status status = run_blocks(fit, m->n_rows, BLOCK_USERS, decay_block, pool, observer);
    if (status == STATUS_OK)
        status = sum_decays(fit);
    free(fit->decays);
    return status;
}

static struct popular *popular_new(uint32_t n_users, uint32_t n_items)
{
    struct popular *model = calloc(1, sizeof *model);
    if (!model)
        return NULL;
    model->base = (struct model){.class = &popular_class, .n_users = n_users, .n_items = n_items};
    model->means = (struct rating_means){.low = 1};
    return model;
}

static void popular_free(struct model *model)
{
    struct popular *popular = (struct popular *)model;
    if (!popular)
        return;
    rating_means_free(&popular->means);
    free(popular->owned);
    free(popular);
}

/* Where anybody rated anything. */
static enum status fit_means(const struct train_set *data, struct parallel *pool,
                             struct popular *model)
{
    struct csr by_user, by_item;
    enum status status = dataset_ratings(data->dataset, data->held, pool, &by_user);
    if (status != STATUS_OK)
        return status;
    status = csr_transpose(&by_user, &by_item);
    if (status == STATUS_OK) {
        if (csr_size(&by_user) > 0)
            status = rating_means_fit(&by_user, &by_item, &model->means);
        csr_free(&by_item);
    }
    csr_free(&by_user);
    return status;
}

static enum status popular_fit(const struct train_set *data, const void *settings,
                               struct parallel *pool, const struct observer *observer,
                               struct model **ret_model, struct error *reterr)
{
    const struct popular_settings *s = settings;
    struct popular *model = popular_new(data->by_user->n_rows, data->by_user->n_columns);
    if (model)
        model->owned = calloc((size_t)model->base.n_items + 1, sizeof *model->owned);
    enum status status = STATUS_NO_MEMORY;
    if (model && model->owned) {
        model->scores = model->owned;
        struct popular_fit fit = {
            .data = data, .half_life_ms = (double)s->half_life_ms, .scores = model->owned};
        if (s->half_life_ms > 0)
            status = fit_decayed(&fit, pool, observer);
        else
            status =
                run_blocks(&fit, model->base.n_items, BLOCK_ITEMS, count_block, pool, observer);
    }
    if (status == STATUS_OK)
        status = fit_means(data, pool, model);
    if (status != STATUS_OK) {
        popular_free((struct model *)model);
        return error_set(reterr, status, "popular: %s", status_name(status));
    }
    *ret_model = &model->base;
    return STATUS_OK;
}

static uint64_t popular_estimate(const void *settings, uint32_t n_users, uint32_t n_items,
                                 uint64_t size)
{
    const struct popular_settings *s = settings;
    const uint64_t scores = 2 * (uint64_t)n_items * sizeof(float);
    const uint64_t decayed = (uint64_t)n_items * sizeof(double) + size * sizeof(float);
    const uint64_t ratings =
        2 * (size * (sizeof(uint32_t) + sizeof(float)) +
             ((uint64_t)n_users + n_items) * (sizeof(uint64_t) + sizeof(double)));
    return scores + (s->half_life_ms > 0 && decayed > ratings ? decayed : ratings);
}

/* ---- use ---- */

static enum status popular_score(const struct model *model, const struct query *queries,
                                 size_t n_queries, const uint32_t *items, size_t n_items,
                                 float *out, struct arena *scratch)
{
    (void)queries;
    (void)scratch;
    const struct popular *popular = (const struct popular *)model;
    for (size_t q = 0; q < n_queries; q++)
        for (size_t i = 0; i < n_items; i++) {
            const size_t item = items ? items[i] : i;
            out[q * n_items + i] = item < model->n_items ? popular->scores[item] : -INFINITY;
        }
    return STATUS_OK;
}

static bool popular_scale(const struct model *model, struct rating_scale *ret_scale)
{
    const struct rating_means *means = &((const struct popular *)model)->means;
    *ret_scale = (struct rating_scale){means->low, means->high};
    return rating_means_any(means);
}

static enum status popular_predict(const struct model *model, const struct query *query,
                                   const uint32_t *items, size_t n, float *out,
                                   struct arena *scratch)
{
    (void)scratch;
    const struct rating_means *means = &((const struct popular *)model)->means;
    const float user = rating_means_user(means, query->ratings, query->n_ratings);
    for (size_t i = 0; i < n; i++)
        out[i] = rating_means_clip(means, means->mean + user + rating_means_item(means, items[i]));
    return STATUS_OK;
}

/* The shape has a third number where there are ratings. */
static void popular_save(const struct model *model, struct sections_writer *writer)
{
    const struct popular *popular = (const struct popular *)model;
    const bool rates = rating_means_any(&popular->means);
    const uint32_t shape[] = {model->n_users, model->n_items, 1};
    sections_add(writer, "popular/shape", SECTION_U32, rates ? 3 : 2, 1, shape);
    sections_add(writer, "popular/scores", SECTION_F32, model->n_items, 1, popular->scores);
    if (rates)
        rating_means_save(&popular->means, "popular/ratings", writer);
}

static enum status find_shape(const struct sections *sections, const uint32_t **ret_shape,
                              bool *ret_rates, struct error *reterr)
{
    const struct section *shape;
    const enum status status =
        sections_need(sections, "popular/shape", SECTION_U32, UINT64_MAX, 1, &shape, reterr);
    if (status != STATUS_OK)
        return status;
    const uint64_t due = sections_find(sections, "popular/ratings") ? 3 : 2;
    if (shape->rows != due && shape->rows != 3)
        return error_set(reterr, STATUS_CORRUPT, "the section 'popular/shape' has %llu numbers",
                         (unsigned long long)shape->rows);
    *ret_shape = shape->data;
    *ret_rates = shape->rows == 3;
    return STATUS_OK;
}

static enum status popular_load(const struct sections *sections, struct model **ret_model,
                                struct error *reterr)
{
    const uint32_t *sizes = NULL;
    const struct section *scores = NULL;
    bool rates = false;
    enum status status = find_shape(sections, &sizes, &rates, reterr);
    if (status == STATUS_OK)
        status =
            sections_need(sections, "popular/scores", SECTION_F32, sizes[1], 1, &scores, reterr);
    if (status != STATUS_OK)
        return status;
    struct popular *model = popular_new(sizes[0], sizes[1]);
    if (!model)
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory for popular");
    model->scores = scores->data;
    if (rates)
        status = rating_means_load(sections, "popular/ratings", sizes[1], &model->means, reterr);
    if (status != STATUS_OK) {
        popular_free(&model->base);
        return status;
    }
    *ret_model = &model->base;
    return STATUS_OK;
}

const struct model_class popular_class = {
    .name = "popular",
    .summary = "what most users like, the same for everyone",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .settings_size = sizeof(struct popular_settings),
    .fit = popular_fit,
    .estimate = popular_estimate,
    .score = popular_score,
    .rating_scale = popular_scale,
    .predict = popular_predict,
    .save = popular_save,
    .load = popular_load,
    .free = popular_free,
};
