#pragma once
/* What was recommended: lists by strategy, by the places they covered, items by model version.
 *
 * Lock-free: three additions an answer, in stripes as in counters.h. Counts only rise.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

enum {
    ANSWERED_STRATEGIES_MAX = 32, /* the last stands for any other */
    ANSWERED_STRATEGY_BYTES = 64, /* of a name; the rest of longer ones is left out */
    ANSWERED_RANKS = 10,          /* places that are told apart */
    ANSWERED_VERSIONS = 8         /* that may serve within a second */
};

struct answered;

enum status answered_new(struct answered **ret_answered); /* NO_MEMORY */
void answered_free(struct answered *answered);

/* One list of n items from place `offset` (from 0) on. `strategy` is copied. */
void answered_add(struct answered *answered, const char *strategy, uint32_t version,
                  uint32_t offset, uint32_t n);

struct answered_sum {
    /* In the order of their first answers; they live as long as what they were counted by. */
    const char *strategies[ANSWERED_STRATEGIES_MAX];
    uint64_t lists[ANSWERED_STRATEGIES_MAX];
    size_t n_strategies;
    uint64_t ranks[ANSWERED_RANKS];       /* lists that had an item in this place */
    uint32_t versions[ANSWERED_VERSIONS]; /* 0: none, or before the first round */
    uint64_t items[ANSWERED_VERSIONS];    /* given by it, and by whatever had its slot before */
};
void answered_sum(const struct answered *answered, struct answered_sum *ret_sum);
