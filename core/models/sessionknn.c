#include "models/sessionknn.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "linalg/topk.h"
#include "models/baskets.h"
#include "models/sessions.h"

enum { USERS_BETWEEN_STOPS = 1 << 12, NEIGHBOURS_MAX = 10000, LENGTH_MAX = 1000 };

/* How fast the newest shared item loses weight with its place (lambda of the paper). */
static const float place_step = 0.1F;

struct sessionknn_settings {
    int64_t neighbours, recent, length;
};

struct sessionknn {
    struct model base;
    uint32_t neighbours, recent, length;
    const uint64_t *user_starts; /* [n_users + 1] */
    const struct session_row *rows;
    struct session_index index;
    uint64_t *owned_starts; /* unless they lie in a mapping */
    struct session_row *owned_rows;
};

#define WHOLE(NAME, INITIAL, MAX, HELP)                                                            \
    {                                                                                              \
        .name = #NAME, .type = OPTION_INT, .offset = offsetof(struct sessionknn_settings, NAME),   \
        .initial = INITIAL, .min = 1, .max = MAX, .help = HELP                                     \
    }

static const struct option options[] = {
    WHOLE(neighbours, "100", NEIGHBOURS_MAX, "sessions that are asked what came with these items"),
    WHOLE(recent, "500", NEIGHBOURS_MAX, "newest sessions of each item that are looked at"),
    WHOLE(length, "20", LENGTH_MAX, "newest items of a history that are looked at"),
};

static void sessionknn_free(struct model *model)
{
    struct sessionknn *m = (struct sessionknn *)model;
    if (!m)
        return;
    session_index_free(&m->index);
    free(m->owned_starts);
    free(m->owned_rows);
    free(m);
}

/* ---- fit ---- */

struct writing {
    const struct train_set *data;
    uint32_t *liked; /* [n_items] 1 + the last user met who likes it */
    uint32_t *last;  /* [n_items] the last session that it was put into, from 1 */
    uint32_t session;
    uint64_t *starts;
    struct session_row *rows;
    uint64_t n;
};

static uint32_t age_of(const struct dataset *d, int64_t time_ms)
{
    if (time_ms == TIME_UNKNOWN)
        return UINT32_MAX;
    const int64_t seconds = (d->frame.newest_ms - time_ms) / 1000;
    return seconds < UINT32_MAX ? (uint32_t)seconds : UINT32_MAX;
}

static bool pauses(int64_t before, int64_t time_ms)
{
    return time_ms != before && (before == TIME_UNKNOWN || time_ms - before > SESSION_PAUSE_MS);
}

static void write_user(struct writing *w, uint32_t user)
{
    const struct dataset *d = w->data->dataset;
    const struct csr *m = w->data->by_user;
    for (uint64_t k = m->starts[user]; k < m->starts[user + 1]; k++)
        if (m->values[k] > 0)
            w->liked[m->columns[k]] = user + 1;
    int64_t before = TIME_UNKNOWN;
    bool begins = true;
    for (uint64_t e = d->starts[user]; e < d->starts[user + 1]; e++) {
        const uint32_t item = d->items[e];
        if (w->liked[item] != user + 1 ||
            (w->data->held && bitmap_test(w->data->held, (uint32_t)e)))
            continue;
        begins = begins || pauses(before, d->times[e]);
        w->session += begins;
        before = d->times[e];
        if (w->last[item] != w->session || begins)
            w->rows[w->n++] = (struct session_row){(item + 1) | (begins ? SESSION_BEGINS : 0),
                                                   age_of(d, d->times[e])};
        w->last[item] = w->session;
        begins = false;
    }
    w->starts[user + 1] = w->n;
}

static enum status write_all(struct writing *w, const struct observer *observer)
{
    const uint32_t n_users = w->data->dataset->n_users;
    for (uint32_t u = 0; u < n_users; u++) {
        if (u % USERS_BETWEEN_STOPS == 0) {
            if (observer_stops(observer))
                return STATUS_CANCELLED;
            observe_progress(observer, "fitting sessionknn", (double)u / n_users);
        }
        write_user(w, u);
    }
    return STATUS_OK;
}

static enum status make_rows(const struct train_set *data, const struct observer *observer,
                             struct sessionknn *m)
{
    const size_t n_items = (size_t)m->base.n_items + 1;
    struct writing w = {.data = data,
                        .liked = calloc(n_items, sizeof *w.liked),
                        .last = calloc(n_items, sizeof *w.last),
                        .starts = calloc((size_t)m->base.n_users + 1, sizeof *w.starts),
                        .rows = malloc((data->dataset->n_events + 1) * sizeof *w.rows)};
    m->user_starts = m->owned_starts = w.starts;
    m->rows = m->owned_rows = w.rows;
    enum status status = STATUS_NO_MEMORY;
    if (w.liked && w.last && w.starts && w.rows)
        status = write_all(&w, observer);
    free(w.liked);
    free(w.last);
    return status;
}

static enum status sessionknn_fit(const struct train_set *data, const void *settings,
                                  struct parallel *pool, const struct observer *observer,
                                  struct model **ret_model, struct error *reterr)
{
    (void)pool;
    const struct sessionknn_settings *s = settings;
    struct sessionknn *m = calloc(1, sizeof *m);
    enum status status = m ? STATUS_OK : STATUS_NO_MEMORY;
    if (m) {
        m->base = (struct model){.class = &sessionknn_class,
                                 .n_users = data->by_user->n_rows,
                                 .n_items = data->by_user->n_columns};
        m->neighbours = (uint32_t)s->neighbours;
        m->recent = (uint32_t)s->recent;
        m->length = (uint32_t)s->length;
        status = observer_stops(observer) ? STATUS_CANCELLED : make_rows(data, observer, m);
    }
    if (status == STATUS_OK)
        status = session_index_make(m->user_starts, m->rows, m->base.n_users, m->base.n_items,
                                    m->recent, &m->index);
    if (status != STATUS_OK) {
        sessionknn_free((struct model *)m);
        return error_set(reterr, status, "sessionknn: %s", status_name(status));
    }
    observe_scalar(observer, "fit/sessions", 1, m->index.n_sessions);
    *ret_model = &m->base;
    return STATUS_OK;
}

/* Rows, what they are made of, and the index: no more sessions than events. */
static uint64_t sessionknn_estimate(const void *settings, uint32_t n_users, uint32_t n_items,
                                    uint64_t size)
{
    (void)settings;
    return size * (sizeof(struct session_row) + 24 + sizeof(uint64_t) + 3 * sizeof(uint32_t)) +
           (uint64_t)n_users * sizeof(uint64_t) +
           (uint64_t)n_items * (sizeof(uint64_t) + 3 * sizeof(uint32_t));
}

/* ---- scores ---- */

/* One item of the history that asks. */
struct asking {
    int64_t time;
    uint32_t item;
};

static int compare_asking(const void *a, const void *b)
{
    const struct asking *x = a, *y = b;
    if (x->time != y->time)
        return x->time > y->time ? -1 : 1;
    return x->item < y->item ? -1 : x->item > y->item;
}

/* Sessions that share something, by open addressing. Keys: lower is newer. */
struct found {
    uint32_t key; /* UINT32_MAX: free */
    float sum, best;
};

struct search {
    const struct sessionknn *model;
    const struct overlay *overlay;
    uint32_t n_live;
    struct found *found; /* [n_slots] */
    uint32_t n_slots;
};

static void meet(struct search *s, uint32_t key, float weight, float place)
{
    uint32_t at = key * UINT32_C(2654435769) & (s->n_slots - 1);
    while (s->found[at].key != key && s->found[at].key != UINT32_MAX)
        at = (at + 1) & (s->n_slots - 1);
    struct found *found = &s->found[at];
    if (found->key == UINT32_MAX)
        *found = (struct found){.key = key};
    found->sum += weight;
    found->best = place > found->best ? place : found->best;
}

/* The newest `recent` sessions with the item, those after the fit first. */
static void meet_sessions(struct search *s, uint32_t item, float weight, float place)
{
    const struct session_index *x = &s->model->index;
    uint32_t left = s->model->recent;
    if (s->overlay) {
        const struct session_list *list = &s->overlay->of_items[item];
        for (uint32_t k = list->n; k-- > 0 && left > 0; left--)
            meet(s, s->n_live - 1 - list->sessions[k], weight, place);
    }
    for (uint64_t k = x->item_starts[item]; k < x->item_starts[item + 1] && left > 0; k++, left--)
        meet(s, s->n_live + x->sessions[k], weight, place);
}

static void add_session(const struct search *s, uint32_t key, float weight, float *totals)
{
    const struct session_index *x = &s->model->index;
    if (key < s->n_live) {
        const struct live_session *session = &s->overlay->sessions[s->n_live - 1 - key];
        for (uint32_t k = 0; k < session->n; k++)
            totals[session->items[k]] += weight;
        return;
    }
    key -= s->n_live;
    if (s->overlay && sessions_overlay_is_dead(s->overlay, x->users[key]))
        return;
    for (uint64_t k = x->starts[key]; k < x->starts[key + 1]; k++)
        totals[x->items[k]] += weight;
}

/* The history's newest items that the model knows, newest first. *ret_timed: any has a time. */
static size_t list_asking(const struct sessionknn *m, const struct query *query, struct asking *out,
                          bool *ret_timed)
{
    size_t n = 0;
    *ret_timed = false;
    for (uint32_t h = 0; h < query->n; h++) {
        const struct signal signal = query->history[h];
        if (signal.item >= m->base.n_items || !(signal.confidence > 0))
            continue;
        const int64_t time = query->times ? query->times[h] : TIME_UNKNOWN;
        *ret_timed = *ret_timed || time != TIME_UNKNOWN;
        out[n++] = (struct asking){time, signal.item};
    }
    qsort(out, n, sizeof *out, compare_asking);
    return n < m->length ? n : m->length;
}

static enum status make_search(const struct sessionknn *m, const struct overlay *overlay, size_t n,
                               struct arena *scratch, struct search *ret_search)
{
    struct search s = {.model = m, .overlay = overlay, .n_live = overlay ? overlay->n : 0};
    const uint64_t most = 2 * (uint64_t)n * m->recent,
                   all = s.n_live + (uint64_t)m->index.n_sessions;
    s.n_slots = 16;
    while (s.n_slots < (most < 2 * all ? most : 2 * all))
        s.n_slots *= 2;
    s.found = arena_alloc(scratch, s.n_slots * sizeof *s.found);
    if (!s.found)
        return STATUS_NO_MEMORY;
    for (uint32_t i = 0; i < s.n_slots; i++)
        s.found[i].key = UINT32_MAX;
    *ret_search = s;
    return STATUS_OK;
}

/* Adds what the nearest sessions have to totals[n_items]. */
static enum status ask_nearest(const struct search *s, float *totals, struct arena *scratch)
{
    uint32_t *keys = arena_alloc(scratch, s->n_slots * sizeof *keys);
    float *sums = arena_alloc(scratch, s->n_slots * sizeof *sums);
    struct ranked *best = arena_alloc(scratch, s->model->neighbours * sizeof *best);
    if (!keys || !sums || !best)
        return STATUS_NO_MEMORY;
    size_t n = 0;
    for (uint32_t i = 0; i < s->n_slots; i++)
        if (s->found[i].key != UINT32_MAX) {
            keys[n] = s->found[i].key;
            sums[n++] = s->found[i].sum;
        }
    n = topk_of_list(keys, sums, n, s->model->neighbours, best);
    for (size_t i = 0; i < n; i++) {
        uint32_t at = best[i].item * UINT32_C(2654435769) & (s->n_slots - 1);
        while (s->found[at].key != best[i].item)
            at = (at + 1) & (s->n_slots - 1);
        add_session(s, best[i].item, best[i].score * s->found[at].best, totals);
    }
    return STATUS_OK;
}

static enum status total_of(const struct sessionknn *m, const struct query *query, float *totals,
                            struct arena *scratch)
{
    struct asking *asking = arena_alloc(scratch, query->n * sizeof *asking);
    struct search search;
    bool timed;
    if (!asking)
        return STATUS_NO_MEMORY;
    const size_t n = list_asking(m, query, asking, &timed);
    const enum status status = make_search(m, query->overlay, n, scratch, &search);
    if (status != STATUS_OK)
        return status;
    for (size_t j = 0; j < n; j++) {
        const float weight = timed ? 1 - (float)j / (float)n : 1;
        const float place = timed ? fmaxf(1 - place_step * (float)j, 0) : 1;
        meet_sessions(&search, asking[j].item, weight, place);
    }
    return ask_nearest(&search, totals, scratch);
}

static enum status sessionknn_score(const struct model *model, const struct query *queries,
                                    size_t n_queries, const uint32_t *items, size_t n_items,
                                    float *out, struct arena *scratch)
{
    const struct sessionknn *m = (const struct sessionknn *)model;
    const float all = (float)m->index.n_sessions;
    float *totals = arena_alloc(scratch, model->n_items * sizeof *totals);
    if (!totals)
        return STATUS_NO_MEMORY;
    for (size_t q = 0; q < n_queries; q++) {
        memset(totals, 0, model->n_items * sizeof *totals);
        const enum status status = total_of(m, &queries[q], totals, scratch);
        if (status != STATUS_OK)
            return status;
        for (size_t i = 0; i < n_items; i++) {
            const size_t item = items ? items[i] : i;
            float *score = &out[q * n_items + i];
            if (item >= model->n_items)
                *score = -INFINITY;
            else
                *score =
                    totals[item] > 0
                        ? totals[item] *
                              log1pf(all / (float)(m->index.counts[item] + !m->index.counts[item]))
                        : 0;
        }
    }
    return STATUS_OK;
}

static enum status sessionknn_similar(const struct model *model, uint32_t item, float *out,
                                      struct arena *scratch)
{
    (void)scratch;
    const struct sessionknn *m = (const struct sessionknn *)model;
    const struct session_index *x = &m->index;
    for (uint32_t i = 0; i < model->n_items; i++)
        out[i] = 0;
    for (uint64_t k = item < model->n_items ? x->item_starts[item] : 0;
         item < model->n_items && k < x->item_starts[item + 1]; k++)
        for (uint64_t e = x->starts[x->sessions[k]]; e < x->starts[x->sessions[k] + 1]; e++)
            out[x->items[e]]++;
    for (uint32_t i = 0; i < model->n_items; i++)
        out[i] = out[i] > 0 && i != item
                     ? out[i] / sqrtf((float)x->counts[i] * (float)x->counts[item])
                     : -INFINITY;
    return STATUS_OK;
}

/* ---- files ---- */

static void sessionknn_save(const struct model *model, struct sections_writer *writer)
{
    const struct sessionknn *m = (const struct sessionknn *)model;
    const uint32_t shape[] = {model->n_users, model->n_items, m->neighbours, m->recent, m->length};
    sections_add(writer, "sessionknn/shape", SECTION_U32, 5, 1, shape);
    sections_add(writer, "sessionknn/user_starts", SECTION_U64, (uint64_t)model->n_users + 1, 1,
                 m->user_starts);
    sections_add(writer, "sessionknn/user_rows", SECTION_U32, m->user_starts[model->n_users], 2,
                 m->rows);
}

static bool is_sound(const struct sessionknn *m)
{
    for (uint64_t k = 0; k < m->user_starts[m->base.n_users]; k++)
        if ((m->rows[k].code & SESSION_ITEM) > m->base.n_items)
            return false;
    return true;
}

static bool rises(const uint64_t *starts, uint32_t n)
{
    for (uint32_t u = 0; u < n; u++)
        if (starts[u] > starts[u + 1])
            return false;
    return starts[0] == 0;
}

static enum status find_parts(const struct sections *sections, struct sessionknn *m,
                              struct error *reterr)
{
    const struct section *starts, *rows;
    enum status status = sections_need(sections, "sessionknn/user_starts", SECTION_U64,
                                       (uint64_t)m->base.n_users + 1, 1, &starts, reterr);
    if (status != STATUS_OK)
        return status;
    m->user_starts = starts->data;
    if (!rises(m->user_starts, m->base.n_users))
        return error_set(reterr, STATUS_CORRUPT, "section sessionknn/user_starts does not rise");
    status = sections_need(sections, "sessionknn/user_rows", SECTION_U32,
                           m->user_starts[m->base.n_users], 2, &rows, reterr);
    if (status != STATUS_OK)
        return status;
    m->rows = rows->data;
    if (!is_sound(m))
        return error_set(reterr, STATUS_CORRUPT,
                         "section sessionknn/user_rows names an item that there is not");
    status = session_index_make(m->user_starts, m->rows, m->base.n_users, m->base.n_items,
                                m->recent, &m->index);
    return status == STATUS_OK ? status : error_set(reterr, status, "out of memory for sessionknn");
}

static enum status sessionknn_load(const struct sections *sections, struct model **ret_model,
                                   struct error *reterr)
{
    const struct section *shape;
    enum status status =
        sections_need(sections, "sessionknn/shape", SECTION_U32, 5, 1, &shape, reterr);
    if (status != STATUS_OK)
        return status;
    const uint32_t *sizes = shape->data;
    if (!sizes[2] || sizes[2] > NEIGHBOURS_MAX || !sizes[3] || sizes[3] > NEIGHBOURS_MAX ||
        !sizes[4] || sizes[4] > LENGTH_MAX)
        return error_set(reterr, STATUS_CORRUPT, "section sessionknn/shape is out of range");
    struct sessionknn *m = calloc(1, sizeof *m);
    if (!m)
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory for sessionknn");
    m->base = (struct model){.class = &sessionknn_class, .n_users = sizes[0], .n_items = sizes[1]};
    m->neighbours = sizes[2];
    m->recent = sizes[3];
    m->length = sizes[4];
    status = find_parts(sections, m, reterr);
    if (status != STATUS_OK) {
        sessionknn_free(&m->base);
        return status;
    }
    *ret_model = &m->base;
    return STATUS_OK;
}

const struct model_class sessionknn_class = {
    .name = "sessionknn",
    .summary = "what came up in sessions like this one: for guests and short histories, live",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .settings_size = sizeof(struct sessionknn_settings),
    .fit = sessionknn_fit,
    .estimate = sessionknn_estimate,
    .score = sessionknn_score,
    .similar = sessionknn_similar,
    .overlay_new = sessions_overlay_new,
    .overlay_free = sessions_overlay_free,
    .overlay_event = sessions_overlay_event,
    .overlay_forget = sessions_overlay_forget,
    .overlay_bytes = sessions_overlay_bytes,
    .save = sessionknn_save,
    .load = sessionknn_load,
    .free = sessionknn_free,
};
