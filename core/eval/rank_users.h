#pragma once
/* One list for each of many users, through the Recommender, in parallel.
 *
 * Users are ranked in chunks; a chunk's lists are then handed over on the caller's thread in the
 * users' order. A list depends on nothing but its user, so neither threads nor chunks change it.
 */
#include "base/observer.h"
#include "base/parallel.h"
#include "linalg/csr.h"
#include "recommend/recommend.h"

#define NO_EVENT UINT32_MAX

/* When a user asks. */
struct rank_moment_of {
    int64_t now_ms; /* TIME_UNKNOWN: after everything */
    uint32_t event; /* the one that it is right before, of a dataset; NO_EVENT */
};

struct rank_users_request {
    const struct view *view; /* read by every worker at once */
    const uint32_t *users;   /* [n_users] */
    uint32_t n_users;
    uint32_t n;                           /* length of the lists, 1 to RECOMMEND_N_MAX */
    const struct csr *exclude;            /* a row a user; NULL: nothing */
    const struct rank_moment_of *moments; /* by user, when each asks; NULL: nobody looks at the
                                             time */
    const struct facts *contexts;         /* by event; NULL: none is known */
    struct parallel *pool;
    const struct observer *observer;
    double share_from, share_to; /* of the phase "evaluating" */
    /* `at` is the place in users; items[n] best first, n may be less than asked */
    void (*each)(void *context, uint32_t at, const struct recommended *items, uint32_t n);
    void *context;
};

/* NO_MEMORY, or CANCELLED within a second of the observer's stop. */
enum status rank_users(const struct rank_users_request *request);
