#pragma once
/* What the gate needs of earlier rounds, from their stored reports. */
#include "data/store.h"
#include "train/gate.h"

struct past_rounds {
    double relative[GATE_ROUNDS]; /* NDCG@20 over popular's of published rounds, newest first */
    size_t n;
    double active_ndcg; /* of the active round; NaN: none stored */
};

/* active: the version that serves, 0: none. Rounds without a figure are passed over. */
enum status past_rounds_read(struct store *store, uint32_t active, struct past_rounds *ret_past,
                             struct error *reterr);
