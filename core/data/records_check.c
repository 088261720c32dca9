#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "data/event_type.h"
#include "data/records_rules.h"

/* Sets the place of an error that a shared rule has described. */
static enum status placed(enum status status, const char *pointer, struct error *reterr)
{
    if (status != STATUS_OK && reterr)
        snprintf(reterr->pointer, sizeof reterr->pointer, "%s", pointer);
    return status;
}

static enum status check_id(const char *id, const char *what, const char *pointer,
                            struct error *reterr)
{
    if (!id)
        return error_set_at(reterr, STATUS_OUT_OF_RANGE, pointer, "the %s is missing", what);
    return placed(id_check(id, strlen(id), what, reterr), pointer, reterr);
}

static enum status check_optional_id(const char *id, const char *what, const char *pointer,
                                     struct error *reterr)
{
    return id ? check_id(id, what, pointer, reterr) : STATUS_OK;
}

static enum status check_text(const char *text, size_t bytes_max, const char *pointer,
                              struct error *reterr)
{
    if (!text)
        return STATUS_OK;
    const size_t length = strlen(text);
    if (length > bytes_max)
        return error_set_at(reterr, STATUS_TOO_LARGE, pointer,
                            "the text has %zu bytes; at most %zu are allowed", length, bytes_max);
    if (!utf8_is_valid(text, length))
        return error_set_at(reterr, STATUS_MALFORMED, pointer, "the text is not valid UTF-8");
    return STATUS_OK;
}

/* NaN is absent. */
static enum status check_number(double value, double min, double max, const char *pointer,
                                struct error *reterr)
{
    if (isnan(value) || (value >= min && value <= max))
        return STATUS_OK;
    return error_set_at(reterr, STATUS_OUT_OF_RANGE, pointer,
                        "%.9g is out of range; it must be from %g to %g", value, min, max);
}

static enum status check_time(int64_t ms, const char *pointer, struct error *reterr)
{
    if (ms == TIME_UNKNOWN || (ms >= TIME_MS_MIN && ms <= TIME_MS_MAX))
        return STATUS_OK;
    return error_set_at(reterr, STATUS_OUT_OF_RANGE, pointer,
                        "the time is out of range; years 0001 to 9999 are allowed");
}

static enum status check_currency(const char *currency, struct error *reterr)
{
    if (!currency)
        return STATUS_OK;
    bool good = strlen(currency) == 3;
    for (const char *c = currency; good && *c; c++)
        good = *c >= 'A' && *c <= 'Z';
    if (good)
        return STATUS_OK;
    return error_set_at(reterr, STATUS_OUT_OF_RANGE, "/currency",
                        "a currency is three capital letters, such as EUR");
}

/* A path "a/b/c": no empty part, no control characters. */
static const char *category_fault(const char *path)
{
    const size_t length = strlen(path);
    if (length == 0)
        return "is empty";
    if (length > CATEGORY_BYTES_MAX)
        return "is longer than 512 bytes";
    if (!utf8_is_valid(path, length))
        return "is not valid UTF-8";
    if (path[0] == '/' || path[length - 1] == '/' || strstr(path, "//"))
        return "has an empty part; write it as a/b/c";
    for (const char *c = path; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            return "contains a control character";
    return NULL;
}

static enum status check_categories(const char *const *paths, uint32_t n, struct error *reterr)
{
    if (n > CATEGORIES_MAX)
        return error_set_at(reterr, STATUS_TOO_LARGE, "/categories",
                            "there are %u categories; at most %d are allowed", n, CATEGORIES_MAX);
    for (uint32_t i = 0; i < n; i++) {
        const char *fault = category_fault(paths[i]);
        for (uint32_t j = 0; !fault && j < i; j++)
            if (strcmp(paths[i], paths[j]) == 0)
                fault = "is given twice";
        if (fault) {
            char pointer[32];
            snprintf(pointer, sizeof pointer, "/categories/%u", i);
            return error_set_at(reterr, STATUS_OUT_OF_RANGE, pointer, "the category %s", fault);
        }
    }
    return STATUS_OK;
}

static enum status check_vector(const float *vector, uint32_t n, struct error *reterr)
{
    if (n > VECTOR_DIMENSIONS_MAX)
        return error_set_at(reterr, STATUS_TOO_LARGE, "/vector",
                            "the vector has %u numbers; at most %d are allowed", n,
                            VECTOR_DIMENSIONS_MAX);
    for (uint32_t i = 0; i < n; i++) {
        if (isfinite(vector[i]))
            continue;
        char pointer[32];
        snprintf(pointer, sizeof pointer, "/vector/%u", i);
        return error_set_at(reterr, STATUS_OUT_OF_RANGE, pointer,
                            "the number does not fit a 32-bit float");
    }
    return STATUS_OK;
}

enum status user_check_fields(const struct user_record *user, struct error *reterr)
{
    return check_id(user->id, "user id", "/id", reterr);
}

enum status item_check_fields(const struct item_record *item, struct error *reterr)
{
    enum status status = check_id(item->id, "item id", "/id", reterr);
    if (status == STATUS_OK)
        status = check_text(item->title, TITLE_BYTES_MAX, "/title", reterr);
    if (status == STATUS_OK)
        status = check_categories(item->categories, item->n_categories, reterr);
    if (status == STATUS_OK)
        status = check_number(item->price, 0, PRICE_MAX, "/price", reterr);
    if (status == STATUS_OK)
        status = check_currency(item->currency, reterr);
    if (status == STATUS_OK)
        status = check_optional_id(item->group_id, "group_id", "/group_id", reterr);
    if (status == STATUS_OK)
        status = check_time(item->published_ms, "/published_at", reterr);
    if (status == STATUS_OK)
        status = check_time(item->expires_ms, "/expires_at", reterr);
    if (status == STATUS_OK)
        status = check_vector(item->vector, item->n_vector, reterr);
    return status;
}

static enum status check_type(const char *type, struct error *reterr)
{
    if (type && strlen(type) > EVENT_TYPE_NAME_MAX)
        return error_set_at(reterr, STATUS_OUT_OF_RANGE, "/type",
                            "the type has %zu bytes; at most %d are allowed", strlen(type),
                            EVENT_TYPE_NAME_MAX);
    return check_id(type, "type", "/type", reterr);
}

static enum status check_recommendation_id(const char *id, struct error *reterr)
{
    if (id && strlen(id) > RECOMMENDATION_ID_BYTES_MAX)
        return error_set_at(reterr, STATUS_OUT_OF_RANGE, "/recommendation_id",
                            "recommendation_id has %zu bytes; at most %d are allowed", strlen(id),
                            RECOMMENDATION_ID_BYTES_MAX);
    return check_optional_id(id, "recommendation_id", "/recommendation_id", reterr);
}

static enum status check_who(const char *user, const char *session, struct error *reterr)
{
    enum status status = check_optional_id(user, "user id", "/user", reterr);
    if (status == STATUS_OK)
        status = check_optional_id(session, "session id", "/session", reterr);
    return status;
}

static enum status check_event_numbers(const struct event_record *event, struct error *reterr)
{
    enum status status = check_number(event->rating, -RATING_MAX, RATING_MAX, "/rating", reterr);
    if (status == STATUS_OK)
        status = check_number(event->quantity, 0, QUANTITY_MAX, "/quantity", reterr);
    if (status == STATUS_OK)
        status = check_number(event->price, 0, PRICE_MAX, "/price", reterr);
    if (status == STATUS_OK)
        status = check_number(event->progress, 0, 1, "/progress", reterr);
    if (status == STATUS_OK && (event->position < -1 || event->position > POSITION_MAX))
        status =
            error_set_at(reterr, STATUS_OUT_OF_RANGE, "/position",
                         "the position is out of range; it must be from 0 to %d", POSITION_MAX);
    return status;
}

enum status event_check_fields(const struct event_record *event, struct error *reterr)
{
    if (!event->user && !event->session)
        return error_set_at(reterr, STATUS_OUT_OF_RANGE, "",
                            "an event needs a user, a session or both");
    enum status status = check_who(event->user, event->session, reterr);
    if (status == STATUS_OK)
        status = check_id(event->item, "item id", "/item", reterr);
    if (status == STATUS_OK)
        status = check_type(event->type, reterr);
    if (status == STATUS_OK)
        status = check_time(event->time_ms, "/timestamp", reterr);
    if (status == STATUS_OK)
        status = check_event_numbers(event, reterr);
    if (status == STATUS_OK)
        status = check_currency(event->currency, reterr);
    if (status == STATUS_OK)
        status = check_optional_id(event->order_id, "order_id", "/order_id", reterr);
    if (status == STATUS_OK)
        status = check_optional_id(event->event_id, "event_id", "/event_id", reterr);
    if (status == STATUS_OK)
        status = check_recommendation_id(event->recommendation_id, reterr);
    return status;
}

enum status impression_check_fields(const struct impression_record *impression,
                                    struct error *reterr)
{
    enum status status = check_recommendation_id(impression->recommendation_id, reterr);
    if (status == STATUS_OK)
        status = check_who(impression->user, impression->session, reterr);
    if (status == STATUS_OK)
        status = check_time(impression->time_ms, "/timestamp", reterr);
    if (status != STATUS_OK)
        return status;
    if (impression->n_items == 0)
        return error_set_at(reterr, STATUS_OUT_OF_RANGE, "/items", "name the items as shown");
    if (impression->n_items > IMPRESSION_ITEMS_MAX)
        return error_set_at(reterr, STATUS_TOO_LARGE, "/items",
                            "there are %u items; at most %d are allowed", impression->n_items,
                            IMPRESSION_ITEMS_MAX);
    for (uint32_t i = 0; i < impression->n_items && status == STATUS_OK; i++) {
        char pointer[32];
        snprintf(pointer, sizeof pointer, "/items/%u", i);
        status = check_id(impression->items[i], "item id", pointer, reterr);
    }
    return status;
}

/* ---- attributes ---- */

static enum status attribute_name_check(const char *name, struct error *reterr)
{
    const size_t length = strlen(name);
    if (length == 0 || length > ATTRIBUTE_NAME_BYTES_MAX)
        return error_set(reterr, STATUS_OUT_OF_RANGE,
                         "the attribute's name has %zu bytes; 1 to %d are allowed", length,
                         ATTRIBUTE_NAME_BYTES_MAX);
    return id_check(name, length, "the attribute's name", reterr);
}

static enum status attribute_list_check(const json_t *list, struct error *reterr)
{
    if (json_array_size(list) > ATTRIBUTE_LIST_MAX)
        return error_set(reterr, STATUS_TOO_LARGE,
                         "the list has %zu strings; at most %d are allowed", json_array_size(list),
                         ATTRIBUTE_LIST_MAX);
    for (size_t i = 0; i < json_array_size(list); i++)
        if (!json_is_string(json_array_get(list, i)))
            return error_set(reterr, STATUS_MALFORMED, "element %zu of the list is not a string",
                             i);
    return STATUS_OK;
}

static enum status attribute_check(const char *name, const json_t *value, struct error *reterr)
{
    const enum status status = attribute_name_check(name, reterr);
    if (status != STATUS_OK)
        return status;
    switch (json_typeof(value)) {
    case JSON_STRING:
    case JSON_INTEGER:
    case JSON_REAL:
    case JSON_TRUE:
    case JSON_FALSE:
        return STATUS_OK;
    case JSON_ARRAY:
        return attribute_list_check(value, reterr);
    default:
        return error_set(reterr, STATUS_MALFORMED,
                         "an attribute is a string, a number, a boolean or a list of strings");
    }
}

enum status attributes_check(const json_t *value, size_t bytes_max, struct error *reterr)
{
    if (!json_is_object(value))
        return error_set(reterr, STATUS_MALFORMED, "it must be a JSON object");
    if (json_object_size(value) > ATTRIBUTES_MAX)
        return error_set(reterr, STATUS_TOO_LARGE, "there are %zu fields; at most %d are allowed",
                         json_object_size(value), ATTRIBUTES_MAX);
    for (void *at = json_object_iter((json_t *)value); at;
         at = json_object_iter_next((json_t *)value, at)) {
        const char *name = json_object_iter_key(at);
        const enum status status = attribute_check(name, json_object_iter_value(at), reterr);
        if (status != STATUS_OK) {
            if (reterr)
                json_pointer_push(reterr->pointer, name);
            return status;
        }
    }
    struct buffer text = {.limit = bytes_max};
    attributes_print(value, &text);
    const bool failed = text.failed, no_memory = text.no_memory;
    buffer_free(&text);
    if (no_memory)
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory");
    return failed ? error_set(reterr, STATUS_TOO_LARGE,
                              "the fields are larger than %zu bytes as JSON", bytes_max)
                  : STATUS_OK;
}

static enum status attributes_text_check(const char *text, size_t bytes_max, const char *pointer,
                                         struct error *reterr)
{
    if (!text)
        return STATUS_OK;
    json_t *value = NULL;
    struct error err = {0};
    enum status status = json_parse(text, strlen(text), &value, &err);
    if (status == STATUS_OK)
        status = attributes_check(value, bytes_max, &err);
    else
        err.pointer[0] = '\0';
    json_decref(value);
    if (status != STATUS_OK && reterr) {
        char place[2 * ERROR_POINTER_MAX];
        snprintf(place, sizeof place, "%s%s", pointer, err.pointer);
        error_set_at(reterr, status, place, "%s", err.text);
    }
    return status;
}

/* ---- whole records ---- */

enum status user_check(const struct user_record *user, struct error *reterr)
{
    const enum status status = user_check_fields(user, reterr);
    return status != STATUS_OK ? status
                               : attributes_text_check(user->attributes, ATTRIBUTE_BYTES_MAX,
                                                       "/attributes", reterr);
}

enum status item_check(const struct item_record *item, struct error *reterr)
{
    const enum status status = item_check_fields(item, reterr);
    return status != STATUS_OK ? status
                               : attributes_text_check(item->attributes, ATTRIBUTE_BYTES_MAX,
                                                       "/attributes", reterr);
}

static enum status check_ahead(int64_t time_ms, int64_t now_ms, struct error *reterr)
{
    if (time_ms != TIME_UNKNOWN && time_ms - TIME_AHEAD_MS > now_ms)
        return error_set_at(reterr, STATUS_OUT_OF_RANGE, "/timestamp",
                            "the time is more than a day ahead of the server's clock");
    return STATUS_OK;
}

enum status impression_check(const struct impression_record *impression, int64_t now_ms,
                             struct error *reterr)
{
    enum status status = impression_check_fields(impression, reterr);
    if (status == STATUS_OK)
        status = check_ahead(impression->time_ms, now_ms, reterr);
    if (status == STATUS_OK)
        status = attributes_text_check(impression->context, CONTEXT_BYTES_MAX, "/context", reterr);
    return status;
}

enum status event_check(const struct event_record *event, int64_t now_ms, struct error *reterr)
{
    enum status status = event_check_fields(event, reterr);
    if (status == STATUS_OK)
        status = check_ahead(event->time_ms, now_ms, reterr);
    if (status == STATUS_OK)
        status = attributes_text_check(event->context, CONTEXT_BYTES_MAX, "/context", reterr);
    return status;
}

enum status event_check_type(const struct event_record *event, const struct event_types *types,
                             struct error *reterr)
{
    const uint8_t code = event_types_code(types, event->type);
    if (code == 0) {
        const char *nearest = event_types_nearest(types, event->type);
        return error_set_at(reterr, STATUS_OUT_OF_RANGE, "/type",
                            "unknown type '%.64s'%s (interactions.types names those there are)",
                            event->type, text_suggest(nearest).text);
    }
    if (types->of[code].by_value && isnan(event->rating))
        return error_set_at(reterr, STATUS_OUT_OF_RANGE, "/rating",
                            "an event of type '%.64s' needs a rating", event->type);
    return STATUS_OK;
}
