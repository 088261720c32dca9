#pragma once
/* How sure a mean over users is: the percentile bootstrap (Efron 1979), and Holm's correction.
 *
 * One draw resamples the users once and takes every series' mean on that same resample, so that
 * series of one call may be compared pair by pair. Draw d has a random stream of its own
 * (seed, d): the same for any number of threads.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/parallel.h"
#include "base/status.h"

enum { BOOTSTRAP_DRAWS = 1000, HOLM_MAX = 64 };

struct interval {
    double mean, low, high; /* of the values; 95 % */
};

/* Of n_series series of n > 0 values each: ret_intervals[n_series], and ret_p[n_series] (may be
 * NULL) the two-sided p-value of "the mean is 0":
 *     p = min(1, 2 (1 + min(#{mean* <= 0}, #{mean* >= 0})) / (1 + draws)).
 * For paired differences the series hold a[i] - b[i]. draws > 0. NO_MEMORY. */
enum status bootstrap_means(const double *const *series, size_t n_series, size_t n, unsigned draws,
                            uint64_t seed, struct parallel *pool, struct interval *ret_intervals,
                            double *ret_p);

/* Holm's step-down correction of p[n], n <= HOLM_MAX, for n tests at once, in place (Holm 1979). */
void holm_correct(double *p, size_t n);
