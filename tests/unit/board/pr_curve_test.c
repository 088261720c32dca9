/* What these catch: counts on the wrong side of a threshold, weights ignored, a division by 0. */
#include "board/pr_curve.h"

#include <math.h>

#include "support/test.h"

static void counts_are_those_at_every_threshold(void **state)
{
    (void)state;
    static const float scores[] = {0.05f, 0.25f, 0.495f, 0.755f, 1.0f, 0.0f};
    static const float labels[] = {0, 1, 0, 1, 1, 0}, weights[] = {1, 2, 3, 4, 5, 6};
    struct pr_curve curve;
    assert_true(pr_curve_of(scores, labels, weights, 6, &curve));
    for (int t = 0; t < PR_CURVE_THRESHOLDS; t++) {
        float tp = 0, fp = 0;
        for (int i = 0; i < 6; i++)
            if (floor((double)scores[i] * 100) >= t)
                *(labels[i] > 0 ? &tp : &fp) += weights[i];
        const float wanted[] = {tp,     fp, 10 - fp, 11 - tp, tp + fp > 0 ? tp / (tp + fp) : 0,
                                tp / 11};
        for (int row = 0; row < 6; row++)
            assert_float_equal(curve.rows[row][t], wanted[row], 1e-6);
    }
}

static void one_sided_labels_divide_by_nothing(void **state)
{
    (void)state;
    static const float scores[] = {NAN, 0.5f, 7, -7}, labels[] = {1, 0, 0, 0};
    struct pr_curve curve;
    assert_true(pr_curve_of(scores, labels, NULL, 4, &curve));
    assert_true(curve.rows[1][0] == 3 && curve.rows[5][0] == 0 && curve.rows[4][0] == 0);
    assert_true(curve.rows[1][100] == 1);
    assert_false(pr_curve_of(scores, labels, NULL, 1, &curve));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_are_those_at_every_threshold),
        cmocka_unit_test(one_sided_labels_divide_by_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
