/* What these catch: a calendar that is a day off, times that are read but cannot be written back.
 */
#include "base/clock.h"

#include <string.h>

#include "base/rng.h"
#include "support/test.h"

/* from Python's datetime */
static const struct {
    const char *text;
    int64_t ms;
} golden[] = {
    {"1970-01-01T00:00:00.000Z", 0},
    {"1969-12-31T23:59:59.000Z", -1000},
    {"2000-02-29T23:59:59.000Z", 951868799000},
    {"0001-01-01T00:00:00.000Z", -62135596800000},
    {"9999-12-31T23:59:59.000Z", 253402300799000},
    {"2026-11-23T15:28:00.000Z", 1795447680000},
    {"1900-03-01T00:00:00.000Z", -2203891200000},
    {"2100-02-28T00:00:00.000Z", 4107456000000},
    {"1600-02-29T00:00:00.000Z", -11670998400000},
    {"1582-10-15T00:00:00.000Z", -12219292800000},
};

static void golden_times_are_written_and_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof golden / sizeof *golden; i++) {
        char text[TIME_TEXT_SIZE];
        int64_t ms;
        time_format(golden[i].ms, text);
        assert_string_equal(text, golden[i].text);
        assert_int_equal(time_parse(text, &ms), STATUS_OK);
        assert_true(ms == golden[i].ms);
    }
}

static void random_times_come_back_the_same(void **state)
{
    (void)state;
    struct rng rng = rng_seed(1, 0);
    for (int i = 0; i < 100000; i++) {
        char text[TIME_TEXT_SIZE];
        const int64_t ms = -62135596800000 + (int64_t)(rng_uniform(&rng) * 315537897600000.0);
        int64_t back;
        time_format(ms, text);
        assert_int_equal(time_parse(text, &back), STATUS_OK);
        assert_true(back == ms);
    }
}

static void all_of_rfc_3339_is_read(void **state)
{
    (void)state;
    static const char *const same[] = {
        "2026-11-23T15:28:00Z",      "2026-11-23 15:28:00z",      "2026-11-23t15:28:00.000Z",
        "2026-11-23T16:28:00+01:00", "2026-11-23T10:58:00-04:30", "2026-11-24T15:27:00+23:59",
        "2026-11-23T15:28:00-00:00", "2026-11-23T15:28:00.0Z",    "2026-11-23T15:28:00.0009999Z",
        "2026-11-23T15:27:60Z",
    };
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        int64_t ms;
        assert_int_equal(time_parse(same[i], &ms), STATUS_OK);
        assert_true(ms == 1795447680000);
    }
    int64_t ms;
    assert_int_equal(time_parse("1969-12-31T23:59:59.9Z", &ms), STATUS_OK);
    assert_true(ms == -100);
    assert_int_equal(time_parse("1970-01-01T00:00:00.12345Z", &ms), STATUS_OK);
    assert_true(ms == 123);
}

static void other_forms_are_malformed(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "2026",
        "2026-11-23",
        "2026-11-23T15:28Z",
        "2026-11-23T15:28:00",
        "2026-11-23T15:28:00.Z",
        "2026-11-23T15:28:00ZZ",
        "2026-11-23T15:28:00+0100",
        "2026-11-23T15:28:00+24:00",
        "2026-11-23T15:28:00+01:60",
        "2026-11-23X15:28:00Z",
        "26-11-23T15:28:00Z",
        "-026-11-23T15:28:00Z",
        "2026/11/23T15:28:00Z",
        " 2026-11-23T15:28:00Z",
        "1795447680000",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        int64_t ms = 77;
        assert_int_equal(time_parse(bad[i], &ms), STATUS_MALFORMED);
        assert_int_equal(ms, 77);
    }
}

static void fields_that_do_not_exist_are_out_of_range(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "2026-02-29T00:00:00Z", "2100-02-29T00:00:00Z", "2026-02-30T00:00:00Z",
        "2026-04-31T00:00:00Z", "2026-00-01T00:00:00Z", "2026-13-01T00:00:00Z",
        "2026-01-00T00:00:00Z", "2026-01-32T00:00:00Z", "2026-01-01T24:00:00Z",
        "2026-01-01T00:60:00Z", "2026-01-01T00:00:61Z", "0000-01-01T00:00:00Z",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        int64_t ms;
        assert_int_equal(time_parse(bad[i], &ms), STATUS_OUT_OF_RANGE);
    }
    int64_t ms;
    assert_int_equal(time_parse("2024-02-29T00:00:00Z", &ms), STATUS_OK);
}

/* An offset or a leap second leads past four digits of a year, which could not be written. */
static void instants_that_cannot_be_written_back_are_out_of_range(void **state)
{
    (void)state;
    static const char *const bad[] = {"0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01",
                                      "9999-12-31T23:59:60Z"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        int64_t ms;
        assert_int_equal(time_parse(bad[i], &ms), STATUS_OUT_OF_RANGE);
    }
}

static void no_number_overflows_the_text(void **state)
{
    (void)state;
    static const int64_t extremes[] = {INT64_MIN, INT64_MAX, INT64_MIN + 1, -1, 1};
    for (size_t i = 0; i < sizeof extremes / sizeof *extremes; i++) {
        char text[TIME_TEXT_SIZE];
        time_format(extremes[i], text);
        assert_true(strlen(text) < TIME_TEXT_SIZE);
    }
}

static void the_clocks_count_in_their_units(void **state)
{
    (void)state;
    assert_true(clock_now_ms() > INT64_C(1700000000000)); /* milliseconds, not seconds */
    assert_true(clock_now_ms() < INT64_C(253402300800000));
    const int64_t before = clock_monotonic_ns(), cpu = clock_thread_cpu_ns();
    volatile double sum = 0;
    for (int i = 0; i < 1000000; i++)
        sum = sum + i;
    assert_true(clock_monotonic_ns() > before);
    assert_true(clock_thread_cpu_ns() > cpu);
    assert_true(clock_seconds_since(before) > 0);
    const int64_t now = clock_monotonic_ns();
    const struct timespec then = clock_monotonic_in(2999); /* more than a second's nanoseconds */
    const int64_t away = (int64_t)then.tv_sec * 1000000000 + then.tv_nsec - now;
    assert_true(then.tv_nsec >= 0 && then.tv_nsec < 1000000000);
    assert_true(away >= INT64_C(2999000000) && away < INT64_C(600000000000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_times_are_written_and_read),
        cmocka_unit_test(random_times_come_back_the_same),
        cmocka_unit_test(all_of_rfc_3339_is_read),
        cmocka_unit_test(other_forms_are_malformed),
        cmocka_unit_test(fields_that_do_not_exist_are_out_of_range),
        cmocka_unit_test(instants_that_cannot_be_written_back_are_out_of_range),
        cmocka_unit_test(no_number_overflows_the_text),
        cmocka_unit_test(the_clocks_count_in_their_units),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
