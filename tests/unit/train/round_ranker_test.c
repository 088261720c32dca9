/* What these catch: a second stage that is published where it is no better, that answers otherwise
 * than it was measured, that takes the first along when it breaks, whose memory is not counted. */
#include "recommend/live.h"
#include "recommend/recommend.h"
#include "round_fixture.h"

/* ---- two stages ---- */

/* What a user of the snapshot is answered, with what came after S. */
static uint32_t answer_user(struct fixture *f, const struct snapshot *s, uint32_t user, uint32_t n,
                            uint32_t offset, uint32_t *items, char strategy[64])
{
    struct error err = {0};
    struct live_base base = snapshot_live_base(s);
    base.types = &f->planted.types;
    struct catalogue *catalogue;
    struct live *live;
    assert_int_equal(snapshot_catalogue(s, &catalogue, &err), STATUS_OK);
    assert_int_equal(live_new(&base, catalogue, &live, &err), STATUS_OK);
    assert_int_equal(live_catch_up(live, f->planted.store, NULL, &err), STATUS_OK);
    struct live_view view;
    struct arena arena = {0};
    struct recommendation answer;
    const struct recommend_request request = {
        .user = user, .n = n, .offset = offset, .now_ms = INT64_C(1000000000000) + 40 * 3600000};
    live_view_take(live, &view);
    assert_int_equal(recommend(&view.view, &request, &arena, &answer), STATUS_OK);
    for (uint32_t i = 0; i < answer.n; i++) {
        items[i] = answer.items[i].item;
        assert_true(i == 0 || answer.items[i].score <= answer.items[i - 1].score);
    }
    snprintf(strategy, 64, "%s", answer.strategy);
    const uint32_t given = answer.n;
    view.view.class->release(&view.view);
    arena_free(&arena);
    live_free(live);
    return given;
}

static void two_stages_serve_where_order_decides(void **state)
{
    struct fixture *f = *state;
    plant_walks(&f->planted, USERS, ITEMS, PER_USER, 3);
    set_small_ials(f);
    set(f, "models.ranker", "wide_deep");
    must_run(f, 1, NULL);
    assert_true(f->result.published);
    assert_non_null(strstr(f->result.reason.data, "both stages serve"));
    json_t *report = report_of(f);
    const json_t *ranker = json_object_get(report, "ranker");
    assert_true(json_is_true(json_object_get(ranker, "published")));
    assert_true(json_is_false(json_object_get(ranker, "calibrated")));
    assert_true(json_real_value(json_object_get(ranker, "auc")) >
                json_real_value(json_object_get(ranker, "auc_of_retriever")));
    json_decref(report);
    struct snapshot *snapshot = load(f, 1);
    assert_non_null(snapshot->ranker);
    assert_string_equal(snapshot->ranker_fault, "");
    uint32_t all[ITEMS], page[ITEMS];
    char strategy[64];
    const uint32_t n = answer_user(f, snapshot, 0, ITEMS, 0, all, strategy);
    assert_string_equal(strategy, "ials+wide_deep");
    assert_int_equal(n, ITEMS - PER_USER); /* all that is eligible, and each once */
    for (uint32_t at = 0; at < n; at += 10) {
        const uint32_t given = answer_user(f, snapshot, 0, 10, at, page, strategy);
        assert_memory_equal(page, all + at, given * sizeof *page);
    }
    snapshot_release(snapshot);
}

/* What a further retriever thinks is looked at, in the round and in what it has written. */
static void two_stages_look_at_further_retrievers(void **state)
{
    struct fixture *f = *state;
    plant_walks(&f->planted, USERS, ITEMS, PER_USER, 3);
    set_small_ials(f);
    set(f, "models.retrievers", "ials, itemknn, cooccurrence");
    set(f, "models.ranker", "wide");
    must_run(f, 1, NULL);
    json_t *report = report_of(f);
    const json_t *shift = json_object_get(json_object_get(report, "ranker"), "shift");
    assert_non_null(json_object_get(shift, "score.itemknn"));
    assert_non_null(json_object_get(shift, "rank.itemknn"));
    assert_null(json_object_get(shift, "score.cooccurrence")); /* for likeness */
    json_decref(report);
    struct snapshot *snapshot = load(f, 1);
    assert_non_null(snapshot->ranker);
    assert_int_equal(snapshot->ranker->columns.others.n, 1);
    assert_non_null(strstr(snapshot->manifest, "score.itemknn:"));
    uint32_t all[ITEMS];
    char strategy[64];
    const uint32_t n = answer_user(f, snapshot, 0, ITEMS, 0, all, strategy);
    assert_string_equal(strategy, "ials+wide");
    assert_int_equal(n, ITEMS - PER_USER);
    snapshot_release(snapshot);
}

/* The other tests do without, as it takes the most of a round: a small world is enough here. */
static void a_round_says_what_the_columns_are_worth(void **state)
{
    struct fixture *f = *state;
    plant_walks(&f->planted, 100, 60, 16, 3);
    set_small_ials(f);
    set(f, "models.ranker", "wide");
    set(f, "training.features", "true");
    must_run(f, 1, NULL);
    json_t *report = report_of(f);
    const json_t *worth = json_object_get(json_object_get(report, "ranker"), "features");
    const json_t *columns = json_object_get(worth, "features");
    assert_true(json_array_size(columns) > 3);
    for (size_t i = 0; i < json_array_size(columns); i++)
        assert_true(json_is_number(json_object_get(json_array_get(columns, i), "importance")));
    json_decref(report);
}

static void one_stage_serves_where_order_means_nothing(void **state)
{
    struct fixture *f = *state;
    plant(&f->planted, 0, USERS, ITEMS, PER_USER, 5);
    set_small_ials(f);
    set(f, "models.ranker", "wide_deep");
    must_run(f, 1, NULL);
    assert_true(f->result.published);
    assert_non_null(strstr(f->result.reason.data, "one stage serves"));
    struct snapshot *snapshot = load(f, 1);
    assert_null(snapshot->ranker);
    json_t *report = report_of(f);
    assert_true(json_is_false(json_object_get(json_object_get(report, "ranker"), "published")));
    json_decref(report);
    snapshot_release(snapshot);
}

static void too_little_gives_no_second_stage(void **state)
{
    struct fixture *f = *state;
    set_small_ials(f);
    set(f, "models.ranker", "wide_deep");
    plant(&f->planted, 0, 12, 20, 4, 5);
    must_run(f, 1, NULL);
    assert_non_null(strstr(f->result.reason.data, "No ranker: "));
    struct snapshot *snapshot = load(f, 1);
    assert_null(snapshot->ranker);
    snapshot_release(snapshot);
}

static void a_broken_ranker_leaves_the_first_stage(void **state)
{
    struct fixture *f = *state;
    plant_walks(&f->planted, USERS, ITEMS, PER_USER, 3);
    set_small_ials(f);
    set(f, "models.ranker", "wide_deep");
    must_run(f, 1, NULL);
    char path[PATH_BYTES_MAX + 16];
    snprintf(path, sizeof path, "%s/1/ranker.tvs", f->planted.snapshots);
    FILE *file = fopen(path, "r+");
    assert_non_null(file);
    assert_int_equal(fseek(file, 5000, SEEK_SET), 0);
    assert_int_equal(fwrite("broken", 1, 6, file), 6);
    assert_int_equal(fclose(file), 0);
    struct snapshot *snapshot = load(f, 1);
    assert_null(snapshot->ranker);
    assert_non_null(strstr(snapshot->ranker_fault, "ranker.tvs"));
    uint32_t items[ITEMS];
    char strategy[64];
    assert_int_equal(answer_user(f, snapshot, 0, ITEMS, 0, items, strategy), ITEMS - PER_USER);
    assert_string_equal(strategy, "ials");
    snapshot_release(snapshot);
}

static void a_ranker_or_spec_that_is_not_there_is_refused(void **state)
{
    struct fixture *f = *state;
    struct error err = {0};
    set(f, "models.ranker", "wide_dep");
    assert_int_equal(round_check_settings(&f->settings, &err), STATUS_NOT_FOUND);
    assert_non_null(strstr(err.text, "models.ranker: "));
    assert_non_null(strstr(err.text, "'wide_deep'"));
    set(f, "models.ranker", "wide_deep");
    set(f, "models.ranker_spec", "/nowhere/ranker.yaml");
    assert_int_equal(round_check_settings(&f->settings, &err), STATUS_NOT_FOUND);
    assert_non_null(strstr(err.text, "models.ranker_spec: "));
    static const char spec[] =
        "label: {column: chosen}\nfeatures:\n  score.ease: {type: numeric}\n";
    const char *path = in_folder(f->planted.folder, "ranker.yaml");
    file_put(path, spec, strlen(spec));
    set(f, "models.ranker_spec", path);
    assert_int_equal(round_check_settings(&f->settings, &err), STATUS_NOT_FOUND);
    assert_non_null(strstr(err.text, "'ease' among models.retrievers"));
    set(f, "models.retrievers", "ials, ease");
    assert_int_equal(round_check_settings(&f->settings, &err), STATUS_OK);
}

static void the_estimate_grows_with_the_ranker(void **state)
{
    struct fixture *f = *state;
    plant(&f->planted, 0, 50, ITEMS, PER_USER, 7);
    set_small_ials(f);
    must_run(f, 1, NULL);
    const uint64_t alone = f->result.peak_estimate;
    set(f, "models.ranker", "wide");
    must_run(f, 2, NULL);
    const uint64_t two = f->result.peak_estimate;
    assert_true(two > alone + 50 * 600 * 256);
    set(f, "models.retrievers", "ials, itemknn, gfcf");
    must_run(f, 3, NULL);
    const uint64_t further = f->result.peak_estimate;
    set(f, "models.ranker", "none");
    must_run(f, 4, NULL);
    assert_true(further - f->result.peak_estimate > two - alone);
    char limit[32];
    struct error err = {0};
    snprintf(limit, sizeof limit, "%llu", (unsigned long long)further - 1);
    set(f, "models.ranker", "wide");
    set(f, "training.max_memory", limit);
    assert_int_equal(run(f, 5, NULL, NULL, NULL, &err), STATUS_TOO_LARGE);
    assert_non_null(strstr(err.text, "training.max_memory"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROUND_TEST(two_stages_serve_where_order_decides),
        ROUND_TEST(two_stages_look_at_further_retrievers),
        ROUND_TEST(a_round_says_what_the_columns_are_worth),
        ROUND_TEST(one_stage_serves_where_order_means_nothing),
        ROUND_TEST(too_little_gives_no_second_stage),
        ROUND_TEST(a_broken_ranker_leaves_the_first_stage),
        ROUND_TEST(a_ranker_or_spec_that_is_not_there_is_refused),
        ROUND_TEST(the_estimate_grows_with_the_ranker),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
