#pragma once
/* Ranking metrics of one user's list: pure functions.
 *
 * `hits[k]`: 1 where the item at that rank (from 0) is in the user's test set of n_test > 0 items,
 * 0 where it is not or where the list has ended.
 * Two denominators have two names: recall@k = hits / n_test (He et al. 2020, LightGCN);
 * recall_capped@k = hits / min(k, n_test) (Liang et al. 2018). NDCG: binary gain, discount
 * 1 / log2(rank + 2), ideal over min(k, n_test) (Järvelin and Kekäläinen 2002).
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum metric_kind {
    METRIC_RECALL,
    METRIC_RECALL_CAPPED,
    METRIC_PRECISION,
    METRIC_NDCG,
    METRIC_HIT_RATE,
    METRIC_MRR,
    METRIC_MAP,
    METRIC_COUNT
};

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
    bool whole_list; /* reported once, over the longest list, without a "@k" */
    double (*of_list)(const unsigned char *hits, size_t k, size_t n_test);
};
extern const struct metric metrics[METRIC_COUNT]; /* by enum metric_kind */

/* Gini coefficient of counts[n] (how unevenly items are recommended): 0 even, towards 1 uneven; 0
 * when all are 0. Sorts the counts. */
double metric_gini(uint32_t *counts, size_t n);
