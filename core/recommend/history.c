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

static void keep_newest(struct history *history)
{
    if (history->keep == 0 || history->n <= history->keep)
        return;
    qsort(history->rows, history->n, sizeof *history->rows, newest_first);
    history->n = history->keep;
}

enum status history_add(struct history *history, const struct event_row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (history->n >= 2 * (size_t)history->keep)
            keep_newest(history);
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

enum status history_fold(struct history *history, const struct event_types *types,
                         const struct signal_frame *frame, struct touch **ret_touches,
                         uint32_t *ret_n)
{
    keep_newest(history);
    struct touch *touches = NULL;
    uint32_t n = 0;
    if (history->n) {
        touches = calloc(history->n, sizeof *touches);
        if (!touches)
            return STATUS_NO_MEMORY;
        qsort(history->rows, history->n, sizeof *history->rows, by_item_type_time);
    }
    for (size_t i = 0; i < history->n; i++) {
        const struct event_row *row = &history->rows[i];
        if (n == 0 || touches[n - 1].item != row->item || touches[n - 1].type != row->type) {
            touches[n].item = row->item;
            touches[n++].type = row->type;
        }
        touch_add(&touches[n - 1], types, frame, row->time_ms, row->value);
    }
    *ret_touches = touches;
    *ret_n = n;
    return STATUS_OK;
}

void history_free(struct history *history)
{
    free(history->rows);
    *history = (struct history){0};
}
