#pragma once
/* The Recommender: query -> eligible set -> scores -> order -> answer.
 *
 * The eligible set comes first, so that filters are never applied after the ranking: if n items are
 * eligible, n are returned. Every eligible item that the model knows is scored, exactly, and as
 * many as the answer needs are sorted; where the view has a ranker, the RANK_CANDIDATES best of
 * them are ordered by it, whatever n is. Those that the model does not know come last, newest
 * first. Of a group of variants at most one is returned. Ties go to the lower item number. The
 * order depends on neither n nor offset, so that pages of an unchanged list join without gap or
 * overlap.
 */
#include <stdint.h>

#include "recommend/facts.h"
#include "recommend/list_cache.h"
#include "recommend/view.h"

enum {
    RECOMMEND_N_MAX = 1000,
    RECOMMEND_REACH_MAX = 2000, /* n + offset */
    RECOMMEND_EXCLUDE_MAX = 10000,
    RECOMMEND_CATEGORIES_MAX = 64,
};

enum seen_rule {
    SEEN_HIDE,    /* by each type's own rule */
    SEEN_INCLUDE, /* show everything */
};

/* Borrowed for the call. */
struct recommend_request {
    uint32_t user; /* number, or QUERY_NO_USER */
    uint32_t n, offset;
    int64_t now_ms;
    const char *const *categories; /* [n_categories] OR; none: no restriction */
    size_t n_categories;
    const uint32_t *exclude; /* [n_exclude] item numbers */
    size_t n_exclude;
    const uint32_t *only; /* [n_only] nothing but these; NULL: no restriction */
    size_t n_only;
    const struct touch *told; /* [n_told] what the user did besides, later than what the view knows;
                                 sorted by (item, type) (recommend/told.h) */
    size_t n_told;
    enum seen_rule seen;
    const bool *hide_types; /* [EVENT_TYPES_MAX] these types hide for ever, and only these; NULL */
    const struct model *model;  /* NULL: the view's retriever */
    struct fact_record context; /* what came with the request, for a ranker; names NULL: nothing */
    uint32_t reserve;           /* so many more than n + offset in the recommendation's list */
};

struct recommended {
    uint32_t item;
    float score; /* never rises along a list; items that no model knows have 0 or the last one's */
};

struct recommendation {
    const struct recommended *items; /* [n], best first; from the arena */
    uint32_t n;
    uint32_t eligible;    /* how many items could have been returned */
    const char *strategy; /* "ials", "fold_in", "popular", "latest", "ials+wide_deep"…: what made
                             the top; good as long as the view */
    const char *model;    /* its class name; "none" for "latest" */
    bool calibrated;      /* every score is the chance that the item is chosen when shown */
    struct ranked_list list; /* the best of what the model scored, before groups and offset, n 0
                                when none did; from the arena */
};

/* Where the view's rules name a model for short histories, it answers whoever has touched fewer
 * items than they say. A user without history, or with none that the model asked knows, is answered
 * by the view's model for guests; when no model knows any eligible item, the newest are the answer.
 * NO_MEMORY is the only failure. All memory comes from the arena. */
enum status recommend(const struct view *view, const struct recommend_request *request,
                      struct arena *arena, struct recommendation *ret_recommendation);

/* The same answer from the list of an earlier one, whose request asked for the same user and model:
 * every item scored that is eligible now was eligible then, and the user's history is the same.
 * NOT_FOUND when too little of the list is left; NO_MEMORY. */
enum status recommend_from_list(const struct view *view, const struct recommend_request *request,
                                const struct ranked_list *list, struct arena *arena,
                                struct recommendation *ret_recommendation);

/* What `by` may ask for when items are to be like one item. */
struct likeness {
    const char *by;
    const char *model; /* the class that knows it; NULL: whatever learns from interactions */
    bool learns;       /* it learns from interactions, and may stand for them too */
};
extern const struct likeness likenesses[]; /* by NULL at the end */

/* The view's model for it; NULL when it is not among them. */
const struct model *likeness_model(const struct view *view, const struct likeness *likeness);

/* Items like one item, by a model that knows likeness (the retriever if it does, otherwise the
 * first that does); eligible ones only, without the item itself and its group. Items that have no
 * likeness (nobody touched them, or the model does not know them) are not answered, nor counted in
 * `eligible`. UNSUPPORTED when no model does; NO_MEMORY. */
enum status recommend_similar(const struct view *view, uint32_t item,
                              const struct recommend_request *request, struct arena *arena,
                              struct recommendation *ret_recommendation);
