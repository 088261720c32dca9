/* One JSON object a line: a user, an item or an event with the fields of the HTTP interface, as
 * `export` writes them. What a line is says its field "kind" ("user", "item", "event"), else the
 * settings' kind, else its fields: with "item" an event, with a field that only items have an item,
 * otherwise a user. An event without a timestamp has an unknown time. */
#include <string.h>

#include "base/json.h"
#include "data/readers/feed.h"

enum line_kind { LINE_UNKNOWN, LINE_USER, LINE_ITEM, LINE_EVENT };

static const struct {
    const char *name;
    enum line_kind kind;
} kind_names[] = {
    {"user", LINE_USER},         {"item", LINE_ITEM},          {"event", LINE_EVENT},
    {"users", LINE_USER},        {"items", LINE_ITEM},         {"events", LINE_EVENT},
    {"interaction", LINE_EVENT}, {"interactions", LINE_EVENT},
};

static const char *const item_fields[] = {"title",        "categories", "hidden",   "available",
                                          "price",        "currency",   "group_id", "vector",
                                          "published_at", "expires_at"};

static enum line_kind kind_of_name(const char *name)
{
    for (size_t i = 0; i < sizeof kind_names / sizeof *kind_names; i++)
        if (strcmp(kind_names[i].name, name) == 0)
            return kind_names[i].kind;
    return LINE_UNKNOWN;
}

static enum line_kind kind_of_fields(const json_t *object)
{
    if (json_object_get(object, "item"))
        return LINE_EVENT;
    for (size_t i = 0; i < sizeof item_fields / sizeof *item_fields; i++)
        if (json_object_get(object, item_fields[i]))
            return LINE_ITEM;
    return LINE_USER;
}

/* Takes the field "kind" out of the object if it is there. */
static enum status decide_kind(const struct reader_settings *settings, json_t *object,
                               enum line_kind *ret_kind, struct error *reterr)
{
    const json_t *named = json_object_get(object, "kind");
    if (!named) {
        *ret_kind = settings->kind ? kind_of_name(settings->kind) : kind_of_fields(object);
        return STATUS_OK;
    }
    const char *name = json_string_value(named);
    *ret_kind = name ? kind_of_name(name) : LINE_UNKNOWN;
    if (*ret_kind == LINE_UNKNOWN)
        return error_set_at(reterr, STATUS_OUT_OF_RANGE, "/kind",
                            "the field 'kind' must be user, item or event");
    json_object_del(object, "kind");
    return STATUS_OK;
}

static enum status send_object(struct feed *feed, json_t *object, bool *ret_sent,
                               struct error *reterr)
{
    enum line_kind kind = LINE_UNKNOWN;
    struct user_record user;
    struct item_record item;
    struct event_record event;
    enum status status = decide_kind(feed->settings, object, &kind, reterr);
    if (status != STATUS_OK)
        return status;
    if (kind == LINE_USER)
        status = user_from_json(object, NULL, "", &feed->arena, &user, reterr);
    else if (kind == LINE_ITEM)
        status = item_from_json(object, NULL, "", &feed->arena, &item, reterr);
    else
        status = event_from_json(object, "", &feed->arena, &event, reterr);
    if (status != STATUS_OK)
        return status;
    *ret_sent = true;
    if (kind == LINE_USER)
        return feed_user(feed, &user);
    if (kind == LINE_ITEM)
        return feed_item(feed, &item);
    event.time_is_unknown = event.time_ms == TIME_UNKNOWN;
    return feed_event(feed, &event);
}

static enum status read_line(struct feed *feed, const struct source_line *line, bool *ret_sent,
                             struct error *reterr)
{
    json_t *object = NULL;
    if (strspn(line->bytes, " \t") == line->length)
        return STATUS_OK;
    enum status status = json_parse(line->bytes, line->length, &object, reterr);
    if (status != STATUS_OK)
        return status;
    if (json_is_object(object))
        status = send_object(feed, object, ret_sent, reterr);
    else
        status = error_set(reterr, STATUS_MALFORMED, "the line is JSON but no object");
    json_decref(object);
    return status;
}

static enum status read_ndjson(const char *path, const struct reader_settings *settings,
                               const struct reader_sink *sink, const struct observer *observer,
                               struct error *reterr)
{
    if (settings->kind && kind_of_name(settings->kind) == LINE_UNKNOWN)
        return error_set(reterr, STATUS_OUT_OF_RANGE,
                         "unknown kind '%.40s'; it must be users, items or interactions",
                         settings->kind);
    return feed_lines(path, true, read_line, settings, sink, observer, reterr);
}

extern const struct reader_class ndjson_reader;
const struct reader_class ndjson_reader = {
    .name = "ndjson",
    .summary = "one JSON object a line, as export writes them",
    .read = read_ndjson,
};
