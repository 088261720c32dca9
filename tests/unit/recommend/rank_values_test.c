/* What these catch: activity that depends on when it is looked at, an order of the history that is
 * not by time, likeness that is no cosine, names that come twice, values of one candidate in
 * another's row. */
#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "recommend/rank_values.h"
#include "support/events.h"
#include "support/fake_view.h"
#include "support/test.h"

static const int64_t day = INT64_C(24) * 60 * 60 * 1000;

static void activity_fades_by_half_in_thirty_days(void **state)
{
    (void)state;
    struct activity a = {0};
    activity_add(&a, 100 * day);
    activity_add(&a, 130 * day);
    assert_int_equal(a.count, 2);
    assert_float_equal(a.recent, 1.5, 1e-6);
    assert_float_equal(activity_recent(&a, 160 * day), 0.75, 1e-6);
    assert_float_equal(activity_recent(&a, 0), 1.5, 1e-6);
}

static void a_late_event_is_worth_what_it_would_have_been(void **state)
{
    (void)state;
    const int64_t times[] = {5 * day, 9 * day, 40 * day, 41 * day};
    struct activity in_order = {0}, late = {0};
    for (size_t i = 0; i < 4; i++) {
        activity_add(&in_order, times[i]);
        activity_add(&late, times[(i + 2) % 4]);
    }
    activity_add(&late, TIME_UNKNOWN);
    assert_int_equal(late.count, in_order.count);
    assert_int_equal(late.first_ms, in_order.first_ms);
    assert_int_equal(late.last_ms, in_order.last_ms);
    assert_float_equal(late.recent, in_order.recent, 1e-6);
}

static void every_value_has_a_name_of_its_own_and_one_source(void **state)
{
    (void)state;
    for (size_t i = 0; i < RANK_VALUES; i++) {
        assert_non_null(rank_values[i].help);
        assert_int_equal(rank_values[i].number != NULL, i < RANK_NUMBERS);
        assert_int_equal(rank_values[i].items != NULL, i >= RANK_NUMBERS);
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(rank_values[i].name, rank_values[k].name);
    }
}

static size_t value_named(const char *name)
{
    for (size_t i = 0; i < RANK_VALUES; i++)
        if (strcmp(rank_values[i].name, name) == 0)
            return i;
    fail_msg("no value %s", name);
    return 0;
}

/* Item i has i events, the last one on day i. */
static void planted_activity(const struct view *view, uint32_t item, int64_t now_ms,
                             struct activity *out)
{
    (void)view;
    (void)now_ms;
    *out = (struct activity){day, item * day, item, 1};
}

struct fixture {
    struct fake_model model;
    struct view_class class;
    struct view view;
    struct arena arena;
    struct touch touches[20];
    struct signal history[20];
    struct query asked;
    struct rank_query query;
};

static const struct model_class with_vectors = {.name = "vectors",
                                                .item_vectors = fake_item_vectors};

/* Liked items 0 .. 11, item i on day 100 - i, and a disliked one, 12, on day 200. */
static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    f->model.model = (struct model){&with_vectors, 1, 40};
    for (uint32_t i = 0; i < 40; i++)
        f->model.vectors[i * FAKE_DIMENSIONS + i % FAKE_DIMENSIONS] = 1 + (float)i;
    for (uint32_t i = 0; i < 13; i++) {
        f->touches[i] = (struct touch){
            .last_ms = (i == 12 ? 200 : 100 - i) * day, .item = i, .type = TEST_LIKE};
        f->history[i] = (struct signal){i, i == 12 ? -1 : 1};
    }
    f->class.activity = planted_activity;
    f->view = (struct view){.class = &f->class, .n_items = 40};
    f->asked = (struct query){.user = QUERY_NO_USER, .n = 13, .history = f->history};
    f->query = (struct rank_query){.view = &f->view,
                                   .retriever = &f->model.model,
                                   .touches = f->touches,
                                   .n_touches = 13,
                                   .query = &f->asked,
                                   .now_ms = 201 * day};
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    arena_free(&f->arena);
    free(f);
    return 0;
}

static void the_newest_liked_items_come_first(void **state)
{
    struct fixture *f = *state;
    struct rank_table table;
    assert_int_equal(rank_table_make(&f->query, NULL, 0, &f->arena, &table), STATUS_OK);
    assert_int_equal(table.moment.n_liked, 12);
    assert_int_equal(table.moment.n_recent, RANK_RECENT_ITEMS);
    for (uint32_t i = 0; i < RANK_RECENT_ITEMS; i++)
        assert_int_equal(table.moment.recent[i], i);
    assert_true(table.moment.last_ms == 200 * day);
}

static void values_stand_in_the_row_of_their_candidate(void **state)
{
    struct fixture *f = *state;
    const struct ranked best[] = {{33, 9}, {20, 7}};
    struct rank_table table;
    assert_int_equal(rank_table_make(&f->query, best, 2, &f->arena, &table), STATUS_OK);
    const float *second = table.numbers + RANK_NUMBERS;
    assert_float_equal(second[value_named("score")], 7, 0);
    assert_float_equal(second[value_named("score_gap")], 2, 0);
    assert_float_equal(second[value_named("rank")], log(2), 1e-6);
    assert_float_equal(second[value_named("popularity")], log(21), 1e-6);
    assert_float_equal(second[value_named("item_idle")], log(1 + 201 - 20), 1e-6);
    assert_float_equal(second[value_named("item_age")], log(201), 1e-6);
    assert_float_equal(second[value_named("user_idle")], log(2), 1e-6);
    assert_float_equal(second[value_named("hour")], 0, 0);
    assert_float_equal(second[value_named("weekday")], 1, 0);
    const uint32_t *items;
    assert_int_equal(
        rank_values[value_named("item")].items(&table.moment, &table.candidates[1], &items), 1);
    assert_int_equal(items[0], 20);
}

/* Vectors point along one of three axes, whatever their length. */
static void likeness_is_the_cosine_to_recent_items(void **state)
{
    struct fixture *f = *state;
    const struct ranked best[] = {{33, 9}, {34, 8}};
    struct rank_table table;
    assert_int_equal(rank_table_make(&f->query, best, 2, &f->arena, &table), STATUS_OK);
    assert_float_equal(table.numbers[value_named("like_newest")], 1, 1e-6);
    assert_float_equal(table.numbers[value_named("like_recent")], 0.4, 1e-6); /* 0, 3, 6, 9 */
    assert_float_equal(table.numbers[RANK_NUMBERS + value_named("like_newest")], 0, 1e-6);
    assert_float_equal(table.numbers[RANK_NUMBERS + value_named("like_most")], 1, 1e-6);
}

static void without_history_or_time_values_are_missing(void **state)
{
    struct fixture *f = *state;
    const struct ranked best[] = {{33, 9}};
    struct rank_table table;
    f->query.n_touches = f->asked.n = 0;
    f->query.now_ms = TIME_UNKNOWN;
    assert_int_equal(rank_table_make(&f->query, best, 1, &f->arena, &table), STATUS_OK);
    static const char *const missing[] = {"like_newest", "user_idle", "item_age", "hour",
                                          "weekday"};
    for (size_t i = 0; i < sizeof missing / sizeof *missing; i++)
        assert_true(isnan(table.numbers[value_named(missing[i])]));
    assert_float_equal(table.numbers[value_named("history_length")], 0, 0);
}

static const struct model_class with_scores = {.name = "scores", .score = fake_score};

/* The first one prefers 20 to 33 and does not know 50; the second one is not there. */
static void further_retrievers_score_and_rank_the_candidates(void **state)
{
    struct fixture *f = *state;
    struct fake_model *other = calloc(1, sizeof *other);
    other->model = (struct model){&with_scores, 1, 40};
    other->scores[20] = 5;
    other->scores[33] = 4;
    other->scores[7] = 9; /* no candidate */
    const struct model *const others[] = {&other->model, NULL};
    const struct ranked best[] = {{33, 9}, {50, 8}, {20, 7}};
    struct rank_table table;
    f->query.others = others;
    f->query.n_others = 2;
    f->view.n_items = 60;
    assert_int_equal(rank_table_make(&f->query, best, 3, &f->arena, &table), STATUS_OK);
    assert_int_equal(table.width, RANK_NUMBERS + 4);
    static const float scores[] = {4, NAN, 5};
    static const int ranks[] = {1, -1, 0};
    for (uint32_t i = 0; i < 3; i++) {
        const float *row = table.numbers + (size_t)i * table.width;
        assert_float_equal(row[value_named("score")], best[i].score, 0);
        if (ranks[i] < 0) {
            assert_true(isnan(row[RANK_NUMBERS]) && isnan(row[RANK_NUMBERS + 1]));
        } else {
            assert_float_equal(row[RANK_NUMBERS], scores[i], 0);
            assert_float_equal(row[RANK_NUMBERS + 1], log(1 + ranks[i]), 1e-6);
        }
        assert_true(isnan(row[RANK_NUMBERS + 2]) && isnan(row[RANK_NUMBERS + 3]));
    }
    free(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(activity_fades_by_half_in_thirty_days),
        cmocka_unit_test(a_late_event_is_worth_what_it_would_have_been),
        cmocka_unit_test(every_value_has_a_name_of_its_own_and_one_source),
        cmocka_unit_test_setup_teardown(the_newest_liked_items_come_first, setup, teardown),
        cmocka_unit_test_setup_teardown(values_stand_in_the_row_of_their_candidate, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(likeness_is_the_cosine_to_recent_items, setup, teardown),
        cmocka_unit_test_setup_teardown(further_retrievers_score_and_rank_the_candidates, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(without_history_or_time_values_are_missing, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
