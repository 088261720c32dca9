/* What these catch: a wrong denominator, a rank off by one, an ideal that ignores k, an order of
 * the metrics that differs from the table's. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "eval/metrics.h"

struct golden_list {
    size_t k, n_test;
    unsigned char hits[32];
    double values[METRIC_COUNT];
};

#include "golden/metrics_golden.h"

static void every_metric_equals_an_independent_implementation(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof golden_lists / sizeof *golden_lists; i++) {
        const struct golden_list *list = &golden_lists[i];
        for (int m = 0; m < METRIC_COUNT; m++)
            assert_true(fabs(metrics[m].of_list(list->hits, list->k, list->n_test) -
                             list->values[m]) < 1e-12);
    }
}

static void gini_equals_the_mean_difference_form(void **state)
{
    (void)state;
    uint32_t counts[sizeof golden_counts / sizeof *golden_counts];
    memcpy(counts, golden_counts, sizeof counts);
    assert_true(fabs(metric_gini(counts, sizeof counts / sizeof *counts) - golden_gini) < 1e-12);
}

static void gini_is_zero_for_even_and_for_no_counts(void **state)
{
    (void)state;
    uint32_t even[] = {4, 4, 4, 4}, none[] = {0, 0, 0}, one[] = {0, 0, 0, 9};
    assert_true(metric_gini(even, 4) == 0);
    assert_true(metric_gini(none, 3) == 0);
    assert_true(fabs(metric_gini(one, 4) - 0.75) < 1e-12);
}

static void a_perfect_list_scores_one_where_one_is_possible(void **state)
{
    (void)state;
    const unsigned char hits[5] = {1, 1, 1, 1, 1};
    assert_true(fabs(metric_ndcg(hits, 5, 9) - 1) < 1e-12);
    assert_true(fabs(metric_recall_capped(hits, 5, 9) - 1) < 1e-12);
    assert_true(fabs(metric_map(hits, 5, 9) - 1) < 1e-12);
    assert_true(fabs(metric_recall(hits, 5, 9) - 5.0 / 9) < 1e-12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_metric_equals_an_independent_implementation),
        cmocka_unit_test(gini_equals_the_mean_difference_form),
        cmocka_unit_test(gini_is_zero_for_even_and_for_no_counts),
        cmocka_unit_test(a_perfect_list_scores_one_where_one_is_possible),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
