#pragma once
/* One training round: fit without the hold-out (the Report), judge by the gate, refit with the same
 * settings on everything up to S, write the Snapshot. No threads of its own but the pool it is
 * given; the caller is the coordinator.
 */
#include <stdint.h>

#include "data/settings.h"
#include "data/store.h"
#include "eval/evaluate.h"
#include "train/snapshot.h"

struct round_request {
    struct store *store; /* STORE_READ, the caller's thread */
    const struct settings *settings;
    const struct event_types *types; /* bound to the store's codes (store_bind_types); the ones in
                                        settings are not */
    const char *snapshots;           /* folder */
    uint32_t version;
    struct parallel *pool;
    const struct observer *observer;
    const struct snapshot *active; /* what serves now; NULL or version 0: nothing to compare with */
};

struct round_result {
    uint64_t seq;
    bool published; /* the gate lets it serve; the snapshot is on disk in any case but failure */
    const char *retriever; /* which model may serve: the configured one, or "popular" */
    struct buffer reason;  /* why it was refused; a sentence */
    struct buffer
        report; /* JSON: metrics by model, settings, gate's table, seconds by phase, counts */
    uint64_t peak_estimate; /* bytes, as checked against the limit */
};

/* TOO_LARGE: the estimate is above the limit (the figure is in the text, nothing was fitted).
 * CANCELLED within a second of the observer's stop. Partial snapshots are removed. */
enum status round_run(const struct round_request *request, struct round_result *ret_result,
                      struct error *reterr);
void round_result_free(struct round_result *result);

/* Checks model names and parameters of the settings: NOT_FOUND with the nearest known name. */
enum status round_check_settings(const struct settings *settings, struct error *reterr);
