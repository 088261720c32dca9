/* What these catch: components that are not the largest, variances off by n - 1, points alike or
 * fewer than dimensions that become NaN, bits that depend on the threads. */
#include "embed/pca.h"

#include <math.h>
#include <string.h>

#include "base/rng.h"
#include "golden/map_quality_golden.h"
#include "support/test.h"

static void variances_are_the_eigenvalues_of_the_covariance(void **state)
{
    (void)state;
    const struct points points = {
        .n = GOLDEN_POINTS, .d = GOLDEN_DIMENSIONS, .rows = golden_points[0]};
    float out[GOLDEN_POINTS][GOLDEN_DIMENSIONS];
    struct pca pca;
    assert_int_equal(pca_project(&points, GOLDEN_DIMENSIONS, 1, NULL, NULL, out[0], &pca, NULL),
                     STATUS_OK);
    double sum = 0;
    for (uint32_t k = 0; k < GOLDEN_DIMENSIONS; k++) {
        double variance = 0, mean = 0, other = 0;
        for (uint32_t i = 0; i < GOLDEN_POINTS; i++) {
            mean += (double)out[i][k] / GOLDEN_POINTS;
            variance += (double)out[i][k] * (double)out[i][k] / GOLDEN_POINTS;
            other += (double)out[i][k] * (double)out[i][(k + 1) % GOLDEN_DIMENSIONS];
        }
        sum += golden_variances[k];
        assert_true(fabs(pca.variances[k] / golden_variances[k] - 1) < 1e-4);
        assert_true(fabs(variance / golden_variances[k] - 1) < 1e-4);
        assert_true(fabs(mean) < 1e-4 && fabs(other) < 0.02);
    }
    assert_true(fabs(pca.total / sum - 1) < 1e-5);
}

/* 30 points of 200 dimensions: their rank is 29 at most. */
static void more_dimensions_than_points_and_any_threads_do(void **state)
{
    (void)state;
    enum { N = 30, D = 200, K = 40 };
    static float rows[N][D], one[N][K], two[N][K];
    struct rng rng = rng_seed(4, 4);
    for (size_t i = 0; i < N; i++)
        for (size_t c = 0; c < D; c++)
            rows[i][c] = (float)rng_normal(&rng);
    const struct points points = {.n = N, .d = D, .rows = rows[0]};
    struct pca pca;
    struct parallel *pool;
    assert_int_equal(parallel_new(2, false, &pool), STATUS_OK);
    assert_int_equal(pca_project(&points, K, 1, NULL, NULL, one[0], &pca, NULL), STATUS_OK);
    assert_int_equal(pca_project(&points, K, 1, pool, NULL, two[0], &pca, NULL), STATUS_OK);
    parallel_free(pool);
    assert_memory_equal(one, two, sizeof one);
    for (size_t i = 0; i < N; i++)
        for (size_t k = 0; k < K; k++)
            assert_true(isfinite(one[i][k]) && (k < N || fabsf(one[i][k]) < 1e-3F));
    assert_true(pca.variances[0] >= pca.variances[N - 2] && pca.variances[N - 2] > 1);
}

static void points_alike_have_no_variance(void **state)
{
    (void)state;
    float rows[9][3], out[9][5];
    for (size_t i = 0; i < 9; i++)
        memcpy(rows[i], (float[]){1, -2, 3}, sizeof rows[i]);
    const struct points points = {.n = 9, .d = 3, .rows = rows[0]};
    struct pca pca;
    assert_int_equal(pca_project(&points, 5, 1, NULL, NULL, out[0], &pca, NULL), STATUS_OK);
    assert_int_equal(pca.k, 3);
    for (size_t i = 0; i < 9; i++)
        for (size_t k = 0; k < 5; k++)
            assert_true(out[i][k] == 0);
}

static void no_point_and_no_number_are_refused(void **state)
{
    (void)state;
    float out[4];
    struct pca pca;
    struct error err = {0};
    const struct points none = {.n = 0, .d = 3};
    assert_int_equal(pca_project(&none, 1, 1, NULL, NULL, out, &pca, &err), STATUS_OUT_OF_RANGE);
    const struct points broken = {.n = 2, .d = 2, .rows = (float[]){1, 2, NAN, 4}};
    assert_int_equal(pca_project(&broken, 1, 1, NULL, NULL, out, &pca, &err), STATUS_OUT_OF_RANGE);
    assert_non_null(strstr(err.text, "point 1"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(variances_are_the_eigenvalues_of_the_covariance),
        cmocka_unit_test(more_dimensions_than_points_and_any_threads_do),
        cmocka_unit_test(points_alike_have_no_variance),
        cmocka_unit_test(no_point_and_no_number_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
