#pragma once
/* How good probabilities of a label are: what tf.estimator reports of a binary classifier, by its
 * names, with exact areas under the curves, and calibration.
 *
 * Every figure is weighted by the examples' weights. Examples of equal probability always stand
 * together, so no figure depends on the order of the examples beyond the last bits of a sum.
 * Threads: pure functions.
 */
#include <stdint.h>

#include "base/status.h"

enum binary_metric {
    BINARY_ACCURACY,
    BINARY_ACCURACY_BASELINE,
    BINARY_AUC,
    BINARY_AUC_PRECISION_RECALL,
    BINARY_AVERAGE_LOSS,
    BINARY_LABEL_MEAN,
    BINARY_LOSS,
    BINARY_PRECISION,
    BINARY_PREDICTION_MEAN,
    BINARY_RECALL,
    BINARY_CALIBRATION_ERROR,
    BINARY_METRIC_COUNT
};

struct binary_metric_info {
    const char *name; /* "auc_precision_recall", "label/mean", … */
    const char *help;
};
extern const struct binary_metric_info binary_metrics[BINARY_METRIC_COUNT];

/* What was predicted and what was true. Borrowed for the call. */
struct binary_scores {
    const float *probabilities; /* [n] in 0..1 */
    const float *labels;        /* [n] 0 or 1 */
    const float *weights;       /* [n] above 0; NULL: all 1 */
    uint32_t n;                 /* above 0 */
    uint32_t batch;             /* above 0: examples a batch, for `loss` alone */
};

enum { CALIBRATION_GROUPS = 10 };

struct calibration_group {
    double weight; /* of its examples; 0: the group is empty and so are its means */
    double prediction_mean, label_mean;
};

struct binary_report {
    double values[BINARY_METRIC_COUNT]; /* by enum binary_metric; both AUCs NaN for one class */
    struct calibration_group calibration[CALIBRATION_GROUPS]; /* by rising probability */
};

/* All of it. NO_MEMORY. */
enum status binary_evaluate(const struct binary_scores *scores, struct binary_report *ret_report);
