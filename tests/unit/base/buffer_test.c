/* What these catch: a limit that is passed, a failure that is forgotten, JSON that a parser
 * refuses, a float that reads back as another. */
#include "base/buffer.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "support/test.h"

static void what_is_added_is_there_and_terminated(void **state)
{
    (void)state;
    struct buffer b = {0};
    assert_null(b.data);
    buffer_append(&b, "ab\0c", 4);
    buffer_append_text(&b, "def");
    buffer_append_byte(&b, 'g');
    buffer_printf(&b, "%d-%s", 42, "x");
    buffer_append(&b, NULL, 0);
    assert_int_equal(b.size, 12);
    assert_memory_equal(b.data, "ab\0cdefg42-x", 13);
    for (int i = 0; i < 10000; i++)
        buffer_append_byte(&b, 'y');
    assert_int_equal(b.size, 10012);
    assert_int_equal(b.data[b.size], 0);
    buffer_free(&b);
    assert_null(b.data);
}

static void integers_are_little_endian(void **state)
{
    (void)state;
    struct buffer b = {0};
    buffer_append_u32(&b, 0x01020304);
    buffer_append_u64(&b, 0x1112131415161718);
    assert_memory_equal(b.data, "\x04\x03\x02\x01\x18\x17\x16\x15\x14\x13\x12\x11", 12);
    buffer_free(&b);
}

static void the_limit_is_exact_and_failure_stays(void **state)
{
    (void)state;
    struct buffer b = {.limit = 8};
    buffer_append_text(&b, "12345678");
    assert_false(b.failed);
    buffer_append_byte(&b, '9');
    assert_true(b.failed);
    buffer_append(&b, NULL, 0);
    buffer_append_text(&b, "");
    assert_null(buffer_reserve(&b, 0));
    assert_string_equal(b.data, "12345678");
    buffer_clear(&b);
    assert_false(b.failed);
    assert_string_equal(b.data, "");
    buffer_printf(&b, "%d", 123456789);
    assert_true(b.failed);
    assert_int_equal(b.size, 0);
    buffer_free(&b);
    assert_int_equal(b.limit, 8);
    buffer_append_text(&b, "too long for it");
    assert_true(b.failed);
    buffer_free(&b);
}

static void an_absurd_size_fails_without_overflow(void **state)
{
    (void)state;
    struct buffer b = {0};
    buffer_append_text(&b, "x");
    assert_null(buffer_reserve(&b, SIZE_MAX));
    assert_true(b.failed);
    buffer_free(&b);
    assert_null(buffer_reserve(&b, SIZE_MAX / 4 + 1));
    buffer_free(&b);
}

static void every_text_is_json_that_reads_back(void **state)
{
    (void)state;
    char text[140];
    for (size_t i = 0; i < 127; i++)
        text[i] = (char)(i + 1);
    strcpy(text + 127, "\xc3\xa9\xf0\x9f\x8d\xb7\"\\/");
    struct buffer b = {0};
    buffer_append_json(&b, text, strlen(text));
    json_t *value = json_loads(b.data, JSON_DECODE_ANY, NULL);
    assert_non_null(value);
    assert_string_equal(json_string_value(value), text);
    json_decref(value);
    buffer_clear(&b);
    buffer_append_json(&b, "a\0b", 3);
    assert_string_equal(b.data, "\"a\\u0000b\"");
    buffer_clear(&b);
    buffer_append_json(&b, "", 0);
    assert_string_equal(b.data, "\"\"");
    buffer_free(&b);
}

static void floats_read_back_the_same(void **state)
{
    (void)state;
    struct rng rng = rng_seed(3, 0);
    struct buffer b = {0};
    for (int i = 0; i < 300000; i++) {
        const uint32_t bits = (uint32_t)rng_next(&rng);
        float value;
        memcpy(&value, &bits, sizeof value);
        buffer_clear(&b);
        buffer_append_float(&b, value);
        if (isfinite(value)) {
            const float back = strtof(b.data, NULL);
            assert_memory_equal(&back, &value, sizeof value);
        } else {
            assert_string_equal(b.data, "null");
        }
    }
    buffer_free(&b);
}

static void floats_are_short(void **state)
{
    (void)state;
    static const struct {
        float value;
        const char *text;
    } cases[] = {{0.1f, "0.1"},     {1, "1"},
                 {-0.0f, "0"},      {0.3333333433f, "0.33333334"},
                 {1e10f, "1e+10"},  {16777216, "16777216"},
                 {1e-45f, "1e-45"}, {123456, "123456"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buffer b = {0};
        buffer_append_float(&b, cases[i].value);
        assert_string_equal(b.data, cases[i].text);
        buffer_free(&b);
    }
}

/* Catches a fast path that rounds otherwise than printf: another text, or one more digit than it
 * takes. */
static void common_floats_are_as_short_as_printf_can(void **state)
{
    (void)state;
    struct rng rng = rng_seed(4, 0);
    struct buffer b = {0};
    for (int i = 0; i < 300000; i++) {
        const double size = pow(10, -4.5 + 10 * rng_uniform(&rng));
        const float value = (float)(rng_next(&rng) & 1 ? size : -size);
        char expected[32];
        for (int digits = 6; digits <= 9; digits++) {
            snprintf(expected, sizeof expected, "%.*g", digits, (double)value);
            if (strtof(expected, NULL) == value)
                break;
        }
        buffer_clear(&b);
        buffer_append_float(&b, value);
        assert_true(strtof(b.data, NULL) == value);
        assert_int_equal(b.size, strlen(expected));
    }
    buffer_free(&b);
}

static void whole_numbers_are_printed_from_zero_to_the_largest(void **state)
{
    (void)state;
    struct buffer b = {0};
    buffer_append_whole(&b, 0);
    buffer_append_byte(&b, ' ');
    buffer_append_whole(&b, 1203);
    buffer_append_byte(&b, ' ');
    buffer_append_whole(&b, UINT64_MAX);
    assert_string_equal(b.data, "0 1203 18446744073709551615");
    buffer_free(&b);
}

/* Catches the step from the short way to the long one: a byte lost, a limit passed. */
static void prints_of_any_length_are_whole_and_keep_the_limit(void **state)
{
    (void)state;
    for (int length = 250; length < 260; length++) {
        struct buffer b = {.limit = 255};
        buffer_printf(&b, "%*d", length, 7);
        assert_int_equal(b.failed, length > 255);
        assert_int_equal(b.size, length > 255 ? 0 : length);
        assert_true(b.failed || b.data[length - 1] == '7');
        buffer_free(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_added_is_there_and_terminated),
        cmocka_unit_test(integers_are_little_endian),
        cmocka_unit_test(the_limit_is_exact_and_failure_stays),
        cmocka_unit_test(an_absurd_size_fails_without_overflow),
        cmocka_unit_test(every_text_is_json_that_reads_back),
        cmocka_unit_test(floats_read_back_the_same),
        cmocka_unit_test(floats_are_short),
        cmocka_unit_test(common_floats_are_as_short_as_printf_can),
        cmocka_unit_test(whole_numbers_are_printed_from_zero_to_the_largest),
        cmocka_unit_test(prints_of_any_length_are_whole_and_keep_the_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
