/* What these catch: an answer that is lost or counted twice between threads, a bucket's edge, a
 * histogram that is not cumulative, text that Prometheus cannot read. */
#include <math.h>
#include <pthread.h>
#include <string.h>

#include "server/counters.h"
#include "support/test.h"

enum { THREADS = 4, TIMES = 5000 };

static const struct route table[] = {{METHOD_GET, "/a/{b}"}, {METHOD_POST, "/c"}, {0}};

static void assert_has(const struct buffer *text, const char *line)
{
    if (!strstr(text->data, line))
        fail_msg("no line %s in:\n%s", line, text->data);
}

static void answers_are_counted_by_route_and_status(void **state)
{
    (void)state;
    struct counters *counters;
    struct buffer text = {0};
    assert_int_equal(counters_new(table, &counters), STATUS_OK);
    counters_add(counters, &table[0], 200, 0);
    counters_add(counters, &table[0], 200, 0);
    counters_add(counters, &table[1], 422, 0);
    counters_add(counters, NULL, 404, 0);
    counters_add(counters, NULL, 299, 0);
    counters_print(counters, &text);
    assert_has(
        &text,
        "\ntastevin_http_requests_total{method=\"GET\",route=\"/a/{b}\",status=\"200\"} 2\n");
    assert_has(&text,
               "\ntastevin_http_requests_total{method=\"POST\",route=\"/c\",status=\"422\"} 1\n");
    assert_has(&text,
               "\ntastevin_http_requests_total{method=\"\",route=\"none\",status=\"404\"} 1\n");
    assert_has(&text,
               "\ntastevin_http_requests_total{method=\"\",route=\"none\",status=\"other\"} 1\n");
    assert_null(strstr(text.data, "status=\"201\""));
    buffer_free(&text);
    counters_free(counters);
}

static void a_histogram_is_cumulative_and_its_edges_belong_below(void **state)
{
    (void)state;
    struct counters *counters;
    struct buffer text = {0};
    assert_int_equal(counters_new(table, &counters), STATUS_OK);
    counters_add(counters, &table[1], 200, 100 * 1000);          /* 100 us: the first edge */
    counters_add(counters, &table[1], 200, 101 * 1000);          /* just above */
    counters_add(counters, &table[1], 200, INT64_C(7000000000)); /* above all edges */
    counters_add(counters, &table[1], 200, -5);                  /* a clock that stood */
    counters_print(counters, &text);
#define PREFIX "\ntastevin_http_request_duration_seconds"
#define LABELS "method=\"POST\",route=\"/c\""
    assert_has(&text, PREFIX "_bucket{" LABELS ",le=\"0.0001\"} 2\n");
    assert_has(&text, PREFIX "_bucket{" LABELS ",le=\"0.0002\"} 3\n");
    assert_has(&text, PREFIX "_bucket{" LABELS ",le=\"5\"} 3\n");
    assert_has(&text, PREFIX "_bucket{" LABELS ",le=\"+Inf\"} 4\n");
    assert_has(&text, PREFIX "_sum{" LABELS "} 7.000201\n");
    assert_has(&text, PREFIX "_count{" LABELS "} 4\n");
    assert_null(strstr(text.data, PREFIX "_count{method=\"GET\""));
    buffer_free(&text);
    counters_free(counters);
}

static void sums_are_of_one_route_or_of_all(void **state)
{
    (void)state;
    struct counters *counters;
    struct counters_sum sum;
    assert_int_equal(counters_new(table, &counters), STATUS_OK);
    counters_add(counters, &table[0], 200, 1000);
    counters_add(counters, &table[0], 503, 1000);
    counters_add(counters, &table[1], 422, 1000);
    counters_add(counters, NULL, 404, 1000);
    counters_sum(counters, NULL, &sum);
    assert_int_equal(sum.requests, 4);
    assert_int_equal(sum.refused, 2);
    assert_int_equal(sum.failed, 1);
    counters_sum(counters, "/a/{b}", &sum);
    assert_int_equal(sum.requests, 2);
    assert_int_equal(sum.refused, 0);
    assert_int_equal(sum.failed, 1);
    assert_int_equal(sum.buckets[0], 2);
    counters_free(counters);
}

/* A hundred answers evenly in the bucket of 100 to 200 us, one far above all edges. */
static void quantiles_lie_within_their_bucket(void **state)
{
    (void)state;
    struct counters *counters;
    struct counters_sum sum;
    assert_int_equal(counters_new(table, &counters), STATUS_OK);
    counters_sum(counters, NULL, &sum);
    assert_true(isnan(counters_quantile(sum.buckets, 0.5)));
    for (int i = 0; i < 100; i++)
        counters_add(counters, &table[0], 200, 150 * 1000);
    counters_sum(counters, NULL, &sum);
    assert_true(fabs(counters_quantile(sum.buckets, 0.5) - 150e-6) < 1e-9);
    assert_true(fabs(counters_quantile(sum.buckets, 0.9) - 190e-6) < 1e-9);
    assert_true(fabs(counters_quantile(sum.buckets, 0) - 100e-6) < 1e-9);
    counters_add(counters, &table[0], 200, INT64_C(60000000000));
    counters_sum(counters, NULL, &sum);
    assert_true(fabs(counters_quantile(sum.buckets, 1) - 5) < 1e-9);
    counters_free(counters);
}

static void *count_many(void *counters)
{
    for (int i = 0; i < TIMES; i++)
        counters_add(counters, &table[0], 200, 1000);
    return NULL;
}

static void nothing_is_lost_between_threads(void **state)
{
    (void)state;
    struct counters *counters;
    struct buffer text = {0};
    pthread_t threads[THREADS];
    assert_int_equal(counters_new(table, &counters), STATUS_OK);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, count_many, counters), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    counters_print(counters, &text);
    assert_has(&text, "status=\"200\"} 20000\n");
    buffer_free(&text);
    counters_free(counters);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_are_counted_by_route_and_status),
        cmocka_unit_test(a_histogram_is_cumulative_and_its_edges_belong_below),
        cmocka_unit_test(sums_are_of_one_route_or_of_all),
        cmocka_unit_test(quantiles_lie_within_their_bucket),
        cmocka_unit_test(nothing_is_lost_between_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
