#include "board/pr_curve.h"

#include <math.h>

enum { TRUE_POSITIVES, FALSE_POSITIVES, TRUE_NEGATIVES, FALSE_NEGATIVES, PRECISION, RECALL };

/* The greatest threshold that the score reaches. */
static int threshold_of(float score)
{
    const int last = PR_CURVE_THRESHOLDS - 1;
    const double at = floor((double)score * last);
    return at < 0 ? 0 : at > last ? last : (int)at;
}

static float share(double part, double whole)
{
    return whole > 0 ? (float)(part / whole) : 0;
}

bool pr_curve_of(const float *scores, const float *labels, const float *weights, size_t n,
                 struct pr_curve *ret_curve)
{
    double right[PR_CURVE_THRESHOLDS] = {0}, wrong[PR_CURVE_THRESHOLDS] = {0};
    double positive = 0, negative = 0;
    for (size_t i = 0; i < n; i++) {
        if (isnan(scores[i]))
            continue;
        const double weight = weights ? (double)weights[i] : 1, label = (double)labels[i];
        const int at = threshold_of(scores[i]);
        right[at] += weight * label;
        wrong[at] += weight * (1 - label);
        positive += weight * label;
        negative += weight * (1 - label);
    }
    if (!(positive + negative > 0))
        return false;
    double tp = 0, fp = 0;
    for (int i = PR_CURVE_THRESHOLDS - 1; i >= 0; i--) {
        tp += right[i];
        fp += wrong[i];
        ret_curve->rows[TRUE_POSITIVES][i] = (float)tp;
        ret_curve->rows[FALSE_POSITIVES][i] = (float)fp;
        ret_curve->rows[TRUE_NEGATIVES][i] = (float)(negative - fp);
        ret_curve->rows[FALSE_NEGATIVES][i] = (float)(positive - tp);
        ret_curve->rows[PRECISION][i] = share(tp, tp + fp);
        ret_curve->rows[RECALL][i] = share(tp, positive);
    }
    return true;
}
