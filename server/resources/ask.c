/* POST /v1/recommendations: the general form of the question, as a body. */
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "data/event_type.h"
#include "recommend/cached.h"
#include "recommend/told.h"
#include "server/resources/asked.h"
#include "server/resources/resources.h"

enum {
    ASK_LIST_MAX = 10000, /* history, basket, only, exclude: each */
    ASK_FIELDS_MAX = 64
};

/* What is done if an element of a history does not say, and with what lies in a basket. */
static const char default_type[] = "click";

/* Ids of items, as given. */
struct id_list {
    const char **ids; /* NULL: the field was left out */
    size_t n;
};

/* The body as it was read: its texts are borrowed until the answer is written. */
struct ask {
    struct asked asked;
    struct arena *arena;
    const char *user, *session, *model;
    struct event_record *history; /* [n_history] */
    size_t n_history;
    struct id_list basket, only, exclude;
    uint8_t basket_type;
    struct facts *context;
};

/* ---- refusals ---- */

static bool refuse_memory(struct ask *ask)
{
    reply_problem(ask->asked.request, 503, NULL, "out of memory");
    return false;
}

static bool refuse_type(struct ask *ask, const char *pointer, const char *wanted)
{
    reply_problem(ask->asked.request, 400, pointer, "it must be %s", wanted);
    return false;
}

/* The error's place is within the value at the pointer. */
static bool refuse_within(struct ask *ask, const char *pointer, struct error *err)
{
    char place[ERROR_POINTER_MAX];
    snprintf(place, sizeof place, "%.100s%.150s", pointer, err->pointer);
    utf8_trim_partial(place);
    strcpy(err->pointer, place);
    reply_error(ask->asked.request, err);
    return false;
}

/* "<pointer>/<i>" */
static void element(const char *pointer, size_t i, char out[ERROR_POINTER_MAX])
{
    strcpy(out, pointer);
    json_pointer_push_index(out, i);
}

/* ---- values ---- */

static bool read_id(struct ask *ask, const json_t *value, const char *pointer, const char **ret_id)
{
    struct error err = {0};
    if (!json_is_string(value))
        return refuse_type(ask, pointer, "a string");
    if (id_check(json_string_value(value), json_string_length(value), "id", &err) != STATUS_OK) {
        reply_problem(ask->asked.request, 422, pointer, "%s", err.text);
        return false;
    }
    *ret_id = json_string_value(value);
    return true;
}

static bool read_whole(struct ask *ask, const json_t *value, const char *pointer, int64_t least,
                       int64_t most, int64_t *ret_number)
{
    const double number = json_is_number(value) ? json_number_value(value) : NAN;
    if (isnan(number) || number != trunc(number))
        return refuse_type(ask, pointer, "a whole number");
    if (!(number >= (double)least && number <= (double)most)) {
        reply_problem(ask->asked.request, 422, pointer, "it must be from %lld to %lld",
                      (long long)least, (long long)most);
        return false;
    }
    *ret_number = (int64_t)number;
    return true;
}

static bool read_size(struct ask *ask, const json_t *value, const char *pointer, size_t most,
                      size_t *ret_n)
{
    if (!json_is_array(value))
        return refuse_type(ask, pointer, "a list");
    *ret_n = json_array_size(value);
    if (*ret_n <= most)
        return true;
    reply_problem(ask->asked.request, 413, pointer, "the list has %zu elements; at most %zu",
                  *ret_n, most);
    return false;
}

static bool read_name(struct ask *ask, const json_t *value, const char *pointer,
                      const char **ret_name)
{
    if (!json_is_string(value))
        return refuse_type(ask, pointer, "a string");
    *ret_name = json_string_value(value);
    return true;
}

/* ---- fields ---- */

static bool take_user(struct ask *ask, const json_t *value, const char *pointer)
{
    return read_id(ask, value, pointer, &ask->user);
}

static bool take_session(struct ask *ask, const json_t *value, const char *pointer)
{
    return read_id(ask, value, pointer, &ask->session);
}

static bool take_n(struct ask *ask, const json_t *value, const char *pointer)
{
    int64_t n;
    if (!read_whole(ask, value, pointer, 1, RECOMMEND_N_MAX, &n))
        return false;
    ask->asked.query.n = (uint32_t)n;
    return true;
}

static bool take_offset(struct ask *ask, const json_t *value, const char *pointer)
{
    int64_t offset;
    if (!read_whole(ask, value, pointer, 0, RECOMMEND_REACH_MAX - 1, &offset))
        return false;
    ask->asked.query.offset = (uint32_t)offset;
    return true;
}

static bool read_ids(struct ask *ask, const json_t *value, const char *pointer,
                     struct id_list *ret_list)
{
    size_t n;
    if (!read_size(ask, value, pointer, ASK_LIST_MAX, &n))
        return false;
    const char **ids = arena_alloc(ask->arena, (n + 1) * sizeof *ids);
    if (!ids)
        return refuse_memory(ask);
    for (size_t i = 0; i < n; i++) {
        char place[ERROR_POINTER_MAX];
        element(pointer, i, place);
        if (!read_id(ask, json_array_get(value, i), place, &ids[i]))
            return false;
    }
    *ret_list = (struct id_list){ids, n};
    return true;
}

static bool take_exclude(struct ask *ask, const json_t *value, const char *pointer)
{
    return read_ids(ask, value, pointer, &ask->exclude);
}

static bool take_only(struct ask *ask, const json_t *value, const char *pointer)
{
    return read_ids(ask, value, pointer, &ask->only);
}

/* Now liked well enough to be bought: they tell of taste, and are not to come again. */
static bool take_basket(struct ask *ask, const json_t *value, const char *pointer)
{
    ask->basket_type = event_types_code(site_types(ask->asked.request->site), default_type);
    if (ask->basket_type)
        return read_ids(ask, value, pointer, &ask->basket);
    reply_problem(ask->asked.request, 422, pointer,
                  "what lies in a basket counts as '%s', which is not among interactions.types: "
                  "tell it as history",
                  default_type);
    return false;
}

/* As an interaction that is posted, but for whose it is. */
static bool read_event(struct ask *ask, const json_t *value, const char *pointer,
                       struct event_record *ret_event)
{
    static const char *const whose[] = {"user", "session"};
    struct error err = {0};
    if (!json_is_object(value))
        return refuse_type(ask, pointer, "an object such as {\"item\": \"a\", \"type\": \"like\"}");
    for (size_t i = 0; i < sizeof whose / sizeof *whose; i++)
        if (json_object_get(value, whose[i])) {
            char place[ERROR_POINTER_MAX];
            strcpy(place, pointer);
            json_pointer_push(place, whose[i]);
            reply_problem(ask->asked.request, 422, place,
                          "unknown field: a history is that of the one who asks");
            return false;
        }
    json_t *whole = json_copy((json_t *)value);
    bool made = whole && json_object_set_new(whole, "user", json_string("-")) == 0;
    if (made && !json_object_get(whole, "type"))
        made = json_object_set_new(whole, "type", json_string(default_type)) == 0;
    if (!made) {
        json_decref(whole);
        return refuse_memory(ask);
    }
    enum status status = event_from_json(whole, pointer, ask->arena, ret_event, &err);
    json_decref(whole);
    if (status == STATUS_OK) {
        status = event_check(ret_event, ask->asked.query.now_ms, &err);
        if (status == STATUS_OK)
            status = event_check_type(ret_event, site_types(ask->asked.request->site), &err);
        if (status != STATUS_OK)
            return refuse_within(ask, pointer, &err);
    }
    if (status != STATUS_OK)
        reply_error(ask->asked.request, &err);
    return status == STATUS_OK;
}

static bool take_history(struct ask *ask, const json_t *value, const char *pointer)
{
    size_t n;
    if (!read_size(ask, value, pointer, ASK_LIST_MAX, &n))
        return false;
    ask->history = arena_alloc(ask->arena, (n + 1) * sizeof *ask->history);
    if (!ask->history)
        return refuse_memory(ask);
    for (; ask->n_history < n; ask->n_history++) {
        char place[ERROR_POINTER_MAX];
        element(pointer, ask->n_history, place);
        if (!read_event(ask, json_array_get(value, ask->n_history), place,
                        &ask->history[ask->n_history]))
            return false;
    }
    return true;
}

static bool add_category(struct ask *ask, const json_t *value, const char *pointer)
{
    const char *path;
    if (!read_name(ask, value, pointer, &path))
        return false;
    if (!*path || strlen(path) > CATEGORY_BYTES_MAX) {
        reply_problem(ask->asked.request, 422, pointer, "it must have 1 to %d bytes",
                      CATEGORY_BYTES_MAX);
        return false;
    }
    ask->asked.categories[ask->asked.query.n_categories++] = path;
    return true;
}

/* One, or a list of which any will do. */
static bool take_category(struct ask *ask, const json_t *value, const char *pointer)
{
    size_t n;
    if (json_is_string(value))
        return add_category(ask, value, pointer);
    if (!json_is_array(value))
        return refuse_type(ask, pointer, "a string or a list of strings");
    if (!read_size(ask, value, pointer, RECOMMEND_CATEGORIES_MAX, &n))
        return false;
    for (size_t i = 0; i < n; i++) {
        char place[ERROR_POINTER_MAX];
        element(pointer, i, place);
        if (!add_category(ask, json_array_get(value, i), place))
            return false;
    }
    return true;
}

static bool take_seen(struct ask *ask, const json_t *value, const char *pointer)
{
    const char *name;
    if (!read_name(ask, value, pointer, &name))
        return false;
    const bool include = strcmp(name, "include") == 0;
    ask->asked.query.seen = include ? SEEN_INCLUDE : SEEN_HIDE;
    if (include || strcmp(name, "hide") == 0)
        return true;
    reply_problem(ask->asked.request, 422, pointer, "it must be hide or include");
    return false;
}

static bool each_name(struct ask *ask, const json_t *value, const char *pointer,
                      bool (*add)(struct asked *asked, const char *name, const char *pointer))
{
    size_t n;
    if (!read_size(ask, value, pointer, ASK_FIELDS_MAX, &n))
        return false;
    for (size_t i = 0; i < n; i++) {
        char place[ERROR_POINTER_MAX];
        const char *name;
        element(pointer, i, place);
        if (!read_name(ask, json_array_get(value, i), place, &name) ||
            !add(&ask->asked, name, place))
            return false;
    }
    return true;
}

static bool take_hide_types(struct ask *ask, const json_t *value, const char *pointer)
{
    if (!each_name(ask, value, pointer, asked_add_hidden_type))
        return false;
    if (json_array_size(value))
        ask->asked.query.hide_types = ask->asked.hide_types;
    return true;
}

static bool take_fields(struct ask *ask, const json_t *value, const char *pointer)
{
    return each_name(ask, value, pointer, asked_add_field);
}

static bool take_model(struct ask *ask, const json_t *value, const char *pointer)
{
    return read_name(ask, value, pointer, &ask->model);
}

/* As the context of an interaction. */
static bool take_context(struct ask *ask, const json_t *value, const char *pointer)
{
    struct error err = {0};
    struct fact_names names = {0};
    struct buffer text = {0};
    const char *key;
    json_t *each;
    enum status status = attributes_check(value, CONTEXT_BYTES_MAX, &err);
    if (status != STATUS_OK)
        return refuse_within(ask, pointer, &err);
    json_object_foreach ((json_t *)value, key, each) {
        char *name = arena_alloc(ask->arena, strlen(key) + sizeof "context.");
        if (!name)
            return refuse_memory(ask);
        strcpy(stpcpy(name, "context."), key);
        fact_names_add(&names, name);
    }
    attributes_print(value, &text);
    status = text.failed ? STATUS_NO_MEMORY : facts_new(&names, &ask->context);
    if (status == STATUS_OK) {
        buffer_append_byte(&text, '\0');
        status = text.failed ? STATUS_NO_MEMORY : facts_put(ask->context, 0, text.data, NULL, 0);
    }
    buffer_free(&text);
    if (status != STATUS_OK)
        return refuse_memory(ask);
    if (names.n)
        ask->asked.query.context = facts_get(ask->context, 0);
    return true;
}

/* ---- the body ---- */

static const struct {
    const char *name;
    bool (*take)(struct ask *ask, const json_t *value, const char *pointer);
} fields[] = {
    {"user", take_user},
    {"session", take_session},
    {"history", take_history},
    {"basket", take_basket},
    {"n", take_n},
    {"offset", take_offset},
    {"only", take_only},
    {"exclude", take_exclude},
    {"category", take_category},
    {"seen", take_seen},
    {"hide_types", take_hide_types},
    {"context", take_context},
    {"fields", take_fields},
    {"model", take_model},
};
enum { N_FIELDS = sizeof fields / sizeof *fields };

static const char *field_at(const void *context, size_t i)
{
    (void)context;
    return fields[i].name;
}

static bool take_field(struct ask *ask, const char *name, const json_t *value)
{
    char pointer[ERROR_POINTER_MAX] = "";
    json_pointer_push(pointer, name);
    for (size_t i = 0; i < N_FIELDS; i++)
        if (strcmp(fields[i].name, name) == 0)
            return fields[i].take(ask, value, pointer);
    const char *nearest = text_nearest(name, N_FIELDS, field_at, NULL);
    reply_problem(ask->asked.request, 422, pointer, "unknown field '%.60s'%s", name,
                  text_suggest(nearest).text);
    return false;
}

static bool read_body(struct ask *ask, const json_t *body)
{
    const char *name;
    json_t *value;
    json_object_foreach ((json_t *)body, name, value)
        if (!take_field(ask, name, value))
            return false;
    return asked_reach_is_allowed(&ask->asked, "/offset");
}

/* ---- as numbers of what serves ---- */

/* Appends those of the list that there are to items[*n]. */
static void find_items(const struct ask *ask, const struct id_list *list, uint32_t *items,
                       size_t *n)
{
    for (size_t i = 0; i < list->n; i++) {
        const uint32_t item = live_find_item(&ask->asked.view, list->ids[i]);
        if (item != NUMBER_NONE)
            items[(*n)++] = item;
    }
}

static bool find_lists(struct ask *ask)
{
    struct recommend_request *query = &ask->asked.query;
    uint32_t *exclude =
        arena_alloc(ask->arena, (ask->exclude.n + ask->basket.n + 1) * sizeof *exclude);
    uint32_t *only = arena_alloc(ask->arena, (ask->only.n + 1) * sizeof *only);
    if (!exclude || !only)
        return refuse_memory(ask);
    find_items(ask, &ask->exclude, exclude, &query->n_exclude);
    find_items(ask, &ask->basket, exclude, &query->n_exclude);
    find_items(ask, &ask->only, only, &query->n_only);
    query->exclude = exclude;
    query->only = ask->only.ids ? only : NULL;
    return true;
}

static bool find_told(struct ask *ask)
{
    const struct view *view = &ask->asked.view.view;
    const struct event_types *types = site_types(ask->asked.request->site);
    struct recommend_request *query = &ask->asked.query;
    const size_t most = ask->n_history + ask->basket.n;
    struct told_event *told = arena_alloc(ask->arena, (most + 1) * sizeof *told);
    size_t n = 0;
    if (!told)
        return refuse_memory(ask);
    for (size_t i = 0; i < ask->n_history; i++) {
        const struct event_record *event = &ask->history[i];
        const uint32_t item = live_find_item(&ask->asked.view, event->item);
        if (item != NUMBER_NONE)
            told[n++] = (struct told_event){
                event->time_ms == TIME_UNKNOWN ? query->now_ms : event->time_ms, item,
                (float)event->rating, event_types_code(types, event->type)};
    }
    for (size_t i = 0; i < ask->basket.n; i++) {
        const uint32_t item = live_find_item(&ask->asked.view, ask->basket.ids[i]);
        if (item != NUMBER_NONE)
            told[n++] = (struct told_event){query->now_ms, item, NAN, ask->basket_type};
    }
    return n == 0 || told_fold(told, n, view->types, view->frame, ask->arena, &query->told,
                               &query->n_told) == STATUS_OK
               ? true
               : refuse_memory(ask);
}

/* ---- the answer ---- */

/* A user who is known goes before a session. */
static uint32_t who(const struct ask *ask, uint32_t session)
{
    const uint32_t user = ask->user ? live_find_user(&ask->asked.view, ask->user) : NUMBER_NONE;
    if (user != NUMBER_NONE)
        return user;
    return session == NUMBER_NONE ? QUERY_NO_USER : session;
}

static void answer(struct ask *ask, uint32_t session)
{
    struct asked *asked = &ask->asked;
    asked_take(asked);
    if ((ask->model && !asked_set_model(asked, ask->model, "/model")) || !find_lists(ask) ||
        !find_told(ask))
        return;
    struct list_cache *lists = asked->serving->lists;
    struct recommendation made;
    asked->query.user = who(ask, session);
    enum status status = cached_recommend(lists, &asked->view, &asked->query, ask->arena, &made);
    if (status == STATUS_NOT_FOUND)
        status = cached_make(lists, &asked->view, &asked->query, ask->arena, &made);
    if (status != STATUS_OK)
        reply_problem(asked->request, 503, NULL, "out of memory");
    else
        asked_answer(asked,
                     ask->user      ? "user"
                     : ask->session ? "session"
                                    : NULL,
                     ask->user ? ask->user : ask->session, &made, made.strategy);
}

struct session_search {
    const char *session;
    uint32_t number; /* NUMBER_NONE: there is none */
};

static enum status find_session(struct request *request, struct store *store, struct error *reterr)
{
    struct session_search *search = request->state;
    const enum status status = store_find_session(store, search->session, &search->number, reterr);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* The store knows all sessions. False: its failure was answered. */
static bool read_session(struct ask *ask, uint32_t *ret_number)
{
    struct request *request = ask->asked.request;
    struct session_search search = {ask->session, NUMBER_NONE};
    request->state = &search;
    if (ask->session)
        read_store(request, find_session);
    request->state = NULL;
    *ret_number = search.number;
    return request->reply.status == 0;
}

enum handled post_recommendations(struct request *request)
{
    json_t *body = request_json(request);
    if (!body)
        return HANDLED;
    struct ask ask = {.arena = &request->arena};
    uint32_t session;
    asked_begin(&ask.asked, request);
    if (!json_is_object(body))
        reply_problem(request, 400, "", "the body must be a JSON object");
    else if (read_body(&ask, body) && read_session(&ask, &session))
        answer(&ask, session);
    asked_end(&ask.asked);
    facts_free(ask.context);
    json_decref(body);
    return HANDLED;
}
