#pragma once
/* How much of the store a ranker needs beside the events, counted before anything of it is held:
 * attributes and contexts as its spec asks for them, and lists of what was shown. */
#include "data/store.h"
#include "recommend/rank_columns.h"

struct ranker_stored {
    uint64_t fact_bytes;  /* that records of facts take at most (eval/rank_facts.h) */
    uint64_t n_lists;     /* lists of items shown */
    uint64_t n_shown;     /* items in them */
    uint64_t shown_facts; /* bytes of the lists' contexts */
};

/* Reads what a round reads later on, up to seq, and keeps none of it. lists: impressions are looked
 * at, with what names ask of their contexts. CANCELLED within a second of the observer's stop; what
 * the store says. */
enum status ranker_stored_count(struct store *store, uint64_t seq,
                                const struct fact_names names[RANK_FACTS], bool lists,
                                const struct observer *observer, struct ranker_stored *ret_stored,
                                struct error *reterr);

/* Bytes that all of it takes at most while a round holds it. */
uint64_t ranker_stored_bytes(const struct ranker_stored *stored);
