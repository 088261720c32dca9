/* What these catch: a list that teaches before its day is over, a list whose choices are held, rows
 * that know what came after the list, a world whose chances come out wrong. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/rng.h"
#include "eval/dataset_view.h"
#include "eval/ranker_fit.h"
#include "recommend/recommend.h"
#include "support/events.h"
#include "support/specs.h"
#include "support/test.h"

enum { USERS = 300, ITEMS = 240, GROUPS = 4, DAYS = 30, SHOWN = 10, LISTS = USERS * DAYS };
static const int64_t day = INT64_C(24) * 60 * 60 * 1000;
static const double liked = 0.25, not_liked = 0.02; /* chances in one's own group, in another */

static const char spec_text[] = "label: {column: chosen}\n"
                                "features:\n"
                                "  like_recent: {type: numeric, normalize: standard}\n"
                                "  score: {type: numeric, normalize: quantile}\n"
                                "  rank: {type: numeric, normalize: standard}\n"
                                "model: {mode: wide_deep, hidden: 16, epochs: 6}\n";

struct world {
    struct event_types types;
    struct dataset *dataset;
    struct bitmap held;
    struct impressions lists;
    struct arena arena;
    const struct model_class *class;
    void *settings;
};

static int64_t time_of(uint32_t user, uint32_t at)
{
    return 100 * day + (int64_t)at * 2 * day + (int64_t)user * 1000;
}

/* Every second day each user is shown ten items, and likes each with a known chance. */
static void show(struct world *w, struct test_event *events, uint32_t *n_events)
{
    for (uint32_t u = 0; u < USERS; u++) {
        struct rng rng = rng_seed(17, u);
        uint32_t order[ITEMS];
        for (uint32_t i = 0; i < ITEMS; i++)
            order[i] = i;
        rng_shuffle(&rng, order, ITEMS);
        for (uint32_t at = 0; at < DAYS; at++) {
            const uint32_t list = at * USERS + u; /* by rising time */
            for (uint32_t i = 0; i < SHOWN; i++) {
                const uint32_t item = order[(at * SHOWN + i) % ITEMS];
                w->lists.items[list * SHOWN + i] = item;
                if (rng_uniform(&rng) < (item % GROUPS == u % GROUPS ? liked : not_liked))
                    events[(*n_events)++] = (struct test_event){
                        u, item, TEST_LIKE, time_of(u, at) + 1 + (int64_t)i, NAN};
            }
            w->lists.users[list] = u;
            w->lists.times[list] = time_of(u, at);
            w->lists.places[list] = list;
            w->lists.starts[list + 1] = (uint64_t)(list + 1) * SHOWN;
        }
    }
}

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    struct test_event *events = calloc((size_t)LISTS * SHOWN, sizeof *events);
    uint32_t n = 0;
    struct error err = {0};
    w->types = test_types();
    w->lists = (struct impressions){.n = LISTS,
                                    .times = calloc(LISTS, sizeof(int64_t)),
                                    .users = calloc(LISTS, sizeof(uint32_t)),
                                    .starts = calloc(LISTS + 1, sizeof(uint64_t)),
                                    .items = calloc((size_t)LISTS * SHOWN, sizeof(uint32_t)),
                                    .places = calloc(LISTS, sizeof(uint32_t))};
    show(w, events, &n);
    w->dataset = test_dataset(&w->types, events, n);
    free(events);
    assert_int_equal(bitmap_resize(&w->held, (uint32_t)w->dataset->n_events), STATUS_OK);
    for (uint32_t u = 0; u < USERS; u++) /* the last two likes */
        for (uint64_t e = w->dataset->starts[u + 1] - 2; e < w->dataset->starts[u + 1]; e++)
            bitmap_set(&w->held, (uint32_t)e);
    w->class = model_class_find("ials", NULL);
    w->settings = model_settings_new(w->class, &w->arena);
    static const char *const values[][2] = {{"dimensions", "8"}, {"epochs", "6"}};
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(options_set(w->class->options, w->class->n_options, w->settings, "",
                                     values[i][0], values[i][1], &w->arena, &err),
                         STATUS_OK);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    impressions_free(&w->lists);
    bitmap_free(&w->held);
    dataset_free(w->dataset);
    arena_free(&w->arena);
    free(w);
    return 0;
}

static bool is_held_within(const struct world *w, uint32_t user, int64_t from_ms, int64_t to_ms)
{
    const struct dataset *d = w->dataset;
    for (uint64_t e = d->starts[user]; e < d->starts[user + 1]; e++)
        if (bitmap_test(&w->held, (uint32_t)e) && d->times[e] >= from_ms && d->times[e] <= to_ms)
            return true;
    return false;
}

static void lists_are_cut_by_time(void **state)
{
    struct world *w = *state;
    struct shown_plan plan;
    struct error err = {0};
    assert_int_equal(shown_plan_make(w->dataset, &w->held, &w->lists, 1 << 20, &plan, &err),
                     STATUS_OK);
    assert_true(plan.n_train > 1000 && plan.n_later > 1000);
    for (uint32_t i = 0; i < plan.n_train; i++) {
        const int64_t ms = w->lists.times[plan.train[i]];
        assert_true(ms >= plan.t1_ms && ms < plan.t2_ms);
        assert_false(
            is_held_within(w, w->lists.users[plan.train[i]], INT64_MIN, ms + IMPRESSION_WINDOW_MS));
    }
    for (uint32_t i = 0; i < plan.n_later; i++)
        assert_true(w->lists.times[plan.later[i]] >= plan.t2_ms + IMPRESSION_WINDOW_MS);
    shown_plan_free(&plan);
    assert_int_equal(shown_plan_make(w->dataset, &w->held, &w->lists, 5000, &plan, &err),
                     STATUS_OK);
    assert_true(plan.n_train > 400 && plan.n_train <= 500);
    shown_plan_free(&plan);
    w->lists.n = SHOWN_LISTS_MIN - 1;
    assert_int_equal(shown_plan_make(w->dataset, &w->held, &w->lists, 5000, &plan, &err),
                     STATUS_OUT_OF_RANGE);
    assert_non_null(strstr(err.text, "999 lists"));
    w->lists.n = LISTS;
}

static void chosen_is_what_followed_within_a_day(void **state)
{
    (void)state;
    const struct event_types types = test_types();
    const struct test_event events[] = {{0, 1, TEST_LIKE, 5 * day - 1, NAN},
                                        {0, 2, TEST_LIKE, 5 * day, NAN},
                                        {0, 3, TEST_LIKE, 6 * day, NAN},
                                        {0, 4, TEST_LIKE, 6 * day + 1, NAN},
                                        {0, 5, TEST_SEEN, 5 * day + 1, NAN}};
    struct dataset *dataset = test_dataset(&types, events, 5);
    struct bitmap held = {0};
    static const bool expected[] = {false, false, true, true, false, false};
    for (uint32_t item = 0; item < 6; item++)
        assert_int_equal(impression_is_chosen(dataset, NULL, 0, item, 5 * day), expected[item]);
    assert_int_equal(bitmap_resize(&held, 5), STATUS_OK);
    for (uint32_t e = 0; e < 5; e++)
        bitmap_set(&held, e);
    assert_false(impression_is_chosen(dataset, &held, 0, 2, 5 * day));
    bitmap_free(&held);
    dataset_free(dataset);
}

static enum status fit(struct world *w, struct parallel *pool, struct ranker **ret_ranker,
                       struct ranker_fit_report *report)
{
    struct error err = {0};
    const struct ranker_fit_request request = {.dataset = w->dataset,
                                               .held = &w->held,
                                               .retriever = {w->class, w->settings},
                                               .spec = test_spec(spec_text),
                                               .impressions = &w->lists,
                                               .share = 0.2,
                                               .seed = 1,
                                               .pool = pool};
    const enum status status = ranker_fit(&request, ret_ranker, report, &err);
    if (status != STATUS_OK && status != STATUS_OUT_OF_RANGE)
        fail_msg("%s", err.text);
    return status;
}

/* Means of the scores of an answer to everything, in the user's group and in others. */
static void answer_means(struct world *w, const struct ranker *ranker, uint32_t user,
                         double ret_means[2])
{
    struct error err = {0};
    struct csr by_user, by_item;
    struct model *fitted;
    struct item_times times;
    struct dataset_view view;
    struct arena arena = {0};
    struct recommendation answer;
    assert_int_equal(dataset_matrix(w->dataset, &w->held, NULL, &by_user), STATUS_OK);
    assert_int_equal(csr_transpose(&by_user, &by_item), STATUS_OK);
    const struct train_set data = {w->dataset, &w->held, &by_user, &by_item, 1};
    assert_int_equal(w->class->fit(&data, w->settings, NULL, NULL, &fitted, &err), STATUS_OK);
    assert_int_equal(item_times_make(w->dataset, &w->held, &times), STATUS_OK);
    const struct model *model = fitted;
    assert_int_equal(dataset_view_init(&view, w->dataset, &w->held, &model, 1, model, false),
                     STATUS_OK);
    dataset_view_date(&view, &times, ranker, NULL, false);
    const struct recommend_request request = {
        .user = user, .n = ITEMS, .now_ms = time_of(0, DAYS), .seen = SEEN_INCLUDE};
    assert_int_equal(recommend(&view.view, &request, &arena, &answer), STATUS_OK);
    assert_int_equal(answer.calibrated, ranker->calibration.slope > 0);
    uint32_t n[2] = {0};
    ret_means[0] = ret_means[1] = 0;
    for (uint32_t i = 0; i < answer.n; i++) {
        const bool own = answer.items[i].item % GROUPS == user % GROUPS;
        ret_means[own] += (double)answer.items[i].score;
        n[own]++;
    }
    ret_means[0] /= n[0];
    ret_means[1] /= n[1];
    dataset_view_free(&view);
    item_times_free(&times);
    model_free(fitted);
    csr_free(&by_user);
    csr_free(&by_item);
    arena_free(&arena);
}

static void known_chances_come_out_right(void **state)
{
    struct world *w = *state;
    struct ranker *ranker;
    struct ranker_fit_report report;
    assert_int_equal(fit(w, NULL, &ranker, &report), STATUS_OK);
    assert_true(report.of_impressions && report.calibrated);
    assert_true(report.later.values[BINARY_CALIBRATION_ERROR] < 0.03);
    assert_float_equal(report.later.values[BINARY_PREDICTION_MEAN],
                       report.later.values[BINARY_LABEL_MEAN], 0.01);
    assert_true(report.later.calibration[0].prediction_mean < 0.04);
    assert_true(report.later.calibration[CALIBRATION_GROUPS - 1].prediction_mean > 0.2);
    for (uint32_t user = 3; user < 300; user += 99) {
        double means[2];
        answer_means(w, ranker, user, means);
        assert_float_equal(means[1], liked, 0.06);
        assert_float_equal(means[0], not_liked, 0.02);
    }
    ranker_free(ranker);
}

/* What serves after a restart has the same chances. */
static void a_calibration_is_saved_with_its_ranker(void **state)
{
    struct world *w = *state;
    struct ranker *ranker, *loaded;
    struct ranker_fit_report report;
    struct sections_writer *writer;
    struct sections *sections;
    struct error err = {0};
    char folder[PATH_BYTES_MAX];
    temp_folder_make(folder);
    const char *path = in_folder(folder, "ranker.tvs");
    assert_int_equal(fit(w, NULL, &ranker, &report), STATUS_OK);
    assert_int_equal(sections_create(path, &writer, &err), STATUS_OK);
    assert_int_equal(ranker_save(ranker, writer, &err), STATUS_OK);
    assert_int_equal(sections_finish(writer, &err), STATUS_OK);
    assert_int_equal(sections_open(path, &sections, &err), STATUS_OK);
    assert_int_equal(ranker_load(sections, &loaded, &err), STATUS_OK);
    sections_close(sections);
    temp_folder_remove(folder);
    assert_true(ranker_is_calibrated(loaded) && ranker_is_calibrated(ranker));
    assert_memory_equal(&loaded->calibration, &ranker->calibration, sizeof loaded->calibration);
    ranker_free(ranker);
    ranker_free(loaded);
}

/* Nothing was chosen: no chance can be learnt. */
static void lists_of_which_nothing_is_chosen_teach_nothing(void **state)
{
    struct world *w = *state;
    struct ranker *ranker = NULL;
    struct ranker_fit_report report;
    for (uint64_t e = 0; e < w->dataset->n_events; e++)
        w->dataset->items[e] = (w->dataset->items[e] + 1) % ITEMS; /* never the one shown */
    for (uint32_t i = 0; i < LISTS * SHOWN; i++)
        w->lists.items[i] = w->lists.items[i / SHOWN * SHOWN];
    const enum status status = fit(w, NULL, &ranker, &report);
    assert_true(status == STATUS_OUT_OF_RANGE || !report.calibrated);
    ranker_free(ranker);
}

int main(void)
{
#define with_world(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        with_world(lists_are_cut_by_time),
        cmocka_unit_test(chosen_is_what_followed_within_a_day),
        with_world(known_chances_come_out_right),
        with_world(a_calibration_is_saved_with_its_ranker),
        with_world(lists_of_which_nothing_is_chosen_teach_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
