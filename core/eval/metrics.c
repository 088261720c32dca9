#include "eval/metrics.h"

#include <math.h>
#include <stdlib.h>

const struct metric metrics[METRIC_COUNT] = {
    [METRIC_RECALL] = {"recall", "share of the user's test items that the list holds", false,
                       metric_recall},
    [METRIC_RECALL_CAPPED] = {"recall_capped", "the same, over at most k test items", false,
                              metric_recall_capped},
    [METRIC_PRECISION] = {"precision", "share of the list that is in the test set", false,
                          metric_precision},
    [METRIC_NDCG] = {"ndcg", "hits discounted by rank, over the best that is possible", false,
                     metric_ndcg},
    [METRIC_HIT_RATE] = {"hit_rate", "1 where the list holds any test item", false,
                         metric_hit_rate},
    [METRIC_MRR] = {"mrr", "1 / rank of the first hit, within the longest list", true, metric_mrr},
    [METRIC_MAP] = {"map", "mean precision at the ranks of the hits", false, metric_map},
};

static size_t count_hits(const unsigned char *hits, size_t k)
{
    size_t sum = 0;
    for (size_t i = 0; i < k; i++)
        sum += hits[i];
    return sum;
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

double metric_recall(const unsigned char *hits, size_t k, size_t n_test)
{
    return (double)count_hits(hits, k) / (double)n_test;
}

double metric_recall_capped(const unsigned char *hits, size_t k, size_t n_test)
{
    return (double)count_hits(hits, k) / (double)smaller(k, n_test);
}

double metric_precision(const unsigned char *hits, size_t k, size_t n_test)
{
    (void)n_test;
    return (double)count_hits(hits, k) / (double)k;
}

static double discount(size_t rank)
{
    return 1 / log2((double)rank + 2);
}

double metric_ndcg(const unsigned char *hits, size_t k, size_t n_test)
{
    double gain = 0, ideal = 0;
    for (size_t i = 0; i < k; i++)
        if (hits[i])
            gain += discount(i);
    for (size_t i = 0; i < smaller(k, n_test); i++)
        ideal += discount(i);
    return gain / ideal;
}

double metric_hit_rate(const unsigned char *hits, size_t k, size_t n_test)
{
    (void)n_test;
    return count_hits(hits, k) > 0;
}

double metric_mrr(const unsigned char *hits, size_t k, size_t n_test)
{
    (void)n_test;
    for (size_t i = 0; i < k; i++)
        if (hits[i])
            return 1 / ((double)i + 1);
    return 0;
}

double metric_map(const unsigned char *hits, size_t k, size_t n_test)
{
    double sum = 0;
    size_t found = 0;
    for (size_t i = 0; i < k; i++)
        if (hits[i])
            sum += (double)++found / ((double)i + 1);
    return sum / (double)smaller(k, n_test);
}

static int compare_counts(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* With the counts x_1 <= … <= x_n:  G = sum_i (2i - n - 1) x_i / (n sum_i x_i). */
double metric_gini(uint32_t *counts, size_t n)
{
    qsort(counts, n, sizeof *counts, compare_counts);
    double weighted = 0, sum = 0;
    for (size_t i = 0; i < n; i++) {
        weighted += (2 * ((double)i + 1) - (double)n - 1) * counts[i];
        sum += counts[i];
    }
    return sum > 0 ? weighted / ((double)n * sum) : 0;
}
