/* What these catch: values in the wrong bucket at the edges, or lost. */
#include "board/histogram.h"

#include <float.h>
#include <math.h>

#include "support/test.h"

static double total(const struct histogram *h)
{
    double sum = 0;
    for (int i = 0; i < HISTOGRAM_BUCKETS; i++)
        sum += h->buckets[i][2];
    return sum;
}

static void every_edge_belongs_to_the_bucket_on_its_right(void **state)
{
    (void)state;
    float values[HISTOGRAM_BUCKETS + 1];
    for (int i = 0; i <= HISTOGRAM_BUCKETS; i++)
        values[i] = (float)(3 + i);
    struct histogram h;
    assert_true(histogram_of(values, HISTOGRAM_BUCKETS + 1, &h));
    for (int i = 0; i < HISTOGRAM_BUCKETS; i++) {
        assert_true(h.buckets[i][0] == 3 + i && h.buckets[i][1] == 4 + i);
        assert_true(h.buckets[i][2] == (i + 1 < HISTOGRAM_BUCKETS ? 1 : 2)); /* the last closed */
    }
}

static void buckets_agree_with_their_edges(void **state)
{
    (void)state;
    enum { N = 997 };
    float values[N];
    for (int i = 0; i < N; i++)
        values[i] = (float)(sin(i) / 3 + 0.1);
    struct histogram h;
    assert_true(histogram_of(values, N, &h));
    assert_true(total(&h) == N);
    for (int b = 0; b < HISTOGRAM_BUCKETS; b++) {
        double count = 0;
        for (int i = 0; i < N; i++)
            count += (double)values[i] >= h.buckets[b][0] &&
                     ((double)values[i] < h.buckets[b][1] || b + 1 == HISTOGRAM_BUCKETS);
        assert_true(h.buckets[b][2] == count);
    }
}

static void equal_values_lie_in_the_last_bucket(void **state)
{
    (void)state;
    static const float values[] = {-2.5f, -2.5f, -2.5f};
    struct histogram h;
    assert_true(histogram_of(values, 3, &h));
    for (int i = 0; i < HISTOGRAM_BUCKETS; i++)
        assert_true(h.buckets[i][0] == -2.5 && h.buckets[i][1] == -2.5);
    assert_true(h.buckets[HISTOGRAM_BUCKETS - 1][2] == 3 && total(&h) == 3);
}

static void what_is_not_finite_is_left_out(void **state)
{
    (void)state;
    static const float values[] = {NAN, FLT_MAX, INFINITY, -FLT_MAX, -INFINITY};
    struct histogram h;
    assert_true(histogram_of(values, 5, &h));
    assert_true(total(&h) == 2 && h.buckets[0][2] == 1);
    assert_false(histogram_of(values, 1, &h));
    assert_false(histogram_of(values, 0, &h));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_edge_belongs_to_the_bucket_on_its_right),
        cmocka_unit_test(buckets_agree_with_their_edges),
        cmocka_unit_test(equal_values_lie_in_the_last_bucket),
        cmocka_unit_test(what_is_not_finite_is_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
