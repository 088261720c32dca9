/* What these catch: a bound that does not hold for the score that is computed, sets of instructions
 * that differ, a row of the best that is lost, numbers that the bounds are not made for. */
#include "linalg/rows8.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "linalg/kernels.h"
#include "linalg/rows8_sets.h"
#include "linalg/topk.h"
#include "support/test.h"

/* Rows of very different length, some of one number, some zero. */
static float *make_rows(struct rng *rng, uint32_t n, uint32_t d)
{
    float *rows = malloc(sizeof *rows * n * d);
    assert_non_null(rows);
    for (uint32_t i = 0; i < n; i++) {
        const double size = i % 17 == 3 ? 0 : pow(10, 3 * rng_uniform(rng) - 2);
        for (uint32_t k = 0; k < d; k++)
            rows[(size_t)i * d + k] =
                i % 13 == 5 && k ? 0 : (float)(size * (rng_uniform(rng) - 0.4));
    }
    return rows;
}

static void best_of(const float *rows, uint32_t d, const float *query, const uint32_t *items,
                    size_t n, size_t k, struct ranked *out, size_t *ret_n)
{
    float *scores = malloc(sizeof *scores * (n + 1));
    assert_non_null(scores);
    for (size_t i = 0; i < n; i++)
        kernels_get()->scan(rows + (size_t)items[i] * d, 1, d, query, &scores[i]);
    *ret_n = topk_of_list(items, scores, n, k, out);
    free(scores);
}

static void check_best(const struct rows8 *copy, const float *rows, uint32_t d, const float *query,
                       const struct bitmap *allowed, uint32_t n, size_t k)
{
    struct arena arena = {0};
    uint32_t *all = malloc(sizeof *all * (n + 1)), *items;
    struct ranked *expected = malloc(sizeof *expected * (k + 1)),
                  *found = malloc(sizeof *found * (k + 1));
    assert_non_null(all);
    size_t n_items, n_expected, n_found;
    assert_int_equal(rows8_candidates(copy, query, allowed, k, &arena, &items, &n_items),
                     STATUS_OK);
    best_of(rows, d, query, all, bitmap_list(allowed, n, all), k, expected, &n_expected);
    best_of(rows, d, query, items, n_items, k, found, &n_found);
    assert_int_equal(n_found, n_expected);
    assert_memory_equal(found, expected, n_found * sizeof *found);
    for (size_t i = 1; i < n_items; i++)
        assert_true(items[i - 1] < items[i]);
    free(all);
    free(expected);
    free(found);
    arena_free(&arena);
}

static void the_best_are_always_among_the_candidates(void **state)
{
    (void)state;
    static const uint32_t shapes[][2] = {{1, 1},    {63, 3},   {64, 4},    {65, 5},   {500, 16},
                                         {777, 64}, {900, 96}, {333, 127}, {2000, 32}};
    struct rng rng = rng_seed(11, 0);
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
        const uint32_t n = shapes[s][0], d = shapes[s][1];
        float *rows = make_rows(&rng, n, d), *query = make_rows(&rng, 1, d);
        if (n > 100) /* equal rows: ties go to the lower number */
            memcpy(rows + (size_t)90 * d, rows + (size_t)10 * d, d * sizeof *rows);
        struct rows8 *copy;
        struct bitmap allowed = {0};
        assert_int_equal(rows8_new(rows, n, d, &copy), STATUS_OK);
        assert_int_equal(bitmap_resize(&allowed, n + 40),
                         STATUS_OK); /* and items it does not know */
        for (int dense = 0; dense < 3; dense++) {
            bitmap_fill(&allowed, dense == 2);
            for (uint32_t i = 0; i < n + 40 && dense == 1; i++)
                if (rng_next(&rng) & 1)
                    bitmap_set(&allowed, i);
            for (size_t k = 0; k < 300; k = 2 * k + 1)
                check_best(copy, rows, d, query, &allowed, n, k);
        }
        bitmap_free(&allowed);
        rows8_free(copy);
        free(rows);
        free(query);
    }
}

/* It would be right and useless to let every row through. */
static void few_rows_are_left(void **state)
{
    (void)state;
    enum { N = 4000, D = 96, K = 10 };
    struct rng rng = rng_seed(12, 0);
    float *rows = malloc(sizeof *rows * N * D), query[D];
    assert_non_null(rows);
    for (size_t i = 0; i < (size_t)N * D; i++)
        rows[i] = (float)(rng_uniform(&rng) + rng_uniform(&rng) - 1);
    for (size_t k = 0; k < D; k++)
        query[k] = (float)(rng_uniform(&rng) + rng_uniform(&rng) - 1);
    struct rows8 *copy;
    struct arena arena = {0};
    struct bitmap allowed = {0};
    uint32_t *items;
    size_t n;
    assert_int_equal(rows8_new(rows, N, D, &copy), STATUS_OK);
    assert_int_equal(bitmap_resize(&allowed, N), STATUS_OK);
    bitmap_fill(&allowed, true);
    assert_int_equal(rows8_candidates(copy, query, &allowed, K, &arena, &items, &n), STATUS_OK);
    assert_in_range(n, K, 4 * K);
    assert_in_range(rows8_bytes(copy), N * D, N * (D + 20));
    arena_free(&arena);
    bitmap_free(&allowed);
    rows8_free(copy);
    free(rows);
}

/* One block by hand: q and p from numbers that 8 bits hold, so that sums are known. */
static void every_set_bounds_alike(void **state)
{
    (void)state;
    struct rng rng = rng_seed(13, 0);
    for (size_t groups = 1; groups < 40; groups += 3) {
        uint8_t codes[ROWS8_BLOCK * 40 * ROWS8_GROUP];
        int8_t query_codes[40 * ROWS8_GROUP];
        float scales[ROWS8_BLOCK], lengths[ROWS8_BLOCK], errors[ROWS8_BLOCK];
        for (size_t i = 0; i < sizeof codes; i++)
            codes[i] = (uint8_t)(rng_next(&rng) % 3 ? 1 + rng_next(&rng) % 255 : 255);
        int32_t sum = 0;
        for (size_t k = 0; k < groups * ROWS8_GROUP; k++) {
            query_codes[k] =
                (int8_t)(rng_next(&rng) % 3 ? (int)(rng_next(&rng) % 255) - 127 : -127);
            sum += query_codes[k];
        }
        for (size_t i = 0; i < ROWS8_BLOCK; i++) {
            scales[i] = (float)rng_uniform(&rng);
            lengths[i] = (float)rng_uniform(&rng);
            errors[i] = (float)rng_uniform(&rng);
        }
        const struct rows8_block block = {
            .codes = codes, .scales = scales, .lengths = lengths, .errors = errors};
        const struct rows8_query query = {.codes = query_codes,
                                          .groups = groups,
                                          .offset = 128 * sum,
                                          .scale = 0.01f,
                                          .length = 2,
                                          .error = 3};
        float upper[ROWS8_BLOCK], lower[ROWS8_BLOCK], same_upper[ROWS8_BLOCK],
            same_lower[ROWS8_BLOCK];
        rows8_bounds_plain(&block, &query, 0, upper, lower);
        const float threshold = upper[7];
        const uint64_t above = rows8_bounds_plain(&block, &query, threshold, upper, lower);
        assert_true(above >> 7 & 1);
        for (const rows8_bounds *set = rows8_all_bounds(); *set; set++) {
            const uint64_t same = (*set)(&block, &query, -INFINITY, same_upper, same_lower);
            assert_true(same == ~UINT64_C(0));
            for (size_t i = 0; i < ROWS8_BLOCK; i++) {
                assert_true(fabsf(upper[i] - same_upper[i]) <= 1e-5f * (1 + fabsf(upper[i])));
                assert_true(fabsf(lower[i] - same_lower[i]) <= 1e-5f * (1 + fabsf(lower[i])));
            }
        }
    }
}

static void bounds_hold_for_every_row(void **state)
{
    (void)state;
    enum { N = ROWS8_BLOCK, D = 31 };
    struct rng rng = rng_seed(14, 0);
    for (int round = 0; round < 50; round++) {
        float *rows = make_rows(&rng, N, D), *query = make_rows(&rng, 1, D);
        struct rows8 *copy;
        struct bitmap allowed = {0};
        assert_int_equal(rows8_new(rows, N, D, &copy), STATUS_OK);
        assert_int_equal(bitmap_resize(&allowed, N), STATUS_OK);
        /* Of two rows the better one is never lost, whatever the other's bounds are. */
        for (uint32_t a = 0; a < N; a++) {
            const uint32_t b = (a + 1 + (uint32_t)round) % N;
            bitmap_fill(&allowed, false);
            bitmap_set(&allowed, a);
            bitmap_set(&allowed, b);
            check_best(copy, rows, D, query, &allowed, N, 1);
        }
        bitmap_free(&allowed);
        rows8_free(copy);
        free(rows);
        free(query);
    }
}

static void what_the_bounds_are_not_made_for_is_refused(void **state)
{
    (void)state;
    static const float bad[] = {NAN, INFINITY, -INFINITY, 2e15f, 1e-16f};
    float row[4] = {0};
    struct rows8 *copy = NULL;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        row[2] = bad[i];
        assert_int_equal(rows8_new(row, 1, 4, &copy), STATUS_UNSUPPORTED);
    }
    assert_int_equal(rows8_new(row, 1, 0, &copy), STATUS_UNSUPPORTED);
    assert_int_equal(rows8_new(row, 1, ROWS8_D_MAX + 1, &copy), STATUS_UNSUPPORTED);
    assert_null(copy);
    rows8_free(NULL);
}

static void a_query_out_of_range_gets_every_row(void **state)
{
    (void)state;
    const float rows[] = {1, 2, 3, 4};
    const float queries[][2] = {{NAN, 1}, {INFINITY, 0}, {1e-16f, 0}, {0, 2e15f}};
    uint64_t word = 5;
    const struct bitmap allowed = {.words = &word, .count = 3};
    struct rows8 *copy;
    assert_int_equal(rows8_new(rows, 2, 2, &copy), STATUS_OK);
    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
        struct arena arena = {0};
        uint32_t *items;
        size_t n;
        assert_int_equal(rows8_candidates(copy, queries[i], &allowed, 1, &arena, &items, &n),
                         STATUS_OK);
        assert_int_equal(n, 1);
        assert_int_equal(items[0], 0);
        arena_free(&arena);
    }
    rows8_free(copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_best_are_always_among_the_candidates),
        cmocka_unit_test(few_rows_are_left),
        cmocka_unit_test(every_set_bounds_alike),
        cmocka_unit_test(bounds_hold_for_every_row),
        cmocka_unit_test(what_the_bounds_are_not_made_for_is_refused),
        cmocka_unit_test(a_query_out_of_range_gets_every_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
