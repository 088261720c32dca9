/* What every recommender must do, run for each class of the registry. What these catch: a model
 * that does not learn, bits that depend on the thread count or on where the model came from, users
 * who make it fail (cold, fresh, guests, items it does not know), a fit that cannot be stopped. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/file.h"
#include "support/fitted.h"

#define EACH_CLASS(class)                                                                          \
    (const struct model_class *const *at = model_classes, *class = *at; class; class = *++at)

enum { SIDE = 40 }; /* of the checkerboard */

/* The defaults, but where what is asked is not how good a model is, a few epochs: the later ones do
 * what the first did. */
static void *settings_of(const struct model_class *class, bool few_epochs, struct arena *arena)
{
    void *settings = model_settings_new(class, arena);
    assert_non_null(settings);
    for (size_t i = 0; few_epochs && i < class->n_options; i++)
        if (strcmp(class->options[i].name, "epochs") == 0)
            assert_int_equal(option_set(&class->options[i], settings, "3", arena, NULL), STATUS_OK);
    return settings;
}

static struct model *fit_with(const struct model_class *class, const void *settings,
                              const struct test_data *data, struct parallel *pool)
{
    struct model *model = NULL;
    struct error err = {0};
    const enum status status = class->fit(&data->train, settings, pool, NULL, &model, &err);
    if (status != STATUS_OK)
        fail_msg("%s: %s", class->name, err.text);
    assert_ptr_equal(model->class, class);
    assert_int_equal(model->n_users, data->by_user.n_rows);
    assert_int_equal(model->n_items, data->by_user.n_columns);
    return model;
}

static struct model *fit_well(const struct model_class *class, const struct test_data *data)
{
    struct arena arena = {0};
    struct model *model = fit_with(class, settings_of(class, false, &arena), data, NULL);
    arena_free(&arena);
    return model;
}

static struct model *fit(const struct model_class *class, const struct test_data *data,
                         struct parallel *pool)
{
    struct arena arena = {0};
    struct model *model = fit_with(class, settings_of(class, true, &arena), data, pool);
    arena_free(&arena);
    return model;
}

/* A query with the user's history as the model was fitted with it. */
static struct query query_of(const struct test_data *data, uint32_t user, struct arena *arena)
{
    const struct csr *m = &data->by_user;
    const uint64_t start = m->starts[user], n = m->starts[user + 1] - start;
    struct signal *history = arena_zalloc(arena, n + 1, sizeof *history);
    assert_non_null(history);
    for (uint64_t i = 0; i < n; i++)
        history[i] = (struct signal){m->columns[start + i], m->values[start + i]};
    return (struct query){.user = user, .n = (uint32_t)n, .history = history};
}

static float *score_all(const struct model *model, const struct query *query, struct arena *arena)
{
    float *scores = arena_zalloc(arena, model->n_items + 1, sizeof *scores);
    assert_non_null(scores);
    assert_int_equal(model->class->score(model, query, 1, NULL, model->n_items, scores, arena),
                     STATUS_OK);
    for (uint32_t i = 0; i < model->n_items; i++)
        assert_true(isfinite(scores[i]));
    return scores;
}

static void the_withheld_diagonal_comes_first(void **state)
{
    (void)state;
    for
        EACH_CLASS(class)
        {
            struct test_data *data = test_checkerboard(SIDE);
            struct arena arena = {0};
            struct model *model = fit_well(class, data);
            for (uint32_t u = 0; u < SIDE; u++) {
                const struct query query = query_of(data, u, &arena);
                float *scores = score_all(model, &query, &arena);
                if (class->impersonal) { /* every item but the untouched has as many users */
                    assert_true(scores[u] > scores[SIDE]);
                    assert_true(scores[u] == scores[0] || class != model_classes[0]);
                    continue;
                }
                for (uint32_t i = 0; i < query.n; i++)
                    scores[query.history[i].item] = -INFINITY;
                for (uint32_t i = 0; i < model->n_items; i++)
                    if (i != u && scores[i] >= scores[u])
                        fail_msg("%s: user %u gets item %u", class->name, u, i);
            }
            arena_free(&arena);
            model_free(model);
            test_data_free(data);
        }
}

/* ---- bytes ---- */

static char folder[] = "/tmp/tastevin-contract-XXXXXX";

static void path_of(const char *name, char path[PATH_BYTES_MAX])
{
    assert_int_equal(path_join(path, folder, name), STATUS_OK);
}

static void save(const struct model *model, const char *name)
{
    char path[PATH_BYTES_MAX];
    path_of(name, path);
    struct sections_writer *writer;
    assert_int_equal(sections_create(path, &writer, NULL), STATUS_OK);
    model->class->save(model, writer);
    assert_int_equal(sections_finish(writer, NULL), STATUS_OK);
}

static struct sections *open_saved(const char *name)
{
    char path[PATH_BYTES_MAX];
    path_of(name, path);
    struct sections *sections;
    assert_int_equal(sections_open(path, &sections, NULL), STATUS_OK);
    return sections;
}

static void assert_same_file(const char *a, const char *b)
{
    char path[PATH_BYTES_MAX];
    struct buffer x = {0}, y = {0};
    path_of(a, path);
    assert_int_equal(file_read(path, 1 << 26, &x, NULL), STATUS_OK);
    path_of(b, path);
    assert_int_equal(file_read(path, 1 << 26, &y, NULL), STATUS_OK);
    assert_int_equal(x.size, y.size);
    assert_memory_equal(x.data, y.data, x.size);
    buffer_free(&x);
    buffer_free(&y);
}

static void the_same_seed_gives_the_same_bytes_for_any_number_of_threads(void **state)
{
    (void)state;
    for
        EACH_CLASS(class)
        {
            struct test_data *data = test_tastes(5);
            struct model *alone = fit(class, data, NULL);
            save(alone, "alone");
            for (unsigned threads = 1; threads <= 3; threads++) {
                struct parallel *pool;
                assert_int_equal(parallel_new(threads, threads == 2, &pool), STATUS_OK);
                struct model *shared = fit(class, data, pool);
                save(shared, "shared");
                assert_same_file("alone", "shared");
                model_free(shared);
                parallel_free(pool);
            }
            model_free(alone);
            test_data_free(data);
        }
}

static void assert_same_scores(const struct model *a, const struct model *b,
                               const struct query *query)
{
    struct arena arena = {0};
    const float *x = score_all(a, query, &arena), *y = score_all(b, query, &arena);
    assert_memory_equal(x, y, a->n_items * sizeof *x);
    arena_free(&arena);
}

static void a_loaded_model_scores_as_the_one_that_was_saved(void **state)
{
    (void)state;
    for
        EACH_CLASS(class)
        {
            struct test_data *data = test_tastes(5);
            struct arena arena = {0};
            struct model *model = fit(class, data, NULL), *loaded;
            save(model, "model");
            struct sections *sections = open_saved("model");
            assert_int_equal(class->load(sections, &loaded, NULL), STATUS_OK);
            assert_ptr_equal(loaded->class, class);
            assert_int_equal(loaded->n_users, model->n_users);
            assert_int_equal(loaded->n_items, model->n_items);
            for (uint32_t u = 0; u < model->n_users; u += 7) {
                struct query query = query_of(data, u, &arena);
                assert_same_scores(model, loaded, &query);
                query.fresh = true;
                query.n /= 2;
                assert_same_scores(model, loaded, &query);
            }
            save(loaded, "again");
            assert_same_file("model", "again");
            model_free(loaded);
            sections_close(sections);
            arena_free(&arena);
            model_free(model);
            test_data_free(data);
        }
}

/* Copies all sections but one, or one with a row less. */
static void copy_damaged(const struct sections *from, size_t damaged, bool leave_out)
{
    char path[PATH_BYTES_MAX];
    path_of("damaged", path);
    struct sections_writer *writer;
    assert_int_equal(sections_create(path, &writer, NULL), STATUS_OK);
    for (size_t i = 0; i < sections_count(from); i++) {
        const struct section *s = sections_at(from, i);
        if (i != damaged)
            sections_add(writer, s->name, s->type, s->rows, s->columns, s->data);
        else if (!leave_out)
            sections_add(writer, s->name, s->type, s->rows - 1, s->columns, s->data);
    }
    assert_int_equal(sections_finish(writer, NULL), STATUS_OK);
}

static void a_file_that_lacks_a_section_or_a_row_is_refused_by_name(void **state)
{
    (void)state;
    for
        EACH_CLASS(class)
        {
            struct test_data *data = test_tastes(5);
            struct model *model = fit(class, data, NULL), *loaded = NULL;
            save(model, "model");
            struct sections *sections = open_saved("model");
            assert_true(sections_count(sections) > 0);
            for (size_t i = 0; i < 2 * sections_count(sections); i++) {
                copy_damaged(sections, i / 2, i % 2);
                struct sections *damaged = open_saved("damaged");
                struct error err = {0};
                assert_int_equal(class->load(damaged, &loaded, &err), STATUS_CORRUPT);
                assert_non_null(strstr(err.text, sections_at(sections, i / 2)->name));
                assert_null(loaded);
                sections_close(damaged);
            }
            sections_close(sections);
            model_free(model);
            test_data_free(data);
        }
}

/* ---- who asks ---- */

static void a_guest_with_a_known_users_history_gets_that_users_scores(void **state)
{
    (void)state;
    for
        EACH_CLASS(class)
        {
            struct test_data *data = test_tastes(5);
            struct arena arena = {0};
            struct model *model = fit(class, data, NULL);
            for (uint32_t u = 0; u < model->n_users; u++) {
                struct query query = query_of(data, u, &arena);
                const float *known = score_all(model, &query, &arena);
                query.fresh = true;
                assert_memory_equal(known, score_all(model, &query, &arena),
                                    model->n_items * sizeof *known);
                query.user = QUERY_NO_USER;
                assert_memory_equal(known, score_all(model, &query, &arena),
                                    model->n_items * sizeof *known);
                query.user = model->n_users + u; /* made after the fit */
                query.fresh = false;
                assert_memory_equal(known, score_all(model, &query, &arena),
                                    model->n_items * sizeof *known);
                arena_reset(&arena);
            }
            arena_free(&arena);
            model_free(model);
            test_data_free(data);
        }
}

static void cold_users_and_unknown_items_get_finite_scores(void **state)
{
    (void)state;
    for
        EACH_CLASS(class)
        {
            struct test_data *data = test_tastes(5);
            struct arena arena = {0};
            struct model *model = fit(class, data, NULL);
            const struct query nobody = {.user = QUERY_NO_USER};
            const float *cold = score_all(model, &nobody, &arena);
            const struct signal later[] = {{model->n_items, 3}, {UINT32_MAX, 1}};
            const struct query stranger = {.user = QUERY_NO_USER, .n = 2, .history = later};
            assert_memory_equal(cold, score_all(model, &stranger, &arena),
                                model->n_items * sizeof *cold);
            const struct signal dislikes[] = {{1, -2}, {3, -10}};
            const struct query grim = {.user = QUERY_NO_USER, .n = 2, .history = dislikes};
            score_all(model, &grim, &arena);
            arena_free(&arena);
            model_free(model);
            test_data_free(data);
        }
}

static void a_list_of_items_scores_as_all_do_and_strangers_score_lowest(void **state)
{
    (void)state;
    enum { QUERIES = 9 };
    for
        EACH_CLASS(class)
        {
            struct test_data *data = test_tastes(5);
            struct arena arena = {0};
            struct model *model = fit(class, data, NULL);
            const uint32_t n = model->n_items;
            struct query queries[QUERIES];
            for (uint32_t q = 0; q < QUERIES; q++)
                queries[q] = query_of(data, 30 * q, &arena);
            uint32_t *items = arena_zalloc(&arena, n + 2, sizeof *items);
            float *scores = arena_zalloc(&arena, QUERIES * (size_t)(n + 2), sizeof *scores);
            assert_true(items && scores);
            for (uint32_t i = 0; i < n; i++)
                items[i] = n - 1 - i;
            items[n] = n;
            items[n + 1] = UINT32_MAX;
            assert_int_equal(class->score(model, queries, QUERIES, items, n + 2, scores, &arena),
                             STATUS_OK);
            for (uint32_t q = 0; q < QUERIES; q++) {
                const float *row = scores + q * (size_t)(n + 2);
                const float *all = score_all(model, &queries[q], &arena);
                for (uint32_t i = 0; i < n; i++)
                    assert_true(row[i] == all[n - 1 - i]);
                assert_true(row[n] == -INFINITY && row[n + 1] == -INFINITY);
            }
            arena_free(&arena);
            model_free(model);
            test_data_free(data);
        }
}

static void vectors_multiply_to_the_scores(void **state)
{
    (void)state;
    for
        EACH_CLASS(class)
        {
            assert_true(!class->item_vectors == !class->query_vector);
            if (!class->item_vectors)
                continue;
            struct test_data *data = test_tastes(5);
            struct arena arena = {0};
            struct model *model = fit(class, data, NULL);
            uint32_t d = 0;
            const float *vectors = class->item_vectors(model, &d);
            float *vector = arena_zalloc(&arena, d, sizeof *vector);
            assert_non_null(vector);
            const struct query query = query_of(data, 4, &arena);
            assert_int_equal(class->query_vector(model, &query, vector, &arena), STATUS_OK);
            const float *scores = score_all(model, &query, &arena);
            bool any = false;
            for (uint32_t i = 0; i < model->n_items; i++) {
                double sum = 0;
                for (uint32_t k = 0; k < d; k++)
                    sum += (double)vector[k] * (double)vectors[(size_t)i * d + k];
                assert_true(fabs(sum - scores[i]) < 1e-5);
                any = any || sum != 0;
            }
            assert_true(any);
            arena_free(&arena);
            model_free(model);
            test_data_free(data);
        }
}

static void an_item_is_most_like_those_of_its_colour(void **state)
{
    (void)state;
    for
        EACH_CLASS(class)
        {
            if (!class->similar)
                continue;
            struct test_data *data = test_checkerboard(SIDE);
            struct arena arena = {0};
            struct model *model = fit_well(class, data);
            float likeness[SIDE + 1];
            for (uint32_t item = 0; item < SIDE; item++) {
                assert_int_equal(class->similar(model, item, likeness, &arena), STATUS_OK);
                assert_true(likeness[item] == -INFINITY && likeness[SIDE] == -INFINITY);
                float worst = INFINITY, best_other = -INFINITY;
                for (uint32_t i = 0; i < SIDE; i++) {
                    if (i % 2 != item % 2)
                        best_other = fmaxf(best_other, likeness[i]);
                    else if (i != item)
                        worst = fminf(worst, likeness[i]);
                }
                assert_true(worst > best_other);
            }
            assert_int_equal(class->similar(model, SIDE, likeness, &arena), STATUS_OK);
            for (uint32_t i = 0; i <= SIDE; i++)
                assert_true(likeness[i] == -INFINITY);
            arena_free(&arena);
            model_free(model);
            test_data_free(data);
        }
}

/* ---- fitting ---- */

struct watcher {
    unsigned asked, patience;
    unsigned bad_shares;
};

static bool stop_when_tired(void *context)
{
    struct watcher *watcher = context;
    return watcher->asked++ >= watcher->patience;
}

static void check_share(void *context, const char *phase, double share)
{
    struct watcher *watcher = context;
    watcher->bad_shares += !phase || !(share >= 0 && share <= 1);
}

static void a_fit_stops_when_told_at_any_time(void **state)
{
    (void)state;
    for
        EACH_CLASS(class)
        {
            struct test_data *data = test_tastes(5);
            struct arena arena = {0};
            const void *settings = settings_of(class, true, &arena);
            unsigned cancelled = 0;
            for (unsigned patience = 0;; patience += 1 + patience / 8) {
                struct watcher watcher = {.patience = patience};
                const struct observer observer = {
                    .context = &watcher, .stop = stop_when_tired, .progress = check_share};
                struct model *model = NULL;
                struct error err = {0};
                const enum status status =
                    class->fit(&data->train, settings, NULL, &observer, &model, &err);
                assert_int_equal(watcher.bad_shares, 0);
                if (status == STATUS_OK) {
                    model_free(model);
                    break;
                }
                assert_int_equal(status, STATUS_CANCELLED);
                assert_int_equal(err.status, STATUS_CANCELLED);
                assert_null(model);
                cancelled++;
            }
            assert_true(cancelled > 0);
            arena_free(&arena);
            test_data_free(data);
        }
}

static void nothing_to_learn_from_is_learnt_without_complaint(void **state)
{
    (void)state;
    const struct event_types types = test_types();
    const struct test_event seen = {3, 4, TEST_SEEN, 1, NAN};
    for
        EACH_CLASS(class)
    for (size_t n = 0; n <= 1; n++) {
        struct test_data *data = test_data_new(&types, &seen, n, 1);
        struct arena arena = {0};
        struct model *model = fit(class, data, NULL);
        const struct query nobody = {.user = QUERY_NO_USER};
        score_all(model, &nobody, &arena);
        save(model, "nothing");
        struct sections *sections = open_saved("nothing");
        struct model *loaded;
        assert_int_equal(class->load(sections, &loaded, NULL), STATUS_OK);
        assert_same_scores(model, loaded, &nobody);
        model_free(loaded);
        sections_close(sections);
        arena_free(&arena);
        model_free(model);
        test_data_free(data);
    }
}

/* ---- worlds that are hardly any ---- */

enum { WORLD_SIDE = 24 };

static struct test_data *world_of(const struct test_event *events, size_t n)
{
    const struct event_types types = test_types();
    struct test_data *data = test_data_new(&types, events, n, 1);
    test_data_describe(data, data->dataset->n_items, 2);
    return data;
}

static struct test_data *one_user_one_item(void)
{
    const struct test_event event = {0, 0, TEST_LIKE, 5, NAN};
    return world_of(&event, 1);
}

static struct test_data *one_user_of_many_items(void)
{
    struct test_event events[WORLD_SIDE];
    for (uint32_t i = 0; i < WORLD_SIDE; i++)
        events[i] = (struct test_event){0, i, TEST_LIKE, i, NAN};
    return world_of(events, WORLD_SIDE);
}

static struct test_data *one_item_of_many_users(void)
{
    struct test_event events[WORLD_SIDE];
    for (uint32_t u = 0; u < WORLD_SIDE; u++)
        events[u] = (struct test_event){u, 0, TEST_LIKE, TIME_UNKNOWN, NAN};
    return world_of(events, WORLD_SIDE);
}

/* One type from everyone for everything: all users alike, each with everything, each item with
 * everyone. */
static struct test_data *everyone_and_everything(uint8_t type, float value)
{
    struct test_event events[WORLD_SIDE * WORLD_SIDE];
    for (uint32_t k = 0; k < WORLD_SIDE * WORLD_SIDE; k++)
        events[k] = (struct test_event){k / WORLD_SIDE, k % WORLD_SIDE, type, 7, value};
    return world_of(events, WORLD_SIDE * WORLD_SIDE);
}

static struct test_data *all_users_alike(void)
{
    return everyone_and_everything(TEST_LIKE, NAN);
}

static struct test_data *ratings_all_equal(void)
{
    return everyone_and_everything(TEST_RATING, 3);
}

static struct test_data *nothing_but_looks(void)
{
    return everyone_and_everything(TEST_SEEN, NAN);
}

static struct test_data *dislikes_alone(void)
{
    struct test_event events[2 * WORLD_SIDE];
    for (uint32_t u = 0; u < WORLD_SIDE; u++) {
        events[2 * u] = (struct test_event){u, u % 3, TEST_RATING, u, 1};
        events[2 * u + 1] = (struct test_event){u, 3, TEST_SEEN, u, NAN};
    }
    return world_of(events, 2 * WORLD_SIDE);
}

/* One user has everything and one item everyone, amid nothing else. */
static struct test_data *a_user_with_everything_an_item_with_everyone(void)
{
    struct test_event events[2 * WORLD_SIDE];
    for (uint32_t k = 0; k < WORLD_SIDE; k++) {
        events[k] = (struct test_event){0, k, TEST_LIKE, k, NAN};
        events[WORLD_SIDE + k] = (struct test_event){k, 0, TEST_LIKE, k, NAN};
    }
    return world_of(events, 2 * WORLD_SIDE);
}

/* The farthest times that come in, and the same pair again and again. */
static struct test_data *times_at_the_ends_of_the_calendar(void)
{
    struct test_event events[WORLD_SIDE];
    for (uint32_t k = 0; k < WORLD_SIDE; k++)
        events[k] =
            (struct test_event){k % 3, k % 5, TEST_LIKE, k % 2 ? TIME_MS_MIN : TIME_MS_MAX, NAN};
    return world_of(events, WORLD_SIDE);
}

/* Numbers with gaps: thousands of users and items of whom nothing is known. */
static struct test_data *two_events_far_apart(void)
{
    const struct test_event events[] = {{0, 0, TEST_LIKE, 1, NAN}, {3000, 2000, TEST_LIKE, 2, NAN}};
    return world_of(events, 2);
}

static void assert_no_nan(const struct model *model, const struct query *query, struct arena *arena)
{
    score_all(model, query, arena); /* asserts that all is finite */
    if (!model->class->similar)
        return;
    float *likeness = arena_zalloc(arena, model->n_items + 1, sizeof *likeness);
    assert_non_null(likeness);
    for (uint32_t item = 0; item < model->n_items; item += 1 + model->n_items / 50) {
        assert_int_equal(model->class->similar(model, item, likeness, arena), STATUS_OK);
        for (uint32_t i = 0; i < model->n_items; i++)
            assert_true(isfinite(likeness[i]) || likeness[i] == -INFINITY);
    }
}

/* Catches a division by nothing, a logarithm of it, an inverse of what has none. */
static void a_world_that_is_hardly_any_gets_sensible_answers(void **state)
{
    (void)state;
    static struct test_data *(*const worlds[])(void) = {
        one_user_one_item,
        one_user_of_many_items,
        one_item_of_many_users,
        all_users_alike,
        ratings_all_equal,
        nothing_but_looks,
        dislikes_alone,
        a_user_with_everything_an_item_with_everyone,
        times_at_the_ends_of_the_calendar,
        two_events_far_apart,
    };
    for
        EACH_CLASS(class)
    for (size_t w = 0; w < sizeof worlds / sizeof *worlds; w++) {
        struct test_data *data = worlds[w]();
        struct arena arena = {0};
        struct model *model = fit(class, data, NULL), *loaded;
        const struct query nobody = {.user = QUERY_NO_USER};
        assert_no_nan(model, &nobody, &arena);
        for (uint32_t u = 0; u < model->n_users; u += 1 + model->n_users / 30) {
            struct query query = query_of(data, u, &arena);
            assert_no_nan(model, &query, &arena);
            query.fresh = true;
            score_all(model, &query, &arena);
        }
        save(model, "world");
        struct sections *sections = open_saved("world");
        assert_int_equal(class->load(sections, &loaded, NULL), STATUS_OK);
        assert_same_scores(model, loaded, &nobody);
        model_free(loaded);
        sections_close(sections);
        arena_free(&arena);
        model_free(model);
        test_data_free(data);
    }
}

static void classes_describe_themselves(void **state)
{
    (void)state;
    assert_string_equal(model_classes[0]->name, "popular");
    for
        EACH_CLASS(class)
        {
            struct arena arena = {0};
            assert_true(strlen(class->name) > 0 && strlen(class->summary) > 0);
            assert_ptr_equal(model_class_find(class->name, NULL), class);
            for (size_t i = 0; i < class->n_options; i++)
                assert_true(class->options[i].help && class->options[i].initial);
            const void *settings = model_settings_new(class, &arena);
            assert_non_null(settings);
            const uint64_t few = class->estimate(settings, 100, 100, 1000),
                           many = class->estimate(settings, 100000, 100000, 10000000);
            assert_true(few > 0 && many > 10 * few);
            arena_free(&arena);
        }
    const char *nearest;
    assert_null(model_class_find("popula", &nearest));
    assert_string_equal(nearest, "popular");
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    return folder_remove(folder, NULL) == STATUS_OK ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_withheld_diagonal_comes_first),
        cmocka_unit_test(the_same_seed_gives_the_same_bytes_for_any_number_of_threads),
        cmocka_unit_test(a_loaded_model_scores_as_the_one_that_was_saved),
        cmocka_unit_test(a_file_that_lacks_a_section_or_a_row_is_refused_by_name),
        cmocka_unit_test(a_guest_with_a_known_users_history_gets_that_users_scores),
        cmocka_unit_test(cold_users_and_unknown_items_get_finite_scores),
        cmocka_unit_test(a_list_of_items_scores_as_all_do_and_strangers_score_lowest),
        cmocka_unit_test(vectors_multiply_to_the_scores),
        cmocka_unit_test(an_item_is_most_like_those_of_its_colour),
        cmocka_unit_test(a_fit_stops_when_told_at_any_time),
        cmocka_unit_test(nothing_to_learn_from_is_learnt_without_complaint),
        cmocka_unit_test(a_world_that_is_hardly_any_gets_sensible_answers),
        cmocka_unit_test(classes_describe_themselves),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
