#include "recommend/cached.h"

#include "recommend/eligible.h"
#include "recommend/ranker.h"

/* By the plain rules, or by less: all that it may show, a plain list may. What comes with a request
 * makes an order of its own where the ranker looks at it, and so do the few items that were asked
 * about, whose ranks it sees among themselves. */
static bool is_by_the_rules(const struct live_view *view, const struct recommend_request *request)
{
    const struct ranker *ranker = view->view.ranker;
    const bool differs = (request->context.names && ranker_needs_facts(ranker, RANK_OF_CONTEXT)) ||
                         (ranker && request->only);
    return request->seen == SEEN_HIDE && !request->hide_types && !request->model &&
           request->n_told == 0 && !differs;
}

static bool is_worth_keeping(const struct live_view *view, const struct recommend_request *request)
{
    return is_by_the_rules(view, request) && request->n_categories == 0 &&
           request->n_exclude == 0 && !request->only &&
           request->n + request->offset + LIST_RESERVE <= LIST_ITEMS_MAX;
}

static struct list_key key_of(const struct live_view *view, const struct recommend_request *request)
{
    return (struct list_key){
        .user = request->user,
        .generation = live_generation(view),
        .seq = request->user == QUERY_NO_USER ? 0 : live_user_seq(view, request->user),
        .gains = live_gains(view),
        .now_ms = request->now_ms};
}

enum status cached_recommend(struct list_cache *cache, const struct live_view *view,
                             const struct recommend_request *request, struct arena *arena,
                             struct recommendation *ret_recommendation)
{
    if (!cache || !is_by_the_rules(view, request))
        return STATUS_NOT_FOUND;
    const struct list_key key = key_of(view, request);
    struct ranked_list list;
    const enum status status = list_cache_get(cache, &key, arena, &list);
    return status == STATUS_OK
               ? recommend_from_list(&view->view, request, &list, arena, ret_recommendation)
               : status;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* The next moment at which time lets something in. */
static enum status find_until(const struct live_view *view, const struct recommend_request *request,
                              struct arena *arena, int64_t *ret_until_ms)
{
    const struct view *of = &view->view;
    const struct touch *touches = NULL;
    size_t n = 0;
    bool fresh;
    if (request->user != QUERY_NO_USER) {
        const enum status status =
            of->class->touches(of, request->user, arena, &touches, &n, &fresh);
        if (status != STATUS_OK)
            return status;
    }
    *ret_until_ms = earlier(catalogue_next_turn(live_catalogue(view), request->now_ms),
                            eligible_next_turn(of, request->now_ms, touches, n));
    return STATUS_OK;
}

enum status cached_make(struct list_cache *cache, const struct live_view *view,
                        const struct recommend_request *request, struct arena *arena,
                        struct recommendation *ret_recommendation)
{
    if (!cache || !is_worth_keeping(view, request))
        return recommend(&view->view, request, arena, ret_recommendation);
    struct recommend_request asked = *request;
    asked.reserve = LIST_RESERVE;
    enum status status = recommend(&view->view, &asked, arena, ret_recommendation);
    if (status != STATUS_OK || ret_recommendation->list.n == 0)
        return status;
    const struct list_key key = key_of(view, request);
    int64_t until_ms = request->now_ms;
    status = find_until(view, request, arena, &until_ms);
    if (status == STATUS_OK && until_ms > request->now_ms)
        list_cache_put(cache, &key, until_ms, &ret_recommendation->list);
    return status;
}
