/* Arrays of records: /v1/users:batch, /v1/items:batch, /v1/interactions.
 *
 * on_error=refuse (the default): all or nothing, every refused element named. on_error=skip: each
 * element for itself, with a result for each.
 */
#include <string.h>

#include "base/text.h"
#include "server/resources/kinds.h"
#include "server/resources/resources.h"

struct batch;

/* What differs between users, items and events. */
struct batch_kind {
    size_t record_size;
    record_parser parse;
    enum status (*apply)(struct batch *batch, size_t i, struct store *store, struct error *reterr);
    void (*answer)(struct request *request);
    const struct record_kind *record; /* NULL: events */
};

enum { APPLIED = 1, DUPLICATE = 2, REFUSED = 3 };

struct batch {
    const struct batch_kind *kind;
    struct request *request;
    int64_t now_ms;
    bool skips;
    size_t n, capacity;
    char *records;         /* [n] of record_size, in the arena */
    unsigned char *states; /* [n] of APPLIED, … */
    const char **ids;      /* [n] events: the id given or made */
    struct record_errors errors;
};

static void *record_at(const struct batch *batch, size_t i)
{
    return batch->records + i * batch->kind->record_size;
}

/* ---- parsing ---- */

static bool grow(struct batch *batch, size_t i)
{
    if (i < batch->capacity)
        return true;
    size_t capacity = batch->capacity ? 4 * batch->capacity : 16;
    while (capacity <= i) /* elements before may have been refused unparsed */
        capacity *= 4;
    char *records = arena_zalloc(&batch->request->arena, capacity, batch->kind->record_size);
    if (!records)
        return false;
    if (batch->records)
        memcpy(records, batch->records, batch->capacity * batch->kind->record_size);
    batch->records = records;
    batch->capacity = capacity;
    return true;
}

static enum status parse_record(void *context, size_t i, const json_t *value, const char *pointer,
                                struct error *reterr)
{
    struct batch *batch = context;
    if (!grow(batch, i))
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory");
    return batch->kind->record->parse(value, NULL, pointer, &batch->request->arena,
                                      record_at(batch, i), reterr);
}

/* "/timestamp" of element "/3" is "/3/timestamp". */
static void prefix_pointer(struct error *err, const char *before)
{
    char after[ERROR_POINTER_MAX];
    snprintf(after, sizeof after, "%s%s", before, err->pointer);
    memcpy(err->pointer, after, sizeof after);
}

static enum status parse_event(void *context, size_t i, const json_t *value, const char *pointer,
                               struct error *reterr)
{
    struct batch *batch = context;
    if (!grow(batch, i))
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory");
    struct event_record *event = record_at(batch, i);
    enum status status = event_from_json(value, pointer, &batch->request->arena, event, reterr);
    if (status != STATUS_OK)
        return status;
    status = event_check(event, batch->now_ms, reterr);
    if (status == STATUS_OK)
        status = event_check_type(event, site_types(batch->request->site), reterr);
    if (status != STATUS_OK)
        prefix_pointer(reterr, pointer);
    return status;
}

/* ---- storing, on the writer's thread ---- */

static enum status apply_record(struct batch *batch, size_t i, struct store *store,
                                struct error *reterr)
{
    bool created;
    return batch->kind->record->put(store, record_at(batch, i), batch->now_ms, &created, reterr);
}

static enum status apply_event(struct batch *batch, size_t i, struct store *store,
                               struct error *reterr)
{
    struct event_result result;
    const enum status status = store_add_event(
        store, site_types(batch->request->site), record_at(batch, i),
        site_settings(batch->request->site)->items.auto_list, batch->now_ms, &result, reterr);
    if (status != STATUS_OK)
        return status;
    batch->ids[i] = arena_strndup(&batch->request->arena, result.event_id, strlen(result.event_id));
    if (!batch->ids[i])
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory");
    if (result.duplicate)
        batch->states[i] = DUPLICATE;
    return STATUS_OK;
}

static void point_at(struct error *err, const struct batch *batch, size_t i)
{
    if (err->pointer[0] == '\0' && batch->n > 1)
        snprintf(err->pointer, sizeof err->pointer, "/%zu", i);
}

/* With skip, a savepoint of its own keeps a refused element from undoing its neighbours. */
static enum status apply_skipping(struct batch *batch, size_t i, struct store *store,
                                  struct error *reterr)
{
    struct error err = {0};
    enum status status = store_release(store, reterr);
    if (status == STATUS_OK)
        status = store_savepoint(store, reterr);
    if (status != STATUS_OK)
        return status;
    const enum status one = batch->kind->apply(batch, i, store, &err);
    if (one == STATUS_OK)
        return STATUS_OK;
    if (!status_blames_input(one)) {
        if (reterr)
            *reterr = err;
        return one;
    }
    store_undo(store);
    batch->states[i] = REFUSED;
    point_at(&err, batch, i);
    record_refuse(&batch->errors, i, &err);
    return store_savepoint(store, reterr);
}

static enum status apply_batch(struct request *request, struct store *store, struct error *reterr)
{
    struct batch *batch = request->state;
    for (size_t i = 0; i < batch->n; i++) {
        if (batch->states[i] == REFUSED)
            continue;
        batch->states[i] = APPLIED;
        enum status status = batch->skips ? apply_skipping(batch, i, store, reterr)
                                          : batch->kind->apply(batch, i, store, reterr);
        if (status != STATUS_OK) {
            if (reterr)
                point_at(reterr, batch, i);
            return status;
        }
    }
    return STATUS_OK;
}

/* ---- answering ---- */

static const struct error *error_of(const struct batch *batch, size_t i)
{
    for (size_t k = 0; k < batch->errors.n; k++)
        if (batch->errors.index[k] == i)
            return &batch->errors.list[k];
    return NULL;
}

/* on_error=skip: [{"status": "stored"|"duplicate"|"refused", "detail"?}] */
static void append_results(const struct batch *batch, struct buffer *out)
{
    static const char *const names[] = {
        [APPLIED] = "stored", [DUPLICATE] = "duplicate", [REFUSED] = "refused"};
    buffer_append_text(out, ",\"results\":[");
    for (size_t i = 0; i < batch->n; i++) {
        const struct error *err = batch->states[i] == REFUSED ? error_of(batch, i) : NULL;
        buffer_printf(out, "%s{\"status\":\"%s\"", i ? "," : "", names[batch->states[i]]);
        if (err) {
            buffer_append_text(out, ",\"detail\":");
            buffer_append_json(out, err->text, strlen(err->text));
        }
        buffer_append_byte(out, '}');
    }
    buffer_append_byte(out, ']');
}

static size_t count_state(const struct batch *batch, unsigned char state)
{
    size_t count = 0;
    for (size_t i = 0; i < batch->n; i++)
        count += batch->states[i] == state;
    return count;
}

static void answer_records(struct request *request)
{
    const struct batch *batch = request->state;
    struct buffer *out = reply_json(request, 200);
    buffer_printf(out, "{\"stored\":%zu,\"refused\":%zu", count_state(batch, APPLIED),
                  batch->errors.refused);
    if (batch->skips)
        append_results(batch, out);
    buffer_append_byte(out, '}');
}

static void answer_events(struct request *request)
{
    const struct batch *batch = request->state;
    struct buffer *out = reply_json(request, 200);
    buffer_printf(out, "{\"accepted\":%zu,\"duplicates\":%zu,\"event_ids\":[",
                  count_state(batch, APPLIED), count_state(batch, DUPLICATE));
    for (size_t i = 0; i < batch->n; i++) {
        if (i)
            buffer_append_byte(out, ',');
        buffer_append_json(out, batch->ids[i], strlen(batch->ids[i]));
    }
    buffer_append_text(out, "]}");
}

/* ---- the three kinds ---- */

/* The lowest status that fits every refusal: bad syntax anywhere makes it 400. */
static unsigned status_of_errors(const struct record_errors *errors)
{
    for (size_t i = 0; i < errors->n; i++)
        if (errors->list[i].status == STATUS_MALFORMED)
            return 400;
    return 422;
}

static bool open_batch(struct batch *batch, long n)
{
    batch->n = (size_t)n;
    batch->states = arena_zalloc(&batch->request->arena, batch->n, sizeof *batch->states);
    batch->ids = arena_zalloc(&batch->request->arena, batch->n, sizeof *batch->ids);
    if (!batch->states || !batch->ids) {
        reply_problem(batch->request, 503, NULL, "out of memory");
        return false;
    }
    if (batch->errors.failure.status != STATUS_OK) {
        reply_error(batch->request, &batch->errors.failure);
        return false;
    }
    if (batch->errors.refused && !batch->skips) {
        reply_errors(batch->request, status_of_errors(&batch->errors),
                     "some elements were refused; nothing was stored", batch->errors.list,
                     batch->errors.n);
        return false;
    }
    for (size_t k = 0; k < batch->errors.n; k++)
        batch->states[batch->errors.index[k]] = REFUSED;
    if (batch->errors.refused > batch->errors.n) {
        reply_errors(batch->request, 422, "too many elements are refused; nothing was stored",
                     batch->errors.list, batch->errors.n);
        return false;
    }
    return true;
}

static enum handled handle_batch(struct request *request, const struct batch_kind *kind)
{
    struct batch *batch = request->state = request_zalloc(request, sizeof *batch);
    if (!batch)
        return HANDLED;
    batch->kind = kind;
    batch->request = request;
    batch->now_ms = clock_now_ms();
    const char *on_error = request_text(request, "on_error");
    batch->skips = on_error && strcmp(on_error, "skip") == 0;
    const long n = parse_records(request, kind->parse, batch, &batch->errors);
    if (n < 0 || !open_batch(batch, n))
        return HANDLED;
    return write_then(request, apply_batch, kind->answer);
}

enum handled batch_users(struct request *request)
{
    static const struct batch_kind kind = {sizeof(struct user_record), parse_record, apply_record,
                                           answer_records, &user_kind};
    return handle_batch(request, &kind);
}

enum handled batch_items(struct request *request)
{
    static const struct batch_kind kind = {sizeof(struct item_record), parse_record, apply_record,
                                           answer_records, &item_kind};
    return handle_batch(request, &kind);
}

enum handled post_interactions(struct request *request)
{
    static const struct batch_kind kind = {sizeof(struct event_record), parse_event, apply_event,
                                           answer_events, NULL};
    return handle_batch(request, &kind);
}
