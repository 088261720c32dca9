/* What these catch: a search that looks at the test part, that depends on threads, that loses its
 * first trial, that hangs on settings which cannot be fitted, that runs past its time, a blend of
 * other settings than those that were found. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "data/split.h"
#include "eval/search.h"
#include "models/blend.h"
#include "models/ease.h"
#include "models/itemknn.h"
#include "support/fitted.h"

static const void *defaults(const struct model_class *class, struct arena *arena)
{
    const void *settings = model_settings_new(class, arena);
    assert_non_null(settings);
    return settings;
}

static struct search_result *search(const struct search_request *request)
{
    struct search_result *result = NULL;
    struct error err = {0};
    if (search_run(request, &result, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    return result;
}

static struct buffer json_of(const struct search_result *result)
{
    struct buffer out = {0};
    search_append_json(result, &out);
    assert_false(out.failed);
    return out;
}

static void expect_same_figures(const struct search_result *a, const struct search_result *b)
{
    assert_int_equal(a->n_trials, b->n_trials);
    assert_int_equal(a->winner, b->winner);
    for (size_t t = 0; t < a->n_trials; t++) {
        assert_int_equal(a->trials[t].rungs, b->trials[t].rungs);
        for (unsigned r = 0; r < a->trials[t].rungs; r++)
            assert_true(a->trials[t].ndcg[r] == b->trials[t].ndcg[r]);
    }
}

static void the_best_trial_wins_whatever_the_threads_and_a_blend_takes_it(void **state)
{
    (void)state;
    struct test_data *data = test_tastes(5);
    struct arena arena = {0};
    struct parallel *pool;
    assert_int_equal(parallel_new(3, false, &pool), STATUS_OK);
    const struct search_model models[] = {{&itemknn_class, defaults(&itemknn_class, &arena), NULL},
                                          {&ease_class, defaults(&ease_class, &arena), NULL},
                                          {&blend_class, defaults(&blend_class, &arena), NULL}};
    struct search_request request = {.dataset = data->dataset,
                                     .by_user = &data->by_user,
                                     .models = models,
                                     .n_models = 3,
                                     .trials = 4,
                                     .share = 0.2,
                                     .seed = 3};
    struct search_result *one = search(&request);
    request.pool = pool;
    struct search_result *three = search(&request);
    expect_same_figures(one, three);
    for (size_t m = 0; m < 2; m++) {
        const struct search_trial *best = &one->trials[one->best[m]];
        assert_memory_equal(one->trials[4 * m].settings, models[m].settings,
                            models[m].class->settings_size);
        for (size_t t = 4 * m; t < 4 * m + 4; t++) {
            assert_int_equal(one->trials[t].rungs, 1);
            assert_true(one->trials[t].ndcg[0] <= best->ndcg[0]);
            assert_true(t == 4 * m || memcmp(one->trials[t].settings, models[m].settings,
                                             models[m].class->settings_size) != 0);
        }
        assert_true(one->winner == m || one->behind[m].mean >= 0);
    }
    assert_int_equal(one->trials[8].rungs, 1);
    struct buffer members = {0};
    option_print(option_find(blend_class.options, blend_class.n_options, "members"),
                 one->trials[8].settings, &members);
    assert_non_null(strstr(members.data, "itemknn"));
    assert_non_null(strstr(members.data, "ease"));
    assert_int_equal(model_settings_check(&blend_class, one->trials[8].settings, NULL), STATUS_OK);
    struct buffer json = json_of(one);
    assert_non_null(strstr(json.data, "\"winner\": \""));
    buffer_free(&json);
    buffer_free(&members);
    search_result_free(one);
    search_result_free(three);
    parallel_free(pool);
    arena_free(&arena);
    test_data_free(data);
}

/* Two data sets that differ in the test part alone. */
static void what_is_held_changes_nothing(void **state)
{
    (void)state;
    struct test_data *data = test_tastes(5);
    struct arena arena = {0};
    struct bitmap held;
    const struct split_settings split = {.kind = SPLIT_USER_TIME, .share = 0.3, .seed = 1};
    assert_int_equal(split_make(data->dataset, &split, &held, NULL), STATUS_OK);
    struct csr by_user;
    assert_int_equal(dataset_matrix(data->dataset, &held, NULL, &by_user), STATUS_OK);
    const struct search_model model = {&itemknn_class, defaults(&itemknn_class, &arena), NULL};
    const struct search_request request = {.dataset = data->dataset,
                                           .held = &held,
                                           .by_user = &by_user,
                                           .models = &model,
                                           .n_models = 1,
                                           .trials = 3,
                                           .share = 0.2,
                                           .seed = 3};
    struct search_result *before = search(&request);
    for (uint64_t e = 0; e < data->dataset->n_events; e++)
        if (bitmap_test(&held, (uint32_t)e))
            data->dataset->items[e] = 0;
    struct search_result *after = search(&request);
    expect_same_figures(before, after);
    search_result_free(before);
    search_result_free(after);
    bitmap_free(&held);
    csr_free(&by_user);
    arena_free(&arena);
    test_data_free(data);
}

static void many_users_are_first_searched_on_a_share_of_them(void **state)
{
    (void)state;
    enum { USERS = 6600, ITEMS = 40, EACH = 6, TRIALS = 9 };
    struct test_event *events = calloc(USERS * EACH, sizeof *events);
    const struct event_types types = test_types();
    struct rng rng = rng_seed(2, 0);
    assert_non_null(events);
    for (uint32_t e = 0; e < USERS * EACH; e++) {
        const uint32_t user = e / EACH, item = 4 * rng_below(&rng, ITEMS / 4) + user % 4;
        events[e] = (struct test_event){user, item, TEST_LIKE, e, NAN};
    }
    struct test_data *data = test_data_new(&types, events, USERS * EACH, 1);
    free(events);
    struct arena arena = {0};
    const struct search_model model = {&itemknn_class, defaults(&itemknn_class, &arena), NULL};
    const struct search_request request = {.dataset = data->dataset,
                                           .by_user = &data->by_user,
                                           .models = &model,
                                           .n_models = 1,
                                           .trials = TRIALS,
                                           .share = 0.2,
                                           .users_max = 500,
                                           .seed = 3};
    struct search_result *result = search(&request);
    assert_int_equal(result->n_rungs, 2);
    assert_true(result->n_users > 400 && result->n_users <= 500);
    assert_true(result->train_users[0] > USERS / 4 && result->train_users[0] < USERS / 2);
    assert_true(result->train_users[1] > USERS - 10);
    size_t last = 0;
    for (size_t t = 0; t < TRIALS; t++) {
        assert_true(result->trials[t].rungs >= 1);
        last += result->trials[t].rungs == 2;
    }
    assert_int_equal(last, TRIALS / 3);
    assert_int_equal(result->trials[result->best[0]].rungs, 2);
    search_result_free(result);
    arena_free(&arena);
    test_data_free(data);
}

static void a_search_without_time_or_memory_still_says_what_there_is(void **state)
{
    (void)state;
    struct test_data *data = test_tastes(5);
    struct arena arena = {0};
    const struct search_model models[] = {{&itemknn_class, defaults(&itemknn_class, &arena), NULL},
                                          {&ease_class, defaults(&ease_class, &arena), NULL}};
    struct search_request request = {.dataset = data->dataset,
                                     .by_user = &data->by_user,
                                     .models = models,
                                     .n_models = 2,
                                     .trials = 5,
                                     .share = 0.2,
                                     .seconds = 1e-9,
                                     .seed = 3};
    struct search_result *result = search(&request);
    assert_true(result->ended_early);
    for (size_t m = 0; m < 2; m++)
        assert_int_equal(result->best[m], 5 * m); /* the settings given, and no others */
    assert_true(result->winner < 2);
    search_result_free(result);
    request.seconds = 0;
    request.memory = 1;
    result = search(&request);
    assert_true(result->winner == SIZE_MAX && result->best[0] == SIZE_MAX);
    assert_non_null(strstr(result->trials[0].failure, "memory"));
    struct buffer json = json_of(result);
    assert_non_null(strstr(json.data, "\"winner\": null"));
    buffer_free(&json);
    search_result_free(result);
    arena_free(&arena);
    test_data_free(data);
}

static bool stop_at_once(void *context)
{
    (void)context;
    return true;
}

static void a_search_stops_when_told(void **state)
{
    (void)state;
    struct test_data *data = test_tastes(5);
    struct arena arena = {0};
    const struct search_model model = {&itemknn_class, defaults(&itemknn_class, &arena), NULL};
    const struct observer observer = {.stop = stop_at_once};
    const struct search_request request = {.dataset = data->dataset,
                                           .by_user = &data->by_user,
                                           .models = &model,
                                           .n_models = 1,
                                           .trials = 5,
                                           .share = 0.2,
                                           .observer = &observer};
    struct search_result *result = NULL;
    struct error err = {0};
    assert_int_equal(search_run(&request, &result, &err), STATUS_CANCELLED);
    assert_null(result);
    arena_free(&arena);
    test_data_free(data);
}

/* A range that its own option refuses would only show in somebody's search. */
static void every_range_lies_within_its_option(void **state)
{
    (void)state;
    for (const struct model_class *const *class = model_classes; *class; class ++)
        for (size_t i = 0; i < (*class)->n_options; i++) {
            const struct option *o = &(*class)->options[i];
            if (o->search == SEARCH_NOT)
                continue;
            assert_true(o->type == OPTION_INT || o->type == OPTION_REAL);
            assert_true(o->low >= o->min && o->low < o->high && o->high <= o->max);
            assert_true(o->search != SEARCH_LOG || o->low > 0);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_best_trial_wins_whatever_the_threads_and_a_blend_takes_it),
        cmocka_unit_test(what_is_held_changes_nothing),
        cmocka_unit_test(many_users_are_first_searched_on_a_share_of_them),
        cmocka_unit_test(a_search_without_time_or_memory_still_says_what_there_is),
        cmocka_unit_test(a_search_stops_when_told),
        cmocka_unit_test(every_range_lies_within_its_option),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
