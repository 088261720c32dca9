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
    bool published;         /* it may serve; the snapshot is on disk in any case but failure */
    const char *retriever;  /* what answers in it: the configured model, or "popular"; constant */
    struct buffer reason;   /* the gate's sentences, or why there was nothing to measure */
    struct buffer report;   /* JSON: see below */
    uint64_t peak_estimate; /* bytes, as checked against the limit */
};

/* Models fitted: `popular` and those of models.retrievers, whose first one answers; or, with
 * training.models: auto, the one that a search (eval/search.h) finds on what is not held out, which
 * begins with what the active snapshot's manifest remembers ("settings"."found"). Data without
 * anything to hold out (no events, nobody with two items) gives a round of `popular` alone.
 *
 * A configured model that the gate refuses: where nothing better than `popular` serves, the
 * snapshot answers by `popular` and may serve; otherwise it is written with the configured model,
 * for whoever wants to activate it by hand, and `published` is false.
 *
 * The report: {"retriever", "published", "reason", "counts": {"users", "items", "interactions"},
 * "settings": {...}, "drift": {...} (train/drift.h), "ranker": {"model", "published", "calibrated",
 * "rows_of": "impressions" or "candidates", "rows", "positives", "moments", "wanted",
 * "share_of_negatives", "auc", "auc_of_retriever", "over_retrieval": [low, high], "calibration":
 * {"rows", "error", "error_by_chance", "predicted", "chosen", "deciles"} (of impressions), "shift"
 * (eval/ranker_shift.h), "features" (train/feature_report.h; with training.features), "seconds"}
 * (where one was fitted), "search": {...}
 * (search_append_json; where there was one), "split", "models", "best" (report_json.h; absent
 * without a hold-out), "gate":
 * {"applied", "ndcg@20", "relative_to_popular", "over_popular": [low, high], "over_active": [low,
 * high]}, "after_active": {"users", "models"…}, "seconds": {"<phase>": s}, "memory": {"estimate",
 * "peak_rss", "phases": {"<phase>": bytes}}}.
 *
 * A second stage (models.ranker) is fitted by the protocol of eval/ranker_fit on what is not held
 * out, and is part of what is judged and published if it is surely better than the first stage
 * alone: the very one that was measured serves, over refitted models.
 *
 * Scalars, all at step `version` but for the fits' own: "holdout_fit/<model>/…" and "fit/<model>/…"
 * by epoch, "holdout/<model>/ndcg@20" and the other metrics, "data/users", "data/items",
 * "data/guests", "data/interactions", "seconds/<phase>", "memory/estimate_mib" and "peak_rss_mib",
 * "memory_by_phase/<phase>" in MiB, "drift/…" and "events_by_day/…" of train/drift.h,
 * and of a ranker "ranker/auc", "ranker/calibration_error" (with "…_by_chance") and others.
 *
 * TOO_LARGE: the estimate is above the limit (the figure is in the text, nothing was fitted).
 * CANCELLED within a second of the observer's stop. Partial snapshots are removed. */
enum status round_run(const struct round_request *request, struct round_result *ret_result,
                      struct error *reterr);
void round_result_free(struct round_result *result);

/* What the store keeps of a round that has ended: state, seq, kept, reason and report. Texts are
 * borrowed from result and err. finished_ms is the caller's clock. */
void round_describe(enum status status, const struct round_result *result, const struct error *err,
                    int64_t finished_ms, struct model_version *version);

/* Checks model names and parameters of the settings: NOT_FOUND with the nearest known name. */
enum status round_check_settings(const struct settings *settings, struct error *reterr);
