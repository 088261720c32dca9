#include "eval/ranker_shown.h"

#include <stdlib.h>

#include "base/clock.h"

enum { SAMPLE_MAX = 100000 };
static const double train_share = 0.7;

static int compare_times(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Of the known times, from an even sample; TIME_UNKNOWN when none is. */
static enum status median_time(const struct dataset *d, int64_t *ret_ms)
{
    const uint64_t stride = d->n_events / SAMPLE_MAX + 1;
    int64_t *times = malloc((size_t)(d->n_events / stride + 1) * sizeof *times);
    size_t n = 0;
    if (!times)
        return STATUS_NO_MEMORY;
    for (uint64_t e = 0; e < d->n_events; e += stride)
        if (d->times[e] != TIME_UNKNOWN)
            times[n++] = d->times[e];
    qsort(times, n, sizeof *times, compare_times);
    *ret_ms = n ? times[n / 2] : TIME_UNKNOWN;
    free(times);
    return STATUS_OK;
}

static uint32_t first_list_from(const struct impressions *lists, int64_t time_ms)
{
    uint32_t from = 0, to = lists->n;
    while (from < to) {
        const uint32_t middle = from + (to - from) / 2;
        if (lists->times[middle] < time_ms)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

/* Does the list's window end before anything that is held of its user? */
static bool is_open(const struct dataset *d, const struct bitmap *held,
                    const struct impressions *lists, uint32_t list)
{
    const uint32_t user = lists->users[list];
    for (uint64_t e = d->starts[user]; held && e < d->starts[user + 1]; e++)
        if (bitmap_test(held, (uint32_t)e))
            return d->times[e] > lists->times[list] + IMPRESSION_WINDOW_MS;
    return true;
}

/* Evenly so many lists that they hold at most items_max items. */
static void thin_out(const struct impressions *lists, uint32_t items_max, struct shown_plan *plan)
{
    uint64_t n_items = 0;
    for (uint32_t i = 0; i < plan->n_train; i++)
        n_items += lists->starts[plan->train[i] + 1] - lists->starts[plan->train[i]];
    if (n_items <= items_max)
        return;
    const uint32_t n = plan->n_train;
    const uint32_t wanted = (uint32_t)((double)n * items_max / (double)n_items);
    plan->n_train = 0;
    for (uint32_t i = 0; i < n && plan->n_train < wanted; i++)
        if ((uint64_t)i * wanted / n >= plan->n_train)
            plan->train[plan->n_train++] = plan->train[i];
}

enum status shown_plan_make(const struct dataset *d, const struct bitmap *held,
                            const struct impressions *lists, uint32_t items_max,
                            struct shown_plan *ret_plan, struct error *reterr)
{
    struct shown_plan plan = {0};
    if (lists->n < SHOWN_LISTS_MIN)
        return error_set(reterr, STATUS_OUT_OF_RANGE,
                         "%u lists of shown items were posted long enough ago, and %d are needed",
                         lists->n, SHOWN_LISTS_MIN);
    if (median_time(d, &plan.t1_ms) != STATUS_OK)
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory for the lists shown");
    if (plan.t1_ms < lists->times[0])
        plan.t1_ms = lists->times[0];
    const uint32_t first = first_list_from(lists, plan.t1_ms);
    const uint32_t cut = first + (uint32_t)(train_share * (lists->n - first));
    plan.t2_ms = cut < lists->n ? lists->times[cut] : lists->times[lists->n - 1];
    plan.train = malloc(((size_t)lists->n + 1) * sizeof *plan.train);
    plan.later = malloc(((size_t)lists->n + 1) * sizeof *plan.later);
    if (!plan.train || !plan.later) {
        shown_plan_free(&plan);
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory for the lists shown");
    }
    for (uint32_t i = first; i < lists->n; i++)
        if (lists->times[i] < plan.t2_ms && is_open(d, held, lists, i))
            plan.train[plan.n_train++] = i;
        else if (lists->times[i] >= plan.t2_ms + IMPRESSION_WINDOW_MS)
            plan.later[plan.n_later++] = i;
    thin_out(lists, items_max, &plan);
    *ret_plan = plan;
    return STATUS_OK;
}

void shown_plan_free(struct shown_plan *plan)
{
    free(plan->train);
    free(plan->later);
    *plan = (struct shown_plan){0};
}
