#pragma once
/* What the resources share: writing through the writer thread, reading with a borrowed store,
 * pages. Each resource file defines the handlers that server/routes.c names. */
#include "server/request.h"
#include "server/site.h"
#include "server/writer.h"

/* Queues `apply` (the writer's thread, in the transaction); when it is stored, `answer` writes the
 * reply, also there. A failure of apply or of the commit is answered by reply_error. Either
 * function finds its own data in request->state. */
enum handled write_then(struct request *request,
                        enum status (*apply)(struct request *request, struct store *store,
                                             struct error *reterr),
                        void (*answer)(struct request *request));

/* Runs `read` with a borrowed STORE_READ handle and answers its failure. */
enum handled read_store(struct request *request,
                        enum status (*read)(struct request *request, struct store *store,
                                            struct error *reterr));

/* Memory from the request's arena, zeroed; NULL after a 503 was answered. */
void *request_zalloc(struct request *request, size_t size);

/* ---- pages: {"<name>":[…],"next_cursor":…} ---- */

enum { PAGE_LIMIT_MAX = 1000, PAGE_LIMIT = 100 };

struct page {
    struct request *request;
    struct buffer *out;
    uint32_t limit, n;
    uint64_t last; /* key of the last element printed */
};

/* Reads `limit` and `cursor` (a decimal key; *ret_key is `missing` without one). False: a 422 was
 * answered. */
bool page_open(struct request *request, const char *name, uint64_t missing, struct page *ret_page,
               uint64_t *ret_key);
/* The comma before the next element; call first. */
void page_next(struct page *page, uint64_t key);
/* Closes: a cursor if the page is full (it may be followed by an empty one). */
void page_close(struct page *page);

/* Answers with a page of events, newest first: `list` is store_list_user_events or its twin for
 * items, `number` whose. */
typedef enum status (*event_lister)(struct store *store, uint32_t number, const char *type,
                                    uint64_t before_seq, uint32_t limit, store_each_event each,
                                    void *context, struct error *reterr);
enum status page_of_events(struct request *request, struct store *store, event_lister list,
                           uint32_t number, struct error *reterr);

/* ---- arrays of records ---- */

enum { RECORDS_MAX = 10000, RECORD_ERRORS_MAX = 100 };

/* Calls `parse(context, i, value, pointer, reterr)` for each object of the body: one object, an
 * array or NDJSON. Up to RECORD_ERRORS_MAX refusals are collected into errors[]. Returns the number
 * of elements; -1: the body as a whole was refused and answered. `*ret_errors` counts refusals. */
struct record_errors {
    struct error list[RECORD_ERRORS_MAX];
    size_t index[RECORD_ERRORS_MAX]; /* of the element */
    size_t n;                        /* listed */
    size_t refused;                  /* in all */
    struct error failure; /* what no element is to blame for (memory); OK where nothing failed */
};
typedef enum status (*record_parser)(void *context, size_t i, const json_t *value,
                                     const char *pointer, struct error *reterr);
long parse_records(struct request *request, record_parser parse, void *context,
                   struct record_errors *errors);

/* An error that does not blame the input becomes the failure of the whole. */
void record_refuse(struct record_errors *errors, size_t i, const struct error *err);

/* Sending the same again would fail the same way. */
bool status_blames_input(enum status status);

/* Sets the bit of a name among catalogue_fields. False: a 422 was answered, at the pointer. */
bool request_add_field(struct request *request, const char *name, const char *pointer,
                       uint32_t *fields);

/* The query parameter `fields`: one bit for each of catalogue_fields. False: a 422 was answered. */
bool request_fields(struct request *request, uint32_t *ret_fields);

/* "true" or "false" query parameter. */
bool request_flag(const struct request *request, const char *name);

/* Answers 422: no model of that name serves. */
void request_refuse_model(struct request *request, const char *pointer, const char *name);

/* Appends "name":"text". */
void append_member(struct buffer *out, const char *name, const char *text);

/* Appends ,"name":"<RFC 3339>" or nothing for TIME_UNKNOWN. */
void append_time(struct buffer *out, const char *name, int64_t ms);

/* RFC 7396: `patch` over the JSON text; *ret_merged is the caller's. The patch must be an object.
 */
enum status merge_patch(const struct buffer *text, json_t *patch, json_t **ret_merged,
                        struct error *reterr);
