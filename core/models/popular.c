#include "models/popular.h"

#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "models/item_scores.h"

enum { BLOCK_ITEMS = 256, BLOCKS_A_CALL = 64 /* between two looks at the observer */ };

struct popular_settings {
    int64_t half_life_ms; /* below 0: never */
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
    float *scores;
    size_t first_block;
};

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
static enum status count_all(struct popular_fit *fit, struct parallel *pool,
                             const struct observer *observer)
{
    const size_t n_blocks = ((size_t)fit->data->by_item->n_rows + BLOCK_ITEMS - 1) / BLOCK_ITEMS;
    for (fit->first_block = 0; fit->first_block < n_blocks; fit->first_block += BLOCKS_A_CALL) {
        if (observer_stops(observer))
            return STATUS_CANCELLED;
        const size_t left = n_blocks - fit->first_block;
        parallel_for(pool, left < BLOCKS_A_CALL ? left : BLOCKS_A_CALL, count_block, fit, NULL);
        observe_progress(observer, "fitting popular", (double)fit->first_block / (double)n_blocks);
    }
    return STATUS_OK;
}

/* Sums in order of users and in double: the same for any number of threads. */
static enum status sum_decays(const struct popular_fit *fit, const int64_t *times,
                              double half_life_ms)
{
    const struct csr *m = fit->data->by_user;
    const double newest = (double)fit->data->dataset->frame.newest_ms;
    double *sums = calloc((size_t)m->n_columns + 1, sizeof *sums);
    if (!sums)
        return STATUS_NO_MEMORY;
    for (uint64_t k = 0; k < csr_size(m); k++) {
        const double age = times[k] == TIME_UNKNOWN ? 0 : newest - (double)times[k];
        if (m->values[k] > 0)
            sums[m->columns[k]] += (float)exp2(-age / half_life_ms);
    }
    for (uint32_t i = 0; i < m->n_columns; i++)
        fit->scores[i] = (float)sums[i];
    free(sums);
    return STATUS_OK;
}

static enum status fit_decayed(const struct popular_fit *fit, double half_life_ms,
                               struct parallel *pool, const struct observer *observer)
{
    int64_t *times;
    enum status status = entry_times_make(fit->data, pool, observer, &times);
    if (status != STATUS_OK)
        return status;
    status = sum_decays(fit, times, half_life_ms);
    free(times);
    return status;
}

static enum status popular_fit(const struct train_set *data, const void *settings,
                               struct parallel *pool, const struct observer *observer,
                               struct model **ret_model, struct error *reterr)
{
    const struct popular_settings *s = settings;
    struct item_scores *model =
        item_scores_new(&popular_class, data->by_user->n_rows, data->by_user->n_columns);
    enum status status = model ? STATUS_OK : STATUS_NO_MEMORY;
    if (model) {
        struct popular_fit fit = {.data = data, .scores = model->owned};
        status = s->half_life_ms > 0 ? fit_decayed(&fit, (double)s->half_life_ms, pool, observer)
                                     : count_all(&fit, pool, observer);
    }
    if (status != STATUS_OK) {
        item_scores_free((struct model *)model);
        return error_set(reterr, status, "popular: %s", status_name(status));
    }
    *ret_model = &model->base;
    return STATUS_OK;
}

static uint64_t popular_estimate(const void *settings, uint32_t n_users, uint32_t n_items,
                                 uint64_t size)
{
    (void)n_users;
    const struct popular_settings *s = settings;
    const uint64_t scores = (uint64_t)n_items * sizeof(float);
    return s->half_life_ms > 0
               ? scores + (uint64_t)n_items * sizeof(double) + size * sizeof(int64_t)
               : scores;
}

static enum status popular_load(const struct sections *sections, struct model **ret_model,
                                struct error *reterr)
{
    return item_scores_load(&popular_class, sections, ret_model, reterr);
}

const struct model_class popular_class = {
    .name = "popular",
    .summary = "what most users like, the same for everyone",
    .impersonal = true,
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .settings_size = sizeof(struct popular_settings),
    .fit = popular_fit,
    .estimate = popular_estimate,
    .score = item_scores_score,
    .save = item_scores_save,
    .load = popular_load,
    .free = item_scores_free,
};
