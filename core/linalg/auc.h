#pragma once
/* How well scores order two classes: exact areas under curves, no buckets.
 *
 * scores[n] without NaN; labels[n] in 0..1: the share of the example that is positive (0 and 1 for
 * ordinary labels); weights[n] above 0, NULL: all 1. With P and N the weight of all positives and
 * of all negatives; both functions give NaN where P or N is 0, for then there is nothing to order.
 * Equal scores stand together: the result does not depend on the order of the examples.
 * Threads: pure functions.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* order[n]: the examples by falling score; equal ones by number. `scratch` holds
 * scores_order_scratch(n) bytes. */
size_t scores_order_scratch(size_t n);
void scores_order(const float *scores, uint32_t n, uint32_t *order, void *scratch);

/* Area under the receiver's operating characteristic: the chance that a positive stands above a
 * negative, ties counting one half (Hanley and McNeil 1982). NO_MEMORY. */
enum status auc_roc(const float *scores, const float *labels, const float *weights, uint32_t n,
                    double *ret_auc);

/* Both areas from an order that is there already. */
double auc_roc_ordered(const uint32_t *order, const float *scores, const float *labels,
                       const float *weights, uint32_t n);

/* Average precision: the sum over the distinct scores t of (recall(t) - recall(before t)) x
 * precision(t), without interpolation, as scikit-learn's average_precision_score. A trapezoid
 * between the points would flatter (Davis and Goadrich 2006). */
double auc_precision_recall_ordered(const uint32_t *order, const float *scores, const float *labels,
                                    const float *weights, uint32_t n);
