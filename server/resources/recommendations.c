/* GET /v1/users/{user}/recommendations and /v1/items/{item}/similar */
#include <math.h>
#include <string.h>

#include "recommend/cached.h"
#include "server/resources/common.h"
#include "server/resources/resources.h"

enum {
    /* What stays within 200 us: a scan of so many, a history folded in by so many. */
    INLINE_MULTIPLY_ADDS = 1 << 20,
    INLINE_FOLD_MULTIPLY_ADDS = 1 << 21,
    /* What an answer takes as a rule; it grows where ids are long. */
    ANSWER_BYTES = 400,
    ITEM_BYTES = 48,
};

/* One question with all that it holds while it is answered. */
struct asked {
    struct request *request;
    struct serving *serving;
    struct live_view view;
    struct recommend_request query;
    const char *categories[RECOMMEND_CATEGORIES_MAX];
    uint32_t *exclude;
    bool hide_types[EVENT_TYPES_MAX];
    uint32_t fields; /* one bit for each of catalogue_fields */
};

static void ask_begin(struct asked *asked, struct request *request)
{
    asked->request = request;
    asked->serving = site_acquire(request->site);
    live_view_take(asked->serving->live, &asked->view);
    asked->query = (struct recommend_request){.user = QUERY_NO_USER,
                                              .n = (uint32_t)request_int(request, "n", 10),
                                              .offset = (uint32_t)request_int(request, "offset", 0),
                                              .now_ms = clock_now_ms(),
                                              .categories = asked->categories};
}

static void ask_end(struct asked *asked)
{
    asked->view.view.class->release(&asked->view.view);
    serving_release(asked->request->site, asked->serving);
}

/* ---- parameters ---- */

/* Calls `each` with every part of a comma-separated text; false ends early. */
static bool each_part(struct asked *asked, const char *list,
                      bool (*each)(struct asked *asked, const char *part))
{
    for (;;) {
        const char *comma = strchrnul(list, ',');
        const char *part = arena_strndup(&asked->request->arena, list, (size_t)(comma - list));
        if (!part || !each(asked, part))
            return false;
        if (*comma == '\0')
            return true;
        list = comma + 1;
    }
}

static bool add_hidden_type(struct asked *asked, const char *name)
{
    const struct event_types *types = site_types(asked->request->site);
    const uint8_t code = event_types_code(types, name);
    if (code) {
        asked->hide_types[code] = true;
        return true;
    }
    const char *nearest = event_types_nearest(types, name);
    reply_problem(asked->request, 422, "?hide_types", "no type '%.64s'%s%s%s", name,
                  nearest ? "; did you mean '" : "", nearest ? nearest : "", nearest ? "'?" : "");
    return false;
}

static bool set_model(struct asked *asked, const char *name)
{
    const struct view *view = &asked->view.view;
    for (size_t i = 0; i < view->n_models; i++)
        if (strcmp(view->models[i]->class->name, name) == 0) {
            asked->query.model = view->models[i];
            return true;
        }
    reply_problem(asked->request, 422, "?model",
                  "'%.64s' is not among the models that serve now; GET /v1/models lists them",
                  name);
    return false;
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
    if (asked->query.n + asked->query.offset > RECOMMEND_REACH_MAX) {
        reply_problem(request, 422, "?offset", "n + offset is %u; at most %d can be reached",
                      asked->query.n + asked->query.offset, RECOMMEND_REACH_MAX);
        return false;
    }
    asked->query.seen = seen && strcmp(seen, "include") == 0 ? SEEN_INCLUDE : SEEN_HIDE;
    if (types && types[0]) {
        if (!each_part(asked, types, add_hidden_type))
            return false;
        asked->query.hide_types = asked->hide_types;
    }
    return read_lists(asked) && read_context(asked) && request_fields(request, &asked->fields) &&
           (!model || set_model(asked, model));
}

/* ---- the answer ---- */

static void append_id(struct buffer *out, const char *name, const char *id)
{
    buffer_append_byte(out, '"');
    buffer_append_text(out, name);
    buffer_append_text(out, "\":");
    buffer_append_json(out, id, strlen(id));
}

static void append_items(const struct asked *asked, const struct recommendation *made,
                         struct buffer *out)
{
    const struct catalogue *catalogue = live_catalogue(&asked->view);
    buffer_append_text(out, ",\"items\":[");
    for (uint32_t i = 0; i < made->n; i++) {
        buffer_append_text(out, i ? ",{" : "{");
        append_id(out, "id", catalogue_id(catalogue, made->items[i].item));
        buffer_append_text(out, ",\"score\":");
        buffer_append_float(out, made->items[i].score);
        for (size_t f = 0; catalogue_fields[f]; f++)
            if (asked->fields >> f & 1)
                catalogue_append_field(catalogue, made->items[i].item, f, out);
        buffer_append_byte(out, '}');
    }
    buffer_append_byte(out, ']');
}

/* `strategy` is what the list counts as. */
static void answer(struct asked *asked, const char *subject, const char *id,
                   const struct recommendation *made, const char *strategy)
{
    struct request *request = asked->request;
    const uint32_t version = asked->serving->snapshot->version;
    char name[RECOMMENDATION_ID_SIZE];
    site_recommendation_id(request->site, asked->query.now_ms, version, name);
    site_count_list(request->site, strategy, version, asked->query.offset, made->n);
    struct buffer *out = reply_json(request, 200);
    buffer_reserve(out, ANSWER_BYTES + (size_t)made->n * ITEM_BYTES);
    buffer_append_text(out, "{\"recommendation_id\":\"");
    buffer_append_text(out, name);
    buffer_append_text(out, "\",");
    append_id(out, subject, id);
    append_items(asked, made, out);
    buffer_append_text(out, ",\"score_kind\":\"");
    buffer_append_text(out, made->calibrated                        ? "probability"
                            : strcmp(made->strategy, "latest") == 0 ? "rank"
                                                                    : "preference");
    buffer_append_text(out, "\",\"eligible\":");
    buffer_append_whole(out, made->eligible);
    buffer_append_text(out, ",\"model\":\"");
    buffer_append_text(out, made->model);
    buffer_append_text(out, "\",\"model_version\":");
    buffer_append_whole(out, version);
    buffer_append_text(out, ",\"strategy\":\"");
    buffer_append_text(out, made->strategy);
    buffer_append_text(out, "\"}");
}

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
        answer(asked, "user", request->values[0], &made, made.strategy);
    else
        reply_problem(request, 503, NULL, "out of memory");
    return HANDLED;
}

enum handled get_recommendations(struct request *request)
{
    struct asked asked = {0};
    ask_begin(&asked, request);
    const enum handled handled = answer_user(&asked);
    ask_end(&asked);
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
        answer(asked, "item", request->values[0], &made, "similar");
    else if (status == STATUS_UNSUPPORTED)
        reply_problem(request, 422, NULL,
                      "no model that serves now knows which items are alike; train one that does");
    else
        reply_problem(request, 503, NULL, "out of memory");
}

enum handled get_similar(struct request *request)
{
    struct asked asked = {0};
    ask_begin(&asked, request);
    answer_similar(&asked);
    ask_end(&asked);
    return HANDLED;
}
