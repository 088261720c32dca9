/* What these catch: a sum that forgets a member, a day that a restart changes, damage that is read
 * as figures, a share of nothing. */
#include "server/figures.h"

#include <string.h>

#include "base/json.h"
#include "support/test.h"

static struct figures example(void)
{
    struct figures f = {.milliseconds = 1000,
                        .requests = 10,
                        .refused = 1,
                        .failed = 2,
                        .cache_hits = 3,
                        .cache_misses = 4};
    f.buckets[3] = 5;
    f.events[2] = 6;
    f.ranks_given[0] = 7;
    f.ranks_shown[1] = 8;
    f.ranks_chosen[9] = 9;
    figures_add_lists(&f, "ials", 11);
    figures_add_lists(&f, "fold_in", 12);
    *figures_version(&f, 4) = (struct figures_version){4, 100, 50, 5};
    return f;
}

static void assert_same(const struct figures *a, const struct figures *b)
{
    struct buffer left = {0}, right = {0};
    figures_append_json(a, &left);
    figures_append_json(b, &right);
    assert_string_equal(left.data, right.data);
    buffer_free(&left);
    buffer_free(&right);
}

static void a_sum_adds_every_member(void **state)
{
    (void)state;
    const struct figures more = example();
    struct figures sum = {0};
    figures_add(&sum, &more);
    assert_same(&sum, &more);
    figures_add(&sum, &more);
    assert_int_equal(sum.milliseconds, 2000);
    assert_int_equal(sum.requests, 20);
    assert_int_equal(sum.refused, 2);
    assert_int_equal(sum.failed, 4);
    assert_int_equal(sum.buckets[3], 10);
    assert_int_equal(sum.cache_hits, 6);
    assert_int_equal(sum.cache_misses, 8);
    assert_int_equal(sum.events[2], 12);
    assert_int_equal(sum.ranks_given[0], 14);
    assert_int_equal(sum.ranks_shown[1], 16);
    assert_int_equal(sum.ranks_chosen[9], 18);
    assert_int_equal(sum.n_strategies, 2);
    assert_int_equal(sum.strategies[1].lists, 24);
    assert_int_equal(sum.n_versions, 1);
    assert_int_equal(sum.versions[0].chosen, 10);
}

/* As long as answered.h counts names: not cut shorter here, and the rest of longer ones is no
 * other name. */
static void long_names_are_told_apart_as_far_as_they_go(void **state)
{
    (void)state;
    struct figures f = {0};
    char name[2 * ANSWERED_STRATEGY_BYTES] = "";
    memset(name, 'a', sizeof name - 1);
    figures_add_lists(&f, name, 1);
    name[sizeof name - 2] = 'b';
    figures_add_lists(&f, name, 1);
    assert_int_equal(f.n_strategies, 1);
    assert_int_equal(strlen(f.strategies[0].name), ANSWERED_STRATEGY_BYTES - 1);
    name[ANSWERED_STRATEGY_BYTES - 2] = 'b';
    figures_add_lists(&f, name, 1);
    assert_int_equal(f.n_strategies, 2);
    assert_int_equal(f.strategies[0].lists, 2);
}

static void what_does_not_fit_is_left_out(void **state)
{
    (void)state;
    struct figures f = {0};
    char name[16];
    for (int i = 0; i < 2 * FIGURES_STRATEGIES_MAX; i++) {
        snprintf(name, sizeof name, "s%d", i);
        figures_add_lists(&f, name, 1);
    }
    assert_int_equal(f.n_strategies, FIGURES_STRATEGIES_MAX);
    for (uint32_t v = 0; v < FIGURES_VERSIONS_MAX; v++)
        assert_non_null(figures_version(&f, v));
    assert_null(figures_version(&f, FIGURES_VERSIONS_MAX));
    assert_non_null(figures_version(&f, 3));
    const struct figures_version more = {FIGURES_VERSIONS_MAX, 10, 6, 2};
    figures_count_version(&f, &more);
    figures_count_version(&f, &more);
    assert_int_equal(f.rest_given, 20); /* the sums have it all the same */
    assert_int_equal(f.rest_shown, 12);
    assert_int_equal(f.rest_chosen, 4);
}

static enum status read_back(const char *text, struct figures *out)
{
    json_t *value;
    assert_int_equal(json_parse(text, strlen(text), &value, NULL), STATUS_OK);
    const enum status status = figures_read_json(value, out);
    json_decref(value);
    return status;
}

static void json_reads_back_the_same(void **state)
{
    (void)state;
    const struct figures before = example();
    struct figures after;
    struct buffer text = {0};
    figures_append_json(&before, &text);
    assert_true(text.size < FIGURES_JSON_MAX);
    assert_int_equal(read_back(text.data, &after), STATUS_OK);
    assert_same(&before, &after);
    buffer_free(&text);
}

static void other_json_is_refused_or_read_as_nothing(void **state)
{
    (void)state;
    struct figures out;
    assert_int_equal(read_back("{}", &out), STATUS_MALFORMED);
    assert_int_equal(read_back("[1]", &out), STATUS_MALFORMED);
    assert_int_equal(read_back("{\"milliseconds\": [1]}", &out), STATUS_MALFORMED);
    struct figures before = example();
    struct buffer text = {0};
    figures_append_json(&before, &text);
    char *number = strstr(text.data, "\"requests\": [10]");
    assert_non_null(number);
    memcpy(number, "\"requests\": [-1]", 16);
    assert_int_equal(read_back(text.data, &out), STATUS_OK);
    assert_int_equal(out.requests, 0);
    buffer_free(&text);
}

static void the_table_names_each_type_and_shares_of_something(void **state)
{
    (void)state;
    struct event_types types;
    struct figures f = example(), none = {0};
    struct buffer text = {0};
    event_types_init(&types);
    figures_append_table(&f, &types, &text);
    assert_non_null(strstr(text.data, "| requests | 10 |"));
    assert_non_null(strstr(text.data, "| view | 6 |"));
    assert_non_null(strstr(text.data, "| failed (5xx) | 20 % |"));
    assert_non_null(strstr(text.data, "| chosen of the items shown | 10 % |"));
    assert_non_null(strstr(text.data, "| 4 | 100 | 50 | 5 |"));
    buffer_clear(&text);
    figures_append_table(&none, &types, &text);
    assert_null(strstr(text.data, "%"));
    assert_null(strstr(text.data, "nan"));
    buffer_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sum_adds_every_member),
        cmocka_unit_test(long_names_are_told_apart_as_far_as_they_go),
        cmocka_unit_test(what_does_not_fit_is_left_out),
        cmocka_unit_test(json_reads_back_the_same),
        cmocka_unit_test(other_json_is_refused_or_read_as_nothing),
        cmocka_unit_test(the_table_names_each_type_and_shares_of_something),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
