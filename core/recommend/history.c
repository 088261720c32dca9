#include "recommend/history.h"

#include <stdlib.h>

enum { ROWS_MIN = 64 };

static int compare_u64(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int compare_time(const struct event_row *a, const struct event_row *b)
{
    if (a->time_ms != b->time_ms)
        return a->time_ms < b->time_ms ? -1 : 1;
    return compare_u64(a->seq, b->seq);
}

static int newest_first(const void *a, const void *b)
{
    return compare_time(b, a);
}

static int by_item_type_time(const void *left, const void *right)
{
    const struct event_row *a = left, *b = right;
    if (a->item != b->item)
        return compare_u64(a->item, b->item);
    if (a->type != b->type)
        return compare_u64(a->type, b->type);
    return compare_time(a, b);
}

/* ---- older events: only what they touched ---- */

static int by_item_type(const void *left, const void *right)
{
    const struct touch *a = left, *b = right;
    return a->item != b->item ? compare_u64(a->item, b->item) : compare_u64(a->type, b->type);
}

static void compact_seen(struct history *history)
{
    struct touch *seen = history->seen;
    if (history->n_seen == 0)
        return;
    qsort(seen, history->n_seen, sizeof *seen, by_item_type);
    size_t n = 1;
    for (size_t i = 1; i < history->n_seen; i++) {
        if (by_item_type(&seen[n - 1], &seen[i]) == 0)
            touch_see(&seen[n - 1], history->types, seen[i].last_ms);
        else
            seen[n++] = seen[i];
    }
    history->n_seen = history->n_sorted = n;
}

static enum status see(struct history *history, const struct event_row *row)
{
    if (history->n_seen == history->seen_capacity) {
        if (history->n_seen > 2 * history->n_sorted)
            compact_seen(history);
        const size_t capacity = 2 * history->n_seen + ROWS_MIN;
        struct touch *grown = realloc(history->seen, capacity * sizeof *grown);
        if (!grown)
            return STATUS_NO_MEMORY;
        history->seen = grown;
        history->seen_capacity = capacity;
    }
    struct touch *touch = &history->seen[history->n_seen++];
    *touch = (struct touch){.item = row->item, .type = row->type};
    touch_see(touch, history->types, row->time_ms);
    return STATUS_OK;
}

static enum status keep_newest(struct history *history)
{
    if (history->keep == 0 || history->n <= history->keep)
        return STATUS_OK;
    qsort(history->rows, history->n, sizeof *history->rows, newest_first);
    while (history->n > history->keep) {
        if (see(history, &history->rows[history->n - 1]) != STATUS_OK)
            return STATUS_NO_MEMORY;
        history->n--;
    }
    return STATUS_OK;
}

/* ---- rows ---- */

enum status history_add(struct history *history, const struct event_row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (history->keep && history->n >= 2 * (size_t)history->keep &&
            keep_newest(history) != STATUS_OK)
            return STATUS_NO_MEMORY;
        if (history->n == history->capacity) {
            const size_t capacity = history->capacity ? 2 * history->capacity : ROWS_MIN;
            struct event_row *grown = realloc(history->rows, capacity * sizeof *grown);
            if (!grown)
                return STATUS_NO_MEMORY;
            history->rows = grown;
            history->capacity = capacity;
        }
        history->rows[history->n++] = rows[i];
    }
    return STATUS_OK;
}

/* The touches of the rows that are left, after those of older ones with the same item and type. */
static uint32_t fold_rows(struct history *history, const struct signal_frame *frame,
                          struct touch *touches)
{
    size_t s = 0;
    uint32_t n = 0;
    for (size_t i = 0; i < history->n; i++) {
        const struct event_row *row = &history->rows[i];
        const struct touch place = {.item = row->item, .type = row->type};
        if (n == 0 || by_item_type(&touches[n - 1], &place) != 0) {
            while (s < history->n_seen && by_item_type(&history->seen[s], &place) < 0)
                touches[n++] = history->seen[s++];
            const bool seen = s < history->n_seen && by_item_type(&history->seen[s], &place) == 0;
            touches[n++] = seen ? history->seen[s++] : place;
        }
        touch_add(&touches[n - 1], history->types, frame, row->time_ms, row->value);
    }
    while (s < history->n_seen)
        touches[n++] = history->seen[s++];
    return n;
}

enum status history_fold(struct history *history, const struct signal_frame *frame,
                         struct touch **ret_touches, uint32_t *ret_n)
{
    if (keep_newest(history) != STATUS_OK)
        return STATUS_NO_MEMORY;
    compact_seen(history);
    struct touch *touches = NULL;
    const size_t most = history->n + history->n_seen;
    if (most) {
        touches = calloc(most, sizeof *touches);
        if (!touches)
            return STATUS_NO_MEMORY;
    }
    if (history->n)
        qsort(history->rows, history->n, sizeof *history->rows, by_item_type_time);
    *ret_n = fold_rows(history, frame, touches);
    *ret_touches = touches;
    return STATUS_OK;
}

void history_free(struct history *history)
{
    free(history->rows);
    free(history->seen);
    *history = (struct history){0};
}
