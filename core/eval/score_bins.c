#include "eval/score_bins.h"

#include <math.h>
#include <string.h>

static const double odds_reach = 14; /* log odds of about 0.999999 */

static size_t bin_of(double score)
{
    const double odds = log(score / (1 - score)), at = (odds / odds_reach + 1) / 2 * SCORE_BINS;
    return at >= SCORE_BINS - 1 ? SCORE_BINS - 1 : at > 0 ? (size_t)at : 0;
}

void score_bins_fill(struct score_bins *bins, const float *scores, const float *labels,
                     const float *weights, size_t n)
{
    memset(bins, 0, sizeof *bins);
    for (size_t i = 0; i < n; i++) {
        const double score = (double)scores[i], weight = weights ? (double)weights[i] : 1;
        if (!(score >= 0 && score <= 1))
            continue;
        struct score_bin *bin = &bins->of[bin_of(score)];
        bin->weight += weight;
        bin->positive += weight * (double)labels[i];
        bin->score += weight * score;
    }
}

bool score_bins_roc(const struct score_bins *bins, double x[ROC_POINTS], double y[ROC_POINTS],
                    double *ret_area)
{
    double weight = 0, positive = 0, area = 0;
    for (size_t b = 0; b < SCORE_BINS; b++) {
        weight += bins->of[b].weight;
        positive += bins->of[b].positive;
    }
    if (!(positive > 0 && weight > positive))
        return false;
    x[0] = y[0] = 0;
    for (size_t i = 1; i < ROC_POINTS; i++) {
        const struct score_bin *bin = &bins->of[SCORE_BINS - i];
        x[i] = x[i - 1] + (bin->weight - bin->positive) / (weight - positive);
        y[i] = y[i - 1] + bin->positive / positive;
        area += (x[i] - x[i - 1]) * (y[i] + y[i - 1]) / 2;
    }
    *ret_area = area;
    return true;
}

size_t score_bins_reliability(const struct score_bins *bins, double x[RELIABILITY_GROUPS],
                              double y[RELIABILITY_GROUPS])
{
    struct score_bin group = {0};
    double all = 0, done = 0;
    size_t n = 0;
    for (size_t b = 0; b < SCORE_BINS; b++)
        all += bins->of[b].weight;
    for (size_t b = 0; b < SCORE_BINS && all > 0 && n < RELIABILITY_GROUPS; b++) {
        const struct score_bin *bin = &bins->of[b];
        group.weight += bin->weight;
        group.positive += bin->positive;
        group.score += bin->score;
        done += bin->weight;
        const bool is_full = group.weight >= all / RELIABILITY_GROUPS * (1 - 1e-9);
        const bool is_last = done >= all * (1 - 1e-9);
        if (!(group.weight > 0) || !(is_full || is_last))
            continue;
        x[n] = group.score / group.weight;
        y[n++] = group.positive / group.weight;
        group = (struct score_bin){0};
    }
    return n;
}
