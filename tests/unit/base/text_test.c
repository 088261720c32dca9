/* What these catch: bytes that pass as UTF-8 and are not, numbers that are read in part, ids that
 * break a path or a log. */
#include "base/text.h"

#include <math.h>
#include <string.h>

#include "support/test.h"

/* Every code point is encoded by the rule of the standard; every other sequence must be refused. */
static size_t encode(uint32_t point, char out[4])
{
    if (point < 0x80) {
        out[0] = (char)point;
        return 1;
    }
    const size_t n = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    for (size_t i = n; i-- > 1; point >>= 6)
        out[i] = (char)(0x80 | (point & 0x3f));
    out[0] = (char)((0xf00 >> n & 0xff) | point);
    return n;
}

static void every_code_point_is_valid_but_the_surrogates(void **state)
{
    (void)state;
    for (uint32_t point = 0; point < 0x110000; point++) {
        char bytes[4];
        const size_t n = encode(point, bytes);
        assert_int_equal(utf8_is_valid(bytes, n), point < 0xd800 || point > 0xdfff);
        assert_int_equal(utf8_count(bytes, n), 1);
    }
}

/* There are 128 + 30 * 64 sequences of at most two bytes that are one character. */
static void of_all_two_bytes_only_characters_are_valid(void **state)
{
    (void)state;
    size_t valid = 0;
    for (unsigned pair = 0; pair <= 0xffff; pair++) {
        const char bytes[] = {(char)(pair >> 8), (char)pair};
        valid += utf8_is_valid(bytes, 2);
    }
    assert_int_equal(valid, 128 * 128 + 30 * 64);
}

static void overlong_forms_cuts_and_what_lies_beyond_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"\xc0\x80",         "\xc1\xbf",     "\xe0\x9f\xbf",
                                      "\xf0\x8f\xbf\xbf", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                                      "\xf5\x80\x80\x80", "\x80",         "a\xbf",
                                      "\xe2\x82",         "\xf0\x9f\x8d", "\xe2\x28\xa1",
                                      "\xf0\x9f\x28\x80", "\xff",         "ok\xfe"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(utf8_is_valid(bad[i], strlen(bad[i])));
    assert_true(utf8_is_valid("", 0));
    assert_true(utf8_is_valid("a\0b", 3));
}

static void only_a_partial_last_character_is_trimmed(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to;
    } cases[] = {{"", ""},
                 {"abc", "abc"},
                 {"a\xc3", "a"},
                 {"a\xc3\xa9", "a\xc3\xa9"},
                 {"a\xe2\x82", "a"},
                 {"\xe2", ""},
                 {"a\xf0\x9f\x8d", "a"},
                 {"a\xf0\x9f\x8d\xb7", "a\xf0\x9f\x8d\xb7"},
                 {"\x80\x80", "\x80\x80"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[16];
        strcpy(text, cases[i].from);
        utf8_trim_partial(text);
        assert_string_equal(text, cases[i].to);
    }
}

static void latin1_becomes_the_same_characters(void **state)
{
    (void)state;
    char in[256], out[513];
    for (int i = 0; i < 256; i++)
        in[i] = (char)i;
    const size_t n = utf8_from_latin1(in, 256, out);
    assert_int_equal(n, 128 + 2 * 128);
    assert_true(utf8_is_valid(out, n));
    assert_memory_equal(out + 128 + 2 * 0x69, "\xc3\xa9", 2);
    assert_int_equal(out[n], 0);
}

static enum status check(const char *id)
{
    return id_check(id, strlen(id), "item id", NULL);
}

static void ids_are_checked_by_the_rule(void **state)
{
    (void)state;
    char many[4 * ID_CODE_POINTS_MAX + 8] = "";
    assert_int_equal(check("a"), STATUS_OK);
    assert_int_equal(check("..."), STATUS_OK);
    assert_int_equal(check("a/b c\"\\"), STATUS_OK);
    assert_int_equal(check("\xc2\xa0"), STATUS_OK); /* just past C1 */
    assert_int_equal(check(""), STATUS_OUT_OF_RANGE);
    assert_int_equal(check("."), STATUS_OUT_OF_RANGE);
    assert_int_equal(check(".."), STATUS_OUT_OF_RANGE);
    assert_int_equal(check("a\x1f"), STATUS_OUT_OF_RANGE);
    assert_int_equal(check("a\x7f"), STATUS_OUT_OF_RANGE);
    assert_int_equal(check("\xc2\x80"), STATUS_OUT_OF_RANGE);
    assert_int_equal(check("\xc2\x9f"), STATUS_OUT_OF_RANGE);
    assert_int_equal(check("\xff"), STATUS_MALFORMED);
    assert_int_equal(id_check("a\0b", 3, "item id", NULL), STATUS_OUT_OF_RANGE);
    for (int i = 0; i < ID_CODE_POINTS_MAX; i++)
        strcat(many, "\xf0\x9f\x8d\xb7");
    assert_int_equal(check(many), STATUS_OK);
    strcat(many, "a");
    assert_int_equal(check(many), STATUS_OUT_OF_RANGE);
    memset(many, 'a', ID_CODE_POINTS_MAX + 1);
    many[ID_CODE_POINTS_MAX + 1] = '\0';
    struct error err = {0};
    assert_int_equal(id_check(many, ID_CODE_POINTS_MAX + 1, "item id", &err), STATUS_OUT_OF_RANGE);
    assert_non_null(strstr(err.text, "item id has 257 characters"));
}

static void distances_are_levenshtein_s_up_to_the_limit(void **state)
{
    (void)state;
    assert_int_equal(text_distance("kitten", "sitting", 10), 3);
    assert_int_equal(text_distance("sunday", "saturday", 10), 3);
    assert_int_equal(text_distance("", "abc", 10), 3);
    assert_int_equal(text_distance("abc", "", 10), 3);
    assert_int_equal(text_distance("same", "same", 0), 0);
    assert_int_equal(text_distance("titel", "title", 10), 1);
    assert_int_equal(text_distance("ca", "abc", 10), 3); /* a swap and then an insert between */
    assert_int_equal(text_distance("kitten", "sitting", 2), 3);
    char endless[1000];
    memset(endless, 'x', 999);
    endless[999] = '\0';
    assert_int_equal(text_distance(endless, "x", 4), 5);
}

static const char *name_at(const void *context, size_t i)
{
    return ((const char *const *)context)[i];
}

static void the_nearest_name_is_near_or_none(void **state)
{
    (void)state;
    static const char *const names[] = {"dimensions", "epochs", "lambda", "lambda0"};
    assert_string_equal(text_nearest("dimension", 4, name_at, names), "dimensions");
    assert_string_equal(text_nearest("lambda1", 4, name_at, names), "lambda"); /* the first */
    assert_string_equal(text_nearest("epoch", 4, name_at, names), "epochs");
    assert_null(text_nearest("temperature", 4, name_at, names));
    assert_null(text_nearest("x", 0, name_at, names));
}

static void a_suggestion_ends_the_sentence(void **state)
{
    (void)state;
    char name[200];
    assert_string_equal(text_suggest(NULL).text, "");
    assert_string_equal(text_suggest("epochs").text, "; did you mean 'epochs'?");
    for (size_t i = 0; i + 1 < sizeof name; i++)
        name[i] = i % 2 ? '\xa9' : '\xc3';
    name[sizeof name - 1] = '\0';
    const struct text_suggestion cut = text_suggest(name);
    assert_int_equal(strlen(cut.text), strlen("; did you mean ''?") + 100);
    assert_true(utf8_is_valid(cut.text, strlen(cut.text)));
    const struct text_suggestion odd = text_suggest(name + 1); /* cut within a character */
    assert_int_equal(strlen(odd.text), strlen("; did you mean ''?") + 99);
}

static void whole_numbers_are_read_whole(void **state)
{
    (void)state;
    int64_t value = 77;
    static const char *const malformed[] = {"", "-", "+1", " 1", "1 ", "1.0", "0x10", "1e3", "--1"};
    for (size_t i = 0; i < sizeof malformed / sizeof *malformed; i++)
        assert_int_equal(text_to_int64(malformed[i], &value), STATUS_MALFORMED);
    assert_int_equal(text_to_int64("9223372036854775808", &value), STATUS_OUT_OF_RANGE);
    assert_int_equal(text_to_int64("-9223372036854775809", &value), STATUS_OUT_OF_RANGE);
    assert_int_equal(value, 77);
    assert_int_equal(text_to_int64("9223372036854775807", &value), STATUS_OK);
    assert_true(value == INT64_MAX);
    assert_int_equal(text_to_int64("-9223372036854775808", &value), STATUS_OK);
    assert_true(value == INT64_MIN);
    assert_int_equal(text_to_int64("-007", &value), STATUS_OK);
    assert_int_equal(value, -7);
}

static void real_numbers_are_read_whole(void **state)
{
    (void)state;
    double value = 77;
    static const char *const malformed[] = {"",     ".",    "-",    "e3",      "1e",
                                            "1e+",  "nan",  "inf",  "0x1",     "1,5",
                                            " 1.5", "1.5 ", "1..2", "infinity"};
    for (size_t i = 0; i < sizeof malformed / sizeof *malformed; i++)
        assert_int_equal(text_to_double(malformed[i], &value), STATUS_MALFORMED);
    assert_int_equal(text_to_double("1e400", &value), STATUS_OUT_OF_RANGE);
    assert_true(value == 77);
    static const struct {
        const char *text;
        double value;
    } cases[] = {{"0.1", 0.1}, {"-1.5e-3", -1.5e-3}, {"1.", 1}, {".5", .5},
                 {"+2", 2},    {"1E3", 1e3}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(text_to_double(cases[i].text, &value), STATUS_OK);
        assert_true(value == cases[i].value);
    }
}

static void durations_and_sizes_carry_units(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ms;
    } durations[] = {{"90s", 90000},      {"30m", 1800000}, {"12h", 43200000},
                     {"30d", 2592000000}, {"500ms", 500},   {"90", 90000},
                     {"1.5s", 1500},      {"0", 0},         {"36525d", 3155760000000}};
    static const struct {
        const char *text;
        uint64_t bytes;
    } sizes[] = {{"64k", 65536}, {"150M", 157286400}, {"2G", 2147483648}, {"0", 0}, {"17", 17}};
    int64_t ms;
    uint64_t bytes;
    for (size_t i = 0; i < sizeof durations / sizeof *durations; i++) {
        assert_int_equal(text_to_duration_ms(durations[i].text, &ms), STATUS_OK);
        assert_true(ms == durations[i].ms);
    }
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        assert_int_equal(text_to_size(sizes[i].text, &bytes), STATUS_OK);
        assert_true(bytes == sizes[i].bytes);
    }
    static const char *const malformed[] = {"", "s", "-1s", "1 s", "1w", "1hh", "1e3s", "1S"};
    for (size_t i = 0; i < sizeof malformed / sizeof *malformed; i++)
        assert_int_equal(text_to_duration_ms(malformed[i], &ms), STATUS_MALFORMED);
    assert_int_equal(text_to_duration_ms("36526d", &ms), STATUS_OUT_OF_RANGE);
    assert_int_equal(text_to_size("9999999999G", &bytes), STATUS_OUT_OF_RANGE);
    assert_int_equal(text_to_size("1kB", &bytes), STATUS_MALFORMED);
}

/* The hash is in files: it must be the same in every version. */
static void the_hash_is_the_one_in_stored_files(void **state)
{
    (void)state;
    assert_true(text_hash("", 0, 0) == 0xf52a15e9a9b5e89b);
    assert_true(text_hash("a", 1, 0) == 0x02c0bdbf481420f8);
    assert_true(text_hash("item-1", 6, 0) == 0x2d6666d6fe13dd63);
    assert_true(text_hash("a", 1, 1) == 0x270aeb36a95726cf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_point_is_valid_but_the_surrogates),
        cmocka_unit_test(of_all_two_bytes_only_characters_are_valid),
        cmocka_unit_test(overlong_forms_cuts_and_what_lies_beyond_are_refused),
        cmocka_unit_test(only_a_partial_last_character_is_trimmed),
        cmocka_unit_test(latin1_becomes_the_same_characters),
        cmocka_unit_test(ids_are_checked_by_the_rule),
        cmocka_unit_test(distances_are_levenshtein_s_up_to_the_limit),
        cmocka_unit_test(the_nearest_name_is_near_or_none),
        cmocka_unit_test(a_suggestion_ends_the_sentence),
        cmocka_unit_test(whole_numbers_are_read_whole),
        cmocka_unit_test(real_numbers_are_read_whole),
        cmocka_unit_test(durations_and_sizes_carry_units),
        cmocka_unit_test(the_hash_is_the_one_in_stored_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
