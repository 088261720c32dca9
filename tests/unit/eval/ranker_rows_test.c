/* What these catch: a row that knows what came after its moment, a label for an item that was
 * already in the history, positives that the sample lost, rows that depend on threads, a planted
 * leak that nobody notices, an AUC of the wrong direction. */
#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/rng.h"
#include "eval/item_times.h"
#include "eval/ranker_rows.h"
#include "support/events.h"
#include "support/test.h"

enum { USERS = 60, ITEMS = 90, PER_USER = 20, GROUPS = 5 };

/* Scores everyone's items by the group of the history's first item; knows no one. */
static enum status group_scores(const struct model *model, const struct query *queries,
                                size_t n_queries, const uint32_t *items, size_t n_items, float *out,
                                struct arena *scratch)
{
    (void)scratch;
    (void)model;
    for (size_t q = 0; q < n_queries; q++)
        for (size_t i = 0; i < n_items; i++) {
            const uint32_t item = items ? items[i] : (uint32_t)i;
            out[q * n_items + i] =
                queries[q].n && queries[q].history[0].item % GROUPS == item % GROUPS ? 1 : 0;
        }
    return STATUS_OK;
}

static const struct model_class group_class = {.name = "group", .score = group_scores};

struct fixture {
    struct event_types types;
    struct dataset *dataset;
    struct bitmap held, targets;
    struct item_times times;
    struct past_view past;
    struct model model;
    struct ranker_rows_request request;
    struct ranker_rows rows;
};

static void fill(struct test_event *events)
{
    for (uint32_t u = 0; u < USERS; u++)
        for (uint32_t i = 0; i < PER_USER; i++) {
            struct rng rng = rng_seed(u, i);
            const uint32_t item = rng_below(&rng, ITEMS / GROUPS) * GROUPS + u % GROUPS;
            events[u * PER_USER + i] = (struct test_event){
                u, item, i % 7 == 6 ? TEST_SEEN : TEST_LIKE, 1000 + 10 * (int64_t)(u + 3 * i), NAN};
        }
}

/* The last three events of each user are held. */
static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    static struct test_event events[USERS * PER_USER];
    struct error err = {0};
    f->types = test_types();
    fill(events);
    f->dataset = test_dataset(&f->types, events, USERS * PER_USER);
    assert_int_equal(bitmap_resize(&f->held, USERS * PER_USER), STATUS_OK);
    for (uint32_t u = 0; u < USERS; u++)
        for (uint32_t i = PER_USER - 3; i < PER_USER; i++)
            bitmap_set(&f->held, u * PER_USER + i);
    assert_int_equal(ranker_targets(f->dataset, &f->held, 0.3, &f->targets, &err), STATUS_OK);
    assert_int_equal(item_times_make(f->dataset, &f->held, &f->times), STATUS_OK);
    f->past = item_times_view(&f->times);
    f->model = (struct model){&group_class, USERS, ITEMS};
    f->request = (struct ranker_rows_request){.dataset = f->dataset,
                                              .held = &f->held,
                                              .targets = &f->targets,
                                              .retriever = &f->model,
                                              .past = &f->past.view,
                                              .moments_max = 3,
                                              .share = 1,
                                              .rows_max = 1000000,
                                              .seed = 7};
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    ranker_rows_free(&f->rows);
    item_times_free(&f->times);
    bitmap_free(&f->held);
    bitmap_free(&f->targets);
    dataset_free(f->dataset);
    free(f);
    return 0;
}

static void make(struct fixture *f)
{
    struct error err = {0};
    ranker_rows_free(&f->rows);
    if (ranker_rows_make(&f->request, &f->rows, &err) != STATUS_OK)
        fail_msg("%s", err.text);
}

/* Fifteen of the user's first 17 events teach: the last four are targets, and what stands among
 * them. */
static void targets_are_the_last_share_before_what_is_held(void **state)
{
    struct fixture *f = *state;
    for (uint32_t u = 0; u < USERS; u++) {
        uint32_t n = 0;
        for (uint32_t i = 0; i < PER_USER; i++) {
            const bool target = bitmap_test(&f->targets, u * PER_USER + i);
            assert_false(target && bitmap_test(&f->held, u * PER_USER + i));
            assert_int_equal(target, i >= 12 && i < PER_USER - 3);
            n += target && i % 7 != 6;
        }
        assert_int_equal(n, 4);
    }
}

static void nobody_with_two_dated_events_is_told(void **state)
{
    (void)state;
    const struct test_event events[] = {{0, 0, TEST_LIKE, TIME_UNKNOWN, NAN},
                                        {0, 1, TEST_LIKE, TIME_UNKNOWN, NAN},
                                        {1, 1, TEST_LIKE, 5, NAN}};
    const struct event_types types = test_types();
    struct dataset *dataset = test_dataset(&types, events, 3);
    struct bitmap targets;
    struct error err = {0};
    assert_int_equal(ranker_targets(dataset, NULL, 0.3, &targets, &err), STATUS_OUT_OF_RANGE);
    assert_non_null(strstr(err.text, "known time"));
    dataset_free(dataset);
}

/* By the plainest possible look at the events. */
static uint32_t count_before(const struct fixture *f, uint32_t item, int64_t now_ms)
{
    const struct dataset *d = f->dataset;
    uint32_t n = 0;
    for (uint64_t e = 0; e < d->n_events; e++)
        n += d->items[e] == item && d->times[e] < now_ms && d->type_codes[e] == TEST_LIKE &&
             !bitmap_test(&f->held, (uint32_t)e);
    return n;
}

static void counts_are_as_of_the_moment(void **state)
{
    struct fixture *f = *state;
    make(f);
    size_t popularity = 0;
    while (strcmp(rank_values[popularity].name, "popularity") != 0)
        popularity++;
    assert_int_equal(f->rows.n_moments, 3 * USERS);
    for (uint32_t i = 0; i < f->rows.n; i += 17) {
        const int64_t now_ms = f->rows.of[f->rows.moments[i]].now_ms;
        assert_float_equal(f->rows.numbers[(size_t)i * RANK_NUMBERS + popularity],
                           log1p(count_before(f, f->rows.items[i], now_ms)), 1e-5);
    }
}

/* A positive is liked within the targets from the moment on, and not touched before. */
static void labels_are_what_came_next(void **state)
{
    struct fixture *f = *state;
    make(f);
    const struct dataset *d = f->dataset;
    uint64_t positives = 0;
    for (uint32_t i = 0; i < f->rows.n; i++) {
        const uint32_t m = f->rows.moments[i], user = f->rows.users[m];
        bool before = false, after = false;
        for (uint64_t e = d->starts[user]; e < d->starts[user + 1]; e++) {
            if (d->items[e] != f->rows.items[i] || bitmap_test(&f->held, (uint32_t)e))
                continue;
            before |= d->times[e] < f->rows.of[m].now_ms;
            after |= d->times[e] >= f->rows.of[m].now_ms && d->type_codes[e] == TEST_LIKE;
        }
        assert_false(before);
        assert_int_equal(f->rows.labels[i], after);
        positives += after;
    }
    assert_true(positives > USERS);
    assert_int_equal(f->rows.n_positives, positives);
    assert_int_equal(f->rows.n_wanted, positives); /* fewer items than candidates: all are there */
}

static void a_sample_keeps_every_positive(void **state)
{
    struct fixture *f = *state;
    make(f);
    const uint32_t all = f->rows.n;
    const uint64_t positives = f->rows.n_positives;
    f->request.share = 0.25;
    make(f);
    assert_int_equal(f->rows.n_positives, positives);
    const double share = (double)(f->rows.n - positives) / (double)(all - positives);
    assert_true(share > 0.22 && share < 0.28);
}

static void rows_do_not_depend_on_threads(void **state)
{
    struct fixture *f = *state;
    struct ranker_rows one;
    f->request.share = 0.5;
    make(f);
    one = f->rows;
    f->rows = (struct ranker_rows){0};
    assert_int_equal(parallel_new(3, false, &f->request.pool), STATUS_OK);
    make(f);
    parallel_free(f->request.pool);
    assert_int_equal(f->rows.n, one.n);
    assert_memory_equal(f->rows.numbers, one.numbers,
                        (size_t)one.n * RANK_NUMBERS * sizeof *one.numbers);
    assert_memory_equal(f->rows.items, one.items, one.n * sizeof *one.items);
    assert_memory_equal(f->rows.labels, one.labels, one.n);
    ranker_rows_free(&one);
}

/* Planted: counts over the whole data, whatever the moment. */
static void count_all(const struct view *view, uint32_t item, int64_t now_ms,
                      struct activity *ret_activity)
{
    (void)now_ms;
    item_times_as_of(((const struct past_view *)view)->times, item, TIME_UNKNOWN, ret_activity);
}

static void a_count_that_knows_the_future_is_caught(void **state)
{
    struct fixture *f = *state;
    static const struct view_class leaking = {.activity = count_all};
    struct error err = {0};
    make(f);
    ranker_rows_free(&f->rows);
    f->past.view.class = &leaking;
    assert_int_equal(ranker_rows_make(&f->request, &f->rows, &err), STATUS_CORRUPT);
    assert_non_null(strstr(err.text, "leak"));
}

/* Planted: an event of the user that stands before the moment but is stamped later. */
static void a_history_that_knows_the_future_is_caught(void **state)
{
    struct fixture *f = *state;
    struct error err = {0};
    for (uint32_t u = 0; u < USERS; u++)
        f->dataset->times[u * PER_USER] = INT64_MAX;
    assert_int_equal(ranker_rows_make(&f->request, &f->rows, &err), STATUS_CORRUPT);
    assert_non_null(strstr(err.text, "leak"));
}

static bool stop(void *context)
{
    (void)context;
    return true;
}

static void it_stops_when_told(void **state)
{
    struct fixture *f = *state;
    const struct observer observer = {.stop = stop};
    struct error err = {0};
    struct ranker_rows rows;
    f->request.observer = &observer;
    assert_int_equal(ranker_rows_make(&f->request, &rows, &err), STATUS_CANCELLED);
}

static void auc_is_the_chance_of_the_right_order(void **state)
{
    (void)state;
    unsigned char labels[] = {1, 0, 0, 1, 0, 1, 1};
    uint32_t moments[] = {0, 0, 0, 1, 1, 2, 2};
    const struct ranker_rows rows = {.n = 7, .n_moments = 3, .labels = labels, .moments = moments};
    const float right[] = {3, 1, 2, 2, 1, 0, 0}, half[] = {2, 1, 3, 1, 1, 0, 0};
    assert_float_equal(ranker_rows_auc(&rows, right), 1, 1e-12);
    assert_float_equal(ranker_rows_auc(&rows, half), 0.5, 1e-12);
}

int main(void)
{
#define with_fixture(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        with_fixture(targets_are_the_last_share_before_what_is_held),
        cmocka_unit_test(nobody_with_two_dated_events_is_told),
        with_fixture(counts_are_as_of_the_moment),
        with_fixture(labels_are_what_came_next),
        with_fixture(a_sample_keeps_every_positive),
        with_fixture(rows_do_not_depend_on_threads),
        with_fixture(a_count_that_knows_the_future_is_caught),
        with_fixture(a_history_that_knows_the_future_is_caught),
        with_fixture(it_stops_when_told),
        cmocka_unit_test(auc_is_the_chance_of_the_right_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
