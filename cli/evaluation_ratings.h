#pragma once
/* What `evaluate --ratings` prints. */
#include <stdio.h>

#include "base/buffer.h"
#include "eval/fit.h"
#include "eval/rate.h"

/* A table of the figures, one of the differences. costs[n_models] of the fits. */
enum status evaluation_print_ratings(const struct rating_report *report,
                                     const struct fit_cost *const *costs, const char *split,
                                     FILE *out);

/* {"split": {…}, "models": [{"model", "settings", "metrics": {"rmse", "mae"}, "intervals",
 * "over_first", "fit_seconds", …}], "best"} */
void evaluation_ratings_json(const struct rating_report *report,
                             const struct fit_cost *const *costs, const char *split,
                             struct buffer *out);
