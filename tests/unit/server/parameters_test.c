/* What these catch: unknown names that pass, values at and past their limits, repetition that is
 * not counted, a refusal that does not say where or what instead. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/parameters.h"
#include "support/test.h"

static const char *const choices[] = {"hide", "include", NULL};
static const struct parameter known[] = {
    {.name = "limit", .type = PARAMETER_INT, .min = 1, .max = 1000},
    {.name = "exclude", .type = PARAMETER_ID, .repeats = true, .many = 2},
    {.name = "text", .type = PARAMETER_TEXT, .min = 1, .max = 4},
    {.name = "purge", .type = PARAMETER_BOOL},
    {.name = "seen", .type = PARAMETER_CHOICE, .choices = choices},
    {0},
};

struct fixture {
    struct arena arena;
    const struct query_parameter *values;
    size_t n;
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

static enum status check(struct fixture *f, const struct parameter *table, const char *raw)
{
    struct target target;
    assert_int_equal(target_parse(raw, &f->arena, &target, NULL), STATUS_OK);
    f->n = target.n_pairs;
    f->err = (struct error){0};
    return parameters_check(table, &target, &f->arena, &f->values, &f->err);
}

static void good_values_come_in_their_order(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(
        check(f, known, "/?seen=include&exclude=b&purge=true&exclude=a&limit=1000&text=%C3%A4"),
        STATUS_OK);
    assert_int_equal(f->n, 6);
    assert_int_equal(f->values[0].number, 1);
    assert_string_equal(f->values[1].text, "b");
    assert_int_equal(f->values[2].number, 1);
    assert_string_equal(f->values[3].text, "a");
    assert_int_equal(f->values[4].number, 1000);
    assert_ptr_equal(f->values[5].parameter, &known[2]);
}

static void an_unknown_name_is_refused_with_the_nearest(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(check(f, known, "/?limt=3"), STATUS_NOT_FOUND);
    assert_non_null(strstr(f->err.text, "\"limit\""));
    assert_string_equal(f->err.pointer, "?limt");
    assert_int_equal(check(f, known, "/?zzzzzzzz=3"), STATUS_NOT_FOUND);
    assert_null(strstr(f->err.text, "nearest"));
    assert_int_equal(check(f, NULL, "/?limit=3"), STATUS_NOT_FOUND);
    assert_int_equal(check(f, NULL, "/"), STATUS_OK);
}

static void values_out_of_range_are_refused_with_their_place(void **state)
{
    static const char *const bad[] = {
        "limit=0",    "limit=1001", "limit=1.5",
        "limit=",     "limit=abc",  "limit=99999999999999999999",
        "limit=%201", "text=",      "text=abcde",
        "purge=1",    "purge=True", "purge=",
        "seen=all",   "seen=",      "exclude=",
        "exclude=.",  "exclude=..", "exclude=%01",
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char raw[64];
        snprintf(raw, sizeof raw, "/?%s", bad[i]);
        const enum status status = check(f, known, raw);
        if (status != STATUS_OUT_OF_RANGE || f->err.pointer[0] != '?')
            fail_msg("%s: %s at \"%s\"", bad[i], status_name(status), f->err.pointer);
    }
    assert_int_equal(check(f, known, "/?seen=all"), STATUS_OUT_OF_RANGE);
    assert_non_null(strstr(f->err.text, "hide, include"));
}

static void repetition_is_counted(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(check(f, known, "/?limit=1&limit=2"), STATUS_OUT_OF_RANGE);
    assert_int_equal(check(f, known, "/?exclude=a&exclude=b"), STATUS_OK);
    assert_int_equal(check(f, known, "/?exclude=a&exclude=b&exclude=c"), STATUS_OUT_OF_RANGE);
}

#define WITH_ARENA(test) cmocka_unit_test_setup_teardown(test, make, clear)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(good_values_come_in_their_order),
        WITH_ARENA(an_unknown_name_is_refused_with_the_nearest),
        WITH_ARENA(values_out_of_range_are_refused_with_their_place),
        WITH_ARENA(repetition_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
