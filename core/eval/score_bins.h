#pragma once
/* A classifier's scores against the labels, in few numbers: enough to draw its ROC curve and its
 * reliability diagram, in one pass and without a sort.
 *
 * Bins are of equal width in the log odds of a score, so that scores near 0 or 1 are told apart.
 */
#include <stdbool.h>
#include <stddef.h>

enum { SCORE_BINS = 512, RELIABILITY_GROUPS = 10, ROC_POINTS = SCORE_BINS + 1 };

struct score_bins {
    struct score_bin {
        double weight, positive, score; /* sums of w, w label, w score */
    } of[SCORE_BINS];                   /* by rising score */
};

/* Of scores[n] in 0..1 against labels[n] in 0..1 with weights[n] (NULL: 1 each); scores that are no
 * number are left out. */
void score_bins_fill(struct score_bins *bins, const float *scores, const float *labels,
                     const float *weights, size_t n);

/* Shares of the negatives (x) and of the positives (y) that score at least a threshold, which falls
 * from point to point: (0, 0) to (1, 1). Returns the area below. False without both labels. */
bool score_bins_roc(const struct score_bins *bins, double x[ROC_POINTS], double y[ROC_POINTS],
                    double *ret_area);

/* Means of the scores (x) and of the labels (y) in groups of about equal weight, by rising score.
 * Returns the number of groups: at most RELIABILITY_GROUPS, 0 where there is nothing. */
size_t score_bins_reliability(const struct score_bins *bins, double x[RELIABILITY_GROUPS],
                              double y[RELIABILITY_GROUPS]);
