#include "server/resources/kinds.h"

/* ---- the two kinds ---- */

static enum status parse_user(const json_t *value, const char *id, const char *pointer,
                              struct arena *arena, void *record, struct error *reterr)
{
    return user_from_json(value, id, pointer, arena, record, reterr);
}

static enum status put_user_record(struct store *store, const void *record, int64_t now_ms,
                                   bool *ret_created, struct error *reterr)
{
    uint32_t number;
    return store_put_user(store, record, now_ms, &number, ret_created, reterr);
}

static enum status get_user_record(struct store *store, const char *id, struct arena *arena,
                                   void *record, uint32_t *ret_number, struct error *reterr)
{
    return store_get_user(store, id, arena, record, ret_number, reterr);
}

static void print_user(const void *record, struct buffer *out)
{
    user_to_json(record, out);
}

const struct record_kind user_kind = {sizeof(struct user_record), parse_user, put_user_record,
                                      get_user_record, print_user};

static enum status parse_item(const json_t *value, const char *id, const char *pointer,
                              struct arena *arena, void *record, struct error *reterr)
{
    return item_from_json(value, id, pointer, arena, record, reterr);
}

static enum status put_item_record(struct store *store, const void *record, int64_t now_ms,
                                   bool *ret_created, struct error *reterr)
{
    uint32_t number;
    return store_put_item(store, record, now_ms, &number, ret_created, reterr);
}

static enum status get_item_record(struct store *store, const char *id, struct arena *arena,
                                   void *record, uint32_t *ret_number, struct error *reterr)
{
    return store_get_item(store, id, arena, record, ret_number, reterr);
}

/* A ghost says so: it is known from events only and not recommended. */
static void print_item(const void *record, struct buffer *out)
{
    const struct item_record *item = record;
    item_to_json(item, out);
    if (item->listed || out->failed)
        return;
    out->size--; /* the closing brace */
    buffer_append_text(out, ",\"listed\":false}");
}

const struct record_kind item_kind = {sizeof(struct item_record), parse_item, put_item_record,
                                      get_item_record, print_item};

/* ---- one record ---- */

struct one_record {
    const struct record_kind *kind;
    void *record;
    bool created;
};

static struct one_record *one_record_new(struct request *request, const struct record_kind *kind)
{
    struct one_record *w = request_zalloc(request, sizeof *w);
    if (!w || !(w->record = request_zalloc(request, kind->size)))
        return NULL;
    w->kind = kind;
    request->state = w;
    return w;
}

static void answer_write(struct request *request)
{
    const struct one_record *w = request->state;
    w->kind->print(w->record, reply_json(request, w->created ? 201 : 200));
}

/* Stores the record and reads the row as it now is, for the answer. */
static enum status apply_put(struct request *request, struct store *store, struct error *reterr)
{
    struct one_record *w = request->state;
    uint32_t number;
    const enum status status = w->kind->put(store, w->record, clock_now_ms(), &w->created, reterr);
    if (status != STATUS_OK)
        return status;
    return w->kind->get(store, request->values[0], &request->arena, w->record, &number, reterr);
}

enum handled put_record(struct request *request, const struct record_kind *kind)
{
    struct one_record *w = one_record_new(request, kind);
    json_t *body = w ? request_json(request) : NULL;
    if (!body)
        return HANDLED;
    struct error err = {0};
    const enum status status =
        kind->parse(body, request->values[0], "", &request->arena, w->record, &err);
    json_decref(body);
    if (status == STATUS_OK)
        return write_then(request, apply_put, answer_write);
    reply_error(request, &err);
    return HANDLED;
}

static enum status merge_and_put(struct request *request, struct store *store, json_t *patch,
                                 struct error *reterr)
{
    struct one_record *w = request->state;
    const char *id = request->values[0];
    struct buffer text = {0};
    json_t *merged = NULL;
    uint32_t number;
    enum status status = w->kind->get(store, id, &request->arena, w->record, &number, reterr);
    if (status == STATUS_OK) {
        w->kind->print(w->record, &text);
        status = merge_patch(&text, patch, &merged, reterr);
    }
    if (status == STATUS_OK)
        status = w->kind->parse(merged, id, "", &request->arena, w->record, reterr);
    if (status == STATUS_OK)
        status = apply_put(request, store, reterr);
    json_decref(merged);
    buffer_free(&text);
    return status;
}

/* The patch is laid over the row as it is at that moment, so on the writer's thread. The body is
 * parsed there once more, so that nothing is owned between the threads. */
static enum status apply_patch(struct request *request, struct store *store, struct error *reterr)
{
    json_t *patch;
    enum status status = json_parse(request->body, request->body_size, &patch, reterr);
    if (status != STATUS_OK)
        return status;
    status = merge_and_put(request, store, patch, reterr);
    json_decref(patch);
    return status;
}

enum handled patch_record(struct request *request, const struct record_kind *kind)
{
    json_t *body = one_record_new(request, kind) ? request_json(request) : NULL;
    if (!body)
        return HANDLED;
    const bool is_object = json_is_object(body);
    json_decref(body);
    if (is_object)
        return write_then(request, apply_patch, answer_write);
    reply_problem(request, 400, "", "a merge patch must be an object");
    return HANDLED;
}

static enum status read_record(struct request *request, struct store *store, struct error *reterr)
{
    const struct one_record *w = request->state;
    uint32_t number;
    const enum status status =
        w->kind->get(store, request->values[0], &request->arena, w->record, &number, reterr);
    if (status == STATUS_OK)
        w->kind->print(w->record, reply_json(request, 200));
    return status;
}

enum handled get_record(struct request *request, const struct record_kind *kind)
{
    return one_record_new(request, kind) ? read_store(request, read_record) : HANDLED;
}
