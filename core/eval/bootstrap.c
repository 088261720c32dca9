#include "eval/bootstrap.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"

struct resampling {
    const double *const *series;
    size_t n_series, n;
    unsigned draws;
    uint64_t seed;
    uint32_t *times; /* [threads x n] how often each user is in the resample; scratch by worker */
    double *means;   /* [n_series x draws] */
};

static void draw_once(void *context, size_t draw, unsigned worker)
{
    const struct resampling *r = context;
    uint32_t *times = r->times + worker * r->n;
    memset(times, 0, r->n * sizeof *times);
    struct rng rng = rng_seed(r->seed, draw);
    for (size_t i = 0; i < r->n; i++)
        times[rng_below(&rng, (uint32_t)r->n)]++;
    for (size_t s = 0; s < r->n_series; s++) {
        const double *values = r->series[s];
        double sum = 0;
        for (size_t i = 0; i < r->n; i++)
            sum += times[i] * values[i];
        r->means[s * r->draws + draw] = sum / (double)r->n;
    }
}

static int compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Of sorted[n], by linear interpolation between the order statistics. */
static double quantile(const double *sorted, size_t n, double share)
{
    const double at = share * (double)(n - 1);
    const size_t below = (size_t)at, above = below + 1 < n ? below + 1 : below;
    return sorted[below] + (at - (double)below) * (sorted[above] - sorted[below]);
}

static double p_value(const double *means, unsigned draws)
{
    unsigned low = 0, high = 0;
    for (unsigned d = 0; d < draws; d++) {
        low += means[d] <= 0;
        high += means[d] >= 0;
    }
    const double p = 2.0 * (1 + (low < high ? low : high)) / (1.0 + draws);
    return p < 1 ? p : 1;
}

static double mean_of(const double *values, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += values[i];
    return sum / (double)n;
}

enum status bootstrap_means(const double *const *series, size_t n_series, size_t n, unsigned draws,
                            uint64_t seed, struct parallel *pool, struct interval *ret_intervals,
                            double *ret_p)
{
    assert(n > 0 && n <= UINT32_MAX && draws > 0);
    struct resampling r = {series, n_series, n, draws, seed, NULL, NULL};
    r.times = calloc(parallel_threads(pool), n * sizeof *r.times);
    r.means = calloc(n_series ? n_series : 1, draws * sizeof *r.means);
    if (!r.times || !r.means) {
        free(r.times);
        free(r.means);
        return STATUS_NO_MEMORY;
    }
    parallel_for(pool, draws, draw_once, &r, NULL);
    for (size_t s = 0; s < n_series; s++) {
        double *means = r.means + s * draws;
        qsort(means, draws, sizeof *means, compare_doubles);
        ret_intervals[s] = (struct interval){mean_of(series[s], n), quantile(means, draws, 0.025),
                                             quantile(means, draws, 0.975)};
        if (ret_p)
            ret_p[s] = p_value(means, draws);
    }
    free(r.times);
    free(r.means);
    return STATUS_OK;
}

/* In rising order of p, the i-th (from 0) becomes p times (n - i), at least what the one before it
 * became and at most 1. */
void holm_correct(double *p, size_t n)
{
    assert(n <= HOLM_MAX);
    size_t order[HOLM_MAX];
    for (size_t i = 0; i < n; i++) {
        size_t at = i;
        for (; at > 0 && p[order[at - 1]] > p[i]; at--)
            order[at] = order[at - 1];
        order[at] = i;
    }
    double least = 0;
    for (size_t i = 0; i < n; i++) {
        const double corrected = fmin(1, p[order[i]] * (double)(n - i));
        least = fmax(least, corrected);
        p[order[i]] = least;
    }
}
