/* What these catch: an answer that is lost or counted twice between threads, a bucket's edge, a
 * histogram that is not cumulative, text that Prometheus cannot read. */
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
        cmocka_unit_test(nothing_is_lost_between_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
