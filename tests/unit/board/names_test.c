/* What these catch: a name from outside that leaves the log directory, breaks an address or stops
 * TensorBoard's reader; two names that become one. */
#include "board/names.h"

#include <string.h>

#include "base/text.h"
#include "support/test.h"

static void a_harmless_run_name_stays_as_it_is(void **state)
{
    (void)state;
    char out[RUN_NAME_BYTES_MAX + 1];
    static const char *const names[] = {"round-000001", "a", "serve_2026-11-23", "v1.2.3", "-"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        run_name_clean(names[i], out);
        assert_string_equal(out, names[i]);
    }
}

static void hostile_run_names_become_one_plain_folder(void **state)
{
    (void)state;
    static char longest[10001];
    memset(longest, 'n', sizeof longest - 1);
    const char *names[] = {"",      ".",       "..",       "../../etc/passwd",
                           "/etc",  ".hidden", "a..b",     "a&b",
                           "a#b",   "a+b",     "a%41b",    "a b",
                           "a/b",   "a\nb",    "\xff\x80", "\xc3\xa9",
                           longest, "a\\b",    "a\"b",     "~",
                           "a\x7f"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char out[RUN_NAME_BYTES_MAX + 1];
        run_name_clean(names[i], out);
        const size_t length = strlen(out);
        assert_true(length > 0 && length <= RUN_NAME_BYTES_MAX);
        assert_null(strstr(out, ".."));
        assert_int_not_equal(out[0], '.');
        assert_int_equal(strspn(out, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                     "0123456789-_."),
                         length);
    }
}

static void names_that_differ_stay_different(void **state)
{
    (void)state;
    static const char *const names[] = {"a b", "a_b", "a&b", "a/b", "", "_"};
    char out[6][RUN_NAME_BYTES_MAX + 1];
    for (size_t i = 0; i < 6; i++) {
        run_name_clean(names[i], out[i]);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(out[i], out[j]);
    }
    static char one[10001], other[10001];
    memset(one, 't', 10000);
    memset(other, 't', 10000);
    other[9999] = 'u';
    char tag_one[TAG_BYTES_MAX + 1], tag_other[TAG_BYTES_MAX + 1];
    tag_clean(one, tag_one);
    tag_clean(other, tag_other);
    assert_string_not_equal(tag_one, tag_other);
}

static void a_good_tag_stays_as_it_is(void **state)
{
    (void)state;
    static const char *const tags[] = {"train/loss", "ndcg@20 (warm)",
                                       "d\xc3\xa9j\xc3\xa0/\xe2\x82\xac", "\xf0\x9f\x8d\xb7",
                                       "a&b#c+d%e"};
    char out[TAG_BYTES_MAX + 1];
    for (size_t i = 0; i < sizeof tags / sizeof *tags; i++) {
        tag_clean(tags[i], out);
        assert_string_equal(out, tags[i]);
    }
}

static void every_two_bytes_become_a_valid_tag(void **state)
{
    (void)state;
    for (unsigned pair = 0x0100; pair <= 0xffff; pair++) {
        const char tag[] = {(char)(pair >> 8), (char)pair, '\0'};
        char out[TAG_BYTES_MAX + 1];
        tag_clean(tag, out);
        const size_t length = strlen(out);
        assert_true(length > 0 && utf8_is_valid(out, length));
        for (size_t i = 0; i < length; i++)
            assert_false((unsigned char)out[i] < 0x20 || out[i] == 0x7f);
    }
}

/* The cut at the limit falls into the middle of a character for some of the offsets. */
static void a_long_tag_is_cut_between_characters(void **state)
{
    (void)state;
    for (size_t before = 0; before < 4; before++) {
        char tag[1024] = "", out[TAG_BYTES_MAX + 1];
        memset(tag, 'a', before);
        for (size_t i = 0; i < 200; i++)
            strcat(tag, "\xf0\x9f\x8d\xb7");
        tag_clean(tag, out);
        assert_true(strlen(out) <= TAG_BYTES_MAX && strlen(out) > TAG_BYTES_MAX - 8);
        assert_true(utf8_is_valid(out, strlen(out)));
    }
}

static void a_text_keeps_what_is_valid_and_its_limit(void **state)
{
    (void)state;
    struct buffer out = {0};
    text_clean("a\xff\nb\xe2\x82", 100, &out);
    assert_string_equal(out.data, "a\xef\xbf\xbd\nb\xef\xbf\xbd\xef\xbf\xbd");
    buffer_clear(&out);
    text_clean("12\xe2\x82\xac", 4, &out);
    assert_string_equal(out.data, "12");
    buffer_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_harmless_run_name_stays_as_it_is),
        cmocka_unit_test(hostile_run_names_become_one_plain_folder),
        cmocka_unit_test(names_that_differ_stay_different),
        cmocka_unit_test(a_good_tag_stays_as_it_is),
        cmocka_unit_test(every_two_bytes_become_a_valid_tag),
        cmocka_unit_test(a_long_tag_is_cut_between_characters),
        cmocka_unit_test(a_text_keeps_what_is_valid_and_its_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
