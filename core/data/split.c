#include "data/split.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/rng.h"
#include "base/text.h"

const char *const split_names[] = {"user-time", "time", "random", "leave-one-out", NULL};

/* Streams of random numbers (rng_seed), one a purpose. */
enum { STREAM_USERS = 0x5917 };

struct splitter {
    const struct dataset *dataset;
    const struct split_settings *settings;
    struct bitmap *held;
    int64_t moment;   /* SPLIT_TIME: events from here on are held */
    uint64_t n_held;  /* events */
    uint32_t *seen;   /* [n_items] by which user, plus 1, the item was last seen */
    uint32_t *marked; /* [n_items] for which user, plus 1, the item is held */
    uint32_t *order;  /* [longest history] */
};

static bool teaches(const struct splitter *s, uint64_t event)
{
    const struct dataset *d = s->dataset;
    const struct event_type *type = &d->types.of[d->type_codes[event]];
    return type->name[0] != '\0' && type->weight != 0 &&
           !(s->settings->without && bitmap_test(s->settings->without, (uint32_t)event));
}

static uint64_t id_hash(const struct dataset *d, uint32_t user, uint64_t seed)
{
    size_t length = 0;
    const char *id = user < d->user_ids.count ? idmap_id(&d->user_ids, user, &length) : NULL;
    return length ? text_hash(id, length, seed) : text_hash(&user, sizeof user, seed);
}

static uint32_t count_distinct(struct splitter *s, uint32_t user)
{
    const struct dataset *d = s->dataset;
    uint32_t distinct = 0;
    for (uint64_t e = d->starts[user]; e < d->starts[user + 1]; e++) {
        if (!teaches(s, e) || s->seen[d->items[e]] == user + 1)
            continue;
        s->seen[d->items[e]] = user + 1;
        distinct++;
    }
    return distinct;
}

/* ---- what of one user is held: marks items ---- */

/* The user's events that may be drawn from, as offsets from the row's start: those with a known
 * time, or all where none has one. */
static uint32_t gather_events(struct splitter *s, uint32_t user, bool *ret_timed)
{
    const struct dataset *d = s->dataset;
    const uint64_t start = d->starts[user], end = d->starts[user + 1];
    uint32_t n_timed = 0, n = 0;
    for (uint64_t e = start; e < end; e++)
        n_timed += teaches(s, e) && d->times[e] != TIME_UNKNOWN;
    for (uint64_t e = start; e < end; e++)
        if (teaches(s, e) && (n_timed == 0 || d->times[e] != TIME_UNKNOWN))
            s->order[n++] = (uint32_t)(e - start);
    *ret_timed = n_timed > 0;
    return n;
}

/* Goes through the last `take` of the gathered events, from the end, and marks their items as long
 * as one item of the user stays. */
static void mark_last(struct splitter *s, uint32_t user, uint32_t n, uint32_t take,
                      uint32_t distinct)
{
    const struct dataset *d = s->dataset;
    uint32_t marked = 0;
    for (uint32_t i = n; i > n - take; i--) {
        const uint32_t item = d->items[d->starts[user] + s->order[i - 1]];
        if (s->marked[item] == user + 1 || marked + 1 == distinct)
            continue;
        s->marked[item] = user + 1;
        marked++;
    }
}

static void mark_user_time(struct splitter *s, uint32_t user, uint32_t distinct)
{
    bool timed;
    const uint32_t n = gather_events(s, user, &timed);
    if (!timed) {
        const uint64_t id = id_hash(s->dataset, user, s->settings->seed);
        struct rng rng = rng_seed(id, STREAM_USERS);
        rng_shuffle(&rng, s->order, n);
    }
    const uint32_t take = (uint32_t)(s->settings->share * n);
    mark_last(s, user, n, take ? take : 1, distinct);
}

static void mark_leave_one_out(struct splitter *s, uint32_t user, uint32_t distinct)
{
    bool timed;
    const uint32_t n = gather_events(s, user, &timed);
    mark_last(s, user, n, 1, distinct);
}

static void mark_time(struct splitter *s, uint32_t user, uint32_t distinct)
{
    (void)distinct;
    const struct dataset *d = s->dataset;
    for (uint64_t e = d->starts[user]; e < d->starts[user + 1]; e++)
        if (teaches(s, e) && d->times[e] != TIME_UNKNOWN && d->times[e] >= s->moment)
            s->marked[d->items[e]] = user + 1;
}

static void mark_random(struct splitter *s, uint32_t user, uint32_t distinct)
{
    (void)distinct;
    const struct dataset *d = s->dataset;
    struct rng rng = rng_seed(id_hash(d, user, s->settings->seed), STREAM_USERS);
    for (uint64_t e = d->starts[user]; e < d->starts[user + 1]; e++)
        if (teaches(s, e) && rng_uniform(&rng) < s->settings->share)
            s->marked[d->items[e]] = user + 1;
}

static void hold_marked(struct splitter *s, uint32_t user)
{
    const struct dataset *d = s->dataset;
    for (uint64_t e = d->starts[user]; e < d->starts[user + 1]; e++)
        if (s->marked[d->items[e]] == user + 1) {
            bitmap_set(s->held, (uint32_t)e);
            s->n_held++;
        }
}

/* ---- the moment of a global split ---- */

static uint64_t count_from(const struct splitter *s, int64_t moment)
{
    const struct dataset *d = s->dataset;
    uint64_t n = 0;
    for (uint64_t e = 0; e < d->n_events; e++)
        n += d->times[e] != TIME_UNKNOWN && d->times[e] >= moment && teaches(s, e);
    return n;
}

/* The earliest moment from which at most `share` of the timed events follow, by halving; the newest
 * moment when already its events are more. */
static enum status find_moment(struct splitter *s, struct error *reterr)
{
    const struct dataset *d = s->dataset;
    const uint64_t n_timed = count_from(s, INT64_MIN);
    if (n_timed == 0)
        return error_set(
            reterr, STATUS_OUT_OF_RANGE,
            "cannot split by time: no event has a known time; use user-time or random");
    int64_t low = INT64_MAX, high = INT64_MIN;
    for (uint64_t e = 0; e < d->n_events; e++) {
        if (!teaches(s, e) || d->times[e] == TIME_UNKNOWN)
            continue;
        low = d->times[e] < low ? d->times[e] : low;
        high = d->times[e] > high ? d->times[e] : high;
    }
    while (low < high) {
        const int64_t middle = low + (int64_t)(((uint64_t)high - (uint64_t)low) / 2);
        if ((double)count_from(s, middle) > s->settings->share * (double)n_timed)
            low = middle + 1;
        else
            high = middle;
    }
    s->moment = low;
    return STATUS_OK;
}

/* ---- whose events are held ---- */

struct candidate {
    uint64_t hash;
    uint32_t user;
};

static int compare_hashes(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;
    if (x->hash != y->hash)
        return x->hash < y->hash ? -1 : 1;
    return x->user < y->user ? -1 : x->user > y->user;
}

static int compare_users(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;
    return x->user < y->user ? -1 : x->user > y->user;
}

/* Users with two distinct items, at most users_max of them, in rising order. */
static uint32_t choose_users(struct splitter *s, struct candidate *candidates)
{
    const struct dataset *d = s->dataset;
    uint32_t n = 0;
    for (uint32_t u = 0; u < d->n_users; u++)
        if (count_distinct(s, u) >= 2)
            candidates[n++] =
                (struct candidate){.user = u, .hash = id_hash(d, u, s->settings->seed)};
    const uint32_t most = s->settings->users_max;
    if (most == 0 || n <= most)
        return n;
    qsort(candidates, n, sizeof *candidates, compare_hashes);
    qsort(candidates, most, sizeof *candidates, compare_users);
    return most;
}

static void hold_users(struct splitter *s, const struct candidate *candidates, uint32_t n)
{
    static void (*const marks[])(struct splitter *, uint32_t,
                                 uint32_t) = {[SPLIT_USER_TIME] = mark_user_time,
                                              [SPLIT_TIME] = mark_time,
                                              [SPLIT_RANDOM] = mark_random,
                                              [SPLIT_LEAVE_ONE_OUT] = mark_leave_one_out};
    const uint32_t n_items = s->dataset->n_items;
    for (uint32_t i = 0; i < n_items; i++)
        s->seen[i] = 0;
    for (uint32_t i = 0; i < n; i++) {
        const uint32_t user = candidates[i].user;
        marks[s->settings->kind](s, user, count_distinct(s, user));
        hold_marked(s, user);
    }
}

static uint64_t longest_history(const struct dataset *d)
{
    uint64_t longest = 0;
    for (uint32_t u = 0; u < d->n_users; u++)
        if (d->starts[u + 1] - d->starts[u] > longest)
            longest = d->starts[u + 1] - d->starts[u];
    return longest;
}

static enum status run(struct splitter *s, struct error *reterr)
{
    const struct dataset *d = s->dataset;
    s->seen = calloc((size_t)d->n_items + 1, sizeof *s->seen);
    s->marked = calloc((size_t)d->n_items + 1, sizeof *s->marked);
    s->order = malloc((longest_history(d) + 1) * sizeof *s->order);
    struct candidate *candidates = malloc(((size_t)d->n_users + 1) * sizeof *candidates);
    enum status status = STATUS_OK;
    if (!s->seen || !s->marked || !s->order || !candidates)
        status = error_set(reterr, STATUS_NO_MEMORY, "out of memory for a split");
    if (status == STATUS_OK && s->settings->kind == SPLIT_TIME)
        status = find_moment(s, reterr);
    if (status == STATUS_OK) {
        const uint32_t n = choose_users(s, candidates);
        hold_users(s, candidates, n);
        if (n == 0)
            status = error_set(reterr, STATUS_OUT_OF_RANGE,
                               "nothing can be held out: no user has two different items");
        else if (s->n_held == 0)
            status =
                error_set(reterr, STATUS_OUT_OF_RANGE,
                          "nothing was held out: a share of %g is too small for %" PRIu64 " events",
                          s->settings->share, d->n_events);
    }
    free(s->seen);
    free(s->marked);
    free(s->order);
    free(candidates);
    return status;
}

enum status split_make(const struct dataset *dataset, const struct split_settings *settings,
                       struct bitmap *ret_held, struct error *reterr)
{
    if (settings->kind != SPLIT_LEAVE_ONE_OUT && !(settings->share > 0 && settings->share < 1))
        return error_set(reterr, STATUS_OUT_OF_RANGE,
                         "the share held out is %g; it must be between 0 and 1", settings->share);
    struct bitmap held = {0};
    if (bitmap_resize(&held, (uint32_t)dataset->n_events) != STATUS_OK)
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory for a split");
    struct splitter s = {.dataset = dataset, .settings = settings, .held = &held};
    const enum status status = run(&s, reterr);
    if (status != STATUS_OK) {
        bitmap_free(&held);
        return status;
    }
    *ret_held = held;
    return STATUS_OK;
}
