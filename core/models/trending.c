#include "models/trending.h"

#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "models/item_scores.h"

struct trending_settings {
    int64_t half_life_ms;
    double baseline, smoothing;
};

static const struct option options[] = {
    {.name = "half_life",
     .type = OPTION_DURATION,
     .offset = offsetof(struct trending_settings, half_life_ms),
     .initial = "3d",
     .min = 1000,
     .max = 3.2e12,
     .help = "age, counted from the newest event, at which a user's interest counts half"},
    {.name = "baseline",
     .type = OPTION_REAL,
     .offset = offsetof(struct trending_settings, baseline),
     .initial = "4",
     .min = 1.1,
     .max = 1000,
     .help = "half-lives of what is compared with, in half-lives; more lets growth count for more"},
    {.name = "smoothing",
     .type = OPTION_REAL,
     .offset = offsetof(struct trending_settings, smoothing),
     .initial = "3",
     .min = 1e-3,
     .max = 1e6,
     .help = "users whom it takes until growth counts in full"},
};

/* The two sums of an item. */
struct interest {
    double recent, usual;
};

/* In order of users and in double: the same for any number of threads. */
static void add_interest(const struct train_set *data, const int64_t *times,
                         const struct trending_settings *s, struct interest *of_items)
{
    const struct csr *m = data->by_user;
    const int64_t newest = data->dataset->frame.newest_ms;
    const double half_life = (double)s->half_life_ms;
    for (uint64_t k = 0; k < csr_size(m); k++) {
        if (!(m->values[k] > 0) || (times[k] == TIME_UNKNOWN && newest != TIME_UNKNOWN))
            continue;
        const double age = ((double)newest - (double)times[k]) / half_life;
        struct interest *interest = &of_items[m->columns[k]];
        interest->recent += exp2(-age);
        interest->usual += exp2(-age / s->baseline) / s->baseline;
    }
}

static enum status fill_scores(const struct train_set *data, const struct trending_settings *s,
                               struct parallel *pool, const struct observer *observer,
                               float *scores)
{
    const uint32_t n_items = data->by_user->n_columns;
    struct interest *of_items = calloc((size_t)n_items + 1, sizeof *of_items);
    int64_t *times;
    if (!of_items)
        return STATUS_NO_MEMORY;
    const enum status status = entry_times_make(data, pool, observer, &times);
    if (status == STATUS_OK) {
        add_interest(data, times, s, of_items);
        for (uint32_t i = 0; i < n_items; i++) {
            const struct interest x = of_items[i];
            scores[i] = (float)(x.recent * (x.recent + s->smoothing) / (x.usual + s->smoothing));
        }
        free(times);
    }
    free(of_items);
    return status;
}

static enum status trending_fit(const struct train_set *data, const void *settings,
                                struct parallel *pool, const struct observer *observer,
                                struct model **ret_model, struct error *reterr)
{
    struct item_scores *model =
        item_scores_new(&trending_class, data->by_user->n_rows, data->by_user->n_columns);
    enum status status = STATUS_NO_MEMORY;
    if (model)
        status = fill_scores(data, settings, pool, observer, model->owned);
    if (status != STATUS_OK) {
        item_scores_free((struct model *)model);
        return error_set(reterr, status, "trending: %s", status_name(status));
    }
    *ret_model = &model->base;
    return STATUS_OK;
}

static uint64_t trending_estimate(const void *settings, uint32_t n_users, uint32_t n_items,
                                  uint64_t size)
{
    (void)settings;
    (void)n_users;
    return (uint64_t)n_items * (sizeof(float) + sizeof(struct interest)) + size * sizeof(int64_t);
}

static enum status trending_load(const struct sections *sections, struct model **ret_model,
                                 struct error *reterr)
{
    return item_scores_load(&trending_class, sections, ret_model, reterr);
}

const struct model_class trending_class = {
    .name = "trending",
    .summary = "what more users like of late than before, the same for everyone",
    .impersonal = true,
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .settings_size = sizeof(struct trending_settings),
    .fit = trending_fit,
    .estimate = trending_estimate,
    .score = item_scores_score,
    .save = item_scores_save,
    .load = trending_load,
    .free = item_scores_free,
};
