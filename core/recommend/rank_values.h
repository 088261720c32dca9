#pragma once
/* The values that a ranker may use of a candidate: one table, and one function that makes them,
 * for training rows and for answers alike, so that both see the same.
 *
 * A value is a number (NaN: missing) or a list of item numbers. All are as of the moment of the
 * request: activity comes from the view, which knows what had happened by then.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "linalg/topk.h"
#include "recommend/activity.h"
#include "recommend/facts.h"
#include "recommend/rank_others.h"
#include "recommend/view.h"

enum {
    RANK_CANDIDATES = 500,  /* as many of the retriever's best are ranked again */
    RANK_RECENT_ITEMS = 10, /* newest liked items of a history that are looked at */
};

/* Who asks, and when. Borrowed; touches sorted by (item, type). */
struct rank_query {
    const struct view *view;
    const struct model *retriever; /* what proposed the candidates */
    const struct touch *touches;
    size_t n_touches;
    const struct query *query;         /* as the retriever was asked */
    int64_t now_ms;                    /* TIME_UNKNOWN: after everything */
    uint32_t user;                     /* whose facts the view is asked for; QUERY_NO_USER */
    struct fact_record context;        /* what came with the request */
    const struct model *const *others; /* [n_others] further retrievers; NULL where there is none */
    size_t n_others;                   /* at most RANK_OTHERS_MAX */
};

/* What the numbers of a query's candidates are made from. */
struct rank_moment {
    int64_t now_ms;
    uint32_t n_liked;                   /* items of the history with a confidence above 0 */
    int64_t last_ms;                    /* of the newest touch; TIME_UNKNOWN */
    uint32_t recent[RANK_RECENT_ITEMS]; /* newest liked items, the newest first */
    uint32_t n_recent;
    float best_score;
};

struct rank_candidate {
    uint32_t item, rank; /* from 0, by the retriever */
    float score;
    struct activity activity;
    float recent;                              /* activity_recent as of the moment */
    float like_newest, like_recent, like_most; /* cosines to the recent items; NaN: no vectors */
};

struct rank_value {
    const char *name, *help;
    /* one of the two */
    float (*number)(const struct rank_moment *moment, const struct rank_candidate *candidate);
    size_t (*items)(const struct rank_moment *moment, const struct rank_candidate *candidate,
                    const uint32_t **ret_items);
    bool one;    /* its list always has one item */
    bool shared; /* all candidates of a moment have the same */
};

/* The numbers first. */
enum { RANK_NUMBERS = 16, RANK_LISTS = 2, RANK_VALUES = RANK_NUMBERS + RANK_LISTS };
extern const struct rank_value rank_values[RANK_VALUES];

struct rank_table {
    struct rank_moment moment;
    uint32_t n;
    struct rank_candidate *candidates; /* [n] in the order given */
    uint32_t width;                    /* rank_width of the query's n_others */
    float *numbers; /* [n x width] RANK_NUMBERS, and those of each further retriever */
};

uint32_t rank_width(size_t n_others);

/* Of best[n], the retriever's candidates in its order. From the arena; NO_MEMORY is the only
 * failure. The view has `activity`. */
enum status rank_table_make(const struct rank_query *query, const struct ranked *best, uint32_t n,
                            struct arena *arena, struct rank_table *ret_table);
