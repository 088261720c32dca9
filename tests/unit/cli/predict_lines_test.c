/* What these catch: decimals that are cut instead of rounded, a lost zero, a line that is longer
 * than its room, probabilities past the ends. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/rng.h"
#include "cli/predict_lines.h"
#include "support/test.h"

static void lines_are_what_printf_prints(void **state)
{
    (void)state;
    enum { N = 20000 };
    static float values[N];
    static char lines[N * PREDICT_LINE_MAX + 1];
    struct rng rng = rng_seed(3, 0);
    for (int i = 0; i < N; i++) {
        values[i] = (float)rng_uniform(&rng);
        if (i % 3 == 0)
            values[i] = powf(values[i], 20);
        if (i % 7 == 0) /* ties of the seventh decimal */
            values[i] = (float)(rng_below(&rng, 1 << 20) * 2 + 1) / (float)(1 << 21);
    }
    values[0] = 0;
    values[1] = 1;
    values[2] = 0.9999999f;
    lines[predict_lines(values, N, PREDICT_CSV, lines)] = '\0';
    const char *at = lines;
    for (int i = 0; i < N; i++) {
        char expected[32];
        const int length = snprintf(expected, sizeof expected, "%.6f\n", (double)values[i]);
        assert_memory_equal(at, expected, (size_t)length);
        at += length;
    }
    assert_int_equal(*at, '\0');
}

static void ndjson_is_one_object_a_line(void **state)
{
    (void)state;
    const float values[] = {0.25f, 1};
    char lines[2 * PREDICT_LINE_MAX + 1];
    lines[predict_lines(values, 2, PREDICT_NDJSON, lines)] = '\0';
    assert_string_equal(lines, "{\"probability\": 0.250000}\n{\"probability\": 1.000000}\n");
}

static void what_is_no_probability_becomes_the_nearest(void **state)
{
    (void)state;
    const float values[] = {-0.5f, 1.5f, NAN, INFINITY, -0.0f};
    char lines[5 * PREDICT_LINE_MAX + 1];
    lines[predict_lines(values, 5, PREDICT_CSV, lines)] = '\0';
    assert_string_equal(lines, "0.000000\n1.000000\n0.000000\n1.000000\n0.000000\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_what_printf_prints),
        cmocka_unit_test(ndjson_is_one_object_a_line),
        cmocka_unit_test(what_is_no_probability_becomes_the_nearest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
