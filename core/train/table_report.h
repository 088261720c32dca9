#pragma once
/* What a fit reports, as JSON: kept with the model, and printed by `fit --json`. */
#include "base/buffer.h"
#include "train/table_fit.h"

/* {"mode", "features", "parameters", "wide_weights", "wide_zero", "epochs", "best_epoch", "rows":
 *  {"train", "validation", "eval"}, "train_loss", "validation": {"loss", "auc"} or null,
 *  "diverged": {"epoch", "loss"} or null, "parent": "<crc>" or null, "notes": […],
 *  "eval": {"accuracy", …, "calibration": [{"weight", "prediction/mean", "label/mean"}]} or null}
 * No durations: the same fit gives the same text. measured and from may be NULL. */
void table_report_append_json(const struct table_fit_result *result,
                              const struct table_measured *measured, const struct fitted *from,
                              struct buffer *out);
