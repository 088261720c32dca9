/* What these catch: lists that hold training items or lose eligible ones, metrics taken over the
 * wrong users, a figure that depends on threads, a difference of the wrong sign, slices that do not
 * add up, TREC lines that cannot be scored again, JSON that is none. */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/rng.h"
#include "eval/dataset_view.h"
#include "eval/evaluate.h"
#include "eval/fit.h"
#include "eval/report_json.h"
#include "recommend/recommend.h"
#include "support/test.h"

enum { USERS = 120, ITEMS = 90, PER_USER = 20, GROUPS = 5 };

/* A model with planted scores: `noise` 0 puts the user's whole group on top, larger ones blur it;
 * negative turns the order round. */
struct planted_model {
    struct model model;
    double noise;
};

static double planted_score(const struct planted_model *m, uint32_t user, uint32_t item)
{
    struct rng rng = rng_seed(user, item);
    const double taste = item % GROUPS == user % GROUPS;
    return m->noise < 0 ? -taste : taste + m->noise * rng_uniform(&rng);
}

static enum status planted_scores(const struct model *model, const struct query *queries,
                                  size_t n_queries, const uint32_t *items, size_t n_items,
                                  float *out, struct arena *scratch)
{
    (void)scratch;
    const struct planted_model *m = (const struct planted_model *)model;
    for (size_t q = 0; q < n_queries; q++)
        for (size_t i = 0; i < n_items; i++)
            out[q * n_items + i] =
                (float)planted_score(m, queries[q].user, items ? items[i] : (uint32_t)i);
    return STATUS_OK;
}

static const struct model_class planted_class = {
    .name = "planted", .summary = "for tests", .score = planted_scores};

struct fixture {
    struct dataset *dataset;
    struct bitmap held;
    struct csr by_user;
    struct test_set test;
    struct planted_model blurred, sharp, worst;
    struct evaluated models[3];
    struct evaluate_request request;
};

/* A third of each user's pairs is held, whole pairs, by a hash. */
static bool is_held(uint32_t user, uint32_t item)
{
    struct rng rng = rng_seed(77 + user, item);
    return rng_below(&rng, 3) == 0;
}

static uint32_t item_of(uint32_t user, uint32_t i)
{
    struct rng rng = rng_seed(user, 1000 + i);
    const uint32_t item = rng_below(&rng, ITEMS);
    return rng_uniform(&rng) < 0.8 ? item / GROUPS * GROUPS + user % GROUPS : item;
}

static void add_events(struct dataset_builder *builder, bool count)
{
    for (uint32_t u = 0; u < USERS; u++)
        for (uint32_t i = 0; i < 4 + u % PER_USER; i++)
            if (count)
                assert_int_equal(dataset_builder_count(builder, u, item_of(u, i)), STATUS_OK);
            else
                dataset_builder_add(builder, u, item_of(u, i), 4, 1000 + i, NAN); /* like */
}

static struct dataset *make_dataset(void)
{
    struct event_types types;
    struct dataset_builder *builder;
    struct dataset *dataset;
    struct idmap users = {0}, items = {0};
    event_types_init(&types);
    assert_int_equal(dataset_builder_new(&types, &builder), STATUS_OK);
    add_events(builder, true);
    assert_int_equal(dataset_builder_fill(builder), STATUS_OK);
    add_events(builder, false);
    char id[16];
    for (uint32_t u = 0; u < USERS; u++)
        assert_int_equal(idmap_add(&users, u, id, (size_t)snprintf(id, 16, "user %u", u)),
                         STATUS_OK);
    for (uint32_t i = 0; i < ITEMS; i++)
        assert_int_equal(idmap_add(&items, i, id, (size_t)snprintf(id, 16, "i%u", i)), STATUS_OK);
    assert_int_equal(dataset_builder_finish(builder, &users, &items, &dataset), STATUS_OK);
    return dataset;
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    f->dataset = make_dataset();
    const struct dataset *d = f->dataset;
    assert_int_equal(bitmap_resize(&f->held, (uint32_t)d->n_events), STATUS_OK);
    for (uint32_t u = 0; u < d->n_users; u++)
        for (uint64_t e = d->starts[u]; e < d->starts[u + 1]; e++)
            if (is_held(u, d->items[e]))
                bitmap_set(&f->held, (uint32_t)e);
    assert_int_equal(dataset_matrix(d, &f->held, NULL, &f->by_user), STATUS_OK);
    assert_int_equal(test_set_of_split(d, &f->held, &f->test), STATUS_OK);
    const struct model base = {&planted_class, d->n_users, d->n_items};
    f->blurred = (struct planted_model){base, 3};
    f->sharp = (struct planted_model){base, 0.5};
    f->worst = (struct planted_model){base, -1};
    f->models[0] = (struct evaluated){.model = &f->blurred.model, .name = "blurred"};
    f->models[1] = (struct evaluated){.model = &f->sharp.model, .name = "sharp"};
    f->models[2] = (struct evaluated){.model = &f->worst.model, .name = "worst"};
    f->request = (struct evaluate_request){.dataset = d,
                                           .held = &f->held,
                                           .by_user = &f->by_user,
                                           .test = &f->test,
                                           .models = f->models,
                                           .n_models = 3,
                                           .ks = {10, 5},
                                           .n_ks = 2,
                                           .seed = 3};
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    test_set_free(&f->test);
    csr_free(&f->by_user);
    bitmap_free(&f->held);
    dataset_free(f->dataset);
    free(f);
    return 0;
}

static struct report *evaluate(struct fixture *f)
{
    struct report *report;
    struct error err = {0};
    if (evaluate_models(&f->request, &report, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    return report;
}

/* ---- the test set ---- */

static bool row_has(const struct csr *m, uint32_t row, uint32_t column)
{
    for (uint64_t i = m->starts[row]; i < m->starts[row + 1]; i++)
        if (m->columns[i] == column)
            return true;
    return false;
}

static void the_test_set_holds_exactly_the_held_pairs(void **state)
{
    struct fixture *f = *state;
    uint32_t users = 0;
    for (uint32_t u = 0; u < USERS; u++) {
        bool any = false;
        for (uint32_t i = 0; i < ITEMS; i++) {
            bool touched = false;
            for (uint32_t e = 0; e < 4 + u % PER_USER; e++)
                touched = touched || item_of(u, e) == i;
            assert_int_equal(row_has(&f->test.items, u, i), touched && is_held(u, i));
            any = any || (touched && is_held(u, i));
        }
        users += any;
    }
    assert_int_equal(f->test.n_users, users);
}

static void an_item_that_is_gone_is_no_test_item(void **state)
{
    struct fixture *f = *state;
    struct test_set without;
    const uint32_t gone = f->test.items.columns[0];
    idmap_remove(&f->dataset->item_ids, gone);
    assert_int_equal(test_set_of_split(f->dataset, &f->held, &without), STATUS_OK);
    for (uint32_t u = 0; u < USERS; u++)
        assert_false(row_has(&without.items, u, gone));
    assert_true(csr_size(&without.items) < csr_size(&f->test.items));
    test_set_free(&without);
}

static void dividing_puts_what_touches_know_apart(void **state)
{
    struct fixture *f = *state;
    /* Touches of the first 10 users: their even test items, and an erased (zeroed) row. */
    struct touch touches[400];
    uint64_t starts[11] = {0};
    memset(touches, 0, sizeof touches);
    const struct csr *m = &f->test.items;
    for (uint32_t u = 0; u < 10; u++) {
        uint64_t n = starts[u];
        for (uint64_t i = m->starts[u]; i < m->starts[u + 1]; i++)
            if (m->columns[i] % 2 == 0) {
                touches[n].item = m->columns[i];
                touches[n++].type = 4;
            }
        if (u == 3)
            memset(touches + starts[u], 0, (n - starts[u]) * sizeof *touches);
        starts[u + 1] = n;
    }
    struct test_set fresh, known;
    assert_int_equal(test_set_divide(&f->test, 10, starts, touches, &fresh, &known), STATUS_OK);
    for (uint32_t u = 0; u < USERS; u++)
        for (uint32_t i = 0; i < ITEMS; i++) {
            const bool is_known = row_has(m, u, i) && u < 10 && u != 3 && i % 2 == 0;
            assert_int_equal(row_has(&known.items, u, i), is_known);
            assert_int_equal(row_has(&fresh.items, u, i), row_has(m, u, i) && !is_known);
        }
    assert_int_equal(csr_size(&known.items), starts[10] - (starts[4] - starts[3]));
    test_set_free(&fresh);
    test_set_free(&known);
}

/* ---- the figures ---- */

/* The same by brute force: all items scored, the training ones left out, sorted by score and then
 * by number. Returns the list in out[k]. */
static void brute_list(const struct fixture *f, const struct planted_model *model, uint32_t user,
                       uint32_t k, uint32_t *out)
{
    bool used[ITEMS] = {false};
    for (uint32_t r = 0; r < k; r++) {
        uint32_t best = UINT32_MAX;
        for (uint32_t i = 0; i < ITEMS; i++)
            if (!used[i] && !row_has(&f->by_user, user, i) &&
                (best == UINT32_MAX ||
                 (float)planted_score(model, user, i) > (float)planted_score(model, user, best)))
                best = i;
        out[r] = best;
        used[best] = true;
    }
}

static void every_users_figure_equals_brute_force(void **state)
{
    struct fixture *f = *state;
    struct report *report = evaluate(f);
    assert_int_equal(report->n_users, f->test.n_users);
    const struct planted_model *models[] = {&f->blurred, &f->sharp, &f->worst};
    for (size_t m = 0; m < 3; m++)
        for (uint32_t at = 0; at < report->n_users; at++) {
            const uint32_t u = report->users[at];
            uint32_t list[10];
            unsigned char hits[10];
            brute_list(f, models[m], u, 10, list);
            for (int r = 0; r < 10; r++)
                hits[r] = row_has(&f->test.items, u, list[r]);
            const size_t n_test = (size_t)(f->test.items.starts[u + 1] - f->test.items.starts[u]);
            assert_true(report->models[m].per_user[METRIC_NDCG][0][at] ==
                        metric_ndcg(hits, 10, n_test));
            assert_true(report->models[m].per_user[METRIC_RECALL][1][at] ==
                        metric_recall(hits, 5, n_test));
            assert_true(report->models[m].per_user[METRIC_MRR][1][at] ==
                        metric_mrr(hits, 10, n_test));
        }
    report_free(report);
}

static void coverage_gini_popularity_and_novelty_equal_brute_force(void **state)
{
    struct fixture *f = *state;
    struct report *report = evaluate(f);
    uint32_t users_of[ITEMS] = {0}, listed[ITEMS] = {0}, covered = 0, train_users = 0;
    for (uint32_t u = 0; u < USERS; u++) {
        train_users += f->by_user.starts[u + 1] > f->by_user.starts[u];
        for (uint32_t i = 0; i < ITEMS; i++)
            users_of[i] += row_has(&f->by_user, u, i);
    }
    double popularity = 0, bits = 0;
    for (uint32_t at = 0; at < report->n_users; at++) {
        uint32_t list[10];
        brute_list(f, &f->sharp, report->users[at], 10, list);
        for (int r = 0; r < 10; r++) {
            listed[list[r]]++;
            popularity += users_of[list[r]];
            bits += log2((double)train_users / (users_of[list[r]] ? users_of[list[r]] : 1));
        }
    }
    for (uint32_t i = 0; i < ITEMS; i++)
        covered += listed[i] > 0;
    const struct model_report *sharp = &report->models[1];
    const double n = 10.0 * report->n_users;
    assert_int_equal(report->n_items, ITEMS);
    assert_true(fabs(sharp->coverage - (double)covered / ITEMS) < 1e-12);
    assert_true(fabs(sharp->gini - metric_gini(listed, ITEMS)) < 1e-12);
    assert_true(fabs(sharp->mean_popularity - popularity / n) < 1e-9);
    assert_true(fabs(sharp->novelty - bits / n) < 1e-9);
    report_free(report);
}

static void intervals_and_differences_point_the_right_way(void **state)
{
    struct fixture *f = *state;
    struct report *report = evaluate(f);
    const struct model_report *m = report->models;
    for (int i = 0; i < 3; i++) {
        const struct interval *ndcg = &m[i].values[METRIC_NDCG][0];
        assert_true(ndcg->low <= ndcg->mean && ndcg->mean <= ndcg->high);
        assert_true(fabs(m[i].over_first[COMPARED_NDCG].interval.mean -
                         (ndcg->mean - m[0].values[METRIC_NDCG][0].mean)) < 1e-12);
    }
    assert_int_equal(report->best, 1);
    assert_true(m[1].over_first[COMPARED_NDCG].interval.low > 0);
    assert_true(m[1].over_first[COMPARED_NDCG].p < 0.01);
    assert_true(m[2].over_best[COMPARED_NDCG].interval.high < 0);
    assert_true(m[1].over_best[COMPARED_NDCG].p == 1); /* itself */
    report_free(report);
}

static void slices_cover_everyone_and_average_to_the_whole(void **state)
{
    struct fixture *f = *state;
    struct report *report = evaluate(f);
    uint32_t users = 0;
    double sum = 0;
    bool head = false, tail = false;
    for (size_t s = 0; s < report->n_slices; s++) {
        const struct slice *slice = &report->slices[s];
        assert_true(slice->n_users > 0);
        head = head || strcmp(slice->name, "items head") == 0;
        tail = tail || strcmp(slice->name, "items tail") == 0;
        if (strncmp(slice->name, "history ", 8) != 0)
            continue;
        users += slice->n_users;
        sum += slice->n_users * report->models[1].slices[s][COMPARED_NDCG];
    }
    assert_int_equal(users, report->n_users);
    assert_true(fabs(sum / users - report->models[1].values[METRIC_NDCG][0].mean) < 1e-9);
    assert_true(head && tail);
    report_free(report);
}

static void threads_do_not_change_a_figure(void **state)
{
    struct fixture *f = *state;
    struct parallel *pool;
    struct report *one = evaluate(f);
    assert_int_equal(parallel_new(3, false, &pool), STATUS_OK);
    f->request.pool = pool;
    struct report *three = evaluate(f);
    parallel_free(pool);
    for (int m = 0; m < 3; m++) {
        assert_memory_equal(one->models[m].values, three->models[m].values,
                            sizeof one->models[m].values);
        assert_memory_equal(one->models[m].over_best, three->models[m].over_best,
                            sizeof one->models[m].over_best);
        assert_memory_equal(one->models[m].slices, three->models[m].slices,
                            sizeof one->models[m].slices);
        assert_true(one->models[m].gini == three->models[m].gini);
    }
    report_free(one);
    report_free(three);
}

static void excluded_items_are_not_listed(void **state)
{
    struct fixture *f = *state;
    f->request.exclude = &f->test.items; /* then nothing can hit */
    struct report *report = evaluate(f);
    for (int m = 0; m < 3; m++)
        assert_true(report->models[m].values[METRIC_HIT_RATE][0].mean == 0);
    report_free(report);
}

static void lists_longer_than_the_catalogue_end_with_it(void **state)
{
    struct fixture *f = *state;
    f->request.ks[0] = RECOMMEND_N_MAX;
    struct report *report = evaluate(f);
    assert_true(report->models[2].values[METRIC_RECALL][0].mean == 1);
    assert_true(report->models[2].coverage == 1);
    report_free(report);
}

/* ---- refusals ---- */

static void what_cannot_be_measured_is_refused(void **state)
{
    struct fixture *f = *state;
    struct report *report;
    struct error err = {0};
    f->request.ks[1] = RECOMMEND_N_MAX + 1;
    assert_int_equal(evaluate_models(&f->request, &report, &err), STATUS_OUT_OF_RANGE);
    assert_non_null(strstr(err.text, "from 1 to 1000"));
    f->request.ks[1] = 5;
    struct test_set empty = {.items = f->test.items, .n_users = 0};
    f->request.test = &empty;
    assert_int_equal(evaluate_models(&f->request, &report, &err), STATUS_OUT_OF_RANGE);
    assert_non_null(strstr(err.text, "nothing to measure on"));
}

static bool stop_at_third(void *context)
{
    return ++*(int *)context >= 3;
}

static void a_stop_is_obeyed_between_chunks(void **state)
{
    struct fixture *f = *state;
    int asked = 0;
    const struct observer observer = {.context = &asked, .stop = stop_at_third};
    struct report *report;
    struct error err = {0};
    f->request.observer = &observer;
    assert_int_equal(evaluate_models(&f->request, &report, &err), STATUS_CANCELLED);
    assert_int_equal(asked, 3);
}

/* ---- what is written ---- */

static void trec_lists_score_to_the_same_figures(void **state)
{
    struct fixture *f = *state;
    char *bytes = NULL;
    size_t size = 0;
    f->models[1].list = open_memstream(&bytes, &size);
    struct report *report = evaluate(f);
    fclose(f->models[1].list);
    double recall = 0;
    uint32_t lines = 0;
    char *rest = NULL;
    for (char *line = strtok_r(bytes, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        uint32_t user, item, rank;
        double score;
        char name[16];
        assert_int_equal(
            sscanf(line, "user%%20%u Q0 i%u %u %lf %15s", &user, &item, &rank, &score, name), 5);
        assert_string_equal(name, "sharp");
        assert_int_equal(rank, lines++ % 10 + 1);
        const struct csr *m = &f->test.items;
        if (row_has(m, user, item))
            recall += 1.0 / (double)(m->starts[user + 1] - m->starts[user]);
    }
    assert_int_equal(lines, 10 * report->n_users);
    assert_true(fabs(recall / report->n_users - report->models[1].values[METRIC_RECALL][0].mean) <
                1e-9);
    report_free(report);
    free(bytes);
}

static void a_list_that_cannot_be_written_is_an_error(void **state)
{
    struct fixture *f = *state;
    struct report *report;
    struct error err = {0};
    f->models[0].list = fopen("/dev/full", "w");
    assert_non_null(f->models[0].list);
    const enum status status = evaluate_models(&f->request, &report, &err);
    fclose(f->models[0].list);
    assert_int_equal(status, STATUS_DISK_FULL);
    assert_non_null(strstr(err.text, "blurred"));
}

static void the_json_has_the_reports_figures(void **state)
{
    struct fixture *f = *state;
    struct report *report = evaluate(f);
    const double seconds[] = {0.5, 0.25};
    report->models[1].epoch_seconds = seconds;
    report->models[1].n_epochs = 2;
    report->models[0].fit_loss = NAN;
    report->models[1].fit_loss = 7.5;
    struct buffer text = {0};
    buffer_append_byte(&text, '{');
    report_append_json(report, "random", &text);
    buffer_append_byte(&text, '}');
    json_error_t err;
    json_t *json = json_loads(text.data, JSON_REJECT_DUPLICATES, &err);
    if (!json)
        fail_msg("%s: %s", err.text, text.data);
    json_t *model = json_array_get(json_object_get(json, "models"), 1);
    json_t *figures = json_object_get(model, "metrics");
    assert_true(fabs(json_number_value(json_object_get(figures, "ndcg@10")) -
                     report->models[1].values[METRIC_NDCG][0].mean) < 1e-8);
    assert_non_null(json_object_get(figures, "recall@5"));
    assert_non_null(json_object_get(figures, "mrr"));
    assert_null(json_object_get(figures, "mrr@10"));
    assert_int_equal(json_array_size(json_object_get(model, "epoch_seconds")), 2);
    assert_true(json_number_value(json_object_get(model, "fit_loss")) == 7.5);
    assert_null(json_object_get(json_array_get(json_object_get(json, "models"), 0), "fit_loss"));
    assert_int_equal(json_array_size(json_object_get(model, "slices")), report->n_slices);
    assert_int_equal(
        json_array_size(json_object_get(json_object_get(model, "intervals"), "map@10")), 2);
    assert_string_equal(json_string_value(json_object_get(json, "best")), "sharp");
    json_decref(json);
    buffer_free(&text);
    report_free(report);
}

/* ---- fits ---- */

struct heard {
    char tag[64], phase[64];
    int n;
};

static void hear_scalar(void *context, const char *tag, int64_t step, double value)
{
    (void)step;
    (void)value;
    struct heard *heard = context;
    snprintf(heard->tag, sizeof heard->tag, "%s", tag);
    heard->n++;
}

static void hear_progress(void *context, const char *phase, double share)
{
    (void)share;
    struct heard *heard = context;
    snprintf(heard->phase, sizeof heard->phase, "%s", phase);
}

static enum status three_epochs(const struct train_set *data, const void *settings,
                                struct parallel *pool, const struct observer *observer,
                                struct model **ret_model, struct error *reterr)
{
    (void)data;
    (void)settings;
    (void)pool;
    for (int epoch = 1; epoch <= 3; epoch++) {
        observe_scalar(observer, "fit/loss", epoch, 1.0 / epoch);
        observe_scalar(observer, "fit/other", epoch, 0);
        observe_progress(observer, "own words", epoch / 3.0);
    }
    if (observer_stops(observer))
        return error_set(reterr, STATUS_CANCELLED, "stopped");
    *ret_model = NULL;
    return STATUS_OK;
}

static void a_fit_is_timed_by_epoch_and_its_scalars_are_named_by_stage(void **state)
{
    (void)state;
    const struct model_class class = {.name = "three", .fit = three_epochs};
    struct heard heard = {.n = 0};
    const struct observer observer = {&heard, hear_progress, hear_scalar, NULL};
    struct model *model;
    struct fit_cost cost;
    struct error err = {0};
    assert_int_equal(fit_model(&class, NULL, NULL, "holdout_fit", "fitting three", NULL, &observer,
                               &model, &cost, &err),
                     STATUS_OK);
    assert_int_equal(cost.n_epochs, 3);
    assert_true(cost.seconds >= 0 && cost.peak_rss_bytes > 0);
    assert_int_equal(heard.n, 6);
    assert_string_equal(heard.tag, "holdout_fit/three/other");
    assert_string_equal(heard.phase, "fitting three");
    fit_cost_free(&cost);
}

static void a_cancelled_fit_leaves_nothing_to_free(void **state)
{
    (void)state;
    const struct model_class class = {.name = "three", .fit = three_epochs};
    int asked = 2;
    const struct observer observer = {.context = &asked, .stop = stop_at_third};
    struct model *model;
    struct fit_cost cost;
    struct error err = {0};
    assert_int_equal(
        fit_model(&class, NULL, NULL, "fit", NULL, NULL, &observer, &model, &cost, &err),
        STATUS_CANCELLED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_test_set_holds_exactly_the_held_pairs),
        TEST(an_item_that_is_gone_is_no_test_item),
        TEST(dividing_puts_what_touches_know_apart),
        TEST(every_users_figure_equals_brute_force),
        TEST(coverage_gini_popularity_and_novelty_equal_brute_force),
        TEST(intervals_and_differences_point_the_right_way),
        TEST(slices_cover_everyone_and_average_to_the_whole),
        TEST(threads_do_not_change_a_figure),
        TEST(excluded_items_are_not_listed),
        TEST(lists_longer_than_the_catalogue_end_with_it),
        TEST(what_cannot_be_measured_is_refused),
        TEST(a_stop_is_obeyed_between_chunks),
        TEST(trec_lists_score_to_the_same_figures),
        TEST(a_list_that_cannot_be_written_is_an_error),
        TEST(the_json_has_the_reports_figures),
        cmocka_unit_test(a_fit_is_timed_by_epoch_and_its_scalars_are_named_by_stage),
        cmocka_unit_test(a_cancelled_fit_leaves_nothing_to_free),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
