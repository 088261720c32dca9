/* What these catch: documents that should be refused, a deep one that eats the stack, a pointer
 * that leads to another place. */
#include "base/json.h"

#include <string.h>

#include "base/text.h"
#include "support/test.h"

static enum status parse(const char *text, struct error *err)
{
    json_t *value = NULL;
    const enum status status = json_parse(text, strlen(text), &value, err);
    assert_int_equal(value != NULL, status == STATUS_OK);
    json_decref(value);
    return status;
}

static void whole_documents_of_any_kind_are_read(void **state)
{
    (void)state;
    static const char *const good[] = {"{}",
                                       "[]",
                                       "1",
                                       "\"x\"",
                                       "null",
                                       " [1, 2.5e3, true] \n",
                                       "{\"a\": {\"a\": 1}}",
                                       "\"\\u00e9\\ud83c\\udf77\""};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_int_equal(parse(good[i], NULL), STATUS_OK);
}

static void what_is_not_json_is_refused_with_its_place(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      " ",
                                      "{",
                                      "[1,]",
                                      "{\"a\":1,}",
                                      "{a:1}",
                                      "[1] 2",
                                      "NaN",
                                      "[Infinity]",
                                      "[1e999]",
                                      "[01]",
                                      "'x'",
                                      "\"\\ud800\"",
                                      "\"\xff\"",
                                      "\"\xed\xa0\x80\"",
                                      "\"a\nb\"",
                                      "[99999999999999999999]",
                                      "{\"a\":1,\"a\":2}",
                                      "\"\\u0000\"",
                                      "// no\n1"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct error err = {0};
        assert_int_equal(parse(bad[i], &err), STATUS_MALFORMED);
        assert_true(strlen(err.text) > 16);
        assert_true(utf8_is_valid(err.text, strlen(err.text)));
    }
    struct error err = {0};
    parse("{\n  \"a\": x\n}", &err);
    assert_string_equal(err.pointer, "line 2, column 8");
    json_t *value;
    assert_int_equal(json_parse(NULL, 0, &value, NULL), STATUS_MALFORMED);
    assert_int_equal(json_parse("1\0", 2, &value, NULL), STATUS_MALFORMED);
    assert_int_equal(json_parse("[1\0,2]", 7, &value, NULL), STATUS_MALFORMED);
}

static void depth_is_limited_exactly(void **state)
{
    (void)state;
    static char text[200001];
    for (int depth = JSON_DEPTH_MAX - 1; depth <= JSON_DEPTH_MAX + 1; depth++) {
        memset(text, '[', (size_t)depth);
        memset(text + depth, ']', (size_t)depth);
        text[2 * depth] = '\0';
        assert_int_equal(parse(text, NULL), depth > JSON_DEPTH_MAX ? STATUS_TOO_LARGE : STATUS_OK);
    }
    memset(text, '[', 200000);
    assert_int_equal(parse(text, NULL), STATUS_TOO_LARGE);
    memset(text + 2, '[', 100); /* brackets in a string are no depth, also after escapes */
    text[0] = '"';
    text[1] = '\\';
    text[2] = '"';
    strcpy(text + 100, "\\\\\"");
    assert_int_equal(parse(text, NULL), STATUS_OK);
}

static void pointers_escape_and_stay_within_their_room(void **state)
{
    (void)state;
    char out[ERROR_POINTER_MAX] = "";
    json_pointer_push(out, "items");
    json_pointer_push_index(out, 12);
    json_pointer_push(out, "a/b~c");
    json_pointer_push(out, "");
    assert_string_equal(out, "/items/12/a~1b~0c/");
    for (size_t before = 0; before < 4; before++) {
        out[0] = '\0';
        for (size_t i = 0; i < before; i++)
            strcat(out, "x");
        for (int i = 0; i < 200; i++) {
            json_pointer_push(out, "\xe2\x82\xac/~");
            assert_true(strlen(out) < ERROR_POINTER_MAX);
            assert_true(utf8_is_valid(out, strlen(out)));
        }
        assert_true(strlen(out) > ERROR_POINTER_MAX - 8);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_documents_of_any_kind_are_read),
        cmocka_unit_test(what_is_not_json_is_refused_with_its_place),
        cmocka_unit_test(depth_is_limited_exactly),
        cmocka_unit_test(pointers_escape_and_stay_within_their_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
