#include "linalg/sigmoids.h"

#include <math.h>

#include "support/test.h"

/* Catches a wrong series, a rounding to the wrong power of 2, and what lies at its seams. */
static void it_is_the_logistic_function(void **state)
{
    (void)state;
    for (double x = -79; x < 79; x += 0.0137) {
        float y = (float)x;
        const double expected = 1 / (1 + exp(-(double)y));
        sigmoids(&y, 1);
        assert_true(fabs((double)y - expected) <= 4e-7 * fmax(expected, 1e-3) + 1e-7 * expected);
    }
}

static void exponentials_are_exponentials(void **state)
{
    (void)state;
    for (double x = -79; x < 79; x += 0.0137) {
        float y = (float)x;
        const double expected = exp((double)y);
        exponentials(&y, 1);
        assert_true(fabs((double)y - expected) <= 4e-6 * expected);
    }
    float x[] = {-INFINITY, 0, NAN};
    exponentials(x, 3);
    assert_true(x[0] >= 0 && x[0] < 1e-30f && x[1] == 1 && isfinite(x[2]));
}

/* Catches a conversion that overflows. */
static void extremes_stay_in_range(void **state)
{
    (void)state;
    float x[] = {-INFINITY, -1e30f, 0, 1e30f, INFINITY, NAN};
    sigmoids(x, 6);
    assert_true(x[0] >= 0 && x[0] < 1e-30f && x[1] == x[0]);
    assert_true(x[2] == 0.5f && x[3] == 1 && x[4] == 1);
    assert_true(x[5] >= 0 && x[5] <= 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_the_logistic_function),
        cmocka_unit_test(exponentials_are_exponentials),
        cmocka_unit_test(extremes_stay_in_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
