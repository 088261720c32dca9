#include "recommend/told.h"

#include <stdlib.h>

/* An event with its place in time. */
struct placed {
    struct told_event event;
    size_t at;
};

static int by_time(const void *a, const void *b)
{
    const struct placed *x = a, *y = b;
    if (x->event.time_ms != y->event.time_ms)
        return x->event.time_ms < y->event.time_ms ? -1 : 1;
    return (x->at > y->at) - (x->at < y->at);
}

static int by_touch(const void *a, const void *b)
{
    const struct placed *x = a, *y = b;
    if (x->event.item != y->event.item)
        return x->event.item < y->event.item ? -1 : 1;
    if (x->event.type != y->event.type)
        return x->event.type < y->event.type ? -1 : 1;
    return (x->at > y->at) - (x->at < y->at);
}

enum status told_fold(struct told_event *events, size_t n, const struct event_types *types,
                      const struct signal_frame *frame, struct arena *arena,
                      const struct touch **ret_touches, size_t *ret_n)
{
    struct placed *placed = arena_alloc(arena, n * sizeof *placed);
    struct touch *touches = arena_zalloc(arena, n + 1, sizeof *touches);
    if (!placed || !touches)
        return STATUS_NO_MEMORY;
    for (size_t i = 0; i < n; i++)
        placed[i] = (struct placed){events[i], i};
    qsort(placed, n, sizeof *placed, by_time);
    for (size_t i = 0; i < n; i++)
        placed[i].at = i;
    const size_t most = types->max_per_user, old = most && n > most ? n - most : 0;
    qsort(placed, n, sizeof *placed, by_touch);
    size_t n_touches = 0;
    for (size_t i = 0; i < n; i++) {
        const struct told_event *e = &placed[i].event;
        struct touch *last = n_touches ? &touches[n_touches - 1] : NULL;
        if (!last || last->item != e->item || last->type != e->type) {
            last = &touches[n_touches++];
            *last = (struct touch){.item = e->item, .type = e->type};
        }
        if (placed[i].at < old)
            touch_see(last, types, e->time_ms);
        else
            touch_add(last, types, frame, e->time_ms, e->value);
    }
    *ret_touches = touches;
    *ret_n = n_touches;
    return STATUS_OK;
}

enum status touches_join(const struct event_types *types, const struct touch *before,
                         size_t n_before, const struct touch *later, size_t n_later,
                         struct arena *arena, const struct touch **ret_touches, size_t *ret_n)
{
    struct touch *joined = arena_alloc(arena, (n_before + n_later) * sizeof *joined);
    if (!joined)
        return STATUS_NO_MEMORY;
    size_t n = 0, i = 0, k = 0;
    while (i < n_before || k < n_later) {
        const int order = i == n_before  ? 1
                          : k == n_later ? -1
                                         : touch_compare(&before[i], &later[k]);
        joined[n++] = order < 0   ? before[i]
                      : order > 0 ? later[k]
                                  : touch_join(&before[i], &later[k], types);
        i += order <= 0;
        k += order >= 0;
    }
    *ret_touches = joined;
    *ret_n = n;
    return STATUS_OK;
}
