#include "eval/ranker_rows.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/rng.h"
#include "eval/dataset_view.h"
#include "recommend/eligible.h"
#include "recommend/retrieve.h"

enum { CHUNK_MOMENTS = 64, STREAM_ROWS = 0x70b5, ROWS_FIRST = 4096 };

/* ---- targets ---- */

static bool teaches(const struct dataset *d, uint64_t event)
{
    const struct event_type *type = &d->types.of[d->type_codes[event]];
    return type->name[0] != '\0' && type->weight != 0;
}

static bool has(const struct bitmap *bitmap, uint64_t event)
{
    return bitmap && bitmap_test(bitmap, (uint32_t)event);
}

static bool may_be_target(const struct dataset *d, const struct bitmap *held, uint64_t event)
{
    return teaches(d, event) && d->times[event] != TIME_UNKNOWN && !has(held, event);
}

/* Returns whether the user gives any. */
static bool mark_targets(const struct dataset *d, const struct bitmap *held, double share,
                         uint32_t user, struct bitmap *targets)
{
    const uint64_t start = d->starts[user], end = d->starts[user + 1];
    uint64_t n = 0;
    for (uint64_t e = start; e < end; e++)
        n += may_be_target(d, held, e);
    if (n < 2)
        return false;
    const uint64_t wanted = (uint64_t)(share * (double)n), take = wanted ? wanted : 1;
    uint64_t first = end;
    for (uint64_t left = take; left > 0;)
        left -= may_be_target(d, held, --first);
    for (uint64_t e = first; e < end; e++)
        if (!has(held, e))
            bitmap_set(targets, (uint32_t)e);
    return true;
}

enum status ranker_targets(const struct dataset *d, const struct bitmap *held, double share,
                           struct bitmap *ret_targets, struct error *reterr)
{
    struct bitmap targets = {0};
    bool any = false;
    if (bitmap_resize(&targets, (uint32_t)d->n_events) != STATUS_OK)
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory for the ranker's rows");
    for (uint32_t u = 0; u < d->n_users; u++)
        any |= mark_targets(d, held, share, u, &targets);
    if (!any) {
        bitmap_free(&targets);
        return error_set(reterr, STATUS_OUT_OF_RANGE,
                         "nothing for a ranker to learn from: no user has two events with a known "
                         "time");
    }
    *ret_targets = targets;
    return STATUS_OK;
}

/* ---- the moments ---- */

struct moment {
    uint32_t user;
    uint64_t event; /* the history is what stands before it */
    int64_t now_ms;
    uint32_t list; /* with lists */
};

struct plan {
    struct moment *moments;
    uint32_t n;
};

/* Up to moments_max of the user's targets, evenly: the first among them. */
static uint32_t plan_user(const struct ranker_rows_request *request, uint32_t user,
                          struct moment *out)
{
    const struct dataset *d = request->dataset;
    uint32_t n_targets = 0, n = 0, seen = 0;
    for (uint64_t e = d->starts[user]; e < d->starts[user + 1]; e++)
        n_targets += has(request->targets, e) && teaches(d, e);
    const uint32_t wanted = n_targets < request->moments_max ? n_targets : request->moments_max;
    for (uint64_t e = d->starts[user]; e < d->starts[user + 1] && n < wanted; e++) {
        if (!has(request->targets, e) || !teaches(d, e))
            continue;
        if (seen == (uint64_t)n * n_targets / wanted)
            out[n++] = (struct moment){user, e, d->times[e], 0};
        seen++;
    }
    return n;
}

/* The moments of lists: everything that the user did before each was shown. */
static enum status plan_lists(const struct ranker_rows_request *request, struct plan *ret_plan)
{
    const struct impressions *lists = request->lists;
    struct moment *moments = calloc((size_t)request->n_which + 1, sizeof *moments);
    if (!moments)
        return STATUS_NO_MEMORY;
    for (uint32_t i = 0; i < request->n_which; i++) {
        const uint32_t list = request->which[i], user = lists->users[list];
        moments[i] =
            (struct moment){user, dataset_first_from(request->dataset, user, lists->times[list]),
                            lists->times[list], list};
    }
    *ret_plan = (struct plan){moments, request->n_which};
    return STATUS_OK;
}

static enum status make_plan(const struct ranker_rows_request *request, struct plan *ret_plan)
{
    if (request->lists)
        return plan_lists(request, ret_plan);
    const uint32_t n_users = request->dataset->n_users;
    struct moment *moments = calloc((size_t)n_users * request->moments_max + 1, sizeof *moments);
    if (!moments)
        return STATUS_NO_MEMORY;
    uint32_t n = 0;
    for (uint32_t u = 0; u < n_users; u++)
        n += plan_user(request, u, moments + n);
    *ret_plan = (struct plan){moments, n};
    return STATUS_OK;
}

/* ---- the rows of one moment ---- */

/* What a worker made of one moment. */
struct made {
    struct rank_moment moment;
    uint32_t user, event, n, n_wanted;
    uint32_t *items; /* [RANK_CANDIDATES] */
    unsigned char *labels;
    float *numbers; /* [RANK_CANDIDATES x width of the table] */
};

enum fault { FAULT_NONE, FAULT_MEMORY, FAULT_LEAK };

struct making {
    const struct ranker_rows_request *request;
    struct plan plan;
    struct bitmap items;   /* that exist */
    struct bitmap *hidden; /* by worker: events that have not happened yet, or never shall */
    struct arena *arenas;  /* by worker */
    struct made made[CHUNK_MOMENTS];
    float *numbers;
    uint32_t *item_numbers;
    unsigned char *labels;
    uint32_t first, count; /* the chunk, in the plan's moments */
    struct ranker_rows rows;
    uint32_t capacity, moments_capacity;
    _Atomic int fault;
    _Atomic bool failed;
};

struct history {
    struct touch *touches;
    size_t n_touches;
    struct signal *signals;
    size_t n_signals;
    int64_t *times; /* [n_signals] of the newest touch with each */
    struct rating *ratings;
    size_t n_ratings;
};

static enum status read_history(const struct dataset *d, uint32_t user, const struct bitmap *hidden,
                                struct arena *arena, struct history *ret_history)
{
    const size_t most = (size_t)(d->starts[user + 1] - d->starts[user]);
    struct history h = {.touches = arena_alloc(arena, most * sizeof *h.touches),
                        .signals = arena_alloc(arena, most * sizeof *h.signals),
                        .times = arena_alloc(arena, most * sizeof *h.times),
                        .ratings = arena_alloc(arena, most * sizeof *h.ratings)};
    if (!h.touches || !h.signals || !h.times || !h.ratings)
        return STATUS_NO_MEMORY;
    h.n_touches = dataset_touches(d, user, hidden, h.touches);
    h.n_signals = signals_of_touches(h.touches, h.n_touches, &d->types, &d->frame, h.signals);
    signals_times(h.signals, h.n_signals, h.touches, h.n_touches, h.times);
    h.n_ratings = ratings_of_touches(h.touches, h.n_touches, &d->types, h.ratings);
    *ret_history = h;
    return STATUS_OK;
}

/* Nobody whom the retrievers know: what they were fitted with is not this history. */
static struct query query_of(const struct history *history)
{
    return (struct query){.user = QUERY_NO_USER,
                          .fresh = true,
                          .n = (uint32_t)history->n_signals,
                          .history = history->signals,
                          .times = history->times,
                          .n_ratings = (uint32_t)history->n_ratings,
                          .ratings = history->ratings};
}

/* Until the moment is done the user's events from it on are hidden, and those before it are not. */
static void hide_future(const struct making *making, const struct moment *moment,
                        struct bitmap *hidden)
{
    const struct dataset *d = making->request->dataset;
    for (uint64_t e = d->starts[moment->user]; e < d->starts[moment->user + 1]; e++)
        if (e >= moment->event || has(making->request->held, e))
            bitmap_set(hidden, (uint32_t)e);
        else
            bitmap_clear(hidden, (uint32_t)e);
}

/* The candidates, as an answer at that moment would have had them: what was shown was eligible. */
static enum status propose(const struct making *making, const struct moment *moment,
                           const struct history *history, struct arena *arena,
                           struct ranked *ret_best, uint32_t *ret_n)
{
    const struct impressions *lists = making->request->lists;
    const struct ranker_rows_request *request = making->request;
    struct bitmap eligible = bitmap_in_arena(arena, request->dataset->n_items);
    if (!eligible.words)
        return STATUS_NO_MEMORY;
    bitmap_copy(&eligible, &making->items);
    for (size_t i = 0; i < history->n_touches; i++)
        bitmap_clear(&eligible, history->touches[i].item);
    for (uint64_t i = lists ? lists->starts[moment->list] : 0;
         lists && i < lists->starts[moment->list + 1]; i++)
        if (bitmap_test(&making->items, lists->items[i]))
            bitmap_set(&eligible, lists->items[i]);
    const struct query query = query_of(history);
    struct candidates candidates;
    const enum status status =
        retrieve_scored(request->retriever, &query, &eligible, arena, &candidates);
    if (status == STATUS_OK)
        *ret_n = (uint32_t)topk_of_list(candidates.items, candidates.scores, candidates.n,
                                        RANK_CANDIDATES, ret_best);
    return status;
}

static bool is_liked(const struct history *history, uint32_t item)
{
    size_t from = 0, to = history->n_signals;
    while (from < to) {
        const size_t middle = from + (to - from) / 2;
        if (history->signals[middle].item < item)
            from = middle + 1;
        else
            to = middle;
    }
    return from < history->n_signals && history->signals[from].item == item &&
           history->signals[from].confidence > 0;
}

/* Liked in the end and not touched before. */
static uint32_t count_wanted(const struct history *before, const struct history *after)
{
    uint32_t n = 0;
    for (size_t i = 0, t = 0; i < after->n_signals; i++) {
        const uint32_t item = after->signals[i].item;
        while (t < before->n_touches && before->touches[t].item < item)
            t++;
        n += after->signals[i].confidence > 0 &&
             !(t < before->n_touches && before->touches[t].item == item);
    }
    return n;
}

static void keep_row(const struct rank_table *table, uint32_t i, bool label, struct made *made)
{
    made->items[made->n] = table->candidates[i].item;
    made->labels[made->n] = label;
    memcpy(made->numbers + (size_t)made->n++ * table->width,
           table->numbers + (size_t)i * table->width, table->width * sizeof *made->numbers);
}

/* The first place of the item in the list; UINT64_MAX: it was not shown. */
static uint64_t place_in_list(const struct impressions *lists, uint32_t list, uint32_t item)
{
    for (uint64_t i = lists->starts[list]; i < lists->starts[list + 1]; i++)
        if (lists->items[i] == item)
            return i;
    return UINT64_MAX;
}

/* Of each item shown, once, whether it was chosen. */
static void keep_shown(const struct making *making, const struct moment *moment,
                       const struct rank_table *table, struct made *made)
{
    const struct ranker_rows_request *request = making->request;
    const struct impressions *lists = request->lists;
    made->n = made->n_wanted = 0;
    for (uint64_t i = lists->starts[moment->list]; i < lists->starts[moment->list + 1]; i++)
        made->n_wanted += place_in_list(lists, moment->list, lists->items[i]) == i &&
                          impression_is_chosen(request->dataset, request->held, moment->user,
                                               lists->items[i], moment->now_ms);
    for (uint32_t i = 0; i < table->n; i++) {
        const uint32_t item = table->candidates[i].item;
        if (place_in_list(lists, moment->list, item) != UINT64_MAX)
            keep_row(table, i,
                     impression_is_chosen(request->dataset, request->held, moment->user, item,
                                          moment->now_ms),
                     made);
    }
}

static void keep_rows(const struct making *making, const struct moment *moment,
                      const struct rank_table *table, const struct history *after,
                      struct made *made)
{
    struct rng rng = rng_seed(making->request->seed + moment->event, STREAM_ROWS);
    made->n = 0;
    for (uint32_t i = 0; i < table->n; i++) {
        const bool label = is_liked(after, table->candidates[i].item);
        const bool drawn = rng_uniform(&rng) < making->request->share;
        if (label || drawn)
            keep_row(table, i, label, made);
    }
}

/* The user's own events at the very moment, but before the target, are history; whatever else is
 * known must be older. */
static bool leaks(const struct rank_table *table, int64_t now_ms)
{
    if (table->moment.last_ms > now_ms)
        return true;
    for (uint32_t i = 0; i < table->n; i++)
        if (table->candidates[i].activity.count && table->candidates[i].activity.last_ms >= now_ms)
            return true;
    return false;
}

static enum status make_moment(struct making *making, const struct moment *moment,
                               struct bitmap *hidden, struct arena *arena, struct made *made)
{
    const struct dataset *d = making->request->dataset;
    struct history before = {0}, after = {0};
    struct ranked *best = arena_alloc(arena, RANK_CANDIDATES * sizeof *best);
    uint32_t n = 0;
    hide_future(making, moment, hidden);
    enum status status =
        best ? read_history(d, moment->user, hidden, arena, &before) : STATUS_NO_MEMORY;
    if (status == STATUS_OK)
        status = read_history(d, moment->user, making->request->held, arena, &after);
    if (status == STATUS_OK)
        status = propose(making, moment, &before, arena, best, &n);
    struct rank_table table = {0};
    const struct query asked = query_of(&before);
    const struct rank_query query = {.view = making->request->past,
                                     .retriever = making->request->retriever,
                                     .touches = before.touches,
                                     .n_touches = before.n_touches,
                                     .query = &asked,
                                     .now_ms = moment->now_ms,
                                     .others = making->request->others,
                                     .n_others = making->request->n_others};
    if (status == STATUS_OK)
        status = rank_table_make(&query, best, n, arena, &table);
    if (status != STATUS_OK)
        return status;
    if (leaks(&table, query.now_ms))
        return STATUS_CORRUPT;
    made->user = moment->user;
    made->moment = table.moment;
    if (making->request->lists) {
        made->event = making->request->lists->places[moment->list];
        keep_shown(making, moment, &table, made);
        return STATUS_OK;
    }
    made->event = (uint32_t)moment->event;
    made->n_wanted = count_wanted(&before, &after);
    keep_rows(making, moment, &table, &after, made);
    return STATUS_OK;
}

static void make_block(void *context, size_t block, unsigned worker)
{
    struct making *making = context;
    arena_reset(&making->arenas[worker]);
    const enum status status =
        make_moment(making, &making->plan.moments[making->first + block], &making->hidden[worker],
                    &making->arenas[worker], &making->made[block]);
    if (status == STATUS_OK)
        return;
    atomic_store(&making->fault, status == STATUS_CORRUPT ? FAULT_LEAK : FAULT_MEMORY);
    atomic_store(&making->failed, true);
}

/* ---- all rows ---- */

static enum status grow(void **array, size_t n, size_t size)
{
    void *larger = realloc(*array, n * size);
    if (!larger)
        return STATUS_NO_MEMORY;
    *array = larger;
    return STATUS_OK;
}

static enum status make_room(struct making *making, uint32_t n)
{
    struct ranker_rows *rows = &making->rows;
    enum status status = STATUS_OK;
    if (rows->n_moments == making->moments_capacity) {
        const uint32_t capacity = making->moments_capacity ? 2 * making->moments_capacity : 256;
        status = grow((void **)&rows->of, capacity, sizeof *rows->of);
        if (status == STATUS_OK)
            status = grow((void **)&rows->users, capacity, sizeof *rows->users);
        if (status == STATUS_OK)
            status = grow((void **)&rows->events, capacity, sizeof *rows->events);
        making->moments_capacity = status == STATUS_OK ? capacity : making->moments_capacity;
    }
    if (status != STATUS_OK || rows->n + n <= making->capacity)
        return status;
    uint32_t capacity = making->capacity ? making->capacity : ROWS_FIRST;
    while (capacity < rows->n + n)
        capacity *= 2;
    status = grow((void **)&rows->numbers, (size_t)capacity * rows->width, sizeof(float));
    if (status == STATUS_OK)
        status = grow((void **)&rows->items, capacity, sizeof *rows->items);
    if (status == STATUS_OK)
        status = grow((void **)&rows->moments, capacity, sizeof *rows->moments);
    if (status == STATUS_OK)
        status = grow((void **)&rows->labels, capacity, sizeof *rows->labels);
    making->capacity = status == STATUS_OK ? capacity : making->capacity;
    return status;
}

static enum status take(struct making *making, const struct made *made)
{
    struct ranker_rows *rows = &making->rows;
    const enum status status = make_room(making, made->n);
    if (status != STATUS_OK)
        return status;
    memcpy(rows->items + rows->n, made->items, made->n * sizeof *made->items);
    memcpy(rows->labels + rows->n, made->labels, made->n);
    memcpy(rows->numbers + (size_t)rows->n * rows->width, made->numbers,
           (size_t)made->n * rows->width * sizeof *made->numbers);
    for (uint32_t i = 0; i < made->n; i++) {
        rows->moments[rows->n + i] = rows->n_moments;
        rows->n_positives += made->labels[i];
    }
    rows->n += made->n;
    rows->n_wanted += made->n_wanted;
    rows->users[rows->n_moments] = made->user;
    rows->events[rows->n_moments] = made->event;
    rows->of[rows->n_moments++] = made->moment;
    return STATUS_OK;
}

static enum status make_chunk(struct making *making, struct error *reterr)
{
    parallel_for(making->request->pool, making->count, make_block, making, &making->failed);
    if (making->fault == FAULT_LEAK)
        return error_set(reterr, STATUS_CORRUPT,
                         "a leak: a value of a ranker's row was made from an event that is not "
                         "before the row's moment");
    enum status status = making->fault == FAULT_NONE ? STATUS_OK : STATUS_NO_MEMORY;
    for (uint32_t i = 0; i < making->count && status == STATUS_OK; i++)
        if (making->rows.n + making->made[i].n <= making->request->rows_max)
            status = take(making, &making->made[i]);
    return status;
}

/* Workers must not wait for a lock of malloc (base/parallel.h): what the user with most events
 * takes is measured here, and each worker's arena gets one block of twice that. */
static enum status warm_arenas(struct making *making)
{
    const struct dataset *d = making->request->dataset;
    uint32_t longest = 0;
    for (uint32_t m = 1; m < making->plan.n; m++) {
        const uint32_t a = making->plan.moments[longest].user, b = making->plan.moments[m].user;
        if (d->starts[b + 1] - d->starts[b] > d->starts[a + 1] - d->starts[a])
            longest = m;
    }
    making->first = longest;
    make_block(making, 0, 0);
    making->first = 0;
    const size_t room = 2 * making->arenas[0].used;
    for (unsigned i = 0; i < parallel_threads(making->request->pool); i++) {
        arena_free(&making->arenas[i]);
        if (!arena_alloc(&making->arenas[i], room))
            return STATUS_NO_MEMORY;
    }
    return STATUS_OK;
}

static enum status make_all(struct making *making, struct error *reterr)
{
    const struct observer *observer = making->request->observer;
    enum status status = making->plan.n ? warm_arenas(making) : STATUS_OK;
    while (status == STATUS_OK && making->first < making->plan.n &&
           making->rows.n < making->request->rows_max) {
        if (observer_stops(observer))
            return error_set(reterr, STATUS_CANCELLED, "stopped while making the ranker's rows");
        const uint32_t left = making->plan.n - making->first;
        making->count = left < CHUNK_MOMENTS ? left : CHUNK_MOMENTS;
        status = make_chunk(making, reterr);
        making->first += making->count;
        observe_progress(observer, "making the ranker's rows",
                         (double)making->first / making->plan.n);
    }
    return status;
}

static enum status start(struct making *making)
{
    const struct ranker_rows_request *request = making->request;
    const struct dataset *d = request->dataset;
    const unsigned threads = parallel_threads(request->pool);
    const size_t room = (size_t)CHUNK_MOMENTS * RANK_CANDIDATES;
    making->arenas = calloc(threads, sizeof *making->arenas);
    making->hidden = calloc(threads, sizeof *making->hidden);
    making->numbers = malloc(room * making->rows.width * sizeof *making->numbers);
    making->item_numbers = malloc(room * sizeof *making->item_numbers);
    making->labels = malloc(room);
    if (!making->arenas || !making->hidden || !making->numbers || !making->item_numbers ||
        !making->labels || bitmap_resize(&making->items, d->n_items) != STATUS_OK)
        return STATUS_NO_MEMORY;
    for (unsigned i = 0; i < threads; i++)
        if (bitmap_resize(&making->hidden[i], (uint32_t)d->n_events) != STATUS_OK)
            return STATUS_NO_MEMORY;
    for (uint32_t i = 0; i < d->n_items; i++)
        if (dataset_has_item(d, i))
            bitmap_set(&making->items, i);
    for (size_t i = 0; i < CHUNK_MOMENTS; i++)
        making->made[i] =
            (struct made){.items = making->item_numbers + i * RANK_CANDIDATES,
                          .labels = making->labels + i * RANK_CANDIDATES,
                          .numbers = making->numbers + i * RANK_CANDIDATES * making->rows.width};
    return make_plan(request, &making->plan);
}

static void finish(struct making *making)
{
    const unsigned threads = parallel_threads(making->request->pool);
    for (unsigned i = 0; making->arenas && i < threads; i++)
        arena_free(&making->arenas[i]);
    for (unsigned i = 0; making->hidden && i < threads; i++)
        bitmap_free(&making->hidden[i]);
    free(making->arenas);
    free(making->hidden);
    free(making->numbers);
    free(making->item_numbers);
    free(making->labels);
    free(making->plan.moments);
    bitmap_free(&making->items);
}

enum status ranker_rows_make(const struct ranker_rows_request *request,
                             struct ranker_rows *ret_rows, struct error *reterr)
{
    struct making *making = calloc(1, sizeof *making);
    if (!making)
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory for the ranker's rows");
    making->request = request;
    making->rows.share = request->share;
    making->rows.width = rank_width(request->n_others);
    enum status status = start(making);
    if (status == STATUS_OK)
        status = make_all(making, reterr);
    if (status == STATUS_NO_MEMORY)
        error_set(reterr, status, "out of memory for the ranker's rows");
    finish(making);
    if (status == STATUS_OK)
        *ret_rows = making->rows;
    else
        ranker_rows_free(&making->rows);
    free(making);
    return status;
}

void ranker_rows_free(struct ranker_rows *rows)
{
    free(rows->numbers);
    free(rows->items);
    free(rows->moments);
    free(rows->labels);
    free(rows->of);
    free(rows->users);
    free(rows->events);
    *rows = (struct ranker_rows){0};
}
