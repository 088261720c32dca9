#pragma once
/* Users, items and events as they come in and go out: one validation for HTTP, import and export.
 *
 * Texts are terminated UTF-8, owned by the arena that was given to the parser (or by the statement,
 * in callbacks of the store: valid during the call). NULL or TIME_UNKNOWN or NaN means absent.
 */
#include <stdint.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/status.h"

enum {
    TITLE_BYTES_MAX = 4096,
    ATTRIBUTES_MAX = 200,        /* fields of one user or item */
    ATTRIBUTE_BYTES_MAX = 65536, /* all of them, as JSON */
    ATTRIBUTE_LIST_MAX = 1000,   /* strings in one list */
    CATEGORIES_MAX = 64,
    CATEGORY_BYTES_MAX = 512,
    VECTOR_DIMENSIONS_MAX = 4096,
    CONTEXT_BYTES_MAX = 8192,
    ATTRIBUTE_NAME_BYTES_MAX = 128,
    IMPRESSION_ITEMS_MAX = 2000,
    POSITION_MAX = 1000000,
    RECOMMENDATION_ID_BYTES_MAX = 200,
};

#define RATING_MAX   1e6 /* and not below its negative */
#define QUANTITY_MAX 1e9
#define PRICE_MAX    1e12

/* Times from outside: year 0001 is too far back to mean anything. */
#define TIME_MS_MIN   INT64_C(-62135596800000) /* 0001-01-01 */
#define TIME_MS_MAX   INT64_C(253402300799999) /* 9999-12-31 */
#define TIME_AHEAD_MS INT64_C(86400000)        /* an event may be this far ahead of now */

struct user_record {
    const char *id;
    const char *attributes; /* JSON object, "{}" when empty */
    int64_t created_ms, updated_ms;
};

struct item_record {
    const char *id;
    const char *attributes;
    const char *title;
    const char *const *categories; /* [n_categories] paths "a/b/c" */
    uint32_t n_categories;
    bool hidden, available; /* default false, true */
    double price;           /* NaN: none */
    const char *currency;   /* three capitals, ISO 4217 form */
    const char *group_id;
    int64_t published_ms, expires_ms; /* TIME_UNKNOWN: none */
    const float *vector;              /* [n_vector] */
    uint32_t n_vector;
    int64_t created_ms, updated_ms;
    bool listed; /* was PUT (or items.auto); a ghost made by an event is false. Not in JSON */
};

struct event_record {
    const char *user, *session; /* one at least */
    const char *item;
    const char *type;
    int64_t time_ms;      /* TIME_UNKNOWN: see time_is_unknown */
    bool time_is_unknown; /* imports only: stored without a time; otherwise a missing one is now */
    double rating, quantity, price, progress; /* NaN: none */
    const char *currency, *order_id;
    const char *context; /* JSON object */
    const char *event_id;
    const char *recommendation_id;
    int32_t position; /* from 0; -1: none */
};

struct impression_record {
    const char *recommendation_id; /* may be NULL for lists that were not ours */
    const char *user, *session;
    const char *const *items; /* [n_items] as shown */
    uint32_t n_items;
    int64_t time_ms;     /* TIME_UNKNOWN: the caller's clock */
    const char *context; /* JSON object */
};

/* Records with everything absent: what the readers begin with. */
struct user_record user_record_empty(void);
struct item_record item_record_empty(void);
struct event_record event_record_empty(void);

/* Parsers: MALFORMED for a wrong JSON type (null is one), OUT_OF_RANGE for a bad or missing value,
 * NOT_FOUND for an unknown field (named, with the nearest known one); TOO_LARGE past a limit;
 * reterr->pointer is "<pointer>/field". Fields that the server sets (created_at, updated_at) are
 * accepted and ignored. `id` given: the body's id, if any, must equal it (CONFLICT); NULL: the body
 * must have one. All rules below are applied, but one: an event's time may lie in the future, so
 * whoever has the clock calls event_check too.
 *
 * Attributes and context are flat objects of strings, numbers, booleans and lists of strings. They
 * are kept as one canonical text: names sorted, no spaces, shortest numbers. */
enum status user_from_json(const json_t *value, const char *id, const char *pointer,
                           struct arena *arena, struct user_record *ret_user, struct error *reterr);
enum status item_from_json(const json_t *value, const char *id, const char *pointer,
                           struct arena *arena, struct item_record *ret_item, struct error *reterr);
enum status event_from_json(const json_t *value, const char *pointer, struct arena *arena,
                            struct event_record *ret_event, struct error *reterr);
enum status impression_from_json(const json_t *value, const char *pointer, struct arena *arena,
                                 struct impression_record *ret_impression, struct error *reterr);

/* The rules alone, for records that did not come from JSON (importers). now_ms: the clock.
 * reterr->pointer is "/field". */
enum status user_check(const struct user_record *user, struct error *reterr);
enum status item_check(const struct item_record *item, struct error *reterr);
enum status event_check(const struct event_record *event, int64_t now_ms, struct error *reterr);
enum status impression_check(const struct impression_record *impression, int64_t now_ms,
                             struct error *reterr);

/* That the type is configured and has what it needs: a type by value needs a rating. The pointer is
 * "/type" or "/rating". OUT_OF_RANGE. */
struct event_types;
enum status event_check_type(const struct event_record *event, const struct event_types *types,
                             struct error *reterr);

/* One line of JSON as GET and export give it (no line feed); absent fields are left out. */
void user_to_json(const struct user_record *user, struct buffer *out);
void item_to_json(const struct item_record *item, struct buffer *out);
void event_to_json(const struct event_record *event, struct buffer *out);
void impression_to_json(const struct impression_record *impression, struct buffer *out);

/* The rules of attributes (and of a context), and their canonical text, for what is put together
 * from other formats. `bytes_max`: of the text. */
enum status attributes_check(const json_t *value, size_t bytes_max, struct error *reterr);
void attributes_print(const json_t *value, struct buffer *out);
