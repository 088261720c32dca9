/* What these catch: a wrong row, an id that swallows an action or the reverse, 404 where 405 is
 * meant, methods missing from Allow, an empty id. */
#include <stdlib.h>
#include <string.h>

#include "server/match.h"
#include "support/test.h"

static const struct route table[] = {
    {METHOD_GET, "/v1/users"},
    {METHOD_POST, "/v1/users:batch"},
    {METHOD_GET, "/v1/users/{user}"},
    {METHOD_PUT, "/v1/users/{user}"},
    {METHOD_POST, "/v1/users/{user}:merge"},
    {METHOD_GET, "/v1/users/{user}/items/{item}/why"},
    {METHOD_GET, "/v1/users/{user}/items/top/why"},
    {METHOD_GET, "/"},
    {0},
};

struct fixture {
    struct arena arena;
    struct matcher *matcher;
    struct match match;
};

static int make(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    *state = fixture;
    return fixture && matcher_new(table, &fixture->matcher) == STATUS_OK ? 0 : -1;
}

static int clear(void **state)
{
    struct fixture *fixture = *state;
    matcher_free(fixture->matcher);
    arena_free(&fixture->arena);
    free(fixture);
    return 0;
}

/* The path of the row that was found; NULL for none. */
static const char *find(struct fixture *f, enum method method, const char *raw)
{
    struct target target;
    assert_int_equal(target_parse(raw, &f->arena, &target, NULL), STATUS_OK);
    assert_int_equal(matcher_find(f->matcher, &target, method, &f->arena, &f->match), STATUS_OK);
    return f->match.route ? f->match.route->path : NULL;
}

static void a_value_is_taken_decoded(void **state)
{
    struct fixture *f = *state;
    assert_string_equal(find(f, METHOD_GET, "/v1/users/a%2Fb%20c"), "/v1/users/{user}");
    assert_int_equal(f->match.n_values, 1);
    assert_string_equal(f->match.values[0], "a/b c");
    assert_string_equal(find(f, METHOD_GET, "/v1/users/u/items/i/why"),
                        "/v1/users/{user}/items/{item}/why");
    assert_string_equal(f->match.values[0], "u");
    assert_string_equal(f->match.values[1], "i");
}

static void an_action_is_cut_off_the_id(void **state)
{
    struct fixture *f = *state;
    assert_string_equal(find(f, METHOD_POST, "/v1/users/a%3Ab:merge"), "/v1/users/{user}:merge");
    assert_string_equal(f->match.values[0], "a:b");
    assert_string_equal(find(f, METHOD_POST, "/v1/users/urn:x:merge"), "/v1/users/{user}:merge");
    assert_string_equal(f->match.values[0], "urn:x");
}

static void an_action_wins_over_an_id_unless_it_is_encoded(void **state)
{
    struct fixture *f = *state;
    assert_null(find(f, METHOD_PUT, "/v1/users/a:merge"));
    assert_int_equal(f->match.methods, 1u << METHOD_POST);
    assert_string_equal(find(f, METHOD_PUT, "/v1/users/a%3Amerge"), "/v1/users/{user}");
    assert_string_equal(f->match.values[0], "a:merge");
    assert_string_equal(find(f, METHOD_GET, "/v1/users/a:other"), "/v1/users/{user}");
    assert_string_equal(f->match.values[0], "a:other");
}

static void an_action_on_a_collection_is_a_path_of_its_own(void **state)
{
    struct fixture *f = *state;
    assert_string_equal(find(f, METHOD_POST, "/v1/users:batch"), "/v1/users:batch");
    assert_null(find(f, METHOD_POST, "/v1/users"));
    assert_int_equal(f->match.methods, 1u << METHOD_GET);
}

static void a_wrong_method_tells_the_right_ones(void **state)
{
    struct fixture *f = *state;
    assert_null(find(f, METHOD_DELETE, "/v1/users/u"));
    assert_int_equal(f->match.methods, 1u << METHOD_GET | 1u << METHOD_PUT);
    assert_null(find(f, METHOD_COUNT, "/v1/users/u"));
    assert_int_equal(f->match.methods, 1u << METHOD_GET | 1u << METHOD_PUT);
}

static void fewer_values_go_first(void **state)
{
    struct fixture *f = *state;
    assert_string_equal(find(f, METHOD_GET, "/v1/users/u/items/top/why"),
                        "/v1/users/{user}/items/top/why");
    assert_int_equal(f->match.n_values, 1);
}

static void what_is_no_path_has_no_methods(void **state)
{
    static const char *const none[] = {
        "/v1",       "/v1/",       "/v1/users/", "/v1//users",  "/v1/users/u/items",
        "/V1/users", "/v1/usersx", "/v1/user",   "/v1/users/u/"};
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        const char *path = find(f, METHOD_GET, none[i]);
        if (path || f->match.methods)
            fail_msg("%s was found as %s", none[i], path ? path : "a path");
    }
    assert_string_equal(find(f, METHOD_GET, "/"), "/");
}

#define WITH_MATCHER(test) cmocka_unit_test_setup_teardown(test, make, clear)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_MATCHER(a_value_is_taken_decoded),
        WITH_MATCHER(an_action_is_cut_off_the_id),
        WITH_MATCHER(an_action_wins_over_an_id_unless_it_is_encoded),
        WITH_MATCHER(an_action_on_a_collection_is_a_path_of_its_own),
        WITH_MATCHER(a_wrong_method_tells_the_right_ones),
        WITH_MATCHER(fewer_values_go_first),
        WITH_MATCHER(what_is_no_path_has_no_methods),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
