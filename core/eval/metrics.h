#pragma once
/* Ranking metrics of one user's list: pure functions.
 *
 * `hits[k]`: 1 where the item at that rank (from 0) is in the user's test set of n_test > 0 items.
 * Two denominators have two names: recall@k = hits / n_test (He et al. 2020, LightGCN);
 * recall_capped@k = hits / min(k, n_test) (Liang et al. 2018). NDCG: binary gain, discount
 * 1 / log2(rank + 2), ideal over min(k, n_test) (Järvelin and Kekäläinen 2002).
 */
#include <stddef.h>
#include <stdint.h>

double metric_recall(const unsigned char *hits, size_t k, size_t n_test);
double metric_recall_capped(const unsigned char *hits, size_t k, size_t n_test);
double metric_precision(const unsigned char *hits, size_t k, size_t n_test);
double metric_ndcg(const unsigned char *hits, size_t k, size_t n_test);
double metric_hit_rate(const unsigned char *hits, size_t k, size_t n_test);
double metric_mrr(const unsigned char *hits, size_t k, size_t n_test); /* 1 / rank of the first */
double metric_map(const unsigned char *hits, size_t k, size_t n_test); /* over min(k, n_test) */

struct metric {
    const char *name; /* "recall", "ndcg", … */
    const char *help;
    double (*of_list)(const unsigned char *hits, size_t k, size_t n_test);
};
extern const struct metric metrics[]; /* name NULL at the end */
enum { METRIC_COUNT = 7 };

/* Gini coefficient of counts [n] (how unevenly items are recommended): 0 even, towards 1 uneven. */
double metric_gini(const uint32_t *counts, size_t n);

/* RMSE and MAE of n > 0 predictions. */
double metric_rmse(const double *predicted, const double *actual, size_t n);
double metric_mae(const double *predicted, const double *actual, size_t n);

struct interval {
    double mean, low, high; /* 95 %, percentile bootstrap over users */
};

/* Of values[n], n > 0, by `draws` resamples; the same for the same seed. */
struct interval bootstrap_mean(const double *values, size_t n, unsigned draws, uint64_t seed);

/* Of the paired differences a[i] - b[i], with the two-sided bootstrap p-value in *ret_p (may be
 * NULL). */
struct interval bootstrap_difference(const double *a, const double *b, size_t n, unsigned draws,
                                     uint64_t seed, double *ret_p);

/* Holm's step-down correction of p[n], in place. */
void holm_correct(double *p, size_t n);
