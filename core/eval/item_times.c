#include "eval/item_times.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

static bool counts(const struct dataset *d, const struct bitmap *held, uint64_t event)
{
    return d->times[event] != TIME_UNKNOWN && activity_counts(&d->types.of[d->type_codes[event]]) &&
           !(held && bitmap_test(held, (uint32_t)event));
}

static int compare_times(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void fill(const struct dataset *d, const struct bitmap *held, struct item_times *t,
                 uint64_t *ends)
{
    memcpy(ends, t->starts, d->n_items * sizeof *ends);
    for (uint64_t e = 0; e < d->n_events; e++)
        if (counts(d, held, e))
            t->times[ends[d->items[e]]++] = d->times[e];
    for (uint32_t i = 0; i < d->n_items; i++) {
        const uint64_t from = t->starts[i];
        struct activity activity = {0};
        qsort(t->times + from, ends[i] - from, sizeof *t->times, compare_times);
        for (uint64_t e = from; e < ends[i]; e++) {
            activity_add(&activity, t->times[e]);
            t->recent[e] = activity.recent;
        }
    }
}

enum status item_times_make(const struct dataset *d, const struct bitmap *held,
                            struct item_times *ret_times)
{
    struct item_times t = {.n_items = d->n_items};
    uint64_t *ends = calloc((size_t)d->n_items + 1, sizeof *ends);
    t.starts = calloc((size_t)d->n_items + 1, sizeof *t.starts);
    if (ends && t.starts) {
        for (uint64_t e = 0; e < d->n_events; e++)
            t.starts[d->items[e] + 1] += counts(d, held, e);
        for (uint32_t i = 0; i < d->n_items; i++)
            t.starts[i + 1] += t.starts[i];
        t.times = malloc((t.starts[d->n_items] + 1) * sizeof *t.times);
        t.recent = malloc((t.starts[d->n_items] + 1) * sizeof *t.recent);
    }
    const bool made = t.times && t.recent;
    if (made)
        fill(d, held, &t, ends);
    else
        item_times_free(&t);
    free(ends);
    if (!made)
        return STATUS_NO_MEMORY;
    *ret_times = t;
    return STATUS_OK;
}

void item_times_as_of(const struct item_times *t, uint32_t item, int64_t now_ms,
                      struct activity *ret_activity)
{
    struct activity activity = {0};
    if (item < t->n_items) {
        uint64_t from = t->starts[item], to = t->starts[item + 1];
        while (now_ms != TIME_UNKNOWN && from < to) {
            const uint64_t middle = from + (to - from) / 2;
            if (t->times[middle] < now_ms)
                from = middle + 1;
            else
                to = middle;
        }
        const uint64_t first = t->starts[item];
        if (to > first)
            activity = (struct activity){t->times[first], t->times[to - 1], (uint32_t)(to - first),
                                         t->recent[to - 1]};
    }
    *ret_activity = activity;
}

static void past_activity(const struct view *view, uint32_t item, int64_t now_ms,
                          struct activity *ret_activity)
{
    item_times_as_of(((const struct past_view *)view)->times, item, now_ms, ret_activity);
}

static const struct view_class past_class = {.activity = past_activity};

struct past_view item_times_view(const struct item_times *times)
{
    return (struct past_view){.view = {.class = &past_class, .n_items = times->n_items},
                              .times = times};
}

void item_times_free(struct item_times *t)
{
    free(t->starts);
    free(t->times);
    free(t->recent);
    *t = (struct item_times){0};
}
