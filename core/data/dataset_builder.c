#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "data/dataset.h"

struct dataset_builder {
    struct dataset *dataset;
    uint64_t *taken;   /* first pass: events of a user; second pass: those placed so far */
    uint32_t capacity; /* of taken */
    bool filling;
};

enum status dataset_builder_new(const struct event_types *types,
                                struct dataset_builder **ret_builder)
{
    struct dataset_builder *builder = calloc(1, sizeof *builder);
    if (!builder)
        return STATUS_NO_MEMORY;
    builder->dataset = calloc(1, sizeof *builder->dataset);
    if (!builder->dataset) {
        free(builder);
        return STATUS_NO_MEMORY;
    }
    builder->dataset->types = *types;
    *ret_builder = builder;
    return STATUS_OK;
}

void dataset_builder_free(struct dataset_builder *builder)
{
    if (!builder)
        return;
    dataset_free(builder->dataset);
    free(builder->taken);
    free(builder);
}

static enum status make_room(struct dataset_builder *builder, uint32_t user)
{
    if (user < builder->capacity)
        return STATUS_OK;
    uint64_t capacity = builder->capacity ? builder->capacity : 1024;
    while (capacity <= user)
        capacity *= 2;
    if (capacity > UINT32_MAX)
        capacity = UINT32_MAX;
    uint64_t *taken = realloc(builder->taken, capacity * sizeof *taken);
    if (!taken)
        return STATUS_NO_MEMORY;
    memset(taken + builder->capacity, 0, (capacity - builder->capacity) * sizeof *taken);
    builder->taken = taken;
    builder->capacity = (uint32_t)capacity;
    return STATUS_OK;
}

enum status dataset_builder_count(struct dataset_builder *builder, uint32_t user, uint32_t item)
{
    struct dataset *d = builder->dataset;
    assert(!builder->filling && user != UINT32_MAX && item != UINT32_MAX);
    if (d->n_events == UINT32_MAX) /* a bitmap has one bit an event and counts in 32 bits */
        return STATUS_TOO_LARGE;
    const enum status status = make_room(builder, user);
    if (status != STATUS_OK)
        return status;
    builder->taken[user]++;
    d->n_events++;
    if (user >= d->n_users)
        d->n_users = user + 1;
    if (item >= d->n_items)
        d->n_items = item + 1;
    return STATUS_OK;
}

enum status dataset_builder_fill(struct dataset_builder *builder)
{
    struct dataset *d = builder->dataset;
    assert(!builder->filling);
    const size_t room = d->n_events ? (size_t)d->n_events : 1;
    d->starts = calloc((size_t)d->n_users + 1, sizeof *d->starts);
    d->times = malloc(room * sizeof *d->times);
    d->items = malloc(room * sizeof *d->items);
    d->values = malloc(room * sizeof *d->values);
    d->type_codes = malloc(room * sizeof *d->type_codes);
    if (!d->starts || !d->times || !d->items || !d->values || !d->type_codes)
        return STATUS_NO_MEMORY;
    for (uint32_t u = 0; u < d->n_users; u++) {
        d->starts[u + 1] = d->starts[u] + builder->taken[u];
        builder->taken[u] = 0;
    }
    builder->filling = true;
    return STATUS_OK;
}

void dataset_builder_add(struct dataset_builder *builder, uint32_t user, uint32_t item,
                         uint8_t type, int64_t time_ms, float value)
{
    struct dataset *d = builder->dataset;
    assert(builder->filling);
    if (user >= d->n_users || item >= d->n_items ||
        builder->taken[user] == d->starts[user + 1] - d->starts[user])
        return;
    const uint64_t place = d->starts[user] + builder->taken[user]++;
    d->times[place] = time_ms;
    d->items[place] = item;
    d->values[place] = value;
    d->type_codes[place] = type;
}

/* ---- finishing ---- */

/* Rows that got fewer events than were counted are closed up. */
static void close_gaps(struct dataset *d, const uint64_t *taken)
{
    uint64_t end = 0, start = 0;
    for (uint32_t u = 0; u < d->n_users; u++) {
        const uint64_t next = d->starts[u + 1], n = taken[u];
        if (end != start) {
            memmove(d->times + end, d->times + start, n * sizeof *d->times);
            memmove(d->items + end, d->items + start, n * sizeof *d->items);
            memmove(d->values + end, d->values + start, n * sizeof *d->values);
            memmove(d->type_codes + end, d->type_codes + start, n * sizeof *d->type_codes);
        }
        end += n;
        start = next;
        d->starts[u + 1] = end;
    }
    d->n_events = end;
}

/* Room for one user's events: an order, and one array at a time being rearranged. */
struct place {
    int64_t time;
    uint64_t index;
};

struct sort_scratch {
    struct place *places;
    int64_t *moved;
};

static int compare_places(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    if (x->time != y->time)
        return x->time < y->time ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

static bool in_order(const int64_t *times, uint64_t n)
{
    for (uint64_t i = 1; i < n; i++)
        if (times[i] < times[i - 1])
            return false;
    return true;
}

#define REARRANGE(array, n, scratch)                                                               \
    do {                                                                                           \
        __typeof__(*(array)) *moved = (void *)(scratch)->moved;                                    \
        for (uint64_t i = 0; i < (n); i++)                                                         \
            moved[i] = (array)[(scratch)->places[i].index];                                        \
        memcpy((array), moved, (n) * sizeof *moved);                                               \
    } while (0)

static void sort_user(struct dataset *d, uint32_t user, const struct sort_scratch *scratch)
{
    const uint64_t start = d->starts[user], n = d->starts[user + 1] - start;
    if (in_order(d->times + start, n)) /* TIME_UNKNOWN is below every time */
        return;
    for (uint64_t i = 0; i < n; i++)
        scratch->places[i] = (struct place){.time = d->times[start + i], .index = i};
    qsort(scratch->places, n, sizeof *scratch->places, compare_places);
    REARRANGE(d->times + start, n, scratch);
    REARRANGE(d->items + start, n, scratch);
    REARRANGE(d->values + start, n, scratch);
    REARRANGE(d->type_codes + start, n, scratch);
}

static enum status sort_users(struct dataset *d)
{
    uint64_t longest = 1;
    for (uint32_t u = 0; u < d->n_users; u++)
        if (d->starts[u + 1] - d->starts[u] > longest)
            longest = d->starts[u + 1] - d->starts[u];
    struct sort_scratch scratch = {.places = malloc(longest * sizeof *scratch.places),
                                   .moved = malloc(longest * sizeof *scratch.moved)};
    const bool fits = scratch.places && scratch.moved;
    for (uint32_t u = 0; fits && u < d->n_users; u++)
        sort_user(d, u, &scratch);
    free(scratch.places);
    free(scratch.moved);
    return fits ? STATUS_OK : STATUS_NO_MEMORY;
}

static struct signal_frame frame_of(const struct dataset *d)
{
    struct signal_frame frame = {.newest_ms = TIME_UNKNOWN};
    double lowest = INFINITY, highest = -INFINITY;
    for (uint64_t e = 0; e < d->n_events; e++) {
        if (d->times[e] > frame.newest_ms)
            frame.newest_ms = d->times[e];
        const double value = d->values[e];
        if (!d->types.of[d->type_codes[e]].by_value || isnan(value))
            continue;
        lowest = fmin(lowest, value);
        highest = fmax(highest, value);
    }
    if (lowest <= highest)
        frame.scale_middle = (lowest + highest) / 2;
    return frame;
}

/* Numbers that have an id but no event are rows and columns too. */
static enum status widen(struct dataset *d, uint32_t n_users, uint32_t n_items)
{
    if (n_items > d->n_items)
        d->n_items = n_items;
    if (n_users <= d->n_users)
        return STATUS_OK;
    uint64_t *starts = realloc(d->starts, ((size_t)n_users + 1) * sizeof *starts);
    if (!starts)
        return STATUS_NO_MEMORY;
    for (uint32_t u = d->n_users; u < n_users; u++)
        starts[u + 1] = starts[d->n_users];
    d->starts = starts;
    d->n_users = n_users;
    return STATUS_OK;
}

enum status dataset_builder_finish(struct dataset_builder *builder, struct idmap *user_ids,
                                   struct idmap *item_ids, struct dataset **ret_dataset)
{
    struct dataset *d = builder->dataset;
    assert(builder->filling);
    close_gaps(d, builder->taken);
    enum status status = widen(d, user_ids ? user_ids->count : 0, item_ids ? item_ids->count : 0);
    if (status == STATUS_OK)
        status = sort_users(d);
    if (status == STATUS_OK) {
        d->frame = frame_of(d);
        if (user_ids) {
            d->user_ids = *user_ids;
            *user_ids = (struct idmap){0};
        }
        if (item_ids) {
            d->item_ids = *item_ids;
            *item_ids = (struct idmap){0};
        }
        *ret_dataset = d;
        builder->dataset = NULL;
    }
    dataset_builder_free(builder);
    return status;
}
