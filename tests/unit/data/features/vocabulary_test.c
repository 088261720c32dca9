/* What these catch: texts that get lost while the table grows, an order that depends on that of the
 * rows, a hash that changes under stored models. */
#include <stdio.h>
#include <string.h>

#include "data/features/vocabulary.h"
#include "support/test.h"

static uint32_t add(struct vocabulary *vocabulary, const char *text)
{
    uint32_t code;
    assert_int_equal(vocabulary_add(vocabulary, text, strlen(text), &code), STATUS_OK);
    return code;
}

static uint32_t find(const struct vocabulary *vocabulary, const char *text)
{
    return vocabulary_find(vocabulary, text, strlen(text));
}

static void every_text_keeps_its_code_while_the_table_grows(void **state)
{
    (void)state;
    struct vocabulary vocabulary = {0};
    char text[32];
    assert_int_equal(find(&vocabulary, "x"), CODE_UNKNOWN);
    for (uint32_t i = 0; i < 5000; i++) {
        snprintf(text, sizeof text, "text number %u", i);
        assert_int_equal(add(&vocabulary, text), i + CODE_FIRST);
        assert_int_equal(add(&vocabulary, text), i + CODE_FIRST);
    }
    for (uint32_t i = 0; i < 5000; i++) {
        size_t length;
        snprintf(text, sizeof text, "text number %u", i);
        assert_int_equal(find(&vocabulary, text), i + CODE_FIRST);
        const char *known = vocabulary_text(&vocabulary, i + CODE_FIRST, &length);
        assert_int_equal(length, strlen(text));
        assert_memory_equal(known, text, length);
    }
    assert_int_equal(find(&vocabulary, "text number 5000"), CODE_UNKNOWN);
    assert_int_equal(find(&vocabulary, "text number"), CODE_UNKNOWN);
    vocabulary_free(&vocabulary);
}

static void selection_keeps_the_frequent_in_order_of_bytes(void **state)
{
    (void)state;
    struct vocabulary all = {0}, kept;
    const char *texts[] = {"pear", "apple", "fig", "rare", "app"};
    const uint64_t counts[] = {9, 9, 3, 5, 3, 1, 3};
    uint32_t map[7], left_out;
    for (int i = 0; i < 5; i++)
        add(&all, texts[i]);
    assert_int_equal(vocabulary_select(&all, counts, 2, 10, &kept, map, &left_out), STATUS_OK);
    assert_int_equal(kept.n, 4);
    assert_int_equal(left_out, 0);
    const uint32_t wanted[] = {CODE_MISSING, CODE_UNKNOWN, 5, 3, 4, CODE_UNKNOWN, 2};
    assert_memory_equal(map, wanted, sizeof wanted); /* app, apple, fig, pear */
    vocabulary_free(&kept);
    assert_int_equal(vocabulary_select(&all, counts, 1, 2, &kept, map, &left_out), STATUS_OK);
    assert_int_equal(left_out, 3);
    assert_int_equal(find(&kept, "apple"), 3);
    assert_int_equal(find(&kept, "app"), 2); /* of three equally frequent ones the first */
    assert_int_equal(find(&kept, "fig"), CODE_UNKNOWN);
    vocabulary_free(&kept);
    vocabulary_free(&all);
}

static void the_hash_is_the_one_of_stored_models(void **state)
{
    (void)state;
    assert_true(feature_hash("", 0) == UINT64_C(0xe220a8397b1dcdaf));
    assert_true(feature_hash("Bachelors", 9) == UINT64_C(0x2ae1ae638c4e0393));
    assert_true(feature_hash("a\0", 2) != feature_hash("a", 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_text_keeps_its_code_while_the_table_grows),
        cmocka_unit_test(selection_keeps_the_frequent_in_order_of_bytes),
        cmocka_unit_test(the_hash_is_the_one_of_stored_models),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
