/* What these catch: a list that is not the sorted prefix, ties in another order, items that are not
 * allowed, ends of the arrays. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "linalg/topk.h"

enum { N = 300 };

static int compare(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    if (x->score != y->score)
        return x->score > y->score ? -1 : 1;
    return x->item < y->item ? -1 : x->item > y->item;
}

static void the_best_few_are_the_start_of_the_sorted_list(void **state)
{
    (void)state;
    struct rng rng = rng_seed(1, 2);
    for (size_t round = 0; round < 200; round++) {
        const uint32_t n = rng_below(&rng, N);
        const size_t k = rng_below(&rng, N + 50);
        float scores[N];
        uint32_t items[N];
        struct ranked sorted[N], out[N + 50], shuffled[N];
        struct bitmap allowed = {0};
        assert_int_equal(bitmap_resize(&allowed, n / 2 + rng_below(&rng, N)), STATUS_OK);
        uint32_t n_allowed = 0;
        for (uint32_t i = 0; i < n; i++) {
            items[i] = 1000 - i;
            scores[i] = (float)rng_below(&rng, 40) - 20;
            shuffled[i] = (struct ranked){items[i], scores[i]};
            if (i < allowed.count && rng_below(&rng, 3)) {
                bitmap_set(&allowed, i);
                sorted[n_allowed++] = (struct ranked){i, scores[i]};
            }
        }
        qsort(sorted, n_allowed, sizeof *sorted, compare);
        size_t got = topk_of_all(scores, n, &allowed, k, out);
        assert_int_equal(got, k < n_allowed ? k : n_allowed);
        assert_memory_equal(out, sorted, got * sizeof *out);

        for (uint32_t i = 0; i < n; i++)
            sorted[i] = (struct ranked){items[i], scores[i]};
        qsort(sorted, n, sizeof *sorted, compare);
        got = topk_of_list(items, scores, n, k, out);
        assert_int_equal(got, k < n ? k : n);
        assert_memory_equal(out, sorted, got * sizeof *out);
        ranked_sort_first(shuffled, n, got);
        assert_memory_equal(shuffled, sorted, got * sizeof *sorted);
        ranked_sort(shuffled, n);
        assert_memory_equal(shuffled, sorted, n * sizeof *sorted);
        bitmap_free(&allowed);
    }
}

static void what_is_not_a_number_comes_last_but_comes(void **state)
{
    (void)state;
    const float scores[] = {NAN, 1, -INFINITY, 2};
    struct ranked out[4];
    assert_int_equal(topk_of_all(scores, 4, NULL, 4, out), 4);
    const uint32_t expected[] = {3, 1, 0, 2};
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(out[i].item, expected[i]);
    assert_int_equal(topk_of_all(scores, 4, NULL, 0, out), 0);
}

/* Equal ones are cut badly each time, so that the sort goes on in its other way. */
static void many_equal_ones_are_sorted_too(void **state)
{
    (void)state;
    struct rng rng = rng_seed(1, 4);
    for (size_t round = 0; round < 50; round++) {
        struct ranked list[N], sorted[N];
        for (uint32_t i = 0; i < N; i++)
            list[i] = rng_below(&rng, 20)
                          ? (struct ranked){7, 1}
                          : (struct ranked){rng_below(&rng, 50), (float)rng_below(&rng, 3)};
        memcpy(sorted, list, sizeof list);
        qsort(sorted, N, sizeof *sorted, compare);
        ranked_sort(list, N);
        assert_memory_equal(list, sorted, sizeof list);
    }
}

static int compare_sizes(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    const float p = fabsf(x->score), q = fabsf(y->score);
    if (p != q)
        return p > q ? -1 : 1;
    return x->item < y->item ? -1 : x->item > y->item;
}

/* Also catches zeros that are kept, signs that count, ties cut at the wrong end. */
static void the_largest_in_size_come_by_rising_index(void **state)
{
    (void)state;
    struct rng rng = rng_seed(1, 3);
    for (size_t round = 0; round < 300; round++) {
        const uint32_t n = rng_below(&rng, N);
        const size_t k = rng_below(&rng, N + 50);
        float values[N];
        struct ranked sorted[N];
        uint32_t out[N];
        bool expected[N] = {false};
        for (uint32_t i = 0; i < n; i++) {
            values[i] = round % 2 ? (float)rng_below(&rng, 20) - 10 : (float)rng_normal(&rng);
            sorted[i] = (struct ranked){i, values[i]};
        }
        qsort(sorted, n, sizeof *sorted, compare_sizes);
        size_t n_expected = 0;
        for (; n_expected < n && n_expected < k && sorted[n_expected].score != 0; n_expected++)
            expected[sorted[n_expected].item] = true;
        const size_t got = topk_by_size(values, n, k, out);
        assert_int_equal(got, n_expected);
        for (size_t e = 0; e < got; e++) {
            assert_true(expected[out[e]]);
            assert_true(e == 0 || out[e] > out[e - 1]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_best_few_are_the_start_of_the_sorted_list),
        cmocka_unit_test(what_is_not_a_number_comes_last_but_comes),
        cmocka_unit_test(many_equal_ones_are_sorted_too),
        cmocka_unit_test(the_largest_in_size_come_by_rising_index),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
