/* What these catch: a line number that is off, YAML that means something else than it seems to, and
 * files made to exhaust memory or time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "data/yaml.h"

static enum status parse(const char *text, struct arena *arena, struct yaml_value **ret_root,
                         struct error *reterr)
{
    return yaml_parse("f.yaml", text, strlen(text), arena, ret_root, reterr);
}

static void nodes_know_their_place_and_order(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct yaml_value *root;
    assert_int_equal(parse("# a comment\nb:\n  c: 1\n  d: \"2\"\na: [x, y]\n", &arena, &root, NULL),
                     STATUS_OK);
    assert_int_equal(root->kind, YAML_MAP);
    assert_int_equal(root->n_children, 2);
    const struct yaml_value *b = root->first, *a = b->next;
    assert_string_equal(b->key, "b");
    assert_int_equal(b->key_line, 2);
    assert_string_equal(b->first->key, "c");
    assert_int_equal(b->first->line, 3);
    assert_int_equal(b->first->column, 6);
    assert_false(b->first->quoted);
    assert_true(b->first->next->quoted);
    assert_string_equal(a->key, "a");
    assert_int_equal(a->kind, YAML_LIST);
    assert_string_equal(a->first->next->text, "y");
    assert_null(a->next);
    arena_free(&arena);
}

static void nothing_is_an_empty_mapping(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "# only a comment\n", "---\n", "~\n"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct arena arena = {0};
        struct yaml_value *root;
        assert_int_equal(parse(texts[i], &arena, &root, NULL), STATUS_OK);
        assert_int_equal(root->kind, YAML_MAP);
        assert_int_equal(root->n_children, 0);
        arena_free(&arena);
    }
}

static void what_is_not_read_is_refused_with_its_line(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum status status;
        const char *place, *word;
    } cases[] = {
        {"a: 1\nb: 2\na: 3\n", STATUS_MALFORMED, "f.yaml:3", "given twice"},
        {"a: &x 1\nb: *x\n", STATUS_MALFORMED, "f.yaml:1", "anchors"},
        {"a: 1\nb: *x\n", STATUS_MALFORMED, "f.yaml:2", "alias"},
        {"a: !!str 1\n", STATUS_MALFORMED, "f.yaml:1", "tags"},
        {"a: 1\n---\nb: 1\n", STATUS_MALFORMED, "f.yaml:2", "second document"},
        {"a: 1\n? [b]\n: 2\n", STATUS_MALFORMED, "f.yaml:2", "plain word"},
        {"a: \"x\\0y\"\n", STATUS_MALFORMED, "f.yaml:1", "NUL"},
        {"a: 1\n b: 2\n", STATUS_MALFORMED, "f.yaml:2", "not valid YAML"},
        {"a: 1\nb: [1, 2\n", STATUS_MALFORMED, "f.yaml:3", "not valid YAML"},
        {"a: \xff\n", STATUS_MALFORMED, "f.yaml:1", "not valid YAML"},
        {"\"\": 1\n", STATUS_MALFORMED, "f.yaml:1", "empty"},
        {"[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]", STATUS_TOO_LARGE, "f.yaml:1", "deeper"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena arena = {0};
        struct yaml_value *root;
        struct error err = {0};
        const enum status status = parse(cases[i].text, &arena, &root, &err);
        if (status != cases[i].status || strcmp(err.pointer, cases[i].place) != 0 ||
            !strstr(err.text, cases[i].word))
            fail_msg("%s -> %s, %s: %s", cases[i].text, status_name(status), err.pointer, err.text);
        arena_free(&arena);
    }
}

static void limits_hold_at_their_edge(void **state)
{
    (void)state;
    for (int extra = 0; extra < 2; extra++) {
        struct buffer text = {0};
        struct arena arena = {0};
        struct yaml_value *root;
        for (int i = 0; i < YAML_CHILDREN_MAX + extra; i++)
            buffer_printf(&text, "k%d: 1\n", i);
        assert_int_equal(parse(text.data, &arena, &root, NULL),
                         extra ? STATUS_TOO_LARGE : STATUS_OK);
        buffer_free(&text);
        arena_free(&arena);
    }
    struct arena arena = {0};
    struct yaml_value *root;
    char *large = calloc(1, YAML_BYTES_MAX + 1);
    memset(large, '#', YAML_BYTES_MAX + 1);
    assert_int_equal(yaml_parse("f", large, YAML_BYTES_MAX + 1, &arena, &root, NULL),
                     STATUS_TOO_LARGE);
    memset(large, '[', YAML_BYTES_MAX);
    assert_int_equal(yaml_parse("f", large, YAML_BYTES_MAX, &arena, &root, NULL), STATUS_TOO_LARGE);
    free(large);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nodes_know_their_place_and_order),
        cmocka_unit_test(nothing_is_an_empty_mapping),
        cmocka_unit_test(what_is_not_read_is_refused_with_its_line),
        cmocka_unit_test(limits_hold_at_their_edge),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
