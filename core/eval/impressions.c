#include "eval/impressions.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "recommend/activity.h"

uint64_t dataset_first_from(const struct dataset *d, uint32_t user, int64_t time_ms)
{
    uint64_t from = d->starts[user], to = d->starts[user + 1];
    while (from < to) {
        const uint64_t middle = from + (to - from) / 2;
        if (d->times[middle] < time_ms)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

bool impression_is_chosen(const struct dataset *d, const struct bitmap *held, uint32_t user,
                          uint32_t item, int64_t now_ms)
{
    for (uint64_t e = dataset_first_from(d, user, now_ms);
         e < d->starts[user + 1] && d->times[e] - now_ms <= IMPRESSION_WINDOW_MS; e++)
        if (d->items[e] == item && activity_counts(&d->types.of[d->type_codes[e]]) &&
            !(held && bitmap_test(held, (uint32_t)e)))
            return true;
    return false;
}

/* ---- reading ---- */

struct reading {
    const struct dataset *dataset;
    const struct observer *observer;
    struct impressions lists; /* in the store's order; places unused */
    uint32_t capacity;
    uint64_t items_capacity;
    int64_t newest_ms;
};

static enum status grow(void **array, size_t n, size_t size)
{
    void *larger = realloc(*array, n * size);
    if (!larger)
        return STATUS_NO_MEMORY;
    *array = larger;
    return STATUS_OK;
}

static enum status make_room(struct reading *r, uint32_t n_items)
{
    struct impressions *lists = &r->lists;
    enum status status = STATUS_OK;
    if (lists->n == r->capacity) {
        const uint32_t capacity = r->capacity ? 2 * r->capacity : 1024;
        status = grow((void **)&lists->times, capacity, sizeof *lists->times);
        if (status == STATUS_OK)
            status = grow((void **)&lists->users, capacity, sizeof *lists->users);
        if (status == STATUS_OK)
            status = grow((void **)&lists->starts, (size_t)capacity + 1, sizeof *lists->starts);
        if (status != STATUS_OK)
            return status;
        lists->starts[0] = 0;
        r->capacity = capacity;
    }
    const uint64_t needed = lists->starts[lists->n] + n_items;
    if (needed <= r->items_capacity)
        return STATUS_OK;
    status = grow((void **)&lists->items, 2 * needed, sizeof *lists->items);
    r->items_capacity = status == STATUS_OK ? 2 * needed : r->items_capacity;
    return status;
}

static enum status take_list(void *context, const struct shown_row *row)
{
    struct reading *r = context;
    struct impressions *lists = &r->lists;
    if (row->time_ms > r->newest_ms)
        r->newest_ms = row->time_ms;
    if (row->user >= r->dataset->n_users || lists->n == UINT32_MAX - 1)
        return STATUS_OK;
    if ((lists->n & 0xfff) == 0 && observer_stops(r->observer))
        return STATUS_CANCELLED;
    if (make_room(r, row->n_items) != STATUS_OK)
        return STATUS_NO_MEMORY;
    uint64_t end = lists->starts[lists->n];
    for (uint32_t i = 0; i < row->n_items; i++)
        if (row->items[i] < r->dataset->n_items)
            lists->items[end++] = row->items[i];
    if (lists->contexts && row->context &&
        facts_put(lists->contexts, lists->n, row->context, NULL, 0) != STATUS_OK)
        return STATUS_NO_MEMORY;
    lists->times[lists->n] = row->time_ms;
    lists->users[lists->n] = row->user;
    lists->starts[++lists->n] = end;
    return STATUS_OK;
}

/* ---- in order ---- */

struct dated {
    int64_t ms;
    uint32_t place;
};

static int compare_dated(const void *a, const void *b)
{
    const struct dated *x = a, *y = b;
    if (x->ms != y->ms)
        return x->ms < y->ms ? -1 : 1;
    return (x->place > y->place) - (x->place < y->place);
}

static void copy_list(const struct impressions *from, uint32_t place, struct impressions *to)
{
    const uint64_t start = to->n ? to->starts[to->n] : 0,
                   n = from->starts[place + 1] - from->starts[place];
    memcpy(to->items + start, from->items + from->starts[place], n * sizeof *to->items);
    to->times[to->n] = from->times[place];
    to->users[to->n] = from->users[place];
    to->places[to->n] = place;
    to->starts[++to->n] = start + n;
}

/* By time, and only those whose window is over. */
static enum status put_in_order(const struct impressions *from, int64_t newest_ms,
                                struct impressions *ret_sorted)
{
    const size_t n = from->n;
    struct impressions to = {.times = malloc((n + 1) * sizeof *to.times),
                             .users = malloc((n + 1) * sizeof *to.users),
                             .starts = calloc(n + 1, sizeof *to.starts),
                             .items = malloc((n ? from->starts[n] + 1 : 1) * sizeof *to.items),
                             .places = malloc((n + 1) * sizeof *to.places)};
    struct dated *order = malloc((n + 1) * sizeof *order);
    const bool made = to.times && to.users && to.starts && to.items && to.places && order;
    for (uint32_t i = 0; made && i < n; i++)
        order[i] = (struct dated){from->times[i], i};
    if (made)
        qsort(order, n, sizeof *order, compare_dated);
    for (size_t i = 0; made && i < n && order[i].ms <= newest_ms - IMPRESSION_WINDOW_MS; i++)
        copy_list(from, order[i].place, &to);
    free(order);
    if (!made) {
        impressions_free(&to);
        return STATUS_NO_MEMORY;
    }
    *ret_sorted = to;
    return STATUS_OK;
}

enum status impressions_read(struct store *store, const struct dataset *dataset,
                             const struct fact_names *names, const struct observer *observer,
                             struct impressions *ret_impressions, struct error *reterr)
{
    struct reading r = {
        .dataset = dataset, .observer = observer, .newest_ms = dataset->frame.newest_ms};
    struct impressions sorted = {0};
    enum status status = names->n ? facts_new(names, &r.lists.contexts) : STATUS_OK;
    if (status == STATUS_OK)
        status = store_read_impressions(store, 0, dataset->seq, take_list, &r, reterr);
    if (status == STATUS_OK)
        status = put_in_order(&r.lists, r.newest_ms, &sorted);
    if (status == STATUS_OK) {
        sorted.contexts = r.lists.contexts;
        r.lists.contexts = NULL;
        *ret_impressions = sorted;
    }
    impressions_free(&r.lists);
    if (status == STATUS_NO_MEMORY || status == STATUS_CANCELLED)
        error_set(reterr, status, "%s while reading impressions", status_name(status));
    return status;
}

void impressions_free(struct impressions *lists)
{
    free(lists->times);
    free(lists->users);
    free(lists->starts);
    free(lists->items);
    free(lists->places);
    facts_free(lists->contexts);
    *lists = (struct impressions){0};
}
