#pragma once
/* What each column of a table, and each cross of its spec, is worth to a model.
 *
 * - Association with the label over the training rows, from counts: of a column by those of its
 *   features that tells most, numbers cut at quantiles (eval/association.h).
 * - Permutation importance (Breiman 2001; Fisher, Rudin, Dominici 2019): by how much the AUC on
 *   held-out rows falls when the column's values are dealt out anew among them, all features and
 *   crosses of the column with it; of a cross, when its own entries are. Mean over several seeds
 *   of the fit and several deals each; the interval is mean +- 2.58 deviations of a single deal
 *   (99 %).
 * - The L1 path of a linear model over all features (linalg/logistic.h): the strength at which the
 *   last weight of a column's own features, or of a cross, becomes 0, as a share of the strength at
 *   which all are; what dies late says most, by itself.
 * - What to drop: whatever's interval does not lie above `least`. Columns that say the same share
 *   their importance: drop one at a time and fit again.
 */
#include "eval/association.h"
#include "train/feature_source.h"
#include "train/table_fit.h"

enum {
    FEATURE_REPORT_HELD_MAX = 100000,
    FEATURE_REPORT_SEEDS_MAX = 20,
    FEATURE_REPORT_REPEATS_MAX = 100,
};

struct feature_worth {
    const char *name; /* of a column, or of a feature that is a cross */
    bool cross;
    struct association association;
    double importance, low, high; /* fall of the AUC */
    double dies;                  /* strength of L1, 0..1; 0: no weight ever differed from 0 */
    bool drop;
};

struct feature_report {
    struct arena arena;
    struct feature_worth *rows; /* [n] by falling importance */
    uint32_t n, n_train, n_held;
    uint32_t seeds, repeats;
    double auc; /* on the held-out rows as they are, mean over the seeds */
};

struct feature_report_request {
    const struct feature_spec *spec;
    const struct table_settings *settings;
    const char *train_path, *held_path;  /* files: they are read several times */
    const struct feature_source *source; /* NULL: those files; else it stands for them and the
                                            settings */
    uint32_t seeds, repeats;
    uint64_t seed;     /* the first of them */
    double least;      /* fall of the AUC below which a column is not worth its keep */
    uint32_t held_max; /* held-out rows that are used; 0: FEATURE_REPORT_HELD_MAX */
    struct parallel *pool;
    const struct observer *observer;
};

/* Errors as table_fit; OUT_OF_RANGE: the held-out rows have one label only. */
enum status feature_report_make(const struct feature_report_request *request,
                                struct feature_report **ret_report, struct error *reterr);
void feature_report_free(struct feature_report *report); /* NULL is fine */

/* {"auc", "rows": {"train", "held_out"}, "seeds", "repeats", "features": [{"name", "cross",
 *  "mutual_information", "chi_squared", "degrees", "p", "importance", "low", "high", "dies",
 * "drop"}], "drop": […]} */
void feature_report_append_json(const struct feature_report *report, struct buffer *out);
