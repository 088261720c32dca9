/* What these catch: a default that drifts from the documented table, codes that move. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "data/event_type.h"

static void the_defaults_are_those_of_the_documentation(void **state)
{
    (void)state;
    static struct event_types types;
    event_types_init(&types);
    static const struct {
        const char *name;
        double weight;
        int64_t hides_ms;
    } wanted[] = {
        {"impression", 0, HIDES_NEVER}, {"view", 1, HIDES_NEVER},
        {"click", 1, HIDES_NEVER},      {"like", 3, HIDES_FOREVER},
        {"rating", 1, HIDES_FOREVER},   {"purchase", 5, INT64_C(30) * 86400000},
        {"dislike", -1, HIDES_FOREVER},
    };
    for (uint8_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        const struct event_type *type = &types.of[i + 1];
        assert_string_equal(type->name, wanted[i].name);
        assert_true(type->weight == wanted[i].weight);
        assert_true(type->hides_ms == wanted[i].hides_ms);
        assert_true(type->retention_ms == RETAIN_FOREVER);
        assert_int_equal(type->by_value, i + 1 == event_types_code(&types, "rating"));
        assert_int_equal(event_types_code(&types, wanted[i].name), i + 1);
    }
    assert_int_equal(types.max_per_user, 10000);
    assert_true(types.cap == 10 && types.half_life_ms == 0);
}

static void unknown_and_empty_names_have_no_code(void **state)
{
    (void)state;
    static struct event_types types;
    event_types_init(&types);
    assert_int_equal(event_types_code(&types, "sale"), 0);
    assert_int_equal(event_types_code(&types, ""), 0); /* unused codes have the empty name */
}

static void a_misspelt_name_finds_the_nearest_one(void **state)
{
    (void)state;
    static struct event_types types;
    event_types_init(&types);
    assert_string_equal(event_types_nearest(&types, "purchased"), "purchase");
    assert_null(event_types_nearest(&types, "x")); /* not the empty name of an unused code */
    assert_null(event_types_nearest(&types, ""));
}

/* Catches a type that the configuration has dropped and that is still taken, or proposed. */
static void a_retired_type_is_known_for_what_is_stored_only(void **state)
{
    (void)state;
    static struct event_types types;
    event_types_init(&types);
    types.of[6].retired = true;
    assert_int_equal(event_types_code(&types, "purchase"), 0);
    assert_int_equal(event_types_code_stored(&types, "purchase"), 6);
    assert_int_equal(event_types_code_stored(&types, "like"), 4);
    assert_null(event_types_nearest(&types, "purchased"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_defaults_are_those_of_the_documentation),
        cmocka_unit_test(unknown_and_empty_names_have_no_code),
        cmocka_unit_test(a_misspelt_name_finds_the_nearest_one),
        cmocka_unit_test(a_retired_type_is_known_for_what_is_stored_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
