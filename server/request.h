#pragma once
/* One request from its first byte to its last: what was asked, what is answered.
 *
 * Owned by the HTTP layer. A handler may keep state in `state` (memory from the arena) between its
 * own call and a later one of the writer. One thread at a time has it.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/json.h"
#include "base/status.h"
#include "server/route.h"

struct site;

enum { REQUEST_VALUES_MAX = 4, REQUEST_PARAMETERS_MAX = 1100, REQUEST_ID_MAX = 128 };

struct query_parameter {
    const struct parameter *parameter;
    const char *text; /* decoded, checked by its type */
    int64_t number;   /* INT: value; BOOL: 0 or 1; CHOICE: index */
};

struct reply {
    unsigned status;          /* 0 until it is set */
    const char *content_type; /* constant text */
    struct buffer body;
    const char *location;      /* header, or NULL; from the arena */
    unsigned retry_after;      /* seconds, 0: none */
    const char *cache_control; /* constant, or NULL: no-store */
};

struct request {
    struct site *site;
    const struct route *route;
    const char *values[REQUEST_VALUES_MAX];   /* of the path's {…}, in order, decoded ids */
    const struct query_parameter *parameters; /* [n_parameters] in the order given */
    size_t n_parameters;
    const char *body;
    size_t body_size;
    bool is_ndjson;
    bool on_worker;              /* false: on the event loop */
    unsigned scopes;             /* of the key; all of them on a site without keys; 0: open route */
    char id[REQUEST_ID_MAX + 1]; /* X-Request-Id */
    struct arena arena;
    struct reply reply;
    void *state; /* the handler's */
    int64_t started_ns;
};

/* The first parameter of that name, or NULL. */
const struct query_parameter *request_parameter(const struct request *request, const char *name);
int64_t request_int(const struct request *request, const char *name, int64_t missing);
const char *request_text(const struct request *request, const char *name); /* NULL: missing */

/* Parses the body; answers 400 or 413 itself and returns NULL. The caller owns the value. */
json_t *request_json(struct request *request);

/* The answer is complete: sends it. See HANDLED_LATER. */
void request_finish(struct request *request);

/* ---- answers ---- */

/* 200 (or another status) with JSON that the handler appends to the returned buffer. */
struct buffer *reply_json(struct request *request, unsigned status);

/* application/problem+json (RFC 9457). `pointer` may be NULL. */
void reply_problem(struct request *request, unsigned status, const char *pointer,
                   const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Maps a status of the library: MALFORMED 400, OUT_OF_RANGE 422, NOT_FOUND 404 (422 when the error
 * has a pointer: a name inside the body), CONFLICT 409, TOO_LARGE 413, BUSY 503, NO_MEMORY 503,
 * DISK_FULL 507, UNSUPPORTED 422, else 500. */
void reply_error(struct request *request, const struct error *err);

/* Several places in one problem (arrays of records). errors[n] with pointers. */
void reply_errors(struct request *request, unsigned status, const char *title,
                  const struct error *errors, size_t n);

/* 204 */
void reply_empty(struct request *request);
