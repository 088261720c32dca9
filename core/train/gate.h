#pragma once
/* The gate: may this round's snapshot serve?
 *
 * Publish if (1) NDCG@20 of the new model is above `popular` beyond the 95 % paired bootstrap
 * interval, (2) new minus active, compared as they serve and only on events after the active one's
 * own seq, is above -1 % of the active's mean at the interval's lower end, and (3) new, relative to
 * `popular`, is within 3 % of the best of the last ten rounds (no slow ratchet down). With fewer
 * than 200 users to compare the new and the active on, (2) is replaced by a check against gross
 * drops (more than 20 % below the active's stored report), and the reason says so.
 */
#include <stddef.h>

#include "base/buffer.h"
#include "eval/bootstrap.h"

enum { GATE_USERS_MIN = 200, GATE_ROUNDS = 10 };

struct gate_input {
    size_t n;                    /* hold-out users */
    const double *fresh;         /* [n] NDCG@20 of the new model */
    const double *popular;       /* [n] */
    size_t n_after;              /* users with hold-out events after the active one's seq */
    const double *fresh_after;   /* [n_after] on those events only */
    const double *active_after;  /* [n_after] */
    double active_stored;        /* the active round's stored NDCG@20; NaN: none */
    const double *past_relative; /* [n_past] NDCG@20 / popular's of past published rounds */
    size_t n_past;
    uint64_t seed;
};

struct gate_verdict {
    bool publish;         /* the configured model may serve */
    bool popular_instead; /* it may not, and nothing better serves: `popular` does */
    struct interval over_popular, over_active;
    bool compared; /* over_active was measured */
};

/* `reason` gets one or more sentences, with the figures, whatever the verdict. */
struct gate_verdict gate_judge(const struct gate_input *input, struct buffer *reason);
