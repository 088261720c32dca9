#pragma once
/* The distinct values of one column of numbers, and what is learnt from them: quantiles, the
 * distribution function, the cuts of a decision tree. All from the training rows only. */
#include <stdint.h>

#include "base/status.h"

/* Owned arrays (distinct_free). */
struct distinct {
    uint32_t n;      /* different values */
    uint64_t rows;   /* values counted; NaN stands for missing and is not among them */
    uint64_t absent; /* NaN */
    float *values;   /* [n] rising */
    uint32_t *counts;
    double *positives; /* [n] sum of the labels of the rows with this value */
};

/* From n values with their labels (NULL: all 0). Sorts by radix: 16 bytes a row for the time of the
 * call. NO_MEMORY. n below 2^32. */
enum status distinct_count(const float *values, const float *labels, uint32_t n,
                           struct distinct *ret_distinct);
void distinct_free(struct distinct *distinct);

/* Mean and deviation (n - 1 in the denominator; 0 for fewer than two rows) of f(value), where f is
 * the identity or with `log` sign(x) log(1 + |x|). */
void distinct_moments(const struct distinct *distinct, bool log, double *ret_mean,
                      double *ret_deviation);

/* The value at position q (rows - 1) of the sorted rows, linear between neighbours (Hyndman and Fan
 * 1996, type 7). q in [0, 1], rows > 0. */
double distinct_quantile(const struct distinct *distinct, double q);

/* Different quantiles i / n for i = 0 .. n, rising: out[n + 1]. Returns how many. */
uint32_t distinct_quantiles(const struct distinct *distinct, uint32_t n, float *out);

/* Boundaries of n buckets of equal rows: the quantiles i / n for 0 < i < n that lie above the least
 * value, each once. out[n - 1]. Returns how many. */
uint32_t distinct_buckets(const struct distinct *distinct, uint32_t n, float *out);

/* The thresholds of a binary decision tree on the label: best first (the leaf whose best cut lowers
 * the Gini impurity most, weighted by rows) up to `leaves` leaves of at least `leaf_rows` rows.
 * Breiman et al. 1984; of equally good cuts the lowest. A threshold lies half-way between its
 * neighbours. Rising, out[leaves - 1]; *ret_n of them. NO_MEMORY. */
enum status distinct_tree(const struct distinct *distinct, uint32_t leaves, uint64_t leaf_rows,
                          float *out, uint32_t *ret_n);

/* The distribution function at `points` (2 or more, at most the rows) quantiles i / (points - 1):
 * out[0 .. n) their different values, out[n .. 2n) the lowest and out[2n .. 3n) the highest i /
 * (points - 1) at which each stands. out[3 * points]. Returns n. */
uint32_t distinct_places(const struct distinct *distinct, uint32_t points, float *out);
