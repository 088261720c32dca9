/* What these catch: tiles in the wrong place, block rows of less than full height, an inverse that
 * depends on the number of threads, an indefinite matrix that is taken, a stop that is not seen. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "linalg/invert.h"

enum { ROWS = 150 };

/* A = X'X + 3 I of random rows X, in tiles. */
static float *random_matrix(size_t d)
{
    float *rows = calloc(d * ROWS, sizeof *rows), *matrix = calloc(spd_size(d), sizeof *matrix);
    assert_true(rows && matrix);
    struct rng rng = rng_seed(3, d);
    for (size_t k = 0; k < d * ROWS; k++)
        rows[k] = (float)rng_normal(&rng);
    spd_add_panel(matrix, d, rows, ROWS * TILE, ROWS);
    spd_add_diagonal(matrix, 0, d, 3);
    free(rows);
    return matrix;
}

static float at(const float *matrix, size_t i, size_t j)
{
    return i <= j ? matrix[spd_element(i, j)] : matrix[spd_element(j, i)];
}

/* The largest element of A B - I, over some rows. */
static double distance_from_unit(const float *a, const float *b, size_t d)
{
    double worst = 0;
    for (size_t i = 0; i < d; i += 7)
        for (size_t j = 0; j < d; j++) {
            double sum = i == j ? -1 : 0;
            for (size_t k = 0; k < d; k++)
                sum += (double)at(a, i, k) * (double)at(b, k, j);
            worst = fmax(worst, fabs(sum));
        }
    return worst;
}

static void a_matrix_times_its_inverse_is_one(void **state)
{
    (void)state;
    const size_t tiles[] = {1, 2, 16, 17, 37};
    for (size_t t = 0; t < sizeof tiles / sizeof *tiles; t++) {
        const size_t d = tiles[t] * TILE;
        float *a = random_matrix(d), *b = random_matrix(d);
        assert_int_equal(spd_invert(b, d, NULL, NULL, "inverting"), STATUS_OK);
        const double distance = distance_from_unit(a, b, d);
        if (!(distance < 1e-3))
            fail_msg("%zu: %g", d, distance);
        free(a);
        free(b);
    }
}

static void diagonal_tiles_hold_both_halves(void **state)
{
    (void)state;
    const size_t d = 20 * TILE;
    float *a = random_matrix(d);
    assert_int_equal(spd_invert(a, d, NULL, NULL, "inverting"), STATUS_OK);
    for (size_t k = 0; k < d; k++)
        for (size_t l = k / TILE * TILE; l < k; l++)
            assert_true(fabsf(a[spd_element(k, l)] - a[spd_element(l, k)]) < 1e-6f);
    free(a);
}

static void the_bits_do_not_depend_on_the_number_of_threads(void **state)
{
    (void)state;
    const size_t d = 35 * TILE;
    float *alone = random_matrix(d);
    assert_int_equal(spd_invert(alone, d, NULL, NULL, "inverting"), STATUS_OK);
    for (unsigned threads = 2; threads <= 3; threads++) {
        float *shared = random_matrix(d);
        struct parallel *pool;
        assert_int_equal(parallel_new(threads, false, &pool), STATUS_OK);
        assert_int_equal(spd_invert(shared, d, pool, NULL, "inverting"), STATUS_OK);
        assert_memory_equal(alone, shared, spd_size(d) * sizeof *alone);
        parallel_free(pool);
        free(shared);
    }
    free(alone);
}

static void what_is_not_positive_definite_is_refused(void **state)
{
    (void)state;
    const size_t d = 20 * TILE;
    for (size_t spoilt = 0; spoilt < d; spoilt += d - 1) {
        float *a = random_matrix(d);
        a[spd_element(spoilt, spoilt)] = -1;
        assert_int_equal(spd_invert(a, d, NULL, NULL, "inverting"), STATUS_OUT_OF_RANGE);
        free(a);
    }
}

static bool stop_later(void *context)
{
    unsigned *left = context;
    return (*left)-- == 0;
}

static void it_stops_when_told(void **state)
{
    (void)state;
    const size_t d = 40 * TILE;
    for (unsigned patience = 0; patience < 3; patience++) { /* it asks once a step, of 3 */
        float *a = random_matrix(d);
        unsigned left = patience;
        const struct observer observer = {.context = &left, .stop = stop_later};
        assert_int_equal(spd_invert(a, d, NULL, &observer, "inverting"), STATUS_CANCELLED);
        free(a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_matrix_times_its_inverse_is_one),
        cmocka_unit_test(diagonal_tiles_hold_both_halves),
        cmocka_unit_test(the_bits_do_not_depend_on_the_number_of_threads),
        cmocka_unit_test(what_is_not_positive_definite_is_refused),
        cmocka_unit_test(it_stops_when_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
