#pragma once
/* How a classifier's rightness depends on the threshold, as TensorBoard's PR curves take it. */
#include <stdbool.h>
#include <stddef.h>

enum { PR_CURVE_THRESHOLDS = 101 };

/* Row by row: true positives, false positives, true negatives, false negatives, precision, recall.
 * Column i is for the threshold i / (PR_CURVE_THRESHOLDS - 1): what scores at least that counts as
 * positive. */
struct pr_curve {
    float rows[6][PR_CURVE_THRESHOLDS];
};

/* Of scores[n] in 0..1 against labels[n] in 0..1 with weights[n] (NULL: 1 each); a label between is
 * as much positive as it says. Scores that are no number are left out. False where nothing is left.
 */
bool pr_curve_of(const float *scores, const float *labels, const float *weights, size_t n,
                 struct pr_curve *ret_curve);
