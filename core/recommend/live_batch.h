#pragma once
/* Copies of some of the store's changes, so that they can be applied together under one lock: what
 * a callback of the store is given is good for that call only. Zero-initialise; live_batch_free. */
#include "base/arena.h"
#include "data/store.h"

enum { LIVE_BATCH_MAX = 128 };

struct live_batch {
    struct change changes[LIVE_BATCH_MAX];
    size_t n;
    struct arena texts;
};

static inline bool live_batch_is_full(const struct live_batch *batch)
{
    return batch->n == LIVE_BATCH_MAX;
}

/* Not to a full one. NO_MEMORY leaves it as it was. */
enum status live_batch_add(struct live_batch *batch, const struct change *change);

void live_batch_clear(struct live_batch *batch); /* keeps memory for the next changes */
void live_batch_free(struct live_batch *batch);
