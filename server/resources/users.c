/* /v1/users */
#include <string.h>

#include "server/resources/kinds.h"
#include "server/resources/resources.h"

enum handled put_user(struct request *request)
{
    return put_record(request, &user_kind);
}

enum handled patch_user(struct request *request)
{
    return patch_record(request, &user_kind);
}

enum handled get_user(struct request *request)
{
    return get_record(request, &user_kind);
}

static enum status apply_erase(struct request *request, struct store *store, struct error *reterr)
{
    return store_erase_user(store, request->values[0], clock_now_ms(), reterr);
}

static void answer_erase(struct request *request)
{
    writer_truncate_soon(site_writer(request->site));
    reply_empty(request);
}

enum handled delete_user(struct request *request)
{
    return write_then(request, apply_erase, answer_erase);
}

static enum status print_user(void *context, uint32_t number, const struct user_record *user)
{
    struct page *page = context;
    page_next(page, (uint64_t)number + 1);
    user_to_json(user, page->out);
    return STATUS_OK;
}

static enum status read_users(struct request *request, struct store *store, struct error *reterr)
{
    struct page page;
    uint64_t from;
    if (!page_open(request, "users", 0, &page, &from))
        return STATUS_OK;
    const enum status status =
        from >= NUMBER_NONE
            ? STATUS_OK
            : store_list_users(store, (uint32_t)from, page.limit, print_user, &page, reterr);
    page_close(&page);
    return status;
}

enum handled list_users(struct request *request)
{
    return read_store(request, read_users);
}

/* ---- merge ---- */

struct user_write {
    uint64_t moved; /* events moved or retracted */
    const char *from_user, *from_session;
};

static enum status apply_merge(struct request *request, struct store *store, struct error *reterr)
{
    struct user_write *w = request->state;
    return store_merge_user(store, request->values[0], w->from_user, w->from_session,
                            clock_now_ms(), &w->moved, reterr);
}

static void answer_merge(struct request *request)
{
    const struct user_write *w = request->state;
    struct buffer *out = reply_json(request, 200);
    buffer_append_text(out, "{\"user\":");
    buffer_append_json(out, request->values[0], strlen(request->values[0]));
    buffer_printf(out, ",\"moved\":%llu}", (unsigned long long)w->moved);
}

/* {"user": id} or {"session": id}, exactly one */
static bool parse_merge(struct request *request, const json_t *body, struct user_write *w)
{
    const char *key;
    json_t *value;
    json_object_foreach ((json_t *)body, key, value) {
        const bool is_user = strcmp(key, "user") == 0;
        struct error err = {0};
        if (!is_user && strcmp(key, "session") != 0) {
            char pointer[ERROR_POINTER_MAX] = "";
            json_pointer_push(pointer, key);
            reply_problem(request, 422, pointer, "unknown field; it takes user or session");
            return false;
        }
        if (!json_is_string(value)) {
            reply_problem(request, 400, is_user ? "/user" : "/session", "must be a string");
            return false;
        }
        if (id_check(json_string_value(value), json_string_length(value), key, &err) != STATUS_OK) {
            reply_problem(request, 422, is_user ? "/user" : "/session", "%s", err.text);
            return false;
        }
        *(is_user ? &w->from_user : &w->from_session) =
            arena_strndup(&request->arena, json_string_value(value), json_string_length(value));
    }
    if (!w->from_user == !w->from_session) {
        reply_problem(request, 422, "", "give either user or session");
        return false;
    }
    if (w->from_user && strcmp(w->from_user, request->values[0]) == 0) {
        reply_problem(request, 422, "/user", "a user cannot be merged into itself");
        return false;
    }
    return true;
}

enum handled merge_user(struct request *request)
{
    struct user_write *w = request->state = request_zalloc(request, sizeof *w);
    json_t *body = w ? request_json(request) : NULL;
    if (!body)
        return HANDLED;
    bool good = json_is_object(body);
    if (!good)
        reply_problem(request, 400, "", "the body must be an object");
    good = good && parse_merge(request, body, w);
    json_decref(body);
    return good ? write_then(request, apply_merge, answer_merge) : HANDLED;
}

/* ---- events of a user ---- */

static enum status read_user_events(struct request *request, struct store *store,
                                    struct error *reterr)
{
    struct user_record user;
    uint32_t number;
    const enum status status =
        store_get_user(store, request->values[0], &request->arena, &user, &number, reterr);
    return status == STATUS_OK
               ? page_of_events(request, store, store_list_user_events, number, reterr)
               : status;
}

enum handled list_user_interactions(struct request *request)
{
    return read_store(request, read_user_events);
}

static enum status apply_retract(struct request *request, struct store *store, struct error *reterr)
{
    struct user_write *w = request->state;
    return store_retract_events(store, site_types(request->site), request->values[0],
                                request_text(request, "item"), request_text(request, "type"),
                                clock_now_ms(), &w->moved, reterr);
}

static void answer_retract(struct request *request)
{
    const struct user_write *w = request->state;
    buffer_printf(reply_json(request, 200), "{\"retracted\":%llu}", (unsigned long long)w->moved);
}

enum handled delete_user_interactions(struct request *request)
{
    request->state = request_zalloc(request, sizeof(struct user_write));
    if (!request->state)
        return HANDLED;
    return write_then(request, apply_retract, answer_retract);
}

/* ---- export: one document, held in memory ---- */

enum { EXPORT_BYTES_MAX = 64 << 20 };

struct export
{
    struct store *store;
    uint32_t user;
    struct buffer *out;
    uint64_t last; /* seq of the last element printed */
    uint32_t n;
};

static void export_next(struct export *export, uint64_t seq)
{
    if (export->n++)
        buffer_append_byte(export->out, ',');
    export->last = seq;
}

static enum status export_event(void *context, uint64_t seq, const struct event_record *event)
{
    struct export *export = context;
    export_next(export, seq);
    event_to_json(event, export->out);
    return STATUS_OK;
}

static enum status export_impression(void *context, uint64_t seq,
                                     const struct impression_record *impression)
{
    struct export *export = context;
    export_next(export, seq);
    impression_to_json(impression, export->out);
    return STATUS_OK;
}

static enum status events_before(struct export *export, uint32_t limit, struct error *reterr)
{
    return store_list_user_events(export->store, export->user, NULL, export->last, limit,
                                  export_event, export, reterr);
}

static enum status impressions_before(struct export *export, uint32_t limit, struct error *reterr)
{
    return store_list_user_impressions(export->store, export->user, export->last, limit,
                                       export_impression, export, reterr);
}

/* Page by page, so that no read of the store is long. */
static enum status export_all(struct export export,
                              enum status (*list)(struct export *export, uint32_t limit,
                                                  struct error *reterr),
                              struct error *reterr)
{
    enum { PAGE = 1000 };
    uint32_t before;
    enum status status;
    do {
        before = export.n;
        status = list(&export, PAGE, reterr);
    } while (status == STATUS_OK && !export.out->failed && export.n - before == PAGE);
    return status;
}

static enum status read_export(struct request *request, struct store *store, struct error *reterr)
{
    struct user_record user;
    uint32_t number;
    enum status status =
        store_get_user(store, request->values[0], &request->arena, &user, &number, reterr);
    if (status != STATUS_OK)
        return status;
    struct buffer *out = reply_json(request, 200);
    out->limit = EXPORT_BYTES_MAX;
    const struct export export = {.store = store, .user = number, .out = out, .last = UINT64_MAX};
    buffer_append_text(out, "{\"user\":");
    user_to_json(&user, out);
    buffer_append_text(out, ",\"interactions\":[");
    status = export_all(export, events_before, reterr);
    buffer_append_text(out, "],\"impressions\":[");
    if (status == STATUS_OK)
        status = export_all(export, impressions_before, reterr);
    buffer_append_text(out, "]}");
    if (status == STATUS_OK && out->no_memory)
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory");
    if (status == STATUS_OK && out->failed)
        status =
            error_set(reterr, STATUS_TOO_LARGE,
                      "what is stored about this user takes more than %d MB; read it in pages, "
                      "from /v1/users/{id}/interactions",
                      EXPORT_BYTES_MAX >> 20);
    return status;
}

enum handled export_user(struct request *request)
{
    return read_store(request, read_export);
}
