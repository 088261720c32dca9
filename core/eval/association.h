#pragma once
/* How far a column that takes few values tells a label of two: from counts alone. Pure functions.
 */
#include <stdint.h>

/* Weight of the examples with one value of the column, by label. */
struct value_counts {
    double negative, positive;
};

struct association {
    double mutual_information; /* bits, less what chance alone would show; at least 0 */
    double chi_squared;        /* Pearson's statistic, without continuity correction */
    uint32_t degrees;          /* of freedom: values that occur, less one; 0 for one label */
    double p;                  /* chance of such a statistic where there is no association */
};

/* counts[n] of at least 0; values that do not occur do not count. Weights are taken as numbers of
 * examples. Mutual information is less its first-order bias, degrees / (2 N ln 2) bits (Miller
 * 1955), without which a column of many rare values would seem to tell a lot. */
struct association association_of(const struct value_counts *counts, uint32_t n);

/* P(X >= x) of the chi-squared distribution; 1 for 0 degrees. */
double chi_squared_tail(double x, uint32_t degrees);
