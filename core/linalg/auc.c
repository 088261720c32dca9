#include "linalg/auc.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/*  Going down the examples by score, a group of equal scores with positive weight p and negative
 *  weight q, after positives of weight A and negatives of weight B above it, adds
 *      to the area under ROC              p * (N - B - q / 2) / (P N)
 *      to the average precision           (p / P) * (A + p) / (A + p + B + q)
 */

enum { DIGIT_BITS = 11, DIGITS = 3, DIGIT_VALUES = 1 << DIGIT_BITS };

struct entry {
    uint32_t key, example;
};

/* Rises as the score falls; -0 and 0 are one. */
static uint32_t falling_key(float score)
{
    uint32_t bits;
    score += 0.0f;
    memcpy(&bits, &score, sizeof bits);
    return bits & 0x80000000u ? bits : ~(bits | 0x80000000u);
}

size_t scores_order_scratch(size_t n)
{
    return 2 * n * sizeof(struct entry);
}

static void sort_by_digit(const struct entry *from, uint32_t n, unsigned shift, struct entry *to)
{
    uint32_t starts[DIGIT_VALUES] = {0}, sum = 0;
    for (uint32_t i = 0; i < n; i++)
        starts[from[i].key >> shift & (DIGIT_VALUES - 1)]++;
    for (uint32_t d = 0; d < DIGIT_VALUES; d++) {
        const uint32_t count = starts[d];
        starts[d] = sum;
        sum += count;
    }
    for (uint32_t i = 0; i < n; i++)
        to[starts[from[i].key >> shift & (DIGIT_VALUES - 1)]++] = from[i];
}

void scores_order(const float *scores, uint32_t n, uint32_t *order, void *scratch)
{
    struct entry *from = scratch, *to = from + n;
    for (uint32_t i = 0; i < n; i++)
        from[i] = (struct entry){falling_key(scores[i]), i};
    for (unsigned digit = 0; digit < DIGITS; digit++) {
        sort_by_digit(from, n, digit * DIGIT_BITS, to);
        struct entry *swap = from;
        from = to;
        to = swap;
    }
    for (uint32_t i = 0; i < n; i++)
        order[i] = from[i].example;
}

/* Weight of positives and negatives. */
struct mass {
    double positive, negative;
};

static struct mass mass_of(const float *labels, const float *weights, uint32_t example)
{
    const double weight = weights ? weights[example] : 1.0;
    return (struct mass){weight * labels[example], weight * (1.0 - labels[example])};
}

static struct mass mass_of_all(const float *labels, const float *weights, uint32_t n)
{
    struct mass sum = {0};
    for (uint32_t i = 0; i < n; i++) {
        const struct mass one = mass_of(labels, weights, i);
        sum.positive += one.positive;
        sum.negative += one.negative;
    }
    return sum;
}

/* The examples of one score, from order[*at] on; moves *at past them. */
static struct mass next_group(const uint32_t *order, const float *scores, const float *labels,
                              const float *weights, uint32_t n, uint32_t *at)
{
    struct mass sum = {0};
    const float score = scores[order[*at]];
    for (; *at < n && scores[order[*at]] == score; (*at)++) {
        const struct mass one = mass_of(labels, weights, order[*at]);
        sum.positive += one.positive;
        sum.negative += one.negative;
    }
    return sum;
}

double auc_roc_ordered(const uint32_t *order, const float *scores, const float *labels,
                       const float *weights, uint32_t n)
{
    const struct mass all = mass_of_all(labels, weights, n);
    if (!(all.positive > 0 && all.negative > 0))
        return NAN;
    double area = 0, above = 0;
    for (uint32_t at = 0; at < n;) {
        const struct mass group = next_group(order, scores, labels, weights, n, &at);
        area += group.positive * (all.negative - above - group.negative / 2);
        above += group.negative;
    }
    return area / (all.positive * all.negative);
}

double auc_precision_recall_ordered(const uint32_t *order, const float *scores, const float *labels,
                                    const float *weights, uint32_t n)
{
    const struct mass all = mass_of_all(labels, weights, n);
    if (!(all.positive > 0 && all.negative > 0))
        return NAN;
    double area = 0;
    struct mass above = {0};
    for (uint32_t at = 0; at < n;) {
        const struct mass group = next_group(order, scores, labels, weights, n, &at);
        above.positive += group.positive;
        above.negative += group.negative;
        if (group.positive > 0)
            area +=
                group.positive / all.positive * above.positive / (above.positive + above.negative);
    }
    return area;
}

enum status auc_roc(const float *scores, const float *labels, const float *weights, uint32_t n,
                    double *ret_auc)
{
    uint32_t *order = malloc((n + 1) * sizeof *order);
    void *scratch = malloc(scores_order_scratch((size_t)n + 1));
    const bool ok = order && scratch;
    if (ok) {
        scores_order(scores, n, order, scratch);
        *ret_auc = auc_roc_ordered(order, scores, labels, weights, n);
    }
    free(scratch);
    free(order);
    return ok ? STATUS_OK : STATUS_NO_MEMORY;
}
