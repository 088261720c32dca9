/* What these catch: quantiles, distribution functions and trees that differ from an independent
 * implementation (tests/golden/features.py), missing values that count, rows that sort wrongly. */
#include <math.h>
#include <stdlib.h>

#include "data/features/distinct.h"
#include "golden/features_golden.h"
#include "support/test.h"

#define COUNT(list) (sizeof(list) / sizeof *(list))
enum { N = COUNT(golden_values) };

static void assert_near(double a, double b, double within)
{
    if (!(fabs(a - b) <= within))
        fail_msg("%.17g is not %.17g", a, b);
}

static struct distinct golden(void)
{
    struct distinct distinct;
    assert_int_equal(distinct_count(golden_values, golden_labels, N, &distinct), STATUS_OK);
    return distinct;
}

static void values_rise_and_all_rows_are_counted(void **state)
{
    (void)state;
    const float values[] = {3, -1.5f, NAN, 0, -0.0f, 3, INFINITY, -2e30f, 1e-40f};
    const float labels[] = {1, 0, 1, .5f, 1, 1, 0, 0, 0};
    const float wanted[] = {-2e30f, -1.5f, 0, 1e-40f, 3, INFINITY};
    struct distinct d;
    assert_int_equal(distinct_count(values, labels, COUNT(values), &d), STATUS_OK);
    assert_int_equal(d.n, COUNT(wanted));
    assert_memory_equal(d.values, wanted, sizeof wanted);
    assert_int_equal(d.rows, 8);
    assert_int_equal(d.absent, 1);
    assert_int_equal(d.counts[2], 2);
    assert_near(d.positives[2], 1.5, 0);
    assert_near(d.positives[4], 2, 0);
    distinct_free(&d);
}

static void moments_are_those_of_the_definition(void **state)
{
    (void)state;
    struct distinct d = golden();
    double mean, deviation;
    distinct_moments(&d, false, &mean, &deviation);
    assert_near(mean, golden_moments[0], 1e-12);
    assert_near(deviation, golden_moments[1], 1e-12);
    distinct_moments(&d, true, &mean, &deviation);
    assert_near(mean, golden_log_moments[0], 1e-12);
    assert_near(deviation, golden_log_moments[1], 1e-12);
    distinct_free(&d);
}

static void quantiles_are_those_of_the_definition(void **state)
{
    (void)state;
    struct distinct d = golden();
    float out[17];
    assert_near(distinct_quantile(&d, .5), golden_median_and_tenth[0], 1e-6);
    assert_near(distinct_quantile(&d, .1), golden_median_and_tenth[1], 1e-6);
    assert_near(distinct_quantile(&d, 1), (double)d.values[d.n - 1], 0);
    assert_int_equal(distinct_quantiles(&d, 16, out), COUNT(golden_quantiles));
    assert_memory_equal(out, golden_quantiles, sizeof golden_quantiles);
    distinct_free(&d);
}

static void buckets_have_no_end_at_the_least_value(void **state)
{
    (void)state;
    const float values[] = {0, 0, 0, 0, 0, 0, 1, 2};
    struct distinct d;
    float out[3];
    assert_int_equal(distinct_count(values, NULL, COUNT(values), &d), STATUS_OK);
    assert_int_equal(distinct_buckets(&d, 4, out), 1); /* .25 and .5 are 0 */
    assert_true(out[0] > 0 && out[0] <= 1);
    distinct_free(&d);
}

static void the_tree_cuts_where_an_exact_one_does(void **state)
{
    (void)state;
    struct distinct d = golden();
    float out[11];
    uint32_t n;
    assert_int_equal(distinct_tree(&d, 12, 10, out, &n), STATUS_OK);
    assert_int_equal(n, COUNT(golden_cuts));
    for (uint32_t i = 0; i < n; i++)
        assert_near((double)out[i], (double)golden_cuts[i], 1e-6);
    distinct_free(&d);
}

static void the_tree_keeps_to_its_limits(void **state)
{
    (void)state;
    const float values[] = {1, 2, 3, 4, 5, 6}, labels[] = {0, 1, 0, 1, 0, 1};
    const float same[] = {1, 1, 1, 1, 1, 1};
    struct distinct d;
    float out[7];
    uint32_t n;
    assert_int_equal(distinct_count(values, labels, 6, &d), STATUS_OK);
    assert_int_equal(distinct_tree(&d, 8, 1, out, &n), STATUS_OK);
    assert_int_equal(n, 5); /* a leaf for each value */
    assert_near((double)out[0], 1.5, 0);
    assert_int_equal(distinct_tree(&d, 8, 4, out, &n), STATUS_OK);
    assert_int_equal(n, 0); /* no cut leaves four rows on both sides */
    distinct_free(&d);
    assert_int_equal(distinct_count(values, same, 6, &d), STATUS_OK);
    assert_int_equal(distinct_tree(&d, 8, 1, out, &n), STATUS_OK);
    assert_int_equal(n, 0); /* nothing to tell apart */
    distinct_free(&d);
}

static void places_have_both_ends_of_a_run(void **state)
{
    (void)state;
    const float values[] = {0, 0, 0, 1, 4};
    struct distinct d;
    float out[15];
    const float wanted[] = {0, 1, 4, 0, .75f, 1, .5f, .75f, 1};
    assert_int_equal(distinct_count(values, NULL, COUNT(values), &d), STATUS_OK);
    assert_int_equal(distinct_places(&d, 5, out), 3);
    assert_memory_equal(out, wanted, sizeof wanted);
    distinct_free(&d);
}

static void no_values_are_no_trouble(void **state)
{
    (void)state;
    const float values[] = {NAN, NAN};
    struct distinct d;
    double mean, deviation;
    assert_int_equal(distinct_count(values, NULL, 2, &d), STATUS_OK);
    assert_int_equal(d.n, 0);
    assert_int_equal(d.absent, 2);
    distinct_moments(&d, false, &mean, &deviation);
    assert_true(mean == 0 && deviation == 0);
    distinct_free(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_rise_and_all_rows_are_counted),
        cmocka_unit_test(moments_are_those_of_the_definition),
        cmocka_unit_test(quantiles_are_those_of_the_definition),
        cmocka_unit_test(buckets_have_no_end_at_the_least_value),
        cmocka_unit_test(the_tree_cuts_where_an_exact_one_does),
        cmocka_unit_test(the_tree_keeps_to_its_limits),
        cmocka_unit_test(places_have_both_ends_of_a_run),
        cmocka_unit_test(no_values_are_no_trouble),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
