/* What these catch: a round that publishes what does not beat popularity, that depends on threads,
 * that leaves something behind when it is stopped or refused, that fails where there is little or
 * nothing to learn from; a report that lacks what the next rounds are judged by. */
#include <unistd.h>

#include "round_fixture.h"
#include "train/past_rounds.h"

/* ---- a whole round ---- */

static void a_personal_model_is_published_and_answers(void **state)
{
    struct fixture *f = *state;
    plant(&f->planted, 0, USERS, ITEMS, PER_USER, 1);
    set_small_ials(f);
    must_run(f, 1, NULL);
    assert_true(f->result.published);
    assert_string_equal(f->result.retriever, "ials");
    assert_int_equal(f->result.seq, planted_seq(&f->planted));
    assert_reason(f, "above 0");
    json_t *report = report_of(f);
    assert_true(metric_of(report, 1, "ndcg@20") > 1.5 * metric_of(report, 0, "ndcg@20"));
    assert_true(metric_of(report, 1, "mrr") > 0 && metric_of(report, 1, "coverage") > 0.5);
    json_t *gate = json_object_get(report, "gate");
    assert_true(json_is_true(json_object_get(gate, "applied")));
    assert_true(json_number_value(json_object_get(gate, "relative_to_popular")) > 1.5);
    json_decref(report);
    struct snapshot *s = load(f, 1);
    assert_string_equal(s->retriever->class->name, "ials");
    assert_int_equal(s->n_models, 2);
    assert_int_equal(s->seq, f->result.seq);
    snapshot_release(s);
}

/* ---- chosen by a search ---- */

static void set_auto(struct fixture *f)
{
    set(f, "training.models", "auto");
    set(f, "training.search_trials", "2");
    set(f, "models.ials.dimensions", "16");
    set(f, "models.ials.epochs", "6");
    set(f, "models.gfcf.dimensions", "16");
}

static const json_t *trial_of(const json_t *report, const char *model, size_t number)
{
    size_t i;
    const json_t *trial;
    const json_t *trials = json_object_get(json_object_get(report, "search"), "trials");
    json_array_foreach ((json_t *)trials, i, trial) {
        if (strcmp(json_string_value(json_object_get(trial, "model")), model) == 0 && number-- == 0)
            return trial;
    }
    fail_msg("no trial of %s", model);
    return NULL;
}

/* Catches: a winner that is not what is measured and served, settings that the next round forgets.
 */
static void the_best_of_all_models_serves_and_its_settings_are_remembered(void **state)
{
    struct fixture *f = *state;
    plant(&f->planted, 0, USERS, ITEMS, PER_USER, 1);
    set_auto(f);
    must_run(f, 1, NULL);
    assert_true(f->result.published);
    assert_reason(f, "Of all models");
    json_t *report = report_of(f);
    const char *winner =
        json_string_value(json_object_get(json_object_get(report, "search"), "winner"));
    assert_non_null(winner);
    assert_string_equal(f->result.retriever, winner);
    struct snapshot *s = load(f, 1);
    assert_string_equal(s->retriever->class->name, winner);
    assert_int_equal(s->n_models, 2);
    json_t *manifest = json_loads(s->manifest, 0, NULL);
    const json_t *found = json_object_get(json_object_get(manifest, "settings"), "found");
    assert_true(json_object_size(found) >= 5);
    json_decref(report);
    plant(&f->planted, USERS, 20, ITEMS, PER_USER, 2);
    must_run(f, 2, s);
    report = report_of(f);
    const json_t *ease = json_object_get(trial_of(report, "ease", 1), "settings");
    assert_true(json_equal((json_t *)ease, json_object_get(found, "ease")));
    assert_int_equal(json_integer_value(json_object_get(
                         json_object_get(trial_of(report, "ials", 0), "settings"), "dimensions")),
                     16); /* the first trial is what is configured */
    json_decref(report);
    json_decref(manifest);
    snapshot_release(s);
}

static void nothing_to_choose_by_gives_a_round_of_popular_alone(void **state)
{
    struct fixture *f = *state;
    set_auto(f);
    must_run(f, 1, NULL);
    assert_true(f->result.published);
    assert_string_equal(f->result.retriever, "popular");
}

static void one_and_two_threads_write_the_same_bytes(void **state)
{
    struct fixture *f = *state;
    char a[PATH_BYTES_MAX], b[PATH_BYTES_MAX];
    struct error err = {0};
    struct parallel *pool;
    plant(&f->planted, 0, USERS, ITEMS, PER_USER, 2);
    set_small_ials(f);
    must_run(f, 1, NULL);
    json_t *one = report_of(f);
    assert_int_equal(parallel_new(2, true, &pool), STATUS_OK);
    assert_int_equal(run(f, 2, pool, NULL, NULL, &err), STATUS_OK);
    parallel_free(pool);
    json_t *two = report_of(f);
    snprintf(a, sizeof a, "%s", in_folder(f->planted.snapshots, "1"));
    snprintf(b, sizeof b, "%s", in_folder(f->planted.snapshots, "2"));
    assert_folders_equal(a, b);
    for (size_t m = 0; m < 2; m++)
        assert_true(metric_of(one, m, "ndcg@20") == metric_of(two, m, "ndcg@20"));
    assert_true(json_equal(json_object_get(one, "gate"), json_object_get(two, "gate")));
    json_decref(one);
    json_decref(two);
}

/* ---- the gate in it ---- */

/* Tastes at random: nothing but popularity can be learnt, and that is even. */
static void plant_noise(struct fixture *f)
{
    plant(&f->planted, 0, USERS, ITEMS, 1, 3); /* the items */
    struct planted_store *planted = &f->planted;
    for (uint32_t round = 0; round < 12; round++)
        plant(planted, 10000 + round * 7919, 50, ITEMS, 1, 50 + round);
    for (uint32_t u = 0; u < 250; u++)
        plant(planted, 500 + u, 1, ITEMS, 2, u);
}

static void a_first_model_that_is_no_better_gives_way_to_popular(void **state)
{
    struct fixture *f = *state;
    plant_noise(f);
    set_small_ials(f);
    must_run(f, 1, NULL);
    assert_true(f->result.published);
    assert_string_equal(f->result.retriever, "popular");
    assert_reason(f, "popular does");
    struct snapshot *s = load(f, 1);
    assert_string_equal(s->retriever->class->name, "popular");
    assert_int_equal(s->n_models, 2);
    snapshot_release(s);
}

static void a_model_worse_than_the_active_one_is_refused(void **state)
{
    struct fixture *f = *state;
    plant(&f->planted, 0, USERS, ITEMS, PER_USER, 4);
    set_small_ials(f);
    must_run(f, 1, NULL);
    assert_true(f->result.published);
    struct snapshot *active = load(f, 1);
    plant(&f->planted, 1, USERS, ITEMS, PER_USER, 5); /* the same users go on */
    set(f, "models.ials.dimensions", "1");
    set(f, "models.ials.epochs", "1");
    must_run(f, 2, active);
    assert_false(f->result.published);
    assert_string_equal(f->result.retriever, "ials");
    assert_reason(f, "the active snapshot goes on");
    json_t *report = report_of(f);
    json_t *after = json_object_get(report, "after_active");
    assert_true(json_number_value(json_object_get(after, "active")) >
                json_number_value(json_object_get(after, "ials")));
    json_decref(report);
    snapshot_release(load(f, 2)); /* there to be activated by hand */
    snapshot_release(active);
}

static void a_model_that_learnt_from_more_replaces_the_active_one(void **state)
{
    struct fixture *f = *state;
    plant(&f->planted, 0, USERS, ITEMS, 4, 4);
    set_small_ials(f);
    set(f, "training.gate", "false");
    must_run(f, 1, NULL);
    struct snapshot *active = load(f, 1);
    plant(&f->planted, 1, USERS, ITEMS, PER_USER, 5);
    set(f, "training.gate", "true");
    must_run(f, 2, active);
    assert_reason(f, "stays above -1 %");
    assert_true(f->result.published);
    snapshot_release(active);
}

static void without_the_gate_everything_is_published(void **state)
{
    struct fixture *f = *state;
    plant_noise(f);
    set_small_ials(f);
    set(f, "training.gate", "false");
    must_run(f, 1, NULL);
    assert_true(f->result.published);
    assert_string_equal(f->result.retriever, "ials");
    assert_reason(f, "training.gate is off");
}

/* ---- little to learn from ---- */

static void an_empty_store_gives_a_round_of_popular_alone(void **state)
{
    struct fixture *f = *state;
    set_small_ials(f);
    must_run(f, 1, NULL);
    assert_true(f->result.published);
    assert_string_equal(f->result.retriever, "popular");
    assert_reason(f, "Nothing could be held out");
    json_t *report = report_of(f);
    assert_null(json_object_get(report, "models"));
    json_decref(report);
    struct snapshot *s = load(f, 1);
    assert_true(s->n_models == 1 && s->n_users == 0);
    snapshot_release(s);
}

static void users_of_one_item_each_give_a_round_of_popular_alone(void **state)
{
    struct fixture *f = *state;
    plant(&f->planted, 0, 20, 10, 1, 6);
    set_small_ials(f);
    must_run(f, 1, NULL);
    assert_true(f->result.published);
    assert_string_equal(f->result.retriever, "popular");
    assert_reason(f, "popular serves");
    snapshot_release(load(f, 1));
}

/* ---- refused and stopped ---- */

static void assert_nothing_left(struct fixture *f)
{
    uint32_t version;
    assert_int_equal(snapshot_list(f->planted.snapshots, &version, 1), 0);
    assert_true(rmdir(f->planted.snapshots) == 0 || access(f->planted.snapshots, F_OK) != 0);
}

static void a_round_above_the_memory_limit_is_refused_with_the_figure(void **state)
{
    struct fixture *f = *state;
    struct error err = {0};
    plant(&f->planted, 0, USERS, ITEMS, PER_USER, 7);
    set_small_ials(f);
    set(f, "training.max_memory", "100k");
    assert_int_equal(run(f, 1, NULL, NULL, NULL, &err), STATUS_TOO_LARGE);
    assert_non_null(strstr(err.text, "MiB"));
    assert_non_null(strstr(err.text, "training.max_memory"));
    assert_nothing_left(f);
}

static void the_estimate_grows_with_the_model(void **state)
{
    struct fixture *f = *state;
    plant(&f->planted, 0, 50, ITEMS, PER_USER, 7);
    set_small_ials(f);
    set(f, "models.ials.epochs", "1");
    must_run(f, 1, NULL);
    const uint64_t small = f->result.peak_estimate;
    set(f, "models.ials.dimensions", "64");
    must_run(f, 2, NULL);
    assert_true(f->result.peak_estimate > small);
}

/* A ranker's rows, and what its further retrievers take, are counted before anything is fitted. */
struct stopper {
    int asked, after;
    char phase[64]; /* the last one */
};

static bool stop_after(void *context)
{
    struct stopper *stopper = context;
    return ++stopper->asked > stopper->after;
}

static void note_phase(void *context, const char *phase, double share)
{
    struct stopper *stopper = context;
    assert_true(share >= 0 && share <= 1);
    snprintf(stopper->phase, sizeof stopper->phase, "%s", phase);
}

/* Wherever a stop is asked for, it is obeyed and leaves nothing. */
static void a_stop_at_any_question_cancels_and_leaves_nothing(void **state)
{
    struct fixture *f = *state;
    plant(&f->planted, 0, 60, 50, 12, 8);
    set_small_ials(f);
    set(f, "training.gate", "false");
    struct stopper count = {.after = 1000000};
    const struct observer counting = {&count, note_phase, NULL, stop_after};
    struct error err = {0};
    assert_int_equal(run(f, 1, NULL, &counting, NULL, &err), STATUS_OK);
    assert_string_equal(count.phase, "writing");
    assert_true(count.asked > 10);
    assert_int_equal(snapshot_prune(f->planted.snapshots, 0, 0, &err), STATUS_OK);
    for (int after = 0; after < count.asked; after++) {
        struct stopper stopper = {.after = after};
        const struct observer stopping = {&stopper, note_phase, NULL, stop_after};
        const enum status status = run(f, 2, NULL, &stopping, NULL, &err);
        if (status != STATUS_CANCELLED)
            fail_msg("stop %d of %d in '%s': %s", after, count.asked, stopper.phase,
                     status_name(status));
        assert_int_equal(stopper.asked, after + 1);
        assert_nothing_left(f);
    }
}

/* ---- settings ---- */

static void unknown_models_and_parameters_are_named_with_the_nearest(void **state)
{
    struct fixture *f = *state;
    struct error err = {0};
    set(f, "models.ials.dimensons", "8");
    assert_int_equal(round_check_settings(&f->settings, &err), STATUS_NOT_FOUND);
    assert_non_null(strstr(err.text, "dimensions"));
    assert_non_null(strstr(err.text, "--set"));
    assert_int_equal(run(f, 1, NULL, NULL, NULL, &err), STATUS_NOT_FOUND);
    assert_nothing_left(f);
}

static void an_unknown_retriever_is_named_with_the_nearest(void **state)
{
    struct fixture *f = *state;
    struct error err = {0};
    set(f, "models.guests", "ials");
    assert_int_equal(round_check_settings(&f->settings, &err), STATUS_OUT_OF_RANGE);
    assert_non_null(strstr(err.text, "models.guests"));
    assert_non_null(strstr(err.text, "needs a history"));
    set(f, "models.guests", "trending");
    set(f, "models.retrievers", "popular, als");
    assert_int_equal(round_check_settings(&f->settings, &err), STATUS_NOT_FOUND);
    assert_non_null(strstr(err.text, "'als'"));
    assert_non_null(strstr(err.text, "'ials'"));
}

static void a_value_out_of_range_is_refused(void **state)
{
    struct fixture *f = *state;
    struct error err = {0};
    set(f, "models.ials.epochs", "-3");
    assert_int_equal(round_check_settings(&f->settings, &err), STATUS_OUT_OF_RANGE);
    assert_non_null(strstr(err.text, "models.ials"));
}

/* ---- what is observed and what later rounds read ---- */

struct heard {
    char tags[512][64];
    int64_t steps[512];
    size_t n;
};

static void hear(void *context, const char *tag, int64_t step, double value)
{
    struct heard *heard = context;
    assert_true(isfinite(value) && heard->n < 512);
    snprintf(heard->tags[heard->n], 64, "%s", tag);
    heard->steps[heard->n++] = step;
}

static size_t count_heard(const struct heard *heard, const char *tag)
{
    size_t n = 0;
    int64_t last = -1;
    for (size_t i = 0; i < heard->n; i++)
        if (strcmp(heard->tags[i], tag) == 0) {
            assert_true(heard->steps[i] > last);
            last = heard->steps[i];
            n++;
        }
    return n;
}

static void curves_of_the_hold_out_fit_and_of_the_refit_are_apart(void **state)
{
    struct fixture *f = *state;
    struct error err = {0};
    plant(&f->planted, 0, USERS, ITEMS, PER_USER, 9);
    set_small_ials(f);
    struct heard *heard = calloc(1, sizeof *heard);
    const struct observer hearing = {heard, NULL, hear, NULL};
    assert_int_equal(run(f, 5, NULL, &hearing, NULL, &err), STATUS_OK);
    assert_int_equal(count_heard(heard, "holdout_fit/ials/loss"), 6);
    assert_int_equal(count_heard(heard, "fit/ials/loss"), 6);
    assert_int_equal(count_heard(heard, "holdout/ials/ndcg@20"), 1);
    assert_int_equal(count_heard(heard, "holdout/popular/recall@10"), 1);
    assert_int_equal(count_heard(heard, "holdout/ials/mrr"), 1);
    assert_int_equal(count_heard(heard, "data/interactions"), 1);
    assert_int_equal(count_heard(heard, "seconds/fit"), 1);
    free(heard);
}

static void add_version(struct fixture *f, const char *state, const char *report)
{
    struct error err = {0};
    uint32_t number;
    assert_int_equal(store_begin(f->planted.store, &err), STATUS_OK);
    assert_int_equal(store_add_version(f->planted.store, 1, 1000, &number, &err), STATUS_OK);
    const struct model_version version = {.version = number,
                                          .seq = 1,
                                          .started_ms = 1000,
                                          .finished_ms = 2000,
                                          .state = state,
                                          .reason = "",
                                          .report = report};
    assert_int_equal(store_update_version(f->planted.store, &version, &err), STATUS_OK);
    assert_int_equal(store_commit(f->planted.store, &err), STATUS_OK);
}

static void past_rounds_give_the_published_figures_newest_first(void **state)
{
    struct fixture *f = *state;
    struct past_rounds past;
    struct error err = {0};
    add_version(f, "published", "{\"gate\": {\"ndcg@20\": 0.4, \"relative_to_popular\": 2.0}}");
    add_version(f, "refused", "{\"gate\": {\"ndcg@20\": 0.1, \"relative_to_popular\": 9.0}}");
    add_version(f, "published", "{}");
    add_version(f, "failed", "{}");
    add_version(f, "published", "{\"gate\": {\"ndcg@20\": 0.5, \"relative_to_popular\": 2.5}}");
    assert_int_equal(past_rounds_read(f->planted.store, 1, &past, &err), STATUS_OK);
    assert_int_equal(past.n, 2);
    assert_true(past.relative[0] == 2.5 && past.relative[1] == 2.0);
    assert_true(past.active_ndcg == 0.4);
    assert_int_equal(past_rounds_read(f->planted.store, 3, &past, &err), STATUS_OK);
    assert_true(isnan(past.active_ndcg));
}

/* ---- real data ---- */

static void import_ratings(struct fixture *f)
{
    char line[128];
    struct error err = {0};
    FILE *file = fopen(SOURCE_ROOT "/demo/ml-latest-small/ratings.csv", "r");
    assert_non_null(file);
    assert_non_null(fgets(line, sizeof line, file));
    assert_int_equal(store_begin(f->planted.store, &err), STATUS_OK);
    char user[16], item[16];
    double rating;
    long long seconds;
    while (fscanf(file, " %15[^,],%15[^,],%lf,%lld", user, item, &rating, &seconds) == 4) {
        struct event_result result;
        const struct event_record event = {.user = user,
                                           .item = item,
                                           .type = "rating",
                                           .time_ms = seconds * 1000,
                                           .rating = rating,
                                           .quantity = NAN,
                                           .price = NAN,
                                           .progress = NAN,
                                           .position = -1};
        if (store_add_event(f->planted.store, &f->planted.types, &event, true, 2000000000000,
                            &result, &err) != STATUS_OK)
            fail_msg("%s", err.text);
    }
    assert_int_equal(store_commit(f->planted.store, &err), STATUS_OK);
    fclose(file);
}

static void on_real_ratings_ials_beats_popular(void **state)
{
    struct fixture *f = *state;
    import_ratings(f);
    set_small_ials(f);
    must_run(f, 1, NULL);
    json_t *report = report_of(f);
    assert_true(metric_of(report, 1, "ndcg@20") > 1.1 * metric_of(report, 0, "ndcg@20"));
    json_decref(report);
    assert_true(f->result.published);
    assert_string_equal(f->result.retriever, "ials");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROUND_TEST(a_personal_model_is_published_and_answers),
        ROUND_TEST(the_best_of_all_models_serves_and_its_settings_are_remembered),
        ROUND_TEST(nothing_to_choose_by_gives_a_round_of_popular_alone),
        ROUND_TEST(one_and_two_threads_write_the_same_bytes),
        ROUND_TEST(a_first_model_that_is_no_better_gives_way_to_popular),
        ROUND_TEST(a_model_worse_than_the_active_one_is_refused),
        ROUND_TEST(a_model_that_learnt_from_more_replaces_the_active_one),
        ROUND_TEST(without_the_gate_everything_is_published),
        ROUND_TEST(an_empty_store_gives_a_round_of_popular_alone),
        ROUND_TEST(users_of_one_item_each_give_a_round_of_popular_alone),
        ROUND_TEST(a_round_above_the_memory_limit_is_refused_with_the_figure),
        ROUND_TEST(the_estimate_grows_with_the_model),
        ROUND_TEST(a_stop_at_any_question_cancels_and_leaves_nothing),
        ROUND_TEST(unknown_models_and_parameters_are_named_with_the_nearest),
        ROUND_TEST(an_unknown_retriever_is_named_with_the_nearest),
        ROUND_TEST(a_value_out_of_range_is_refused),
        ROUND_TEST(curves_of_the_hold_out_fit_and_of_the_refit_are_apart),
        ROUND_TEST(past_rounds_give_the_published_figures_newest_first),
        ROUND_TEST(on_real_ratings_ials_beats_popular),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
