#include "eval/binary_metrics.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "linalg/auc.h"

/*  Log loss of one example: -(y log p + (1 - y) log(1 - p)), p kept PROBABILITY_MIN away from 0 and
 *  1, as Keras does: one sure mistake of a float is then no infinite mean.
 *
 *  Calibration (Naeini et al. 2015): the examples by rising probability in ten groups of equal
 *  weight g; expected calibration error = sum_g w_g / W * |mean p - mean y|. Equal probabilities
 *  go to the group in which the middle of their weight lies.
 */

#define PROBABILITY_MIN 1e-7
#define THRESHOLD       0.5

const struct binary_metric_info binary_metrics[BINARY_METRIC_COUNT] = {
    [BINARY_ACCURACY] = {"accuracy", "share of the examples that a threshold of 0.5 gets right"},
    [BINARY_ACCURACY_BASELINE] = {"accuracy_baseline",
                                  "accuracy of always saying the more frequent label"},
    [BINARY_AUC] = {"auc", "chance that a positive example stands above a negative one"},
    [BINARY_AUC_PRECISION_RECALL] = {"auc_precision_recall",
                                     "average precision: area under precision over recall"},
    [BINARY_AVERAGE_LOSS] = {"average_loss", "mean log loss of an example"},
    [BINARY_LABEL_MEAN] = {"label/mean", "share of positive examples"},
    [BINARY_LOSS] = {"loss", "log loss summed over a batch, mean over the batches"},
    [BINARY_PRECISION] = {"precision", "share of positives among those that the threshold says"},
    [BINARY_PREDICTION_MEAN] = {"prediction/mean", "mean probability"},
    [BINARY_RECALL] = {"recall", "share of the positives that the threshold finds"},
    [BINARY_CALIBRATION_ERROR] = {"calibration_error",
                                  "mean distance of probability and share, over ten groups"},
};

struct sums {
    double weight, right, label, prediction, loss;
    double said, hit; /* above the threshold; and positive */
};

static double log_loss(double p, double y)
{
    const double high = 1 - PROBABILITY_MIN;
    const double kept = p < PROBABILITY_MIN ? PROBABILITY_MIN : p > high ? high : p;
    return -(y * log(kept) + (1 - y) * log1p(-kept));
}

static struct sums sum_up(const struct binary_scores *s)
{
    struct sums sums = {0};
    for (uint32_t i = 0; i < s->n; i++) {
        const double w = s->weights ? s->weights[i] : 1.0, p = s->probabilities[i],
                     y = s->labels[i];
        const bool said = p > THRESHOLD;
        sums.weight += w;
        sums.right += w * (said ? y : 1 - y);
        sums.label += w * y;
        sums.prediction += w * p;
        sums.loss += w * log_loss(p, y);
        sums.said += said ? w : 0;
        sums.hit += said ? w * y : 0;
    }
    return sums;
}

static void add_to_group(struct calibration_group *group, const struct binary_scores *s,
                         const uint32_t *examples, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        const double w = s->weights ? s->weights[examples[i]] : 1.0;
        group->weight += w;
        group->prediction_mean += w * s->probabilities[examples[i]];
        group->label_mean += w * s->labels[examples[i]];
    }
}

static double weight_of(const struct binary_scores *s, const uint32_t *examples, uint32_t n)
{
    double sum = 0;
    for (uint32_t i = 0; i < n; i++)
        sum += s->weights ? s->weights[examples[i]] : 1.0;
    return sum;
}

/* `order` is by falling probability. */
static void calibrate(const struct binary_scores *s, const uint32_t *order, double total,
                      struct calibration_group groups[CALIBRATION_GROUPS])
{
    double above = 0;
    for (uint32_t at = 0, end; at < s->n; at = end) {
        for (end = at + 1; end < s->n; end++)
            if (s->probabilities[order[end]] != s->probabilities[order[at]])
                break;
        const double weight = weight_of(s, order + at, end - at);
        const int from_top = (int)(CALIBRATION_GROUPS * (above + weight / 2) / total);
        const int last = CALIBRATION_GROUPS - 1;
        add_to_group(&groups[from_top < last ? last - from_top : 0], s, order + at, end - at);
        above += weight;
    }
    for (int g = 0; g < CALIBRATION_GROUPS; g++)
        if (groups[g].weight > 0) {
            groups[g].prediction_mean /= groups[g].weight;
            groups[g].label_mean /= groups[g].weight;
        }
}

static double calibration_error(const struct calibration_group groups[CALIBRATION_GROUPS],
                                double total)
{
    double sum = 0;
    for (int g = 0; g < CALIBRATION_GROUPS; g++)
        sum += groups[g].weight / total * fabs(groups[g].prediction_mean - groups[g].label_mean);
    return sum;
}

static void fill(const struct binary_scores *s, const uint32_t *order, struct binary_report *report)
{
    const struct sums sums = sum_up(s);
    const double n_batches = (double)(s->n / s->batch + (s->n % s->batch != 0));
    const double label_mean = sums.label / sums.weight;
    double *values = report->values;
    *report = (struct binary_report){0};
    values[BINARY_ACCURACY] = sums.right / sums.weight;
    values[BINARY_ACCURACY_BASELINE] = label_mean > 0.5 ? label_mean : 1 - label_mean;
    values[BINARY_AUC] = auc_roc_ordered(order, s->probabilities, s->labels, s->weights, s->n);
    values[BINARY_AUC_PRECISION_RECALL] =
        auc_precision_recall_ordered(order, s->probabilities, s->labels, s->weights, s->n);
    values[BINARY_AVERAGE_LOSS] = sums.loss / sums.weight;
    values[BINARY_LABEL_MEAN] = label_mean;
    values[BINARY_LOSS] = sums.loss / n_batches;
    values[BINARY_PRECISION] = sums.said > 0 ? sums.hit / sums.said : 0;
    values[BINARY_PREDICTION_MEAN] = sums.prediction / sums.weight;
    values[BINARY_RECALL] = sums.label > 0 ? sums.hit / sums.label : 0;
    calibrate(s, order, sums.weight, report->calibration);
    values[BINARY_CALIBRATION_ERROR] = calibration_error(report->calibration, sums.weight);
}

enum status binary_evaluate(const struct binary_scores *scores, struct binary_report *ret_report)
{
    assert(scores->n > 0 && scores->batch > 0);
    uint32_t *order = malloc(scores->n * sizeof *order);
    void *scratch = malloc(scores_order_scratch(scores->n));
    const bool ok = order && scratch;
    if (ok)
        scores_order(scores->probabilities, scores->n, order, scratch);
    free(scratch);
    if (ok)
        fill(scores, order, ret_report);
    free(order);
    return ok ? STATUS_OK : STATUS_NO_MEMORY;
}
