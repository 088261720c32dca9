/* What these catch: an area that is not the AUC, groups that are not the mean of what they hold,
 * scores at the very ends or none that leave the bins. */
#include "eval/score_bins.h"

#include <math.h>

#include "base/rng.h"
#include "linalg/auc.h"
#include "support/test.h"

enum { N = 20000 };

static float scores[N], labels[N], weights[N];

/* Labels that are as likely as the scores say. */
static void draw(double power)
{
    struct rng rng = rng_seed(1, 2);
    for (size_t i = 0; i < N; i++) {
        scores[i] = (float)pow(rng_uniform(&rng), power);
        labels[i] = rng_uniform(&rng) < (double)scores[i];
        weights[i] = 1 + (float)(i % 3);
    }
}

static void the_area_is_the_auc(void **state)
{
    (void)state;
    for (int power = 1; power <= 9; power += 4) {
        struct score_bins bins;
        double x[ROC_POINTS], y[ROC_POINTS], area, auc;
        draw(power);
        score_bins_fill(&bins, scores, labels, weights, N);
        assert_true(score_bins_roc(&bins, x, y, &area));
        assert_int_equal(auc_roc(scores, labels, weights, N, &auc), STATUS_OK);
        assert_true(fabs(area - auc) < 1e-3);
        assert_true(x[0] == 0 && y[0] == 0);
        assert_true(fabs(x[ROC_POINTS - 1] - 1) < 1e-9 && fabs(y[ROC_POINTS - 1] - 1) < 1e-9);
        for (size_t i = 1; i < ROC_POINTS; i++)
            assert_true(x[i] >= x[i - 1] && y[i] >= y[i - 1]);
    }
}

/* One row outweighs all others: what comes after it is not worth a group of its own. */
static void there_are_no_more_groups_than_there_is_room_for(void **state)
{
    (void)state;
    struct score_bins bins;
    double x[RELIABILITY_GROUPS], y[RELIABILITY_GROUPS];
    draw(1);
    for (size_t i = 0; i < N; i++)
        weights[i] = 1;
    scores[0] = 0.001f;
    weights[0] = 1e12f;
    score_bins_fill(&bins, scores, labels, weights, N);
    const size_t n = score_bins_reliability(&bins, x, y);
    assert_true(n >= 1 && n <= RELIABILITY_GROUPS);
}

static void what_is_calibrated_lies_on_the_diagonal(void **state)
{
    (void)state;
    struct score_bins bins;
    double x[RELIABILITY_GROUPS], y[RELIABILITY_GROUPS];
    draw(3);
    score_bins_fill(&bins, scores, labels, NULL, N);
    const size_t n = score_bins_reliability(&bins, x, y);
    assert_true(n >= 9);
    for (size_t g = 0; g < n; g++) {
        assert_true(fabs(x[g] - y[g]) < 0.05);
        assert_true(g == 0 || x[g] > x[g - 1]);
    }
    for (size_t i = 0; i < N; i++)
        scores[i] = sqrtf(scores[i]); /* predicts too much */
    score_bins_fill(&bins, scores, labels, NULL, N);
    assert_int_equal(score_bins_reliability(&bins, x, y), n);
    assert_true(x[n / 2] > y[n / 2] + 0.1);
}

static void few_scores_and_those_at_the_ends_have_their_place(void **state)
{
    (void)state;
    static const float of[] = {0, 1, 0.5f, NAN, -1, 2}, is[] = {0, 1, 1, 1, 1, 1};
    struct score_bins bins;
    double x[ROC_POINTS], y[ROC_POINTS], area;
    score_bins_fill(&bins, of, is, NULL, 6);
    assert_true(score_bins_roc(&bins, x, y, &area));
    assert_true(fabs(area - 1) < 1e-12);
    assert_int_equal(score_bins_reliability(&bins, x, y), 3);
    assert_true(x[0] == 0 && x[1] == 0.5 && x[2] == 1 && y[0] == 0 && y[1] == 1 && y[2] == 1);
    score_bins_fill(&bins, of, is, NULL, 1);
    assert_false(score_bins_roc(&bins, x, y, &area)); /* negatives alone */
    score_bins_fill(&bins, of, is, NULL, 0);
    assert_int_equal(score_bins_reliability(&bins, x, y), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_area_is_the_auc),
        cmocka_unit_test(there_are_no_more_groups_than_there_is_room_for),
        cmocka_unit_test(what_is_calibrated_lies_on_the_diagonal),
        cmocka_unit_test(few_scores_and_those_at_the_ends_have_their_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
