/* What these catch: a value under another's name, a record that keeps what was replaced, a list
 * that is longer than its room, a path without what lies above it, pairs that lose one of their
 * values. */
#include <stdio.h>
#include <string.h>

#include "recommend/facts.h"
#include "support/test.h"

static struct facts *facts_of(const char *const *names, uint32_t n)
{
    struct fact_names all = {0};
    struct facts *facts;
    for (uint32_t i = 0; i < n; i++)
        assert_true(fact_names_add(&all, names[i]));
    assert_int_equal(facts_new(&all, &facts), STATUS_OK);
    return facts;
}

static const char *const item_names[] = {"item.price", "categories", "item.kind", "item.tags",
                                         "item.new"};
enum { N_NAMES = sizeof item_names / sizeof *item_names };

static struct feature_value read(const struct facts *facts, uint32_t number, const char *name,
                                 struct spec_text *texts)
{
    const struct fact_record record = facts_get(facts, number);
    return fact_read(&record, fact_names_find(record.names, name), texts);
}

static void values_come_back_by_name(void **state)
{
    (void)state;
    struct spec_text texts[FACT_TEXTS_MAX];
    static const char *const categories[] = {"shoes/running", "sale"};
    struct facts *facts = facts_of(item_names, N_NAMES);
    assert_int_equal(facts_put(facts, 3,
                               "{\"kind\":\"boot\",\"new\":true,\"other\":\"x\",\"price\":9.5,"
                               "\"tags\":[\"a\",\"b\",\"a\"]}",
                               categories, 2),
                     STATUS_OK);
    struct feature_value value = read(facts, 3, "item.price", texts);
    assert_int_equal(value.type, FEATURE_VALUE_NUMBER);
    assert_float_equal(value.number, 9.5, 0);
    value = read(facts, 3, "item.kind", texts);
    assert_int_equal(value.type, FEATURE_VALUE_TEXT);
    assert_string_equal(value.text, "boot");
    assert_string_equal(read(facts, 3, "item.new", texts).text, "true");
    value = read(facts, 3, "item.tags", texts);
    assert_int_equal(value.type, FEATURE_VALUE_TEXTS);
    assert_int_equal(value.length, 2);
    assert_string_equal(value.texts[1].bytes, "b");
    value = read(facts, 3, "categories", texts);
    assert_int_equal(value.length, 3);
    assert_string_equal(value.texts[0].bytes, "shoes");
    assert_string_equal(value.texts[1].bytes, "shoes/running");
    assert_string_equal(value.texts[2].bytes, "sale");
    facts_free(facts);
}

static void what_is_not_known_is_missing(void **state)
{
    (void)state;
    struct spec_text texts[FACT_TEXTS_MAX];
    struct facts *facts = facts_of(item_names, N_NAMES);
    assert_int_equal(facts_put(facts, 1, "{\"kind\":\"\",\"price\":null,\"tags\":[]}", NULL, 0),
                     STATUS_OK);
    for (uint32_t number = 0; number < 4; number++)
        for (uint32_t i = 0; i < N_NAMES; i++)
            assert_int_equal(read(facts, number, item_names[i], texts).type, FEATURE_VALUE_MISSING);
    assert_int_equal(read(facts, 1, "item.never", texts).type, FEATURE_VALUE_MISSING);
    assert_null(facts_get(NULL, 1).names);
    facts_free(facts);
}

static void a_later_value_replaces_and_a_cleared_one_is_gone(void **state)
{
    (void)state;
    struct spec_text texts[FACT_TEXTS_MAX];
    struct facts *facts = facts_of(item_names, N_NAMES);
    for (uint32_t i = 0; i < 200; i++) {
        char text[64];
        snprintf(text, sizeof text, "{\"kind\":\"k%u\"}", i);
        assert_int_equal(facts_put(facts, i % 20, text, NULL, 0), STATUS_OK);
    }
    assert_string_equal(read(facts, 7, "item.kind", texts).text, "k187");
    assert_int_equal(facts_put(facts, 7, "{}", NULL, 0), STATUS_OK);
    facts_clear(facts, 8);
    assert_int_equal(read(facts, 7, "item.kind", texts).type, FEATURE_VALUE_MISSING);
    assert_int_equal(read(facts, 8, "item.kind", texts).type, FEATURE_VALUE_MISSING);
    assert_string_equal(read(facts, 9, "item.kind", texts).text, "k189");
    facts_free(facts);
}

static void a_long_list_is_cut(void **state)
{
    (void)state;
    struct spec_text texts[FACT_TEXTS_MAX];
    struct buffer json = {0};
    buffer_append_text(&json, "{\"tags\":[");
    for (unsigned i = 0; i < 100; i++)
        buffer_printf(&json, "%s\"t%u\"", i ? "," : "", i);
    buffer_append_text(&json, "]}");
    struct facts *facts = facts_of(item_names, N_NAMES);
    assert_int_equal(facts_put(facts, 0, json.data, NULL, 0), STATUS_OK);
    const struct feature_value value = read(facts, 0, "item.tags", texts);
    assert_int_equal(value.length, FACT_TEXTS_MAX);
    assert_string_equal(value.texts[FACT_TEXTS_MAX - 1].bytes, "t31");
    buffer_free(&json);
    facts_free(facts);
}

static void pairs_of_one_name_are_a_list(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct fact_pair pairs[3];
    struct fact_record record;
    struct spec_text texts[FACT_TEXTS_MAX];
    static const char *const given[] = {"device:tv", "tag:a:b", "tag:c"};
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(fact_pair_read(given[i], &arena, &pairs[i]), STATUS_OK);
    assert_int_equal(fact_record_of_pairs(pairs, 3, &arena, &record), STATUS_OK);
    struct feature_value value =
        fact_read(&record, fact_names_find(record.names, "context.device"), texts);
    assert_int_equal(value.type, FEATURE_VALUE_TEXT);
    assert_string_equal(value.text, "tv");
    value = fact_read(&record, fact_names_find(record.names, "context.tag"), texts);
    assert_int_equal(value.length, 2);
    assert_string_equal(value.texts[0].bytes, "a:b");
    assert_string_equal(value.texts[1].bytes, "c");
    arena_free(&arena);
}

static void what_is_no_pair_is_refused(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct fact_pair pair;
    char long_name[300], long_value[700];
    memset(long_name, 'n', sizeof long_name);
    strcpy(long_name + 200, ":v");
    memset(long_value, 'v', sizeof long_value);
    memcpy(long_value, "n:", 2);
    long_value[sizeof long_value - 1] = '\0';
    const char *const bad[] = {"", "device", ":tv", "device:", long_name, long_value};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(fact_pair_read(bad[i], &arena, &pair), STATUS_OUT_OF_RANGE);
    arena_free(&arena);
}

static void there_is_room_for_so_many_names(void **state)
{
    (void)state;
    struct fact_names names = {0};
    char text[FACT_NAMES_MAX + 1][8];
    for (uint32_t i = 0; i <= FACT_NAMES_MAX; i++) {
        snprintf(text[i], sizeof text[i], "n%u", i);
        assert_int_equal(fact_names_add(&names, text[i]), i < FACT_NAMES_MAX);
    }
    assert_true(fact_names_add(&names, "n3"));
    assert_int_equal(names.n, FACT_NAMES_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_come_back_by_name),
        cmocka_unit_test(what_is_not_known_is_missing),
        cmocka_unit_test(a_later_value_replaces_and_a_cleared_one_is_gone),
        cmocka_unit_test(a_long_list_is_cut),
        cmocka_unit_test(pairs_of_one_name_are_a_list),
        cmocka_unit_test(what_is_no_pair_is_refused),
        cmocka_unit_test(there_is_room_for_so_many_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
