#pragma once
/* The gate: may this round's model serve?
 *
 * It may if
 * (1) its NDCG@20 is above `popular`'s beyond the 95 % paired bootstrap interval,
 * (2) new minus active, compared as they serve and only on events after the active one's own seq,
 * is above -1 % of the active's mean at the interval's lower end, and (3) its NDCG@20 relative to
 * `popular`'s is within 3 % of the best of the last ten published rounds (no slow ratchet down).
 * With fewer than 200 users to compare new and active on, (2) is replaced by a check against gross
 * drops (more than 20 % below the active's stored report), and the reason says so.
 *
 * Where it may not, the active snapshot keeps serving; but where nothing better than `popular` is
 * there to serve (none active, `popular` active, or an active model that is itself measurably below
 * `popular`), `popular` serves.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/parallel.h"
#include "eval/bootstrap.h"

enum { GATE_USERS_MIN = 200, GATE_ROUNDS = 10 };

struct gate_input {
    const char *name;            /* of the new model */
    size_t n;                    /* hold-out users, above 0 */
    const double *fresh;         /* [n] NDCG@20 of the new model */
    const double *popular;       /* [n] */
    bool active_serves;          /* an active snapshot answers with more than `popular` */
    size_t n_after;              /* users with hold-out events after the active one's seq */
    const double *fresh_after;   /* [n_after] on those events only */
    const double *active_after;  /* [n_after] */
    const double *popular_after; /* [n_after] */
    double active_stored;        /* the active round's stored NDCG@20; NaN: none */
    const double *past_relative; /* [n_past] NDCG@20 / popular's of the last published rounds */
    size_t n_past;               /* only the first GATE_ROUNDS count: newest first */
    uint64_t seed;
    struct parallel *pool;
};

struct gate_verdict {
    bool publish;         /* the new model may serve */
    bool popular_instead; /* it may not, and nothing better serves: `popular` does */
    double relative;      /* NDCG@20 over popular's; NaN when popular has 0 */
    struct interval over_popular, over_active; /* differences, not ratios */
    bool compared;                             /* over_active was measured */
};

/* `reason` gets one or more sentences, with the figures, whatever the verdict. NO_MEMORY. */
enum status gate_judge(const struct gate_input *input, struct gate_verdict *ret_verdict,
                       struct buffer *reason);
