#include "recommend/rank_values.h"

#include <math.h>

#include "base/clock.h"
#include "linalg/kernels.h"

static const double ms_a_day = 24.0 * 60 * 60 * 1000, ms_an_hour = 60.0 * 60 * 1000;

/* ---- the table ---- */

/* log(1 + days) from then to now; NaN where one of both is unknown. */
static float log_days(int64_t then_ms, int64_t now_ms)
{
    if (then_ms == TIME_UNKNOWN || now_ms == TIME_UNKNOWN)
        return NAN;
    const double days = ((double)now_ms - (double)then_ms) / ms_a_day;
    return days > 0 ? (float)log1p(days) : 0;
}

static float history_length(const struct rank_moment *m, const struct rank_candidate *c)
{
    (void)c;
    return log1pf((float)m->n_liked);
}

static float user_idle(const struct rank_moment *m, const struct rank_candidate *c)
{
    (void)c;
    return log_days(m->last_ms, m->now_ms);
}

static float hour(const struct rank_moment *m, const struct rank_candidate *c)
{
    (void)c;
    if (m->now_ms == TIME_UNKNOWN)
        return NAN;
    const double hours = floor((double)m->now_ms / ms_an_hour);
    return (float)(hours - 24 * floor(hours / 24));
}

static float weekday(const struct rank_moment *m, const struct rank_candidate *c)
{
    (void)c;
    if (m->now_ms == TIME_UNKNOWN)
        return NAN;
    const double days = floor((double)m->now_ms / ms_a_day) + 3; /* 1970 began on a Thursday */
    return (float)(days - 7 * floor(days / 7));
}

static float popularity(const struct rank_moment *m, const struct rank_candidate *c)
{
    (void)m;
    return log1pf((float)c->activity.count);
}

static float recent_popularity(const struct rank_moment *m, const struct rank_candidate *c)
{
    (void)m;
    return log1pf(c->recent);
}

static float trend(const struct rank_moment *m, const struct rank_candidate *c)
{
    (void)m;
    return c->activity.count ? c->recent / (float)c->activity.count : NAN;
}

static float item_age(const struct rank_moment *m, const struct rank_candidate *c)
{
    return c->activity.count ? log_days(c->activity.first_ms, m->now_ms) : NAN;
}

static float item_idle(const struct rank_moment *m, const struct rank_candidate *c)
{
    return c->activity.count ? log_days(c->activity.last_ms, m->now_ms) : NAN;
}

static float score(const struct rank_moment *m, const struct rank_candidate *c)
{
    (void)m;
    return c->score;
}

static float score_gap(const struct rank_moment *m, const struct rank_candidate *c)
{
    return m->best_score - c->score;
}

static float rank_of(const struct rank_moment *m, const struct rank_candidate *c)
{
    (void)m;
    return log1pf((float)c->rank);
}

static float like_newest(const struct rank_moment *m, const struct rank_candidate *c)
{
    (void)m;
    return c->like_newest;
}

static float like_recent(const struct rank_moment *m, const struct rank_candidate *c)
{
    (void)m;
    return c->like_recent;
}

static float like_most(const struct rank_moment *m, const struct rank_candidate *c)
{
    (void)m;
    return c->like_most;
}

/* How far the score is carried by popularity alone. */
static float score_over_popularity(const struct rank_moment *m, const struct rank_candidate *c)
{
    (void)m;
    return c->score / log1pf(1 + (float)c->activity.count);
}

static size_t item_itself(const struct rank_moment *m, const struct rank_candidate *c,
                          const uint32_t **ret_items)
{
    (void)m;
    *ret_items = &c->item;
    return 1;
}

static size_t history(const struct rank_moment *m, const struct rank_candidate *c,
                      const uint32_t **ret_items)
{
    (void)c;
    *ret_items = m->recent;
    return m->n_recent;
}

const struct rank_value rank_values[RANK_VALUES] = {
    {"score", "the retriever's score", score, NULL},
    {"score_gap", "the best candidate's score minus this one's", score_gap, NULL},
    {"rank", "log(1 + the retriever's rank)", rank_of, NULL},
    {"score_over_popularity", "score / log(2 + events of the item)", score_over_popularity, NULL},
    {"like_newest", "cosine of the item and the newest liked one", like_newest, NULL},
    {"like_recent", "mean cosine of the item and the newest liked ones", like_recent, NULL},
    {"like_most", "largest cosine of the item and the newest liked ones", like_most, NULL},
    {"popularity", "log(1 + events of the item)", popularity, NULL},
    {"recent_popularity", "log(1 + events of the item, halved every 30 days)", recent_popularity,
     NULL},
    {"trend", "share of the item's events that is recent", trend, NULL},
    {"item_age", "log(1 + days since the item's first event)", item_age, NULL},
    {"item_idle", "log(1 + days since the item's last event)", item_idle, NULL},
    {"history_length", "log(1 + liked items of the user)", history_length, .shared = true},
    {"user_idle", "log(1 + days since the user's last event)", user_idle, .shared = true},
    {"hour", "hour of the day, UTC", hour, .shared = true},
    {"weekday", "day of the week, UTC, Monday 0", weekday, .shared = true},
    {"item", "the item", NULL, item_itself, .one = true},
    {"history", "the newest liked items of the user", NULL, history, .shared = true},
};

/* ---- the user's side ---- */

struct dated {
    int64_t ms;
    uint32_t item;
};

static bool is_newer(struct dated a, struct dated b)
{
    return a.ms != b.ms ? a.ms > b.ms : a.item > b.item;
}

/* Puts one more into the newest few, in order. */
static void keep_newest(struct dated *newest, uint32_t *n, struct dated one)
{
    if (*n == RANK_RECENT_ITEMS && !is_newer(one, newest[*n - 1]))
        return;
    uint32_t at = *n < RANK_RECENT_ITEMS ? (*n)++ : *n - 1;
    for (; at > 0 && is_newer(one, newest[at - 1]); at--)
        newest[at] = newest[at - 1];
    newest[at] = one;
}

static struct rank_moment moment_of(const struct rank_query *query)
{
    struct rank_moment moment = {.now_ms = query->now_ms, .last_ms = TIME_UNKNOWN};
    const struct query *asked = query->query;
    struct dated newest[RANK_RECENT_ITEMS];
    for (size_t s = 0, t = 0; t < query->n_touches;) {
        struct dated one = {TIME_UNKNOWN, query->touches[t].item};
        for (; t < query->n_touches && query->touches[t].item == one.item; t++)
            if (query->touches[t].last_ms > one.ms)
                one.ms = query->touches[t].last_ms;
        if (one.ms > moment.last_ms)
            moment.last_ms = one.ms;
        while (s < asked->n && asked->history[s].item < one.item)
            s++;
        if (s == asked->n || asked->history[s].item != one.item ||
            !(asked->history[s].confidence > 0))
            continue;
        moment.n_liked++;
        keep_newest(newest, &moment.n_recent, one);
    }
    for (uint32_t i = 0; i < moment.n_recent; i++)
        moment.recent[i] = newest[i].item;
    return moment;
}

/* ---- likeness ---- */

struct vectors {
    const float *rows; /* NULL: the retriever has none */
    uint32_t d, n_items;
};

static float norm(const struct vectors *v, uint32_t item)
{
    const float *row = v->rows + (size_t)item * v->d;
    return sqrtf(kernels_get()->dot(row, row, v->d));
}

/* Unit vectors of the recent items that the retriever knows: the newest, the sum of all. */
static uint32_t recent_vectors(const struct vectors *v, const struct rank_moment *moment,
                               float *out)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < moment->n_recent; i++) {
        if (moment->recent[i] >= v->n_items)
            continue;
        const float length = norm(v, moment->recent[i]);
        const float *row = v->rows + (size_t)moment->recent[i] * v->d;
        if (!(length > 0))
            continue;
        for (uint32_t k = 0; k < v->d; k++)
            out[(size_t)n * v->d + k] = row[k] / length;
        n++;
    }
    return n;
}

static void add_likeness(const struct vectors *v, const float *recent, uint32_t n_recent,
                         struct rank_candidate *c)
{
    c->like_newest = c->like_recent = c->like_most = NAN;
    if (!v->rows || c->item >= v->n_items || n_recent == 0)
        return;
    const float length = norm(v, c->item);
    if (!(length > 0))
        return;
    float cosines[RANK_RECENT_ITEMS], sum = 0, most = -length;
    kernels_get()->scan(recent, n_recent, v->d, v->rows + (size_t)c->item * v->d, cosines);
    for (uint32_t i = 0; i < n_recent; i++) {
        sum += cosines[i] / length;
        most = cosines[i] > most ? cosines[i] : most;
    }
    c->like_newest = cosines[0] / length;
    c->like_recent = sum / (float)n_recent;
    c->like_most = most / length;
}

static enum status fill_likeness(const struct rank_query *query, struct arena *arena,
                                 struct rank_table *table)
{
    struct vectors v = {0};
    if (query->retriever->class->item_vectors) {
        v.rows = query->retriever->class->item_vectors(query->retriever, &v.d);
        v.n_items = query->retriever->n_items;
    }
    float *recent = arena_alloc(arena, (size_t)RANK_RECENT_ITEMS * v.d * sizeof *recent);
    if (!recent)
        return STATUS_NO_MEMORY;
    const uint32_t n = v.rows ? recent_vectors(&v, &table->moment, recent) : 0;
    for (uint32_t i = 0; i < table->n; i++)
        add_likeness(&v, recent, n, &table->candidates[i]);
    return STATUS_OK;
}

/* ---- the whole ---- */

uint32_t rank_width(size_t n_others)
{
    return RANK_NUMBERS + RANK_OTHER_NUMBERS * (uint32_t)n_others;
}

static void fill_number(const struct rank_table *table, size_t v)
{
    const struct rank_value *value = &rank_values[v];
    float number = 0;
    for (uint32_t i = 0; i < table->n; i++) {
        if (i == 0 || !value->shared)
            number = value->number(&table->moment, &table->candidates[i]);
        table->numbers[(size_t)i * table->width + v] = number;
    }
}

enum status rank_table_make(const struct rank_query *query, const struct ranked *best, uint32_t n,
                            struct arena *arena, struct rank_table *ret_table)
{
    struct rank_table table = {
        .moment = moment_of(query), .n = n, .width = rank_width(query->n_others)};
    table.candidates = arena_alloc(arena, n * sizeof *table.candidates);
    table.numbers = arena_alloc(arena, (size_t)n * table.width * sizeof *table.numbers);
    if (!table.candidates || !table.numbers)
        return STATUS_NO_MEMORY;
    table.moment.best_score = n ? best[0].score : 0;
    for (uint32_t i = 0; i < n; i++) {
        struct rank_candidate *c = &table.candidates[i];
        *c = (struct rank_candidate){.item = best[i].item, .rank = i, .score = best[i].score};
        query->view->class->activity(query->view, c->item, query->now_ms, &c->activity);
        c->recent = activity_recent(&c->activity, query->now_ms);
    }
    enum status status = fill_likeness(query, arena, &table);
    if (status == STATUS_OK && query->n_others)
        status = rank_others_fill(query, arena, &table);
    if (status != STATUS_OK)
        return status;
    for (size_t v = 0; v < RANK_NUMBERS; v++)
        fill_number(&table, v);
    *ret_table = table;
    return STATUS_OK;
}
