/* JSON -> records. One table a record names the fields; one reader a kind of value takes a field
 * from JSON to the struct. What a value may be is decided in data/records_check.c. */
#include "data/records.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "data/records_rules.h"

enum kind {
    KIND_TEXT,       /* const char * */
    KIND_TEXTS,      /* const char *const *, counted in the field at `count` */
    KIND_BOOL,       /* bool */
    KIND_NUMBER,     /* double */
    KIND_POSITION,   /* int32_t */
    KIND_TIME,       /* int64_t */
    KIND_VECTOR,     /* const float *, counted at `count` */
    KIND_ATTRIBUTES, /* const char *, canonical JSON */
    KIND_CONTEXT,
    KIND_IGNORED, /* set by the server */
};

struct field {
    const char *name;
    enum kind kind;
    bool required;
    size_t offset, count; /* in the record */
};

struct shape {
    const char *what;
    const struct field *fields;
    size_t n_fields;
};

#define FIELD(record, name, member, kind, required)                                                \
    {                                                                                              \
        name, kind, required, offsetof(struct record, member), 0                                   \
    }
#define LIST(record, name, member, kind, required)                                                 \
    {                                                                                              \
        name, kind, required, offsetof(struct record, member), offsetof(struct record, n_##member) \
    }
#define SHAPE(what, fields)                                                                        \
    {                                                                                              \
        what, fields, sizeof fields / sizeof *fields                                               \
    }

static const struct field user_fields[] = {
    FIELD(user_record, "id", id, KIND_TEXT, true),
    FIELD(user_record, "attributes", attributes, KIND_ATTRIBUTES, false),
    FIELD(user_record, "created_at", created_ms, KIND_IGNORED, false),
    FIELD(user_record, "updated_at", updated_ms, KIND_IGNORED, false),
};
static const struct shape user_shape = SHAPE("user", user_fields);

static const struct field item_fields[] = {
    FIELD(item_record, "id", id, KIND_TEXT, true),
    FIELD(item_record, "attributes", attributes, KIND_ATTRIBUTES, false),
    FIELD(item_record, "title", title, KIND_TEXT, false),
    LIST(item_record, "categories", categories, KIND_TEXTS, false),
    FIELD(item_record, "hidden", hidden, KIND_BOOL, false),
    FIELD(item_record, "available", available, KIND_BOOL, false),
    FIELD(item_record, "price", price, KIND_NUMBER, false),
    FIELD(item_record, "currency", currency, KIND_TEXT, false),
    FIELD(item_record, "group_id", group_id, KIND_TEXT, false),
    FIELD(item_record, "published_at", published_ms, KIND_TIME, false),
    FIELD(item_record, "expires_at", expires_ms, KIND_TIME, false),
    LIST(item_record, "vector", vector, KIND_VECTOR, false),
    FIELD(item_record, "created_at", created_ms, KIND_IGNORED, false),
    FIELD(item_record, "updated_at", updated_ms, KIND_IGNORED, false),
    FIELD(item_record, "listed", listed, KIND_IGNORED, false),
};
static const struct shape item_shape = SHAPE("item", item_fields);

static const struct field event_fields[] = {
    FIELD(event_record, "user", user, KIND_TEXT, false),
    FIELD(event_record, "session", session, KIND_TEXT, false),
    FIELD(event_record, "item", item, KIND_TEXT, true),
    FIELD(event_record, "type", type, KIND_TEXT, true),
    FIELD(event_record, "timestamp", time_ms, KIND_TIME, false),
    FIELD(event_record, "rating", rating, KIND_NUMBER, false),
    FIELD(event_record, "quantity", quantity, KIND_NUMBER, false),
    FIELD(event_record, "price", price, KIND_NUMBER, false),
    FIELD(event_record, "currency", currency, KIND_TEXT, false),
    FIELD(event_record, "progress", progress, KIND_NUMBER, false),
    FIELD(event_record, "order_id", order_id, KIND_TEXT, false),
    FIELD(event_record, "context", context, KIND_CONTEXT, false),
    FIELD(event_record, "event_id", event_id, KIND_TEXT, false),
    FIELD(event_record, "recommendation_id", recommendation_id, KIND_TEXT, false),
    FIELD(event_record, "position", position, KIND_POSITION, false),
};
static const struct shape event_shape = SHAPE("event", event_fields);

static const struct field impression_fields[] = {
    FIELD(impression_record, "recommendation_id", recommendation_id, KIND_TEXT, false),
    FIELD(impression_record, "user", user, KIND_TEXT, false),
    FIELD(impression_record, "session", session, KIND_TEXT, false),
    LIST(impression_record, "items", items, KIND_TEXTS, true),
    FIELD(impression_record, "timestamp", time_ms, KIND_TIME, false),
    FIELD(impression_record, "context", context, KIND_CONTEXT, false),
};
static const struct shape impression_shape = SHAPE("impression", impression_fields);

/* ---- nothing given ---- */

struct user_record user_record_empty(void)
{
    return (struct user_record){
        .attributes = "{}", .created_ms = TIME_UNKNOWN, .updated_ms = TIME_UNKNOWN};
}

struct item_record item_record_empty(void)
{
    return (struct item_record){.attributes = "{}",
                                .available = true,
                                .price = NAN,
                                .published_ms = TIME_UNKNOWN,
                                .expires_ms = TIME_UNKNOWN,
                                .created_ms = TIME_UNKNOWN,
                                .updated_ms = TIME_UNKNOWN,
                                .listed = true};
}

struct event_record event_record_empty(void)
{
    return (struct event_record){.time_ms = TIME_UNKNOWN,
                                 .rating = NAN,
                                 .quantity = NAN,
                                 .price = NAN,
                                 .progress = NAN,
                                 .position = -1};
}

/* ---- one reader a kind; error texts without the place ---- */

static enum status refuse_type(const char *wanted, struct error *reterr)
{
    return error_set(reterr, STATUS_MALFORMED, "it must be %s", wanted);
}

static enum status refuse_memory(struct error *reterr)
{
    return error_set(reterr, STATUS_NO_MEMORY, "out of memory");
}

static enum status read_text(const json_t *value, struct arena *arena, const char **field,
                             struct error *reterr)
{
    if (!json_is_string(value))
        return refuse_type("a string", reterr);
    *field = arena_strndup(arena, json_string_value(value), json_string_length(value));
    return *field ? STATUS_OK : refuse_memory(reterr);
}

static enum status read_texts(const json_t *value, struct arena *arena, const char *const **field,
                              uint32_t *count, struct error *reterr)
{
    if (!json_is_array(value))
        return refuse_type("a list of strings", reterr);
    const size_t n = json_array_size(value);
    if (n > IMPRESSION_ITEMS_MAX) /* the longest of all lists; shorter limits are checked later */
        return error_set(reterr, STATUS_TOO_LARGE, "the list has %zu strings; that is too many", n);
    const char **texts = arena_zalloc(arena, n, sizeof *texts);
    if (!texts)
        return refuse_memory(reterr);
    for (size_t i = 0; i < n; i++) {
        const enum status status = read_text(json_array_get(value, i), arena, &texts[i], reterr);
        if (status != STATUS_OK) {
            if (reterr)
                json_pointer_push_index(reterr->pointer, i);
            return status;
        }
    }
    *field = texts;
    *count = (uint32_t)n;
    return STATUS_OK;
}

static enum status read_vector(const json_t *value, struct arena *arena, const float **field,
                               uint32_t *count, struct error *reterr)
{
    if (!json_is_array(value))
        return refuse_type("a list of numbers", reterr);
    const size_t n = json_array_size(value);
    if (n == 0)
        return error_set(reterr, STATUS_OUT_OF_RANGE, "the vector is empty; leave it out");
    if (n > VECTOR_DIMENSIONS_MAX)
        return error_set(reterr, STATUS_TOO_LARGE,
                         "the vector has %zu numbers; at most %d are allowed", n,
                         VECTOR_DIMENSIONS_MAX);
    float *numbers = arena_zalloc(arena, n, sizeof *numbers);
    if (!numbers)
        return refuse_memory(reterr);
    for (size_t i = 0; i < n; i++) {
        const json_t *number = json_array_get(value, i);
        if (!json_is_number(number)) {
            refuse_type("a number", reterr);
            if (reterr)
                json_pointer_push_index(reterr->pointer, i);
            return STATUS_MALFORMED;
        }
        numbers[i] = (float)json_number_value(number);
    }
    *field = numbers;
    *count = (uint32_t)n;
    return STATUS_OK;
}

static enum status read_time(const json_t *value, int64_t *field, struct error *reterr)
{
    if (!json_is_string(value))
        return refuse_type("a time such as \"2026-11-23T15:28:00Z\" (RFC 3339)", reterr);
    const enum status status = time_parse(json_string_value(value), field);
    if (status == STATUS_OUT_OF_RANGE)
        return error_set(reterr, status, "there is no such date or time");
    return status == STATUS_OK
               ? status
               : error_set(reterr, STATUS_OUT_OF_RANGE,
                           "it is not a time such as \"2026-11-23T15:28:00Z\" (RFC 3339)");
}

/* A whole number, also when written 3.0: JSON does not tell the two apart. */
static enum status read_position(const json_t *value, int32_t *field, struct error *reterr)
{
    if (!json_is_number(value))
        return refuse_type("a whole number", reterr);
    const double number = json_number_value(value);
    if (number != trunc(number))
        return refuse_type("a whole number", reterr);
    if (!(number >= 0 && number <= POSITION_MAX))
        return error_set(reterr, STATUS_OUT_OF_RANGE,
                         "the position is out of range; it must be from 0 to %d", POSITION_MAX);
    *field = (int32_t)number;
    return STATUS_OK;
}

static enum status read_attributes(const json_t *value, size_t bytes_max, struct arena *arena,
                                   const char **field, struct error *reterr)
{
    enum status status = attributes_check(value, bytes_max, reterr);
    if (status != STATUS_OK)
        return status;
    struct buffer text = {0};
    attributes_print(value, &text);
    *field = text.failed ? NULL : arena_strndup(arena, text.data, text.size);
    buffer_free(&text);
    return *field ? STATUS_OK : refuse_memory(reterr);
}

static enum status read_field(const struct field *field, const json_t *value, struct arena *arena,
                              void *record, struct error *reterr)
{
    void *at = (char *)record + field->offset;
    uint32_t *count = (uint32_t *)(void *)((char *)record + field->count);
    switch (field->kind) {
    case KIND_TEXT:
        return read_text(value, arena, at, reterr);
    case KIND_TEXTS:
        return read_texts(value, arena, at, count, reterr);
    case KIND_BOOL:
        if (!json_is_boolean(value))
            return refuse_type("true or false", reterr);
        *(bool *)at = json_is_true(value);
        return STATUS_OK;
    case KIND_NUMBER:
        if (!json_is_number(value))
            return refuse_type("a number", reterr);
        *(double *)at = json_number_value(value);
        return STATUS_OK;
    case KIND_POSITION:
        return read_position(value, at, reterr);
    case KIND_TIME:
        return read_time(value, at, reterr);
    case KIND_VECTOR:
        return read_vector(value, arena, at, count, reterr);
    case KIND_ATTRIBUTES:
        return read_attributes(value, ATTRIBUTE_BYTES_MAX, arena, at, reterr);
    case KIND_CONTEXT:
        return read_attributes(value, CONTEXT_BYTES_MAX, arena, at, reterr);
    case KIND_IGNORED:
        return STATUS_OK;
    }
    return STATUS_OK;
}

/* ---- whole objects ---- */

/* Puts "<pointer>/<name>" before the place that the error already has. name may be NULL. */
static enum status place(enum status status, const char *pointer, const char *name,
                         struct error *reterr)
{
    if (!reterr || status == STATUS_OK)
        return status;
    char whole[2 * ERROR_POINTER_MAX] = "";
    snprintf(whole, ERROR_POINTER_MAX, "%s", pointer ? pointer : "");
    if (name)
        json_pointer_push(whole, name);
    const size_t used = strlen(whole);
    snprintf(whole + used, sizeof whole - used, "%s", reterr->pointer);
    whole[ERROR_POINTER_MAX - 1] = '\0';
    utf8_trim_partial(whole);
    memcpy(reterr->pointer, whole, ERROR_POINTER_MAX);
    return status;
}

static const char *field_name_at(const void *context, size_t i)
{
    return ((const struct shape *)context)->fields[i].name;
}

static const struct field *find_field(const struct shape *shape, const char *name)
{
    for (size_t i = 0; i < shape->n_fields; i++)
        if (strcmp(shape->fields[i].name, name) == 0)
            return &shape->fields[i];
    return NULL;
}

static enum status refuse_field(const struct shape *shape, const char *name, struct error *reterr)
{
    const char *nearest = text_nearest(name, shape->n_fields, field_name_at, shape);
    return error_set(reterr, STATUS_NOT_FOUND, "unknown field '%.60s' of %s %s%s", name,
                     strchr("aeiou", *shape->what) ? "an" : "a", shape->what,
                     text_suggest(nearest).text);
}

/* The fields of a JSON object into the record, which holds the defaults. `id_given`: the field
 * "id" may be missing. */
static enum status read_object(const struct shape *shape, const json_t *value, bool id_given,
                               const char *pointer, struct arena *arena, void *record,
                               struct error *reterr)
{
    if (!json_is_object(value)) {
        error_set(reterr, STATUS_MALFORMED, "the %s must be a JSON object", shape->what);
        return place(STATUS_MALFORMED, pointer, NULL, reterr);
    }
    for (void *at = json_object_iter((json_t *)value); at;
         at = json_object_iter_next((json_t *)value, at)) {
        const char *name = json_object_iter_key(at);
        const struct field *field = find_field(shape, name);
        const enum status status =
            field ? read_field(field, json_object_iter_value(at), arena, record, reterr)
                  : refuse_field(shape, name, reterr);
        if (status != STATUS_OK)
            return place(status, pointer, name, reterr);
    }
    for (size_t i = 0; i < shape->n_fields; i++) {
        const char *name = shape->fields[i].name;
        if (!shape->fields[i].required || json_object_get(value, name) ||
            (id_given && strcmp(name, "id") == 0))
            continue;
        error_set(reterr, STATUS_OUT_OF_RANGE, "the field '%s' is missing", name);
        return place(STATUS_OUT_OF_RANGE, pointer, name, reterr);
    }
    return STATUS_OK;
}

/* The id of the path and the id of the body, if both are there, must agree. */
static enum status settle_id(const char *given, const char *pointer, const char **field,
                             struct error *reterr)
{
    if (given && *field && strcmp(given, *field) != 0) {
        error_set(reterr, STATUS_CONFLICT,
                  "the body's id '%.100s' is not the id of the path '%.100s'", *field, given);
        return place(STATUS_CONFLICT, pointer, "id", reterr);
    }
    if (given)
        *field = given;
    return STATUS_OK;
}

static enum status own_id(const char *id, struct arena *arena, const char **ret_copy,
                          struct error *reterr)
{
    *ret_copy = id ? arena_strndup(arena, id, strlen(id)) : NULL;
    return id && !*ret_copy ? refuse_memory(reterr) : STATUS_OK;
}

enum status user_from_json(const json_t *value, const char *id, const char *pointer,
                           struct arena *arena, struct user_record *ret_user, struct error *reterr)
{
    struct user_record user = user_record_empty();
    const char *given;
    enum status status = own_id(id, arena, &given, reterr);
    if (status == STATUS_OK)
        status = read_object(&user_shape, value, id, pointer, arena, &user, reterr);
    if (status == STATUS_OK)
        status = settle_id(given, pointer, &user.id, reterr);
    if (status != STATUS_OK)
        return status;
    status = user_check_fields(&user, reterr);
    if (status != STATUS_OK)
        return place(status, pointer, NULL, reterr);
    *ret_user = user;
    return STATUS_OK;
}

enum status item_from_json(const json_t *value, const char *id, const char *pointer,
                           struct arena *arena, struct item_record *ret_item, struct error *reterr)
{
    struct item_record item = item_record_empty();
    const char *given;
    enum status status = own_id(id, arena, &given, reterr);
    if (status == STATUS_OK)
        status = read_object(&item_shape, value, id, pointer, arena, &item, reterr);
    if (status == STATUS_OK)
        status = settle_id(given, pointer, &item.id, reterr);
    if (status != STATUS_OK)
        return status;
    status = item_check_fields(&item, reterr);
    if (status != STATUS_OK)
        return place(status, pointer, NULL, reterr);
    *ret_item = item;
    return STATUS_OK;
}

enum status event_from_json(const json_t *value, const char *pointer, struct arena *arena,
                            struct event_record *ret_event, struct error *reterr)
{
    struct event_record event = event_record_empty();
    enum status status = read_object(&event_shape, value, false, pointer, arena, &event, reterr);
    if (status != STATUS_OK)
        return status;
    status = event_check_fields(&event, reterr);
    if (status != STATUS_OK)
        return place(status, pointer, NULL, reterr);
    *ret_event = event;
    return STATUS_OK;
}

enum status impression_from_json(const json_t *value, const char *pointer, struct arena *arena,
                                 struct impression_record *ret_impression, struct error *reterr)
{
    struct impression_record impression = {.time_ms = TIME_UNKNOWN};
    enum status status =
        read_object(&impression_shape, value, false, pointer, arena, &impression, reterr);
    if (status != STATUS_OK)
        return status;
    status = impression_check_fields(&impression, reterr);
    if (status != STATUS_OK)
        return place(status, pointer, NULL, reterr);
    *ret_impression = impression;
    return STATUS_OK;
}
