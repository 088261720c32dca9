/* What these catch: an interval of the wrong width or side, series resampled apart from each other,
 * a result that depends on the threads, a correction that is not monotone. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "eval/bootstrap.h"

enum { N = 2000 };

static void fill_normal(double *values, double mean, uint64_t seed)
{
    struct rng rng = rng_seed(seed, 1);
    for (int i = 0; i < N; i++)
        values[i] = mean + rng_normal(&rng);
}

static void an_interval_is_as_wide_as_the_theory_of_large_samples_says(void **state)
{
    (void)state;
    static double values[N];
    fill_normal(values, 3, 5);
    const double *series[] = {values};
    struct interval got;
    assert_int_equal(bootstrap_means(series, 1, N, 4000, 9, NULL, &got, NULL), STATUS_OK);
    double sum = 0, squares = 0;
    for (int i = 0; i < N; i++)
        sum += values[i];
    for (int i = 0; i < N; i++)
        squares += (values[i] - sum / N) * (values[i] - sum / N);
    const double half = 1.96 * sqrt(squares / N / N);
    assert_true(fabs(got.mean - sum / N) < 1e-12);
    assert_true(fabs(got.mean - got.low - half) < 0.1 * half);
    assert_true(fabs(got.high - got.mean - half) < 0.1 * half);
}

static void p_is_small_for_a_shift_and_large_for_none(void **state)
{
    (void)state;
    static double shifted[N], centred[N];
    fill_normal(shifted, 0.2, 1);
    fill_normal(centred, 0, 2);
    double sum = 0;
    for (int i = 0; i < N; i++)
        sum += centred[i];
    for (int i = 0; i < N; i++)
        centred[i] -= sum / N;
    const double *series[] = {shifted, centred};
    struct interval got[2];
    double p[2];
    assert_int_equal(bootstrap_means(series, 2, N, 999, 3, NULL, got, p), STATUS_OK);
    assert_true(p[0] <= 0.002 + 1e-12 && p[0] > 0);
    assert_true(p[1] > 0.5 && p[1] <= 1);
}

static void series_of_one_call_share_their_resamples(void **state)
{
    (void)state;
    static double a[N], b[N];
    fill_normal(a, 0, 4);
    for (int i = 0; i < N; i++)
        b[i] = a[i] + 7;
    const double *series[] = {a, b};
    struct interval got[2];
    assert_int_equal(bootstrap_means(series, 2, N, 200, 3, NULL, got, NULL), STATUS_OK);
    assert_true(fabs(got[1].low - got[0].low - 7) < 1e-9);
    assert_true(fabs(got[1].high - got[0].high - 7) < 1e-9);
}

static void threads_do_not_change_a_bit_and_the_seed_does(void **state)
{
    (void)state;
    static double values[N];
    fill_normal(values, 1, 6);
    const double *series[] = {values};
    struct interval one, three, other;
    struct parallel *pool;
    assert_int_equal(parallel_new(3, false, &pool), STATUS_OK);
    assert_int_equal(bootstrap_means(series, 1, N, 100, 3, NULL, &one, NULL), STATUS_OK);
    assert_int_equal(bootstrap_means(series, 1, N, 100, 3, pool, &three, NULL), STATUS_OK);
    assert_int_equal(bootstrap_means(series, 1, N, 100, 4, pool, &other, NULL), STATUS_OK);
    parallel_free(pool);
    assert_memory_equal(&one, &three, sizeof one);
    assert_true(one.low != other.low);
}

static void one_value_has_an_interval_without_width(void **state)
{
    (void)state;
    const double value = 0.25;
    const double *series[] = {&value};
    struct interval got;
    assert_int_equal(bootstrap_means(series, 1, 1, 1, 3, NULL, &got, NULL), STATUS_OK);
    assert_true(got.mean == 0.25 && got.low == 0.25 && got.high == 0.25);
}

static void holm_equals_the_worked_example(void **state)
{
    (void)state;
    double p[] = {0.01, 0.04, 0.03, 0.005, 0.5};
    const double want[] = {0.04, 0.09, 0.09, 0.025, 0.5}; /* by hand: 5, 4, 3, 2 and 1 times */
    holm_correct(p, 5);
    for (int i = 0; i < 5; i++)
        assert_true(fabs(p[i] - want[i]) < 1e-12);
    double large[] = {0.9, 0.8};
    holm_correct(large, 2);
    assert_true(large[0] == 1 && large[1] == 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_interval_is_as_wide_as_the_theory_of_large_samples_says),
        cmocka_unit_test(p_is_small_for_a_shift_and_large_for_none),
        cmocka_unit_test(series_of_one_call_share_their_resamples),
        cmocka_unit_test(threads_do_not_change_a_bit_and_the_seed_does),
        cmocka_unit_test(one_value_has_an_interval_without_width),
        cmocka_unit_test(holm_equals_the_worked_example),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
