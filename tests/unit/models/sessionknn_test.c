/* VMIS-kNN against an independent implementation (tests/golden/sessionknn.py). What these catch:
 * sessions cut elsewhere, older ones taken for newer, items of a history weighed in another order,
 * sessions after the fit that do not enter or enter as old ones, erased users who still count. The
 * rest is in tests/contract. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "models/sessionknn.h"
#include "models/sessions.h"
#include "support/fitted.h"

#include "golden/sessionknn_golden.h"

enum {
    N_FITTED = sizeof golden_fitted / sizeof *golden_fitted,
    N_LIVE = sizeof golden_live / sizeof *golden_live
};

static struct model *fit(const struct test_event *events, size_t n)
{
    const struct model_class *class = &sessionknn_class;
    const struct event_types types = test_types();
    static const char *const values[][2] = {{"neighbours", "7"}, {"recent", "6"}, {"length", "4"}};
    struct test_data *data = test_data_new(&types, events, n, 1);
    struct arena arena = {0};
    struct model *model = NULL;
    void *settings = model_settings_new(class, &arena);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(options_set(class->options, class->n_options, settings, "parameter",
                                     values[i][0], values[i][1], &arena, NULL),
                         STATUS_OK);
    assert_int_equal(class->fit(&data->train, settings, NULL, NULL, &model, NULL), STATUS_OK);
    arena_free(&arena);
    test_data_free(data);
    return model;
}

static void tell(struct overlay *overlay)
{
    for (size_t e = 0; e < N_LIVE; e++)
        assert_int_equal(sessionknn_class.overlay_event(overlay, golden_live[e].user,
                                                        golden_live[e].item, 1,
                                                        golden_live[e].time),
                         STATUS_OK);
}

/* The query as the Recommender makes it: by rising item, with times. */
static void ask(const struct model *model, const struct overlay *overlay, const int *items,
                float scores[GOLDEN_ITEMS])
{
    struct arena arena = {0};
    struct signal history[8];
    int64_t times[8];
    struct query query = {
        .user = QUERY_NO_USER, .history = history, .times = times, .overlay = overlay};
    for (uint32_t item = 0; item < GOLDEN_ITEMS; item++)
        for (int k = 0; items[k] >= 0; k++)
            if ((uint32_t)items[k] == item) {
                history[query.n] = (struct signal){item, 1};
                times[query.n++] = 1000 * k;
            }
    assert_int_equal(model->class->score(model, &query, 1, NULL, GOLDEN_ITEMS, scores, &arena),
                     STATUS_OK);
    arena_free(&arena);
}

static void check(const struct model *model, const struct overlay *overlay,
                  const double expected[GOLDEN_QUERIES][GOLDEN_ITEMS])
{
    for (size_t q = 0; q < GOLDEN_QUERIES; q++) {
        float scores[GOLDEN_ITEMS];
        ask(model, overlay, golden_queries[q], scores);
        for (size_t i = 0; i < GOLDEN_ITEMS; i++)
            if (!(fabs(scores[i] - expected[q][i]) < 1e-5 * (1 + expected[q][i])))
                fail_msg("query %zu, item %zu: %.9g instead of %.9g", q, i, (double)scores[i],
                         expected[q][i]);
    }
}

static void scores_are_those_of_the_nearest_recent_sessions(void **state)
{
    (void)state;
    struct model *model = fit(golden_fitted, N_FITTED);
    check(model, NULL, golden_scores);
    model_free(model);
}

static void sessions_after_the_fit_enter_as_the_newest(void **state)
{
    (void)state;
    struct model *model = fit(golden_fitted, N_FITTED);
    struct overlay *overlay;
    assert_int_equal(sessionknn_class.overlay_new(model, &overlay), STATUS_OK);
    check(model, overlay, golden_scores); /* an empty one changes nothing */
    tell(overlay);
    check(model, overlay, golden_live_scores);
    assert_true(memcmp(golden_scores, golden_live_scores, sizeof golden_scores) != 0);
    sessionknn_class.overlay_free(overlay);
    model_free(model);
}

static void what_is_no_preference_or_no_item_of_the_model_makes_no_session(void **state)
{
    (void)state;
    struct model *model = fit(golden_fitted, N_FITTED);
    struct overlay *overlay;
    assert_int_equal(sessionknn_class.overlay_new(model, &overlay), STATUS_OK);
    for (uint32_t i = 0; i < GOLDEN_ITEMS; i++) {
        assert_int_equal(sessionknn_class.overlay_event(overlay, 5, i, -1, 0), STATUS_OK);
        assert_int_equal(sessionknn_class.overlay_event(overlay, 5, i, 0, 0), STATUS_OK);
        assert_int_equal(sessionknn_class.overlay_event(overlay, 5, GOLDEN_ITEMS + i, 1, 0),
                         STATUS_OK);
    }
    assert_int_equal(overlay->n, 0);
    check(model, overlay, golden_scores);
    sessionknn_class.overlay_free(overlay);
    model_free(model);
}

static void a_pause_ends_a_session(void **state)
{
    (void)state;
    static const int64_t minute = 60000;
    struct model *model = fit(golden_fitted, N_FITTED);
    struct overlay *overlay;
    assert_int_equal(sessionknn_class.overlay_new(model, &overlay), STATUS_OK);
    const int64_t times[] = {0, 30 * minute, 61 * minute, 60 * minute, TIME_UNKNOWN, TIME_UNKNOWN};
    const uint32_t sessions[] = {1, 1, 2, 2, 3, 3};
    for (uint32_t i = 0; i < 6; i++) {
        assert_int_equal(sessionknn_class.overlay_event(overlay, 5, i, 1, times[i]), STATUS_OK);
        assert_int_equal(overlay->n, sessions[i]);
    }
    for (uint32_t user = 100; user < 1100; user++) /* and everybody has one of their own */
        assert_int_equal(sessionknn_class.overlay_event(overlay, user, 1, 1, 0), STATUS_OK);
    assert_int_equal(overlay->n, 1003);
    sessionknn_class.overlay_free(overlay);
    model_free(model);
}

/* Who is gone leaves both the fit's sessions and those after it: as if they had never been. N and
 * the counts stay, so only what no one else shares is compared: which items score at all. */
static void an_erased_user_counts_no_more(void **state)
{
    (void)state;
    const struct test_event events[] = {{0, 0, TEST_LIKE, 1, NAN},
                                        {0, 1, TEST_LIKE, 2, NAN},
                                        {1, 0, TEST_LIKE, 1, NAN},
                                        {1, 2, TEST_LIKE, 2, NAN},
                                        {2, 11, TEST_LIKE, 3, NAN}};
    struct model *model = fit(events, 5);
    struct overlay *overlay;
    float scores[GOLDEN_ITEMS];
    const int query[] = {0, -1};
    assert_int_equal(sessionknn_class.overlay_new(model, &overlay), STATUS_OK);
    assert_int_equal(sessionknn_class.overlay_event(overlay, 9, 0, 1, 10), STATUS_OK);
    assert_int_equal(sessionknn_class.overlay_event(overlay, 9, 3, 1, 11), STATUS_OK);
    ask(model, overlay, query, scores);
    assert_true(scores[1] > 0 && scores[2] > 0 && scores[3] > 0);
    assert_int_equal(sessionknn_class.overlay_forget(overlay, 0), STATUS_OK);
    assert_int_equal(sessionknn_class.overlay_forget(overlay, 9), STATUS_OK);
    ask(model, overlay, query, scores);
    assert_true(scores[1] == 0 && scores[2] > 0 && scores[3] == 0);
    sessionknn_class.overlay_free(overlay);
    model_free(model);
}

/* What erasure leaves in the file: rows of zeros. */
static void zeroed_rows_are_in_no_session(void **state)
{
    (void)state;
    const uint64_t starts[] = {0, 2, 4};
    const struct session_row rows[] = {{0, 0}, {0, 0}, {SESSION_BEGINS | 1, 5}, {2, 4}};
    struct session_index index;
    assert_int_equal(session_index_make(starts, rows, 2, 3, 10, &index), STATUS_OK);
    assert_int_equal(index.n_sessions, 1);
    assert_int_equal(index.users[0], 1);
    assert_int_equal(index.counts[0], 1);
    assert_int_equal(index.counts[2], 0);
    session_index_free(&index);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scores_are_those_of_the_nearest_recent_sessions),
        cmocka_unit_test(sessions_after_the_fit_enter_as_the_newest),
        cmocka_unit_test(what_is_no_preference_or_no_item_of_the_model_makes_no_session),
        cmocka_unit_test(a_pause_ends_a_session),
        cmocka_unit_test(an_erased_user_counts_no_more),
        cmocka_unit_test(zeroed_rows_are_in_no_session),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
