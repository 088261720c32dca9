#include "models/latest.h"

#include <stdlib.h>

#include "base/clock.h"
#include "models/item_scores.h"

enum { EVENTS_BETWEEN_STOPS = 1 << 22 };

static const double day_ms = 86400e3;
static const float undated = -1e9F; /* in days: before anything */

struct dated {
    uint32_t n_items;
    int64_t *times; /* [n_items] */
};

static enum status put_record(void *context, uint32_t item, const struct item_record *record)
{
    const struct dated *dated = context;
    if (item < dated->n_items)
        dated->times[item] =
            record->published_ms != TIME_UNKNOWN ? record->published_ms : record->created_ms;
    return STATUS_OK;
}

/* First events, for the items whose record (or its absence) says nothing. `known`: room for a copy.
 */
static enum status add_first_events(const struct train_set *data, const struct observer *observer,
                                    bool *known, int64_t *times)
{
    const struct dataset *d = data->dataset;
    for (uint32_t i = 0; i < d->n_items; i++)
        known[i] = times[i] != TIME_UNKNOWN;
    for (uint64_t e = 0; e < d->n_events; e++) {
        if (e % EVENTS_BETWEEN_STOPS == 0 && observer_stops(observer))
            return STATUS_CANCELLED;
        const uint32_t item = d->items[e];
        if (known[item] || d->times[e] == TIME_UNKNOWN ||
            (data->held && bitmap_test(data->held, (uint32_t)e)))
            continue;
        if (times[item] == TIME_UNKNOWN || d->times[e] < times[item])
            times[item] = d->times[e];
    }
    return STATUS_OK;
}

static void score_times(const int64_t *times, uint32_t n_items, float *scores)
{
    int64_t newest = TIME_UNKNOWN;
    for (uint32_t i = 0; i < n_items; i++)
        if (times[i] > newest)
            newest = times[i];
    for (uint32_t i = 0; i < n_items; i++)
        scores[i] = times[i] == TIME_UNKNOWN
                        ? undated
                        : (float)(((double)times[i] - (double)newest) / day_ms);
}

static enum status fill_scores(const struct train_set *data, const struct observer *observer,
                               float *scores, struct error *reterr)
{
    const uint32_t n_items = data->by_user->n_columns;
    int64_t *times = malloc(((size_t)n_items + 1) * sizeof *times);
    bool *known = malloc((size_t)n_items + 1);
    enum status status = times && known ? STATUS_OK : STATUS_NO_MEMORY;
    if (observer_stops(observer))
        status = STATUS_CANCELLED;
    for (uint32_t i = 0; status == STATUS_OK && i < n_items; i++)
        times[i] = TIME_UNKNOWN;
    if (status == STATUS_OK && data->items)
        status = data->items->read(data->items->context, put_record,
                                   &(struct dated){n_items, times}, reterr);
    if (status == STATUS_OK)
        status = add_first_events(data, observer, known, times);
    if (status == STATUS_OK)
        score_times(times, n_items, scores);
    free(times);
    free(known);
    return status;
}

static enum status latest_fit(const struct train_set *data, const void *settings,
                              struct parallel *pool, const struct observer *observer,
                              struct model **ret_model, struct error *reterr)
{
    (void)settings;
    (void)pool;
    struct item_scores *model =
        item_scores_new(&latest_class, data->by_user->n_rows, data->by_user->n_columns);
    enum status status = STATUS_NO_MEMORY;
    if (model)
        status = fill_scores(data, observer, model->owned, reterr);
    if (status != STATUS_OK) {
        item_scores_free((struct model *)model);
        return error_set(reterr, status, "latest: %s", status_name(status));
    }
    *ret_model = &model->base;
    return STATUS_OK;
}

static uint64_t latest_estimate(const void *settings, uint32_t n_users, uint32_t n_items,
                                uint64_t size)
{
    (void)settings;
    (void)n_users;
    (void)size;
    return (uint64_t)n_items * (sizeof(float) + sizeof(int64_t) + sizeof(bool));
}

static enum status latest_load(const struct sections *sections, struct model **ret_model,
                               struct error *reterr)
{
    return item_scores_load(&latest_class, sections, ret_model, reterr);
}

const struct model_class latest_class = {
    .name = "latest",
    .summary = "what is new, newest first, the same for everyone",
    .impersonal = true,
    .fit = latest_fit,
    .estimate = latest_estimate,
    .score = item_scores_score,
    .save = item_scores_save,
    .load = latest_load,
    .free = item_scores_free,
};
