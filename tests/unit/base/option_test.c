/* What these catch: a value that passes its range, a default that cannot be read, a printed value
 * that reads back as another, an error that does not say what to write instead. */
#include "base/option.h"

#include <stddef.h>
#include <string.h>

#include "base/json.h"
#include "support/test.h"

struct settings {
    bool warm;
    int64_t dimensions, seed;
    double lambda, free;
    int64_t every, memory;
    const char *name;
    int solver;
};

static const char *const solvers[] = {"cholesky", "cg", NULL};

static const struct option table[] = {
    {"warm", OPTION_BOOL, offsetof(struct settings, warm), "true", 0, 0, NULL, ""},
    {"dimensions", OPTION_INT, offsetof(struct settings, dimensions), "64", 1, 1000000, NULL, ""},
    {"seed", OPTION_INT, offsetof(struct settings, seed), "1", 0, 0, NULL, ""},
    {"lambda", OPTION_REAL, offsetof(struct settings, lambda), "0.007", 0, 10, NULL, ""},
    {"free", OPTION_REAL, offsetof(struct settings, free), "0", 0, 0, NULL, ""},
    {"every", OPTION_DURATION, offsetof(struct settings, every), "6h", -1, 2592000000.0, NULL, ""},
    {"memory", OPTION_SIZE, offsetof(struct settings, memory), "64M", 1048576, 1099511627776.0,
     NULL, ""},
    {"name", OPTION_TEXT, offsetof(struct settings, name), "", 0, 0, NULL, ""},
    {"solver", OPTION_CHOICE, offsetof(struct settings, solver), "cg", 0, 0, solvers, ""},
};
enum { N_OPTIONS = sizeof table / sizeof *table };

static int setup(void **state)
{
    static struct arena arena;
    arena = (struct arena){0};
    *state = &arena;
    return 0;
}

static int teardown(void **state)
{
    arena_free(*state);
    return 0;
}

static enum status set(struct settings *s, const char *name, const char *text, struct arena *arena,
                       struct error *err)
{
    return options_set(table, N_OPTIONS, s, "parameter", name, text, arena, err);
}

static void defaults_are_read_from_the_table(void **state)
{
    struct settings s = {0};
    assert_int_equal(options_init(table, N_OPTIONS, &s, *state), STATUS_OK);
    assert_true(s.warm);
    assert_int_equal(s.dimensions, 64);
    assert_true(s.lambda == 0.007);
    assert_int_equal(s.every, 6 * 3600000);
    assert_int_equal(s.memory, 64 << 20);
    assert_string_equal(s.name, "");
    assert_int_equal(s.solver, 1);
}

static void values_are_set_within_their_range(void **state)
{
    struct settings s;
    assert_int_equal(options_init(table, N_OPTIONS, &s, *state), STATUS_OK);
    static const struct {
        const char *name, *text;
        enum status status;
    } cases[] = {
        {"warm", "false", STATUS_OK},
        {"warm", "yes", STATUS_MALFORMED},
        {"dimensions", "1", STATUS_OK},
        {"dimensions", "1000000", STATUS_OK},
        {"dimensions", "0", STATUS_OUT_OF_RANGE},
        {"dimensions", "1000001", STATUS_OUT_OF_RANGE},
        {"dimensions", "6.5", STATUS_MALFORMED},
        {"seed", "-9223372036854775808", STATUS_OK},
        {"seed", "9223372036854775808", STATUS_OUT_OF_RANGE},
        {"lambda", "1e1", STATUS_OK},
        {"lambda", "10.0001", STATUS_OUT_OF_RANGE},
        {"lambda", "nan", STATUS_MALFORMED},
        {"every", "never", STATUS_OK},
        {"every", "30d", STATUS_OK},
        {"every", "31d", STATUS_OUT_OF_RANGE},
        {"every", "soon", STATUS_MALFORMED},
        {"memory", "1M", STATUS_OK},
        {"memory", "1023k", STATUS_OUT_OF_RANGE},
        {"memory", "never", STATUS_MALFORMED},
        {"solver", "cholesky", STATUS_OK},
        {"solver", "CG", STATUS_OUT_OF_RANGE},
        {"name", "a b", STATUS_OK},
        {"nothing", "1", STATUS_NOT_FOUND},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(set(&s, cases[i].name, cases[i].text, *state, NULL), cases[i].status);
    assert_false(s.warm);
    assert_int_equal(s.dimensions, 1000000);
    assert_true(s.seed == INT64_MIN);
    assert_true(s.lambda == 10);
    assert_int_equal(s.every, INT64_C(30) * 86400000);
    assert_int_equal(s.memory, 1 << 20);
    assert_int_equal(s.solver, 0);
    assert_string_equal(s.name, "a b");
}

static void a_refusal_says_what_is_allowed(void **state)
{
    static const struct {
        const char *name, *text, *wanted;
    } cases[] = {
        {"dimensions", "0", "dimensions is 0; it must be from 1 to 1000000"},
        {"every", "31d", "every is 31d; it must be from 0s to 30d, or never"},
        {"memory", "1", "memory is 1; it must be from 1M to 1T"},
        {"lambda", "-1", "lambda is -1; it must be from 0 to 10"},
        {"seed", "99999999999999999999", "seed is 99999999999999999999, which is too large"},
        {"solver", "lu", "solver is 'lu'; it must be one of: cholesky, cg"},
        {"warm", "1", "warm is '1'; it takes true or false"},
        {"dimension", "1", "unknown parameter 'dimension'; did you mean 'dimensions'?"},
        {"temperature", "1", "unknown parameter 'temperature'"},
    };
    struct settings s = {0};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct error err = {0};
        assert_int_not_equal(set(&s, cases[i].name, cases[i].text, *state, &err), STATUS_OK);
        assert_string_equal(err.text, cases[i].wanted);
    }
}

static void what_is_printed_reads_back_the_same(void **state)
{
    static const struct {
        const char *name, *text, *printed;
    } cases[] = {
        {"warm", "true", "true"},
        {"dimensions", "0192", "192"},
        {"lambda", "0.1", "0.1"},
        {"free", "0.1234567890123", "0.1234567890123"},
        {"free", "1e-300", "1e-300"},
        {"free", "0.30000000000000004", "0.30000000000000004"},
        {"every", "90s", "90s"},
        {"every", "3600", "1h"},
        {"every", "0", "0s"},
        {"every", "never", "never"},
        {"every", "1500ms", "1500ms"},
        {"every", "48h", "2d"},
        {"memory", "1536k", "1536k"},
        {"memory", "2048M", "2G"},
        {"name", "x", "x"},
        {"solver", "cholesky", "cholesky"},
    };
    struct settings s = {0};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct option *option = option_find(table, N_OPTIONS, cases[i].name);
        struct buffer out = {0}, again = {0};
        assert_int_equal(option_set(option, &s, cases[i].text, *state, NULL), STATUS_OK);
        option_print(option, &s, &out);
        assert_string_equal(out.data, cases[i].printed);
        assert_int_equal(option_set(option, &s, out.data, *state, NULL), STATUS_OK);
        option_print(option, &s, &again);
        assert_string_equal(again.data, out.data);
        buffer_free(&out);
        buffer_free(&again);
    }
}

static void json_holds_each_value_as_its_type(void **state)
{
    struct settings s;
    assert_int_equal(options_init(table, N_OPTIONS, &s, *state), STATUS_OK);
    s.name = "say \"x\"";
    struct buffer out = {0};
    for (size_t i = 0; i < N_OPTIONS; i++) {
        buffer_append_text(&out, i ? ", " : "[");
        option_print_json(&table[i], &s, &out);
    }
    buffer_append_text(&out, "]");
    assert_string_equal(out.data, "[true, 64, 1, 0.007, 0, 21600000, 67108864, \"say \\\"x\\\"\", "
                                  "\"cg\"]");
    buffer_free(&out);
}

static void a_text_is_copied(void **state)
{
    struct settings s = {0};
    char text[] = "before";
    assert_int_equal(set(&s, "name", text, *state, NULL), STATUS_OK);
    strcpy(text, "after");
    assert_string_equal(s.name, "before");
    struct arena full = {.limit = 1};
    assert_int_equal(set(&s, "name", "too long", &full, NULL), STATUS_NO_MEMORY);
    assert_string_equal(s.name, "before");
    arena_free(&full);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(defaults_are_read_from_the_table, setup, teardown),
        cmocka_unit_test_setup_teardown(values_are_set_within_their_range, setup, teardown),
        cmocka_unit_test_setup_teardown(a_refusal_says_what_is_allowed, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_printed_reads_back_the_same, setup, teardown),
        cmocka_unit_test_setup_teardown(json_holds_each_value_as_its_type, setup, teardown),
        cmocka_unit_test_setup_teardown(a_text_is_copied, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
