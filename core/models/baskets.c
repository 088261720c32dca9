#include "models/baskets.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"

enum { USERS_BETWEEN_STOPS = 1 << 12 };

static const int64_t day_ms = INT64_C(24) * 60 * 60 * 1000;

const char *const baskets_kinds[] = {"sessions", "days", "users", "orders", NULL};

/* One walk over all events; rows are counted in a first one and filled in a second. */
struct walk {
    const struct train_set *data;
    enum baskets_kind kind;
    uint8_t types[2];  /* 0: any preference */
    uint32_t *liked;   /* [n_items] 1 + the last user met who likes it */
    uint32_t *last[2]; /* [n_items] 1 + the last basket that it was put into */
    uint32_t n_baskets;
    uint64_t n[2];
    struct csr *matrices[2]; /* NULL in the first walk; the second NULL when both are one */
    size_t n_sides;
};

static void mark_likes(const struct walk *w, uint32_t user)
{
    const struct csr *m = w->data->by_user;
    for (uint64_t k = m->starts[user]; k < m->starts[user + 1]; k++)
        if (m->values[k] > 0)
            w->liked[m->columns[k]] = user + 1;
}

static bool begins_anew(enum baskets_kind kind, int64_t before, int64_t time)
{
    if (kind == BASKETS_USERS || time == before)
        return false;
    if (before == TIME_UNKNOWN || kind == BASKETS_SESSIONS)
        return before == TIME_UNKNOWN || time - before > SESSION_PAUSE_MS;
    const int64_t a = before / day_ms - (before % day_ms < 0);
    return a != time / day_ms - (time % day_ms < 0);
}

static bool is_of(const struct walk *w, size_t side, uint32_t user, uint64_t event)
{
    const struct dataset *d = w->data->dataset;
    return w->types[side] ? d->type_codes[event] == w->types[side]
                          : w->liked[d->items[event]] == user + 1;
}

/* Puts the event into the present basket, whose number is n_baskets. Returns whether it is in. */
static bool put(struct walk *w, uint32_t user, uint64_t event)
{
    const uint32_t item = w->data->dataset->items[event];
    bool any = false;
    for (size_t side = 0; side < w->n_sides; side++) {
        if (!is_of(w, side, user, event))
            continue;
        any = true;
        if (w->last[side][item] == w->n_baskets + 1)
            continue;
        w->last[side][item] = w->n_baskets + 1;
        if (w->matrices[side]) {
            w->matrices[side]->columns[w->n[side]] = item;
            w->matrices[side]->values[w->n[side]] = 1;
        }
        w->n[side]++;
    }
    return any;
}

static void end_basket(struct walk *w)
{
    w->n_baskets++;
    for (size_t side = 0; side < w->n_sides; side++)
        if (w->matrices[side])
            w->matrices[side]->starts[w->n_baskets] = w->n[side];
}

static void walk_user(struct walk *w, uint32_t user)
{
    const struct dataset *d = w->data->dataset;
    bool open = false;
    int64_t before = TIME_UNKNOWN;
    mark_likes(w, user);
    for (uint64_t e = d->starts[user]; e < d->starts[user + 1]; e++) {
        if (w->data->held && bitmap_test(w->data->held, (uint32_t)e))
            continue;
        if (open && begins_anew(w->kind, before, d->times[e])) {
            end_basket(w);
            open = false;
        }
        open = put(w, user, e) || open;
        before = d->times[e];
    }
    if (open)
        end_basket(w);
}

static enum status walk_all(struct walk *w, const struct observer *observer)
{
    const struct dataset *d = w->data->dataset;
    w->n_baskets = 0;
    w->n[0] = w->n[1] = 0;
    memset(w->liked, 0, (size_t)d->n_items * sizeof *w->liked);
    for (size_t side = 0; side < w->n_sides; side++)
        memset(w->last[side], 0, (size_t)d->n_items * sizeof *w->last[side]);
    for (uint32_t u = 0; u < d->n_users; u++) {
        if (u % USERS_BETWEEN_STOPS == 0 && observer_stops(observer))
            return STATUS_CANCELLED;
        walk_user(w, u);
    }
    return STATUS_OK;
}

static enum status find_type(const struct event_types *types, const char *name, uint8_t *ret_code,
                             struct error *reterr)
{
    *ret_code = *name ? event_types_code(types, name) : 0;
    if (!*name || *ret_code)
        return STATUS_OK;
    const char *nearest = event_types_nearest(types, name);
    return error_set(reterr, STATUS_NOT_FOUND, "no interaction type '%.64s'%s", name,
                     text_suggest(nearest).text);
}

static enum status count_and_fill(struct walk *w, const struct observer *observer,
                                  struct baskets *baskets)
{
    const uint32_t n_items = w->data->by_user->n_columns;
    struct csr *const matrices[] = {&baskets->leads, &baskets->led};
    enum status status = walk_all(w, observer);
    for (size_t side = 0; side < w->n_sides && status == STATUS_OK; side++) {
        status = csr_alloc(w->n_baskets, n_items, w->n[side], matrices[side]);
        w->matrices[side] = matrices[side];
    }
    return status == STATUS_OK ? walk_all(w, observer) : status;
}

enum status baskets_make(const struct train_set *data, enum baskets_kind kind, const char *from,
                         const char *to, const struct observer *observer,
                         struct baskets *ret_baskets, struct error *reterr)
{
    const size_t n_items = data->dataset->n_items;
    struct walk w = {.data = data, .kind = kind, .n_sides = strcmp(from, to) == 0 ? 1 : 2};
    struct baskets baskets = {.one = w.n_sides == 1};
    enum status status = find_type(&data->dataset->types, from, &w.types[0], reterr);
    if (status == STATUS_OK)
        status = find_type(&data->dataset->types, to, &w.types[1], reterr);
    if (status != STATUS_OK)
        return status;
    if (kind == BASKETS_ORDERS)
        return baskets_of_orders(data, w.types, w.n_sides, observer, ret_baskets, reterr);
    w.liked = malloc((n_items + 1) * sizeof *w.liked);
    w.last[0] = malloc((n_items + 1) * sizeof *w.last[0]);
    w.last[1] = malloc((n_items + 1) * sizeof *w.last[1]);
    status = w.liked && w.last[0] && w.last[1] ? count_and_fill(&w, observer, &baskets)
                                               : STATUS_NO_MEMORY;
    free(w.liked);
    free(w.last[0]);
    free(w.last[1]);
    if (status == STATUS_OK)
        *ret_baskets = baskets;
    else
        baskets_free(&baskets);
    return status;
}

void baskets_free(struct baskets *baskets)
{
    csr_free(&baskets->leads);
    csr_free(&baskets->led);
}
