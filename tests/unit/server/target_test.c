/* What these catch: decoding before the split or twice, escapes that hide a NUL or broken UTF-8,
 * plus signs read the wrong way in path or query, limits that are not kept. */
#include <stdlib.h>
#include <string.h>

#include "server/target.h"
#include "support/test.h"

struct fixture {
    struct arena arena;
    struct target target;
    struct error err;
};

static int make(void **state)
{
    *state = calloc(1, sizeof(struct fixture));
    return *state ? 0 : -1;
}

static int clear(void **state)
{
    struct fixture *fixture = *state;
    arena_free(&fixture->arena);
    free(fixture);
    return 0;
}

static enum status parse(struct fixture *fixture, const char *raw)
{
    return target_parse(raw, &fixture->arena, &fixture->target, &fixture->err);
}

static void a_slash_that_was_encoded_does_not_split(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(parse(f, "/v1/users/a%2Fb"), STATUS_OK);
    assert_int_equal(f->target.n_segments, 3);
    assert_string_equal(f->target.segments[2].text, "a/b");
    assert_int_equal(f->target.segments[2].raw_length, 5);
}

static void each_segment_is_decoded_exactly_once(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(parse(f, "/a%252Fb/%25"), STATUS_OK);
    assert_string_equal(f->target.segments[0].text, "a%2Fb");
    assert_string_equal(f->target.segments[1].text, "%");
}

static void a_plus_sign_is_a_space_in_the_query_only(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(parse(f, "/a+b?c+d=e+f%2B"), STATUS_OK);
    assert_string_equal(f->target.segments[0].text, "a+b");
    assert_string_equal(f->target.pairs[0].name, "c d");
    assert_string_equal(f->target.pairs[0].text, "e f+");
}

static void pairs_keep_their_order_and_empty_ones_are_left_out(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(parse(f, "/?&b=2&&a=1&b=3&flag&x=y=z&"), STATUS_OK);
    static const char *const expected[][2] = {
        {"b", "2"}, {"a", "1"}, {"b", "3"}, {"flag", ""}, {"x", "y=z"}};
    assert_int_equal(f->target.n_pairs, 5);
    for (size_t i = 0; i < 5; i++) {
        assert_string_equal(f->target.pairs[i].name, expected[i][0]);
        assert_string_equal(f->target.pairs[i].text, expected[i][1]);
    }
}

static void what_is_not_a_target_is_malformed(void **state)
{
    static const char *const bad[] = {
        "/%",      "/%4",  "/a%zz",   "/%00",       "/a%00b",  "/?a=%00",        "/?a=%",
        "/?%g0=1", "/%c3", "/%c3%28", "/%ed%a0%80", "/?a=%ff", "/a b",           "/a\tb",
        "/a\x7f",  "/a#b", "*",       "",           "a/b",     "example.org:80", "/\xff",
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        f->err = (struct error){0};
        if (parse(f, bad[i]) != STATUS_MALFORMED || f->err.text[0] == '\0')
            fail_msg("taken, or without a sentence: %s", bad[i]);
    }
}

static void an_absolute_target_loses_its_beginning(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(parse(f, "HTTP://example.org:80/v1/items?limit=3"), STATUS_OK);
    assert_int_equal(f->target.n_segments, 2);
    assert_string_equal(f->target.segments[1].text, "items");
    assert_string_equal(f->target.pairs[0].text, "3");
    assert_int_equal(parse(f, "http://example.org"), STATUS_OK);
    assert_int_equal(f->target.n_segments, 1);
    assert_string_equal(f->target.segments[0].text, "");
    assert_int_equal(parse(f, "http://example.org?a=1"), STATUS_OK);
    assert_int_equal(f->target.n_segments, 1);
    assert_int_equal(f->target.n_pairs, 1);
}

static void empty_segments_stay(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(parse(f, "/v1//users/"), STATUS_OK);
    assert_int_equal(f->target.n_segments, 4);
    assert_string_equal(f->target.segments[1].text, "");
    assert_string_equal(f->target.segments[3].text, "");
}

static void the_limits_are_kept(void **state)
{
    struct fixture *f = *state;
    struct buffer raw = {0};
    for (int i = 0; i < TARGET_SEGMENTS_MAX; i++)
        buffer_append_text(&raw, "/a");
    assert_int_equal(parse(f, raw.data), STATUS_OK);
    assert_int_equal(f->target.n_segments, TARGET_SEGMENTS_MAX);
    buffer_append_text(&raw, "/a");
    assert_int_equal(parse(f, raw.data), STATUS_NOT_FOUND);

    buffer_clear(&raw);
    buffer_append_text(&raw, "/?");
    for (int i = 0; i < TARGET_PAIRS_MAX; i++)
        buffer_append_text(&raw, "a&");
    assert_int_equal(parse(f, raw.data), STATUS_OK);
    assert_int_equal(f->target.n_pairs, TARGET_PAIRS_MAX);
    buffer_append_text(&raw, "a");
    assert_int_equal(parse(f, raw.data), STATUS_OUT_OF_RANGE);
    buffer_free(&raw);
}

static void an_exhausted_arena_is_said(void **state)
{
    struct fixture *f = *state;
    f->arena.limit = 32;
    assert_int_equal(parse(f, "/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"), STATUS_NO_MEMORY);
}

#define WITH_TARGET(test) cmocka_unit_test_setup_teardown(test, make, clear)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_TARGET(a_slash_that_was_encoded_does_not_split),
        WITH_TARGET(each_segment_is_decoded_exactly_once),
        WITH_TARGET(a_plus_sign_is_a_space_in_the_query_only),
        WITH_TARGET(pairs_keep_their_order_and_empty_ones_are_left_out),
        WITH_TARGET(what_is_not_a_target_is_malformed),
        WITH_TARGET(an_absolute_target_loses_its_beginning),
        WITH_TARGET(empty_segments_stay),
        WITH_TARGET(the_limits_are_kept),
        WITH_TARGET(an_exhausted_arena_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
