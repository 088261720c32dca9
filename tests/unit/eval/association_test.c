/* What these catch: a wrong expectation, values that do not occur counted as degrees of freedom, a
 * tail that fails far out or for many degrees, a bias that makes noise of many values look strong.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/rng.h"
#include "eval/association.h"

struct golden_table {
    uint32_t n;
    struct value_counts counts[30];
    double bits, chi_squared;
    uint32_t degrees;
    double p;
};

struct golden_tail {
    double x;
    uint32_t degrees;
    double p;
};

#include "golden/association_golden.h"

static double total_of(const struct golden_table *table)
{
    double sum = 0;
    for (uint32_t i = 0; i < table->n; i++)
        sum += table->counts[i].negative + table->counts[i].positive;
    return sum;
}

static void counts_give_what_scikit_learn_and_scipy_give(void **state)
{
    (void)state;
    for (size_t t = 0; t < sizeof golden_tables / sizeof *golden_tables; t++) {
        const struct golden_table *table = &golden_tables[t];
        const struct association a = association_of(table->counts, table->n);
        const double bias = table->degrees / (2 * total_of(table) * log(2));
        assert_true(fabs(a.mutual_information - fmax(0, table->bits - bias)) < 1e-12);
        assert_true(fabs(a.chi_squared / table->chi_squared - 1) < 1e-12);
        assert_int_equal(a.degrees, table->degrees);
        assert_true(fabs(a.p - table->p) <= 1e-10 * table->p + 1e-300);
    }
}

static void tails_equal_scipy(void **state)
{
    (void)state;
    for (size_t t = 0; t < sizeof golden_tails / sizeof *golden_tails; t++) {
        const struct golden_tail *tail = &golden_tails[t];
        const double p = chi_squared_tail(tail->x, tail->degrees);
        if (!(fabs(p - tail->p) <= 1e-9 * tail->p + 1e-14))
            fail_msg("%g with %u degrees: %.17g, not %.17g", tail->x, tail->degrees, p, tail->p);
    }
}

static void values_that_do_not_occur_change_nothing(void **state)
{
    (void)state;
    const struct value_counts all[] = {{3, 9}, {0, 0}, {7, 2}, {0, 0}}, some[] = {{3, 9}, {7, 2}};
    const struct association a = association_of(all, 4), b = association_of(some, 2);
    assert_true(a.mutual_information == b.mutual_information && a.chi_squared == b.chi_squared);
    assert_int_equal(a.degrees, 1);
    assert_int_equal(b.degrees, 1);
    assert_true(a.p < 0.05);
}

static void noise_of_many_values_tells_next_to_nothing(void **state)
{
    (void)state;
    struct value_counts counts[500] = {{0}};
    struct rng rng = rng_seed(9, 0);
    for (int i = 0; i < 5000; i++) {
        struct value_counts *value = &counts[rng_below(&rng, 500)];
        if (rng_below(&rng, 4) == 0)
            value->positive++;
        else
            value->negative++;
    }
    const struct association a = association_of(counts, 500);
    assert_true(a.mutual_information < 0.01);
    assert_true(a.p > 0.001);
}

static void one_label_or_one_value_tells_nothing(void **state)
{
    (void)state;
    const struct value_counts one_label[] = {{3, 0}, {5, 0}}, one_value[] = {{3, 4}};
    assert_true(association_of(one_label, 2).p == 1);
    assert_true(association_of(one_label, 2).mutual_information == 0);
    assert_true(association_of(one_value, 1).p == 1);
    assert_true(association_of(NULL, 0).p == 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_give_what_scikit_learn_and_scipy_give),
        cmocka_unit_test(tails_equal_scipy),
        cmocka_unit_test(values_that_do_not_occur_change_nothing),
        cmocka_unit_test(noise_of_many_values_tells_next_to_nothing),
        cmocka_unit_test(one_label_or_one_value_tells_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
