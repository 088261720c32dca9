/* GET /v1/users/{user}/recommendations and /v1/items/{item}/similar */
#include <string.h>

#include "recommend/cached.h"
#include "server/resources/asked.h"
#include "server/resources/resources.h"

enum {
    /* What stays within 200 us: a scan of so many, a history folded in by so many. */
    INLINE_MULTIPLY_ADDS = 1 << 20,
    INLINE_FOLD_MULTIPLY_ADDS = 1 << 21,
};

/* ---- parameters ---- */

/* Calls `each` with every part of a comma-separated text; false ends early. */
static bool each_part(struct asked *asked, const char *list, const char *pointer,
                      bool (*each)(struct asked *asked, const char *part, const char *pointer))
{
    for (;;) {
        const char *comma = strchrnul(list, ',');
        const char *part = arena_strndup(&asked->request->arena, list, (size_t)(comma - list));
        if (!part || !each(asked, part, pointer))
            return false;
        if (*comma == '\0')
            return true;
        list = comma + 1;
    }
}

static bool read_lists(struct asked *asked)
{
    const struct request *request = asked->request;
    asked->exclude =
        arena_alloc(&asked->request->arena, (request->n_parameters + 1) * sizeof *asked->exclude);
    if (!asked->exclude) {
        reply_problem(asked->request, 503, NULL, "out of memory");
        return false;
    }
    for (size_t i = 0; i < request->n_parameters; i++) {
        const struct query_parameter *parameter = &request->parameters[i];
        if (strcmp(parameter->parameter->name, "category") == 0 &&
            asked->query.n_categories < RECOMMEND_CATEGORIES_MAX) {
            asked->categories[asked->query.n_categories++] = parameter->text;
        } else if (strcmp(parameter->parameter->name, "exclude") == 0) {
            const uint32_t item = live_find_item(&asked->view, parameter->text);
            if (item != NUMBER_NONE)
                asked->exclude[asked->query.n_exclude++] = item;
        }
    }
    asked->query.exclude = asked->exclude;
    return true;
}

/* Texts of "NAME:VALUE" as the record that a ranker looks into. */
static bool read_context(struct asked *asked)
{
    struct request *request = asked->request;
    struct fact_pair pairs[FACT_PAIRS_MAX];
    size_t n = 0;
    enum status status = STATUS_OK;
    for (size_t i = 0; i < request->n_parameters && status == STATUS_OK; i++) {
        const struct query_parameter *parameter = &request->parameters[i];
        if (strcmp(parameter->parameter->name, "context") == 0 && n < FACT_PAIRS_MAX)
            status = fact_pair_read(parameter->text, &request->arena, &pairs[n++]);
        if (status == STATUS_OUT_OF_RANGE)
            reply_problem(request, 422, "?context",
                          "'%.64s' is no NAME:VALUE with a name of at most %d bytes and a value of "
                          "at most %d",
                          parameter->text, ATTRIBUTE_NAME_BYTES_MAX, FACT_VALUE_BYTES_MAX);
    }
    if (status == STATUS_OK && n)
        status = fact_record_of_pairs(pairs, n, &request->arena, &asked->query.context);
    if (status == STATUS_NO_MEMORY)
        reply_problem(request, 503, NULL, "out of memory");
    return status == STATUS_OK;
}

static bool read_parameters(struct asked *asked)
{
    struct request *request = asked->request;
    const char *model = request_text(request, "model"),
               *types = request_text(request, "hide_types"), *seen = request_text(request, "seen");
    if (!asked_reach_is_allowed(asked, "?offset"))
        return false;
    asked->query.seen = seen && strcmp(seen, "include") == 0 ? SEEN_INCLUDE : SEEN_HIDE;
    if (types && types[0]) {
        if (!each_part(asked, types, "?hide_types", asked_add_hidden_type))
            return false;
        asked->query.hide_types = asked->hide_types;
    }
    return read_lists(asked) && read_context(asked) && request_fields(request, &asked->fields) &&
           (!model || asked_set_model(asked, model, "?model"));
}

/* ---- the answer ---- */

/* A history that changed after the snapshot becomes a vector by a d x d system: each of its items
 * adds to one half of the matrix, which is then factored. Other models take less. */
static bool folds_quickly(const struct asked *asked, uint64_t d)
{
    if (live_user_seq(&asked->view, asked->query.user) <= asked->serving->snapshot->seq)
        return true;
    const uint64_t n = live_count_touches(&asked->view, asked->query.user);
    return d * d * (n / 2 + d / 6) <= INLINE_FOLD_MULTIPLY_ADDS;
}

/* The event loop answers what is a look-up, a short history folded in and a short scan: handing it
 * over would cost more, and the others that wait would wait longer. A long history, a scan of a
 * large catalogue, a ranker, or a model that goes through the history's neighbours, goes to a
 * worker. */
static bool is_quick(const struct asked *asked)
{
    const struct view *view = &asked->view.view;
    const struct model *model = asked->query.model ? asked->query.model : view->retriever;
    uint32_t d = 1;
    if (view->ranker ||
        ((view->rules.content || view->rules.sessions) && asked->query.user != QUERY_NO_USER))
        return false;
    if (model && model->class->item_vectors)
        model->class->item_vectors(model, &d);
    else if (model && !model->class->impersonal)
        return false;
    return (uint64_t)d * view->n_items <= INLINE_MULTIPLY_ADDS &&
           (asked->query.user == QUERY_NO_USER || folds_quickly(asked, d));
}

static enum handled answer_user(struct asked *asked)
{
    struct request *request = asked->request;
    const uint32_t user = live_find_user(&asked->view, request->values[0]);
    asked->query.user = user == NUMBER_NONE ? QUERY_NO_USER : user;
    if (!read_parameters(asked))
        return HANDLED;
    struct recommendation made;
    struct list_cache *lists = asked->serving->lists;
    enum status status = STATUS_NOT_FOUND;
    if (!request->on_worker) /* which is asked for what the event loop has not found */
        status = cached_recommend(lists, &asked->view, &asked->query, &request->arena, &made);
    if (status == STATUS_NOT_FOUND && !request->on_worker && !is_quick(asked))
        return HANDLED_WORKER;
    if (status == STATUS_NOT_FOUND)
        status = cached_make(lists, &asked->view, &asked->query, &request->arena, &made);
    if (status == STATUS_OK)
        asked_answer(asked, "user", request->values[0], &made, made.strategy);
    else
        reply_problem(request, 503, NULL, "out of memory");
    return HANDLED;
}

enum handled get_recommendations(struct request *request)
{
    struct asked asked = {0};
    asked_begin(&asked, request);
    asked_take(&asked);
    asked_page(&asked, request_int(request, "n", 10), request_int(request, "offset", 0));
    const enum handled handled = answer_user(&asked);
    asked_end(&asked);
    return handled;
}

static bool set_likeness(struct asked *asked, const char *by)
{
    const struct likeness *likeness = likenesses;
    if (!by)
        return true;
    while (likeness->by && strcmp(likeness->by, by) != 0)
        likeness++;
    asked->query.model = likeness->by ? likeness_model(&asked->view.view, likeness) : NULL;
    if (asked->query.model)
        return true;
    if (likeness->model)
        reply_problem(asked->request, 422, "?by",
                      "by=%s is the model '%s', which is not among those that serve now: add it "
                      "to models.retrievers and train",
                      by, likeness->model);
    else
        reply_problem(asked->request, 422, "?by",
                      "no model that serves now learns from interactions which items are alike; "
                      "train one that does");
    return false;
}

static void answer_similar(struct asked *asked)
{
    struct request *request = asked->request;
    const uint32_t item = live_find_item(&asked->view, request->values[0]);
    if (item == NUMBER_NONE) {
        reply_problem(request, 404, NULL, "there is no item '%.200s'", request->values[0]);
        return;
    }
    if (!read_parameters(asked) || !set_likeness(asked, request_text(request, "by")))
        return;
    struct recommendation made;
    const enum status status =
        recommend_similar(&asked->view.view, item, &asked->query, &request->arena, &made);
    if (status == STATUS_OK)
        asked_answer(asked, "item", request->values[0], &made, "similar");
    else if (status == STATUS_UNSUPPORTED)
        reply_problem(request, 422, NULL,
                      "no model that serves now knows which items are alike; train one that does");
    else
        reply_problem(request, 503, NULL, "out of memory");
}

enum handled get_similar(struct request *request)
{
    struct asked asked = {0};
    asked_begin(&asked, request);
    asked_take(&asked);
    asked_page(&asked, request_int(request, "n", 10), request_int(request, "offset", 0));
    answer_similar(&asked);
    asked_end(&asked);
    return HANDLED;
}
