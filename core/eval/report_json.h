#pragma once
/* A Report as JSON: what `evaluate --json` prints and what the store keeps of a round.
 *
 * {"split": {...}, "models": [{"model", "settings", "metrics": {"recall@20", …, "mrr", "coverage"},
 *  "intervals": {"recall@20": [low, high], …}, "average_popularity", "novelty", "gini",
 *  "over_first": {"recall@20": {"mean", "low", "high", "p"}, …}, "over_best": {…},
 *  "slices": [{"slice", "users", "recall@20", "ndcg@20"}], "fit_seconds", "epochs",
 *  "epoch_seconds": […], "fit_loss", "peak_rss_bytes", "users_per_second"}], "best": "ials"}
 */
#include "base/buffer.h"
#include "eval/evaluate.h"

/* The members `"split": …, "models": …, "best": …` without the braces around them, so that a caller
 * can add its own. split: "user-time", "files", … */
void report_append_json(const struct report *report, const char *split, struct buffer *out);

/* {"dimensions": 64, …}: a model's settings. */
void model_settings_append_json(const struct model_class *class, const void *settings,
                                struct buffer *out);
