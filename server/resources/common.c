#include "server/resources/common.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"

struct request_write {
    struct write write;
    struct request *request;
    enum status (*apply)(struct request *request, struct store *store, struct error *reterr);
    void (*answer)(struct request *request);
};

static enum status apply_write(void *context, struct store *store, struct error *reterr)
{
    struct request_write *w = context;
    return w->apply(w->request, store, reterr);
}

static void finish_write(void *context, enum status status, const struct error *err)
{
    struct request_write *w = context;
    if (w->request->reply.status == 0) {
        if (status == STATUS_OK)
            w->answer(w->request);
        else
            reply_error(w->request, err);
    }
    request_finish(w->request); /* w is gone with the request's arena */
}

void *request_zalloc(struct request *request, size_t size)
{
    void *memory = arena_zalloc(&request->arena, 1, size);
    if (!memory)
        reply_problem(request, 503, NULL, "out of memory");
    return memory;
}

enum handled write_then(struct request *request,
                        enum status (*apply)(struct request *request, struct store *store,
                                             struct error *reterr),
                        void (*answer)(struct request *request))
{
    struct request_write *w = request_zalloc(request, sizeof *w);
    if (!w)
        return HANDLED;
    w->request = request;
    w->apply = apply;
    w->answer = answer;
    w->write = (struct write){
        .apply = apply_write, .done = finish_write, .context = w, .bytes = request->body_size};
    struct error err = {0};
    const enum status status = writer_submit(site_writer(request->site), &w->write, &err);
    if (status == STATUS_OK)
        return HANDLED_LATER;
    if (status == STATUS_BUSY) {
        reply_problem(request, 429, NULL, "%s", err.text);
        request->reply.retry_after = 1;
    } else {
        reply_error(request, &err);
    }
    return HANDLED;
}

enum handled read_store(struct request *request,
                        enum status (*read)(struct request *request, struct store *store,
                                            struct error *reterr))
{
    struct store *store;
    struct error err = {0};
    enum status status = site_borrow_store(request->site, &store, &err);
    if (status == STATUS_OK) {
        status = read(request, store, &err);
        site_return_store(request->site, store);
    }
    if (status != STATUS_OK)
        reply_error(request, &err);
    return HANDLED;
}

bool page_open(struct request *request, const char *name, uint64_t missing, struct page *ret_page,
               uint64_t *ret_key)
{
    const char *cursor = request_text(request, "cursor");
    int64_t key = 0;
    if (cursor && (text_to_int64(cursor, &key) != STATUS_OK || key < 0)) {
        reply_problem(request, 422, "?cursor",
                      "not a cursor of this list; take next_cursor of the page before");
        return false;
    }
    *ret_key = cursor ? (uint64_t)key : missing;
    *ret_page = (struct page){.request = request,
                              .out = reply_json(request, 200),
                              .limit = (uint32_t)request_int(request, "limit", PAGE_LIMIT)};
    buffer_printf(ret_page->out, "{\"%s\":[", name);
    return true;
}

void page_next(struct page *page, uint64_t key)
{
    if (page->n++)
        buffer_append_byte(page->out, ',');
    page->last = key;
}

void page_close(struct page *page)
{
    if (page->n == page->limit)
        buffer_printf(page->out, "],\"next_cursor\":\"%" PRIu64 "\"}", page->last);
    else
        buffer_append_text(page->out, "],\"next_cursor\":null}");
}

static enum status print_event(void *context, uint64_t seq, const struct event_record *event)
{
    struct page *page = context;
    page_next(page, seq);
    event_to_json(event, page->out);
    return STATUS_OK;
}

enum status page_of_events(struct request *request, struct store *store, event_lister list,
                           uint32_t number, struct error *reterr)
{
    struct page page;
    uint64_t before;
    if (!page_open(request, "interactions", UINT64_MAX, &page, &before))
        return STATUS_OK;
    const enum status status = list(store, number, request_text(request, "type"), before,
                                    page.limit, print_event, &page, reterr);
    page_close(&page);
    return status;
}

bool status_blames_input(enum status status)
{
    return status == STATUS_MALFORMED || status == STATUS_OUT_OF_RANGE ||
           status == STATUS_NOT_FOUND || status == STATUS_CONFLICT || status == STATUS_TOO_LARGE ||
           status == STATUS_UNSUPPORTED;
}

void record_refuse(struct record_errors *errors, size_t i, const struct error *err)
{
    if (!status_blames_input(err->status)) {
        errors->failure = *err;
        return;
    }
    errors->refused++;
    if (errors->n < RECORD_ERRORS_MAX) {
        errors->index[errors->n] = i;
        errors->list[errors->n++] = *err;
    }
}

static void parse_one(size_t i, const json_t *value, const char *pointer, record_parser parse,
                      void *context, struct record_errors *errors)
{
    struct error err = {0};
    if (parse(context, i, value, pointer, &err) != STATUS_OK)
        record_refuse(errors, i, &err);
}

static long parse_array(struct request *request, const json_t *array, record_parser parse,
                        void *context, struct record_errors *errors)
{
    if (json_array_size(array) > RECORDS_MAX) {
        reply_problem(request, 413, "", "%zu elements; at most %d are taken at once",
                      json_array_size(array), RECORDS_MAX);
        return -1;
    }
    size_t i;
    const json_t *value;
    json_array_foreach (array, i, value) {
        char pointer[32];
        snprintf(pointer, sizeof pointer, "/%zu", i);
        parse_one(i, value, pointer, parse, context, errors);
    }
    return (long)json_array_size(array);
}

/* One object a line; empty lines are passed over but counted in the pointers ("/line/7"). */
static long parse_lines(struct request *request, record_parser parse, void *context,
                        struct record_errors *errors)
{
    const char *at = request->body, *end = at + request->body_size;
    size_t n = 0;
    for (size_t line = 1; at < end; line++) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        const size_t length = (size_t)((stop ? stop : end) - at);
        if (strspn(at, " \t\r") < length && length > 0) {
            if (n == RECORDS_MAX) {
                reply_problem(request, 413, "", "more than %d lines are not taken at once",
                              RECORDS_MAX);
                return -1;
            }
            char pointer[32];
            snprintf(pointer, sizeof pointer, "/line/%zu", line);
            json_t *value = NULL;
            struct error err = {0};
            if (json_parse(at, length, &value, &err) != STATUS_OK) {
                snprintf(err.pointer, sizeof err.pointer, "%s", pointer);
                record_refuse(errors, n, &err);
            } else {
                parse_one(n, value, pointer, parse, context, errors);
            }
            json_decref(value);
            n++;
        }
        at += length + (stop ? 1 : 0);
    }
    return (long)n;
}

long parse_records(struct request *request, record_parser parse, void *context,
                   struct record_errors *errors)
{
    if (request->is_ndjson)
        return parse_lines(request, parse, context, errors);
    json_t *body = request_json(request);
    if (!body)
        return -1;
    long n = 1;
    if (json_is_array(body))
        n = parse_array(request, body, parse, context, errors);
    else
        parse_one(0, body, "", parse, context, errors);
    json_decref(body);
    return n;
}

static const char *field_name_at(const void *context, size_t i)
{
    (void)context;
    return catalogue_fields[i];
}

bool request_add_field(struct request *request, const char *name, const char *pointer,
                       uint32_t *fields)
{
    size_t n = 0;
    for (; catalogue_fields[n]; n++)
        if (strcmp(catalogue_fields[n], name) == 0) {
            *fields |= UINT32_C(1) << n;
            return true;
        }
    const char *nearest = text_nearest(name, n, field_name_at, NULL);
    reply_problem(request, 422, pointer, "no field '%.64s'%s", name, text_suggest(nearest).text);
    return false;
}

bool request_fields(struct request *request, uint32_t *ret_fields)
{
    const char *list = request_text(request, "fields");
    *ret_fields = 0;
    while (list) {
        const char *comma = strchrnul(list, ',');
        const char *name = arena_strndup(&request->arena, list, (size_t)(comma - list));
        if (!name) {
            reply_problem(request, 503, NULL, "out of memory");
            return false;
        }
        if (!request_add_field(request, name, "?fields", ret_fields))
            return false;
        list = *comma ? comma + 1 : NULL;
    }
    return true;
}

bool request_flag(const struct request *request, const char *name)
{
    return request_int(request, name, 0) != 0;
}

void request_refuse_model(struct request *request, const char *pointer, const char *name)
{
    reply_problem(request, 422, pointer,
                  "'%.64s' is not among the models that serve now; GET /v1/models lists them",
                  name);
}

void append_member(struct buffer *out, const char *name, const char *text)
{
    buffer_append_byte(out, '"');
    buffer_append_text(out, name);
    buffer_append_text(out, "\":");
    buffer_append_json(out, text, strlen(text));
}

void append_time(struct buffer *out, const char *name, int64_t ms)
{
    if (ms == TIME_UNKNOWN)
        return;
    char text[TIME_TEXT_SIZE];
    time_format(ms, text);
    buffer_printf(out, ",\"%s\":\"%s\"", name, text);
}

/* MergePatch of RFC 7396, section 2; both objects belong to the caller. */
static int apply_merge_patch(json_t *target, json_t *patch)
{
    const char *key;
    json_t *value;
    json_object_foreach (patch, key, value) {
        json_t *old = json_object_get(target, key);
        int failed;
        if (json_is_null(value)) {
            json_object_del(target, key);
            continue;
        }
        if (!json_is_object(value)) {
            failed = json_object_set(target, key, value);
        } else {
            if (!json_is_object(old) && json_object_set_new(target, key, json_object()) != 0)
                return -1;
            failed = apply_merge_patch(json_object_get(target, key), value);
        }
        if (failed)
            return -1;
    }
    return 0;
}

enum status merge_patch(const struct buffer *text, json_t *patch, json_t **ret_merged,
                        struct error *reterr)
{
    if (text->failed)
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory");
    json_t *merged = NULL;
    const enum status status = json_parse(text->data, text->size, &merged, reterr);
    if (status != STATUS_OK)
        return status;
    if (apply_merge_patch(merged, patch) != 0) {
        json_decref(merged);
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory");
    }
    *ret_merged = merged;
    return STATUS_OK;
}
