#pragma once
/* A request with what the HTTP layer keeps beside it. Private to the HTTP layer.
 *
 * Life: made when the request line is there. The connection holds it until libmicrohttpd says that
 * the request is over; from the call of its handler to request_finish the handler's side holds it
 * too, so that a late finish after the daemon has stopped finds its memory.
 *
 * A connection whose handler leaves without an answer is parked: suspended and listed, so that a
 * stopping daemon can let all of them go. The state says who resumes it:
 *
 *     RUNNING   --loop parks-->      SUSPENDED --request_finish--> FINISHED   (the finisher
 * resumes) RUNNING   --request_finish-->  FINISHED                      (nobody needs to, or the
 * loop) SUSPENDED --daemon stops-->    ABANDONED                     (the stopping thread resumes)
 */
#include <stdatomic.h>
#include <stddef.h>

#include "server/headers.h"
#include "server/reaper.h"
#include "server/request.h"
#include "server/target.h"

struct httpd;

enum exchange_stage {
    STAGE_HEADERS,  /* the first call of the access handler is to come */
    STAGE_BODY,     /* reads the body, or waits for the call that says it is over */
    STAGE_PARKED,   /* somebody else has it */
    STAGE_ANSWERED, /* the answer is queued, or nothing more is to come */
};

enum exchange_state { EXCHANGE_RUNNING, EXCHANGE_SUSPENDED, EXCHANGE_FINISHED, EXCHANGE_ABANDONED };

struct exchange {
    struct request request; /* first: exchange_of() */
    struct MHD_Connection *connection;
    struct httpd *httpd;
    struct link *link;
    enum exchange_stage stage;
    _Atomic int state;
    _Atomic unsigned holders;
    char *raw_target;
    struct target target;
    struct headers headers;
    struct buffer body;
    size_t counted; /* bytes of the body in httpd.body_bytes */
    bool discards, closes;
    unsigned allow;     /* for 405: the path's methods */
    bool asks_for_key;  /* for 401 */
    const char *origin; /* for CORS, from the arena; or NULL */
    bool is_preflight;
    struct exchange *before, *after; /* while parked */
};

static inline struct exchange *exchange_of(struct request *request)
{
    return (struct exchange *)request;
}

/* Held once, with a copy of the target; NULL without memory. */
struct exchange *exchange_new(const char *raw_target);
void exchange_hold(struct exchange *exchange);
void exchange_drop(struct exchange *exchange);

/* The parked ones of a daemon. */
struct parking;
struct parking *parking_new(void);
void parking_free(struct parking *parking);

/* Suspends; the state must be RUNNING, and stays so. False once parking_clear was called. */
bool parking_enter(struct parking *parking, struct exchange *exchange);

/* Once: the stage is STAGE_ANSWERED afterwards. */
void parking_leave(struct parking *parking, struct exchange *exchange);
size_t parking_count(struct parking *parking);

/* Lets nobody in any more, resumes every suspended one as ABANDONED, waits until all have left. */
void parking_clear(struct parking *parking);
