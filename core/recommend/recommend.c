#include "recommend/recommend.h"

#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "linalg/topk.h"
#include "recommend/cold.h"
#include "recommend/eligible.h"
#include "recommend/ranker.h"
#include "recommend/retrieve.h"
#include "recommend/told.h"

/* ---- the answer, filled from the best downwards ---- */

struct answer {
    const struct view *view;
    struct bitmap groups; /* those that are in it */
    struct cold_items cold;
    struct recommended *items;
    uint32_t n, wanted; /* wanted: n + offset of the request */
};

static enum status answer_start(const struct view *view, const struct recommend_request *request,
                                uint32_t eligible, struct arena *arena, struct answer *ret_answer)
{
    assert(request->n <= RECOMMEND_REACH_MAX && request->offset <= RECOMMEND_REACH_MAX);
    const uint32_t reach = request->n + request->offset;
    struct answer answer = {.view = view, .wanted = reach < eligible ? reach : eligible};
    answer.items = arena_alloc(arena, answer.wanted * sizeof *answer.items);
    answer.groups = bitmap_in_arena(arena, view->n_groups);
    if (!answer.items || !answer.groups.words)
        return STATUS_NO_MEMORY;
    *ret_answer = answer;
    return STATUS_OK;
}

static bool answer_is_full(const struct answer *answer)
{
    return answer->n == answer->wanted;
}

static bool is_grouped(const struct view *view, uint32_t item)
{
    return view->grouped && bitmap_test(view->grouped, item);
}

static void answer_add(struct answer *answer, uint32_t item, float score)
{
    if (answer_is_full(answer))
        return;
    if (is_grouped(answer->view, item)) {
        const uint32_t group = answer->view->class->group(answer->view, item);
        if (bitmap_test(&answer->groups, group))
            return;
        bitmap_set(&answer->groups, group);
    }
    answer->items[answer->n++] = (struct recommended){.item = item, .score = score};
}

/* The k best candidates in order, cold ones among them; those before `from` are in the answer. */
static enum status add_best(struct answer *answer, const struct candidates *candidates, size_t from,
                            size_t k, struct arena *arena, struct ranked_list *list)
{
    struct ranked *best = arena_alloc(arena, k * sizeof *best), *joined = best;
    if (!best)
        return STATUS_NO_MEMORY;
    size_t n = topk_of_list(candidates->items, candidates->scores, candidates->n, k, best);
    if (answer->cold.n) {
        joined = arena_alloc(arena, k * sizeof *joined);
        if (!joined)
            return STATUS_NO_MEMORY;
        n = cold_join(&answer->cold, best, n, k, joined);
    }
    list->best = best = joined;
    list->n = (uint32_t)n;
    for (size_t i = from; i < list->n; i++)
        answer_add(answer, best[i].item, best[i].score);
    return STATUS_OK;
}

/* All candidates, as many as it takes: twice as many when groups have left too few of them. */
static enum status answer_with_best(struct answer *answer, const struct candidates *candidates,
                                    size_t k, struct arena *arena, struct ranked_list *list)
{
    const size_t all = candidates->n + answer->cold.n;
    enum status status = STATUS_OK;
    for (size_t seen = list->n; status == STATUS_OK && !answer_is_full(answer) && seen < all;
         k *= 2) {
        if (k > all)
            k = all;
        status = add_best(answer, candidates, seen, k, arena, list);
        seen = k;
    }
    return status;
}

/* The newest of what the model does not know. Their score is 0, or the last one's if that is
 * lower: scores never rise along a list. */
static enum status answer_with_newest(struct answer *answer, const struct bitmap *eligible,
                                      uint32_t from, struct arena *arena)
{
    const float last = answer->n ? answer->items[answer->n - 1].score : 0;
    size_t n = 0, k = answer->wanted - answer->n;
    for (size_t seen = 0; !answer_is_full(answer); k *= 2) {
        uint32_t *items;
        const enum status status =
            retrieve_newest(answer->view, eligible, from, k, arena, &items, &n);
        if (status != STATUS_OK)
            return status;
        if (n == seen)
            break;
        for (; seen < n; seen++)
            answer_add(answer, items[seen], last < 0 ? last : 0);
    }
    return STATUS_OK;
}

static void answer_finish(const struct answer *answer, const struct recommend_request *request,
                          struct recommendation *out)
{
    const uint32_t skipped = request->offset < answer->n ? request->offset : answer->n;
    out->items = answer->items + skipped;
    out->n = answer->n - skipped;
}

const struct overlay *view_overlay(const struct view *view, const struct model *model)
{
    for (size_t i = 0; view->overlays && i < view->n_models; i++)
        if (view->models[i] == model)
            return view->overlays[i];
    return NULL;
}

/* ---- who asks ---- */

struct asker {
    const struct touch *touches;
    size_t n_touches;
    bool fresh;
};

static enum status asker_read(const struct view *view, const struct recommend_request *request,
                              struct arena *arena, struct asker *ret_asker)
{
    struct asker asker = {0};
    if (request->user != QUERY_NO_USER) {
        const enum status status = view->class->touches(view, request->user, arena, &asker.touches,
                                                        &asker.n_touches, &asker.fresh);
        if (status != STATUS_OK)
            return status;
    }
    if (request->n_told) {
        const enum status status =
            touches_join(view->types, asker.touches, asker.n_touches, request->told,
                         request->n_told, arena, &asker.touches, &asker.n_touches);
        if (status != STATUS_OK)
            return status;
        asker.fresh = true;
    }
    *ret_asker = asker;
    return STATUS_OK;
}

/* The one for whoever has no history; NULL when there is none. */
static const struct model *model_for_guests(const struct view *view)
{
    if (view->rules.guests)
        return view->rules.guests;
    return model_named(view->models, view->n_models, "popular");
}

/* Fewer different items than a limit? Touches stand by item. */
static bool is_short(const struct asker *asker, uint32_t limit)
{
    uint32_t n = 0;
    for (size_t i = 0; i < asker->n_touches && n < limit; i++)
        n += i == 0 || asker->touches[i].item != asker->touches[i - 1].item;
    return n < limit;
}

/* The model asked for, if it can say anything about this user; otherwise the one that needs no
 * history; NULL when there is none. */
static const struct model *choose_model(const struct view *view,
                                        const struct recommend_request *request,
                                        const struct asker *asker)
{
    const struct model *model = request->model ? request->model : view->retriever;
    if (!request->model && view->rules.sessions && is_short(asker, view->rules.short_history))
        model = view->rules.sessions;
    if (model &&
        (model->class->impersonal || signals_first_item(asker->touches, asker->n_touches,
                                                        view->types, view->frame) < model->n_items))
        return model;
    return model_for_guests(view);
}

/* The ranker was fitted on what one retriever proposes. */
static bool is_ranked_again(const struct view *view, const struct model *model)
{
    return view->ranker && model == view->retriever && view->class->activity;
}

/* Are the scores of the n best probabilities? Beyond the candidates they only keep the order. */
static bool is_calibrated(const struct view *view, const struct model *model, uint32_t n)
{
    return is_ranked_again(view, model) && ranker_is_calibrated(view->ranker) &&
           n <= RANK_CANDIDATES;
}

static const char *strategy_of(const struct view *view, const struct model *model,
                               const struct recommend_request *request, const struct asker *asker)
{
    const bool known = request->user < model->n_users && !asker->fresh;
    const bool folded = !known && !model->class->impersonal && !model->class->overlay_event;
    if (is_ranked_again(view, model))
        return ranker_strategy(view->ranker, folded);
    return folded ? "fold_in" : model->class->name;
}

/* ---- the whole way ---- */

static bool add_ratings(const struct view *view, const struct asker *asker, struct arena *arena,
                        struct query *query)
{
    struct rating *ratings = arena_alloc(arena, asker->n_touches * sizeof *ratings);
    if (ratings)
        query->n_ratings =
            (uint32_t)ratings_of_touches(asker->touches, asker->n_touches, view->types, ratings);
    query->ratings = ratings;
    return ratings != NULL;
}

/* The history is folded only for who asks for it: a stored vector stands for the whole of it, but
 * for a ranker. */
static enum status make_query(const struct view *view, const struct model *model,
                              const struct recommend_request *request, const struct asker *asker,
                              struct arena *arena, struct query *ret_query)
{
    struct query query = {.user = request->user < model->n_users ? request->user : QUERY_NO_USER,
                          .fresh = asker->fresh,
                          .overlay = view_overlay(view, model)};
    if (asker->n_touches && (query.user == QUERY_NO_USER || query.fresh ||
                             !model->class->item_vectors || is_ranked_again(view, model))) {
        struct signal *history = arena_alloc(arena, asker->n_touches * sizeof *history);
        if (!history)
            return STATUS_NO_MEMORY;
        query.n = (uint32_t)signals_of_touches(asker->touches, asker->n_touches, view->types,
                                               view->frame, history);
        query.history = history;
        int64_t *times = arena_alloc(arena, query.n * sizeof *times);
        if (!times)
            return STATUS_NO_MEMORY;
        signals_times(history, query.n, asker->touches, asker->n_touches, times);
        query.times = times;
        if ((model->class->predict || is_ranked_again(view, model)) &&
            !add_ratings(view, asker, arena, &query))
            return STATUS_NO_MEMORY;
    }
    *ret_query = query;
    return STATUS_OK;
}

/* The candidates, in the ranker's order where there is one. */
static enum status rank_candidates(const struct view *view, const struct model *model,
                                   const struct recommend_request *request,
                                   const struct asker *asker, const struct query *query,
                                   struct arena *arena, struct candidates *candidates)
{
    if (!is_ranked_again(view, model))
        return STATUS_OK;
    const struct rank_query again = {.view = view,
                                     .retriever = model,
                                     .touches = asker->touches,
                                     .n_touches = asker->n_touches,
                                     .query = query,
                                     .now_ms = request->now_ms,
                                     .user = request->user,
                                     .context = request->context};
    return rank_again(view->ranker, &again, candidates, arena);
}

static enum status score_and_rank(const struct model *model,
                                  const struct recommend_request *request,
                                  const struct asker *asker, struct bitmap *eligible,
                                  struct arena *arena, struct answer *answer,
                                  struct ranked_list *list)
{
    const struct view *view = answer->view;
    struct query query;
    struct candidates candidates;
    size_t k = (size_t)answer->wanted + request->reserve;
    enum status status = make_query(view, model, request, asker, arena, &query);
    if (status == STATUS_OK && !model->class->impersonal && !request->model)
        status = cold_take(view, asker->touches, asker->n_touches, eligible, arena, &answer->cold);
    if (status == STATUS_OK && view->coarse && model == view->retriever) {
        const bool more = is_ranked_again(view, model) && k < RANK_CANDIDATES;
        status =
            retrieve_coarse(view, &query, eligible, more ? RANK_CANDIDATES : k, arena, &candidates);
        if (status == STATUS_OK)
            status = rank_candidates(view, model, request, asker, &query, arena, &candidates);
        if (status == STATUS_OK)
            status = add_best(answer, &candidates, 0, k, arena, list);
        if (status != STATUS_OK || answer_is_full(answer) || list->n < k)
            return status;
        k *= 2; /* of groups: the rest may lie anywhere */
    }
    if (status == STATUS_OK)
        status = retrieve_scored(model, &query, eligible, arena, &candidates);
    if (status == STATUS_OK)
        status = rank_candidates(view, model, request, asker, &query, arena, &candidates);
    return status == STATUS_OK ? answer_with_best(answer, &candidates, k, arena, list) : status;
}

/* What every answer begins with: who asks, what may be shown and how much of it. */
static enum status begin(const struct view *view, const struct recommend_request *request,
                         struct arena *arena, struct asker *ret_asker, struct bitmap *ret_eligible,
                         uint32_t *ret_count, struct answer *ret_answer)
{
    enum status status = asker_read(view, request, arena, ret_asker);
    if (status == STATUS_OK)
        status = eligible_set(view, request, ret_asker->touches, ret_asker->n_touches, arena,
                              ret_eligible);
    if (status == STATUS_OK)
        status = eligible_count(view, ret_eligible, arena, ret_count);
    if (status == STATUS_OK)
        status = answer_start(view, request, *ret_count, arena, ret_answer);
    return status;
}

enum status recommend(const struct view *view, const struct recommend_request *request,
                      struct arena *arena, struct recommendation *ret_recommendation)
{
    struct recommendation made = {.strategy = "latest", .model = "none"};
    struct asker asker;
    struct bitmap eligible;
    struct answer answer;
    enum status status = begin(view, request, arena, &asker, &eligible, &made.eligible, &answer);
    if (status != STATUS_OK)
        return status;
    const struct model *model = choose_model(view, request, &asker);
    const uint32_t first = bitmap_next(&eligible, 0);
    if (model && first < eligible.count && first < model->n_items) {
        made.model = model->class->name;
        made.strategy = strategy_of(view, model, request, &asker);
        status = score_and_rank(model, request, &asker, &eligible, arena, &answer, &made.list);
        if (model->class->overlay_event ||
            (is_ranked_again(view, model) && ranker_follows_events(view->ranker)))
            made.list.n = 0; /* anybody's next event may change the order */
        made.list.model = made.model;
        made.list.strategy = made.strategy;
        made.list.calibrated = is_calibrated(view, model, made.list.n);
        made.calibrated = made.list.calibrated;
    }
    const uint32_t scored = answer.n;
    if (status == STATUS_OK)
        status = answer_with_newest(&answer, &eligible, model ? model->n_items : 0, arena);
    if (status != STATUS_OK)
        return status;
    made.calibrated &= answer.n > 0 && answer.n == scored;
    answer_finish(&answer, request, &made);
    *ret_recommendation = made;
    return STATUS_OK;
}

enum status recommend_from_list(const struct view *view, const struct recommend_request *request,
                                const struct ranked_list *list, struct arena *arena,
                                struct recommendation *ret_recommendation)
{
    struct recommendation made = {
        .strategy = list->strategy, .model = list->model, .calibrated = list->calibrated};
    struct asker asker;
    struct bitmap eligible;
    struct answer answer;
    const enum status status =
        begin(view, request, arena, &asker, &eligible, &made.eligible, &answer);
    if (status != STATUS_OK)
        return status;
    for (uint32_t i = 0; i < list->n && !answer_is_full(&answer); i++)
        if (bitmap_test(&eligible, list->best[i].item))
            answer_add(&answer, list->best[i].item, list->best[i].score);
        else if (view->rules.content) /* the places of cold items may have moved */
            return STATUS_NOT_FOUND;
    if (answer.n == 0 || !answer_is_full(&answer))
        return STATUS_NOT_FOUND;
    answer_finish(&answer, request, &made);
    *ret_recommendation = made;
    return STATUS_OK;
}

/* ---- items like one item ---- */

const struct likeness likenesses[] = {{"interactions", NULL, false},
                                      {"content", "content", false},
                                      {"bought_together", "cooccurrence", false},
                                      {"behaviour", "item2vec", true},
                                      {0}};

static bool learns_from_interactions(const struct model_class *class)
{
    for (const struct likeness *l = likenesses; l->by; l++)
        if (l->model && !l->learns && strcmp(l->model, class->name) == 0)
            return false;
    return class->similar;
}

const struct model *likeness_model(const struct view *view, const struct likeness *likeness)
{
    if (!likeness->model && view->retriever && learns_from_interactions(view->retriever->class))
        return view->retriever;
    for (size_t i = 0; i < view->n_models; i++) {
        const struct model_class *class = view->models[i]->class;
        if (likeness->model ? strcmp(class->name, likeness->model) == 0
                            : learns_from_interactions(class))
            return view->models[i];
    }
    return NULL;
}

/* The one asked for; otherwise one that learns from interactions; otherwise any. */
static const struct model *model_of_likeness(const struct view *view,
                                             const struct recommend_request *request)
{
    if (request->model)
        return request->model->class->similar ? request->model : NULL;
    const struct model *model = likeness_model(view, &likenesses[0]);
    for (size_t i = 0; i < view->n_models && !model; i++)
        if (view->models[i]->class->similar)
            model = view->models[i];
    return model;
}

/* The eligible items that are not the item itself or another of its group. */
static void leave_out_own_group(const struct view *view, uint32_t item, struct bitmap *eligible)
{
    bitmap_clear(eligible, item);
    if (!is_grouped(view, item))
        return;
    const uint32_t group = view->class->group(view, item);
    for (uint32_t other = bitmap_next(eligible, 0); other < eligible->count;
         other = bitmap_next(eligible, other + 1))
        if (is_grouped(view, other) && view->class->group(view, other) == group)
            bitmap_clear(eligible, other);
}

/* Of the candidates alone: what has no likeness to the item cannot be answered. */
static enum status count_candidates(const struct view *view, const struct candidates *candidates,
                                    struct arena *arena, uint32_t *ret_count)
{
    struct bitmap set = bitmap_in_arena(arena, view->n_items);
    if (!set.words)
        return STATUS_NO_MEMORY;
    for (size_t i = 0; i < candidates->n; i++)
        bitmap_set(&set, candidates->items[i]);
    return eligible_count(view, &set, arena, ret_count);
}

enum status recommend_similar(const struct view *view, uint32_t item,
                              const struct recommend_request *request, struct arena *arena,
                              struct recommendation *ret_recommendation)
{
    const struct model *model = model_of_likeness(view, request);
    if (!model)
        return STATUS_UNSUPPORTED;
    struct recommendation made = {.strategy = model->class->name, .model = model->class->name};
    struct asker asker;
    struct bitmap eligible;
    struct candidates candidates = {0};
    struct answer answer;
    struct ranked_list list = {0};
    enum status status = asker_read(view, request, arena, &asker);
    if (status == STATUS_OK)
        status = eligible_set(view, request, asker.touches, asker.n_touches, arena, &eligible);
    if (status != STATUS_OK)
        return status;
    leave_out_own_group(view, item, &eligible);
    if (item < model->n_items || model->class->similar_among)
        status =
            retrieve_similar(model, view_overlay(view, model), item, &eligible, arena, &candidates);
    if (status == STATUS_OK)
        status = count_candidates(view, &candidates, arena, &made.eligible);
    if (status == STATUS_OK)
        status = answer_start(view, request, made.eligible, arena, &answer);
    if (status == STATUS_OK)
        status = answer_with_best(&answer, &candidates, answer.wanted, arena, &list);
    if (status != STATUS_OK)
        return status;
    answer_finish(&answer, request, &made);
    *ret_recommendation = made;
    return STATUS_OK;
}
