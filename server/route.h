#pragma once
/* One HTTP route: matching, checks, documentation and the handler, in one row of one table.
 *
 * Everything that stands here is done before the handler runs: the method (405 with Allow), the
 * key's scope (401, 403), the media type and size of the body (415, 413), unknown and ill-formed
 * query parameters (422 with the nearest known one). /openapi.json is made from the same rows.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "data/store.h"

struct request;

enum method { METHOD_GET, METHOD_PUT, METHOD_PATCH, METHOD_POST, METHOD_DELETE, METHOD_COUNT };

enum body_kind {
    BODY_NONE,   /* a body is refused with 413/415 as it comes */
    BODY_JSON,   /* application/json */
    BODY_PATCH,  /* application/merge-patch+json or application/json */
    BODY_RECORDS /* application/json (object or array) or application/x-ndjson */
};

enum parameter_type {
    PARAMETER_TEXT,
    PARAMETER_ID,
    PARAMETER_INT,
    PARAMETER_BOOL,
    PARAMETER_CHOICE
};

struct parameter {
    const char *name;
    enum parameter_type type;
    bool repeats;
    int64_t min, max;           /* INT: value; TEXT: bytes; repeats: at most `many` of them */
    uint32_t many;              /* 0: 1 */
    const char *initial;        /* what a missing one means, for the documentation; NULL: nothing */
    const char *const *choices; /* CHOICE; NULL at the end */
    const char *help;
};

struct response {
    unsigned status;
    const char *schema; /* name in the contract's components; NULL: no body */
    const char *help;
};

/* How a handler leaves. */
enum handled {
    HANDLED,       /* request->reply is complete */
    HANDLED_LATER, /* somebody calls request_finish(request) later, from any thread, exactly once
                      (perhaps before the handler has returned) */
    HANDLED_WORKER /* only from a route that is inline: run me again on a worker thread */
};

struct route {
    enum method method;
    const char *path; /* "/v1/users/{user}:merge": a literal after the last } is an action */
    enum handled (*handle)(struct request *request);
    bool is_inline; /* on the event loop: only what lies in memory and costs under 200 us */
    unsigned scope; /* of enum key_scope; 0: open to everybody */
    enum body_kind body;
    const struct parameter *parameters; /* name NULL at the end; NULL: none */
    const char *operation;              /* operationId, "get_user" */
    const char *summary;
    const char *request_schema;       /* NULL without a body */
    const struct response *responses; /* status 0 at the end; what every route may answer (400,
                                         401, 403, 413, 415, 429, 503 …) is added by the contract */
};

extern const struct route routes[]; /* path NULL at the end */
