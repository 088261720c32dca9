/* What these catch: a weight that is left out, a threshold that is not strict, an area with a wrong
 * share for ties, a loss over the wrong number of batches, groups of calibration that lean on the
 * examples' order, a name that moved away from its value. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "eval/binary_metrics.h"

#include "golden/binary_metrics_cases.h"
#include "golden/binary_metrics_golden.h"

static struct binary_report evaluate(const float *p, const float *y, const float *w, uint32_t n,
                                     uint32_t batch)
{
    struct binary_report report;
    const struct binary_scores scores = {
        .probabilities = p, .labels = y, .weights = w, .n = n, .batch = batch};
    assert_int_equal(binary_evaluate(&scores, &report), STATUS_OK);
    return report;
}

static void every_metric_equals_scikit_learn(void **state)
{
    (void)state;
    for (size_t c = 0; c < sizeof golden_scores / sizeof *golden_scores; c++) {
        const struct golden_scores *g = &golden_scores[c];
        const struct binary_report report =
            evaluate(g->probabilities, g->labels, g->weights, g->n, g->batch);
        for (int m = 0; m < BINARY_CALIBRATION_ERROR; m++)
            if (!(fabs(report.values[m] - g->values[m]) < 1e-9))
                fail_msg("case %zu, %s: %.17g, not %.17g", c, binary_metrics[m].name,
                         report.values[m], g->values[m]);
    }
}

static void groups_of_calibration_equal_scikit_learn(void **state)
{
    (void)state;
    const struct golden_scores *g = &golden_scores[0];
    const struct binary_report report = evaluate(g->probabilities, g->labels, NULL, g->n, g->batch);
    double error = 0;
    for (int i = 0; i < CALIBRATION_GROUPS; i++) {
        assert_true(report.calibration[i].weight == 20);
        assert_true(fabs(report.calibration[i].label_mean - golden_label_means[i]) < 1e-12);
        assert_true(fabs(report.calibration[i].prediction_mean - golden_prediction_means[i]) <
                    1e-12);
        error += fabs(golden_label_means[i] - golden_prediction_means[i]) / 10;
    }
    assert_true(fabs(report.values[BINARY_CALIBRATION_ERROR] - error) < 1e-12);
    assert_true(error > 0.01);
}

static void names_are_those_of_tensorflow(void **state)
{
    (void)state;
    static const char *const names[] = {"accuracy",
                                        "accuracy_baseline",
                                        "auc",
                                        "auc_precision_recall",
                                        "average_loss",
                                        "label/mean",
                                        "loss",
                                        "precision",
                                        "prediction/mean",
                                        "recall"};
    for (size_t m = 0; m < sizeof names / sizeof *names; m++)
        assert_string_equal(binary_metrics[m].name, names[m]);
    for (int m = 0; m < BINARY_METRIC_COUNT; m++)
        assert_non_null(binary_metrics[m].help);
}

static void a_weight_of_two_is_the_example_twice(void **state)
{
    (void)state;
    const float p[] = {.9f, .4f, .4f, .7f, .2f}, y[] = {1, 1, 0, 0, 0}, w[] = {1, 2, 1, 2, 1};
    const float p_twice[] = {.9f, .4f, .4f, .4f, .7f, .7f, .2f}, y_twice[] = {1, 1, 1, 0, 0, 0, 0};
    const struct binary_report once = evaluate(p, y, w, 5, 100),
                               twice = evaluate(p_twice, y_twice, NULL, 7, 100);
    for (int m = 0; m < BINARY_METRIC_COUNT; m++)
        assert_true(fabs(once.values[m] - twice.values[m]) < 1e-12);
    assert_true(once.values[BINARY_PRECISION] > 0 && once.values[BINARY_PRECISION] < 1);
}

static void a_half_is_not_above_the_threshold(void **state)
{
    (void)state;
    const float p[] = {.5f, .75f}, y[] = {0, 1};
    const struct binary_report report = evaluate(p, y, NULL, 2, 1);
    assert_true(report.values[BINARY_ACCURACY] == 1);
    assert_true(report.values[BINARY_PRECISION] == 1);
}

static void equal_probabilities_share_a_group(void **state)
{
    (void)state;
    float p[100], y[100];
    for (int i = 0; i < 100; i++) {
        p[i] = .25f;
        y[i] = (float)(i < 30);
    }
    const struct binary_report report = evaluate(p, y, NULL, 100, 10);
    int used = 0;
    for (int i = 0; i < CALIBRATION_GROUPS; i++)
        used += report.calibration[i].weight > 0;
    assert_int_equal(used, 1);
    assert_true(fabs(report.values[BINARY_CALIBRATION_ERROR] - .05) < 1e-6);
}

static void one_class_has_no_area_but_all_else(void **state)
{
    (void)state;
    const float p[] = {.5f, 1, 0}, y[] = {1, 1, 1};
    const struct binary_report report = evaluate(p, y, NULL, 3, 1);
    assert_true(isnan(report.values[BINARY_AUC]));
    assert_true(isnan(report.values[BINARY_AUC_PRECISION_RECALL]));
    assert_true(report.values[BINARY_ACCURACY_BASELINE] == 1);
    assert_true(isfinite(report.values[BINARY_AVERAGE_LOSS])); /* a sure mistake is in it */
    assert_true(report.values[BINARY_AVERAGE_LOSS] > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_metric_equals_scikit_learn),
        cmocka_unit_test(groups_of_calibration_equal_scikit_learn),
        cmocka_unit_test(names_are_those_of_tensorflow),
        cmocka_unit_test(a_weight_of_two_is_the_example_twice),
        cmocka_unit_test(a_half_is_not_above_the_threshold),
        cmocka_unit_test(equal_probabilities_share_a_group),
        cmocka_unit_test(one_class_has_no_area_but_all_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
