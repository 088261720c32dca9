/* What these catch: a share that is not the one asked for, sums that dropout changes, the same
 * entries hidden in each epoch, bits that hang on threads, ratings in both parts or in neither. */
#include "models/autorec_rows.h"

#include "support/fitted.h"
#include "support/test.h"

enum { USERS = 200 };

static const struct autorec_settings half = {.dropout = 0.4, .validation = 0.2};

static void likes_have_a_length_of_one(void **state)
{
    (void)state;
    struct test_data *data = test_checkerboard(12);
    struct autorec_rows rows = {0};
    assert_int_equal(autorec_rows_read_likes(&rows, &data->train), STATUS_OK);
    const struct autorec_settings none = {0};
    assert_int_equal(autorec_rows_reserve(&rows, &none), STATUS_OK);
    autorec_rows_hide(&rows, &none, 1, 1, NULL);
    assert_int_equal(rows.x.n_rows, data->train.by_user->n_rows);
    for (uint32_t r = 0; r < rows.x.n_rows; r++) {
        double length = 0;
        for (uint64_t k = rows.x.starts[r]; k < rows.x.starts[r + 1]; k++)
            length += (double)rows.inputs[k] * (double)rows.inputs[k];
        assert_true(fabs(length - 1) < 1e-5);
    }
    autorec_rows_free(&rows);
    test_data_free(data);
}

static void a_share_is_hidden_and_the_rest_scaled_up(void **state)
{
    (void)state;
    struct test_data *data = test_checkerboard(USERS);
    struct autorec_rows rows = {0};
    assert_int_equal(autorec_rows_read_likes(&rows, &data->train), STATUS_OK);
    assert_int_equal(autorec_rows_reserve(&rows, &half), STATUS_OK);
    const uint64_t n = csr_size(&rows.x);
    float *first = calloc(n, sizeof *first);
    double sums[2] = {0};
    uint64_t hidden = 0, moved = 0;
    assert_non_null(first);
    for (int epoch = 1; epoch <= 2; epoch++) {
        autorec_rows_hide(&rows, &half, 1, epoch, NULL);
        for (uint64_t k = 0; k < n; k++) {
            assert_true(rows.inputs[k] == 0 ||
                        fabsf(rows.inputs[k] * 0.6F - rows.x.values[k]) < 1e-6F);
            hidden += rows.inputs[k] == 0;
            moved += epoch == 2 && (rows.inputs[k] == 0) != (first[k] == 0);
            sums[0] += (double)rows.inputs[k];
            sums[1] += (double)rows.x.values[k];
            first[k] = rows.inputs[k];
        }
    }
    assert_true(fabs((double)hidden / (2 * (double)n) - 0.4) < 0.02);
    assert_true(fabs(sums[0] / sums[1] - 1) < 0.02);
    assert_true((double)moved / (double)n > 0.4); /* 2 x 0.4 x 0.6 is to be expected */
    struct parallel *pool;
    assert_int_equal(parallel_new(3, false, &pool), STATUS_OK);
    autorec_rows_hide(&rows, &half, 1, 2, pool);
    assert_memory_equal(first, rows.inputs, n * sizeof *first);
    parallel_free(pool);
    free(first);
    autorec_rows_free(&rows);
    test_data_free(data);
}

static void each_rating_is_in_one_part(void **state)
{
    (void)state;
    struct test_data *data = test_tastes(3);
    struct autorec_rows sides[2] = {{{0}}};
    for (int by_item = 0; by_item < 2; by_item++) {
        struct autorec_rows *rows = &sides[by_item];
        struct rating_means means = {.low = 1};
        assert_int_equal(
            autorec_rows_read_ratings(rows, &data->train, &half, by_item, NULL, &means), STATUS_OK);
        const uint64_t all = csr_size(&rows->ratings), apart = csr_size(&rows->valid);
        assert_int_equal(csr_size(&rows->x) + apart, all);
        assert_true(fabs((double)apart / (double)all - 0.2) < 0.08);
        rating_means_free(&means);
    }
    assert_int_equal(csr_size(&sides[0].valid), csr_size(&sides[1].valid)); /* the same ones */
    autorec_rows_free(&sides[0]);
    autorec_rows_free(&sides[1]);
    test_data_free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(likes_have_a_length_of_one),
        cmocka_unit_test(a_share_is_hidden_and_the_rest_scaled_up),
        cmocka_unit_test(each_rating_is_in_one_part),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
