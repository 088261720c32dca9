/* What these catch: an order that is not by falling score (negative scores, both zeros), ties that
 * count whole or not at all, weights that count one side only. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/rng.h"
#include "linalg/auc.h"

#include "golden/binary_metrics_cases.h"
#include "golden/binary_metrics_golden.h"

static double area(const float *scores, const float *labels, const float *weights, uint32_t n)
{
    double value = -1;
    assert_int_equal(auc_roc(scores, labels, weights, n, &value), STATUS_OK);
    return value;
}

static void the_area_equals_scikit_learn(void **state)
{
    (void)state;
    for (size_t c = 0; c < sizeof golden_scores / sizeof *golden_scores; c++) {
        const struct golden_scores *g = &golden_scores[c];
        assert_true(fabs(area(g->probabilities, g->labels, g->weights, g->n) - g->values[2]) <
                    1e-12);
    }
}

/* By the definition: all pairs. Labels may be shares. */
static double by_pairs(const float *scores, const float *labels, const float *weights, uint32_t n)
{
    double won = 0, all = 0;
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t j = 0; j < n; j++) {
            const double pair = (double)weights[i] * labels[i] * weights[j] * (1 - labels[j]);
            all += pair;
            won += scores[i] > scores[j] ? pair : scores[i] == scores[j] ? pair / 2 : 0;
        }
    return won / all;
}

static void the_area_is_the_share_of_pairs_in_order(void **state)
{
    (void)state;
    enum { N = 300 };
    float scores[N], labels[N], weights[N];
    struct rng rng = rng_seed(5, 0);
    for (int i = 0; i < N; i++) {
        scores[i] = (float)((int)(rng_uniform(&rng) * 40) - 20) / 8;
        labels[i] = (float)(int)(rng_uniform(&rng) * 5) / 4;
        weights[i] = 0.25f + (float)rng_uniform(&rng);
        if (scores[i] == 0 && i % 2)
            scores[i] = -0.0f;
    }
    assert_true(fabs(area(scores, labels, weights, N) - by_pairs(scores, labels, weights, N)) <
                1e-9);
}

static void the_order_is_by_falling_score_then_number(void **state)
{
    (void)state;
    const float scores[] = {0.0f, -1e30f, 3, -0.0f, 1e-40f, 3, -2, INFINITY};
    const uint32_t expected[] = {7, 2, 5, 4, 0, 3, 6, 1};
    uint32_t order[8];
    void *scratch = malloc(scores_order_scratch(8));
    assert_non_null(scratch);
    scores_order(scores, 8, order, scratch);
    assert_memory_equal(order, expected, sizeof order);
    free(scratch);
}

static void without_both_classes_there_is_no_area(void **state)
{
    (void)state;
    const float scores[] = {1, 2}, ones[] = {1, 1}, zeros[] = {0, 0};
    assert_true(isnan(area(scores, ones, NULL, 2)));
    assert_true(isnan(area(scores, zeros, NULL, 2)));
    assert_true(isnan(area(scores, zeros, NULL, 0)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_area_equals_scikit_learn),
        cmocka_unit_test(the_area_is_the_share_of_pairs_in_order),
        cmocka_unit_test(the_order_is_by_falling_score_then_number),
        cmocka_unit_test(without_both_classes_there_is_no_area),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
