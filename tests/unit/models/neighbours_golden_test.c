/* The closed-form models against an independent implementation of their definitions
 * (tests/golden/neighbours.py). What these catch: a factor on the wrong side, dislikes or sizes of
 * signals that count, the wrong entries kept, negative weights lost, items nobody likes that are
 * reached. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "models/ease.h"
#include "models/gfcf.h"
#include "models/itemknn.h"
#include "models/rp3beta.h"
#include "models/slim.h"

#include "golden/neighbours_golden.h"

struct fitted {
    struct csr by_user, by_item;
    struct arena arena;
    struct model *model;
    double loss, energy; /* as reported last */
};

static void make_matrices(struct fitted *f)
{
    assert_int_equal(
        csr_alloc(GOLDEN_USERS, GOLDEN_ITEMS, GOLDEN_USERS * GOLDEN_ITEMS, &f->by_user), STATUS_OK);
    uint64_t size = 0;
    for (uint32_t u = 0; u < GOLDEN_USERS; u++) {
        for (uint32_t i = 0; i < GOLDEN_ITEMS; i++) {
            if (golden_confidences[u][i] == 0)
                continue;
            f->by_user.columns[size] = i;
            f->by_user.values[size++] = golden_confidences[u][i];
        }
        f->by_user.starts[u + 1] = size;
    }
    assert_int_equal(csr_transpose(&f->by_user, &f->by_item), STATUS_OK);
}

static void hear(void *context, const char *tag, int64_t step, double value)
{
    struct fitted *f = context;
    (void)step;
    if (strcmp(tag, "fit/loss") == 0)
        f->loss = value;
    if (strcmp(tag, "fit/energy") == 0)
        f->energy = value;
}

/* settings: "name", "value", …, NULL. */
static void fit_matrices(struct fitted *f, const struct model_class *class,
                         const char *const *settings)
{
    void *values = model_settings_new(class, &f->arena);
    assert_non_null(values);
    for (; *settings; settings += 2)
        assert_int_equal(options_set(class->options, class->n_options, values, "parameter",
                                     settings[0], settings[1], &f->arena, NULL),
                         STATUS_OK);
    const struct train_set data = {.by_user = &f->by_user, .by_item = &f->by_item, .seed = 1};
    const struct observer observer = {.context = f, .scalar = hear};
    assert_int_equal(class->fit(&data, values, NULL, &observer, &f->model, NULL), STATUS_OK);
}

static struct fitted fit(const struct model_class *class, const char *const *settings)
{
    struct fitted f = {0};
    make_matrices(&f);
    fit_matrices(&f, class, settings);
    return f;
}

static void fitted_free(struct fitted *f)
{
    model_free(f->model);
    csr_free(&f->by_user);
    csr_free(&f->by_item);
    arena_free(&f->arena);
}

/* Who likes one item alone is scored by that item's row. */
static void check(const struct model_class *class, const char *const *settings,
                  const double expected[GOLDEN_ITEMS][GOLDEN_ITEMS])
{
    struct fitted f = fit(class, settings);
    for (uint32_t i = 0; i < GOLDEN_ITEMS; i++) {
        const struct signal liked = {i, 2.5f};
        const struct query query = {.user = QUERY_NO_USER, .n = 1, .history = &liked};
        float scores[GOLDEN_ITEMS];
        assert_int_equal(class->score(f.model, &query, 1, NULL, GOLDEN_ITEMS, scores, &f.arena),
                         STATUS_OK);
        for (uint32_t j = 0; j < GOLDEN_ITEMS; j++)
            if (!(fabs((double)scores[j] - expected[i][j]) < 1e-5))
                fail_msg("%s: [%u][%u] is %g, not %g", class->name, i, j, (double)scores[j],
                         expected[i][j]);
    }
    fitted_free(&f);
}

#define SETTINGS(...)                                                                              \
    (const char *const[])                                                                          \
    {                                                                                              \
        __VA_ARGS__, NULL                                                                          \
    }

static void itemknn_is_shrunk_cosine(void **state)
{
    (void)state;
    check(&itemknn_class, SETTINGS("shrinkage", "3"), golden_itemknn);
}

static void itemknn_keeps_the_nearest_of_each_item(void **state)
{
    (void)state;
    check(&itemknn_class, SETTINGS("shrinkage", "3", "neighbours", "5"), golden_itemknn_5);
}

static void rp3beta_is_the_walks_of_three_steps(void **state)
{
    (void)state;
    check(&rp3beta_class, SETTINGS("alpha", "0.7", "beta", "0.4"), golden_rp3beta);
}

static void rp3beta_keeps_the_likeliest_ends_of_each_start(void **state)
{
    (void)state;
    check(&rp3beta_class, SETTINGS("alpha", "0.7", "beta", "0.4", "neighbours", "5"),
          golden_rp3beta_5);
}

#define PLAIN "dropout", "0", "popularity_power", "0"

static void ease_is_the_closed_form(void **state)
{
    (void)state;
    check(&ease_class, SETTINGS("lambda", "2", "row_power", "0", PLAIN), golden_ease);
}

static void ease_scales_rows(void **state)
{
    (void)state;
    check(&ease_class, SETTINGS("lambda", "0.5", "row_power", "0.3", PLAIN), golden_ease_rows);
}

static void ease_learns_to_do_without_a_part_of_the_history(void **state)
{
    (void)state;
    check(
        &ease_class,
        SETTINGS("lambda", "0.5", "row_power", "0.3", "dropout", "0.4", "popularity_power", "0.2"),
        golden_ease_denoised);
}

static void ease_keeps_the_largest_in_size(void **state)
{
    (void)state;
    check(&ease_class, SETTINGS("lambda", "2", "row_power", "0", PLAIN, "neighbours", "5"),
          golden_ease_5);
}

static void ease_reports_its_minimum(void **state)
{
    (void)state;
    struct fitted f = fit(&ease_class, SETTINGS("lambda", "2", "row_power", "0", PLAIN));
    assert_true(fabs(f.loss / golden_ease_loss - 1) < 1e-5);
    fitted_free(&f);
    f = fit(&ease_class, SETTINGS("lambda", "2", "row_power", "0", "dropout", "0.4"));
    assert_true(fabs(f.loss / golden_ease_denoised_loss - 1) < 1e-5);
    fitted_free(&f);
}

/* A user of millions of items: the fit is refused before it takes any of it. */
static void ease_refuses_with_the_memory_it_would_need(void **state)
{
    (void)state;
    const uint32_t n_items = 4000000; /* 32 TB */
    struct fitted f = {0};
    assert_int_equal(csr_alloc(1, n_items, n_items, &f.by_user), STATUS_OK);
    for (uint32_t i = 0; i < n_items; i++) {
        f.by_user.columns[i] = i;
        f.by_user.values[i] = 1;
    }
    f.by_user.starts[1] = n_items;
    assert_int_equal(csr_transpose(&f.by_user, &f.by_item), STATUS_OK);
    const struct train_set data = {.by_user = &f.by_user, .by_item = &f.by_item, .seed = 1};
    struct error err = {0};
    assert_int_equal(ease_class.fit(&data, model_settings_new(&ease_class, &f.arena), NULL, NULL,
                                    &f.model, &err),
                     STATUS_TOO_LARGE);
    assert_non_null(strstr(err.text, "GB for the 4000000 items"));
    assert_non_null(strstr(err.text, "slim")); /* the remedy */
    assert_null(f.model);
    fitted_free(&f);
}

/* Users who like about two thirds of the items, so that every two items have some in common. */
static void make_dense_matrices(struct fitted *f)
{
    uint64_t size = 0;
    struct rng rng = rng_seed(1, 2);
    assert_int_equal(
        csr_alloc(GOLDEN_USERS, GOLDEN_ITEMS, GOLDEN_USERS * GOLDEN_ITEMS, &f->by_user), STATUS_OK);
    for (uint32_t u = 0; u < GOLDEN_USERS; u++) {
        for (uint32_t i = 0; i < GOLDEN_ITEMS; i++)
            if (rng_below(&rng, 3) > 0) {
                f->by_user.columns[size] = i;
                f->by_user.values[size++] = 1;
            }
        f->by_user.starts[u + 1] = size;
    }
    assert_int_equal(csr_transpose(&f->by_user, &f->by_item), STATUS_OK);
}

/* What catches the local systems filled wrongly, and likeness scaled wrongly. */
static void slim_of_items_that_all_meet_is_ease(void **state)
{
    (void)state;
    struct fitted ease = {0}, slim = {0};
    make_dense_matrices(&ease);
    make_dense_matrices(&slim);
    fit_matrices(&ease, &ease_class, SETTINGS("lambda", "0.5", "popularity_power", "0.2"));
    fit_matrices(&slim, &slim_class, SETTINGS("lambda", "0.5", "popularity_power", "0.2"));
    assert_true(fabs(slim.loss / ease.loss - 1) < 1e-4);
    for (uint32_t i = 0; i < GOLDEN_ITEMS; i++) {
        const struct signal liked = {i, 1};
        const struct query query = {.user = QUERY_NO_USER, .n = 1, .history = &liked};
        float a[2][GOLDEN_ITEMS], b[2][GOLDEN_ITEMS];
        ease_class.score(ease.model, &query, 1, NULL, GOLDEN_ITEMS, a[0], &ease.arena);
        slim_class.score(slim.model, &query, 1, NULL, GOLDEN_ITEMS, b[0], &slim.arena);
        ease_class.similar(ease.model, i, a[1], &ease.arena);
        slim_class.similar(slim.model, i, b[1], &slim.arena);
        for (uint32_t j = 0; j < GOLDEN_ITEMS; j++) {
            assert_true(fabsf(a[0][j] - b[0][j]) < 1e-4f);
            if (a[1][j] > 1e-3f) /* what is hardly above 0 may be below it */
                assert_true(fabsf(a[1][j] - b[1][j]) < 1e-4f);
        }
    }
    fitted_free(&ease);
    fitted_free(&slim);
}

static void slim_takes_the_items_that_explain_each_best(void **state)
{
    (void)state;
    check(&slim_class,
          SETTINGS("lambda", "0.5", "row_power", "0.3", "dropout", "0.4", "popularity_power", "0.2",
                   "neighbours", "5"),
          golden_slim_5);
}

/* Sums that are not held count as 0, which leaves systems that nothing solves as they stand:
 * without the doubled diagonals items would be left without weights, or with absurd ones. */
static void slim_learns_from_too_few_sums(void **state)
{
    (void)state;
    struct fitted f = fit(&slim_class, SETTINGS("lambda", "0.001", "row_power", "0", PLAIN,
                                                "neighbours", "4", "overlaps", "4"));
    bool reached[GOLDEN_ITEMS] = {0};
    for (uint32_t i = 0; i < GOLDEN_ITEMS; i++) {
        const struct signal liked = {i, 1};
        const struct query query = {.user = QUERY_NO_USER, .n = 1, .history = &liked};
        float scores[GOLDEN_ITEMS];
        assert_int_equal(slim_class.score(f.model, &query, 1, NULL, GOLDEN_ITEMS, scores, &f.arena),
                         STATUS_OK);
        for (uint32_t j = 0; j < GOLDEN_ITEMS; j++) {
            assert_true(fabsf(scores[j]) < 3);
            reached[j] = reached[j] || scores[j] != 0;
        }
    }
    for (uint32_t j = 0; j + 1 < GOLDEN_ITEMS; j++) /* nobody likes the last */
        assert_true(reached[j]);
    fitted_free(&f);
}

static void gfcf_is_neighbours_and_a_low_pass_filter(void **state)
{
    (void)state;
    check(&gfcf_class, SETTINGS("alpha", "0.7", "dimensions", "3", "iterations", "60"),
          golden_gfcf);
}

/* With as many dimensions as items, however many of them are empty, nothing is filtered. */
static void gfcf_of_all_dimensions_holds_all_energy(void **state)
{
    (void)state;
    struct fitted f = fit(&gfcf_class, SETTINGS("dimensions", "40"));
    assert_true(fabs(f.energy - 1) < 1e-3);
    fitted_free(&f);
}

/* A matrix of rank one, which has only one of all the singular vectors that are asked for. */
static void users_who_are_all_alike_are_learnt(void **state)
{
    (void)state;
    const struct model_class *classes[] = {&itemknn_class, &rp3beta_class, &ease_class, &slim_class,
                                           &gfcf_class};
    enum { USERS = 300, ITEMS = 70 };
    struct fitted f = {0};
    assert_int_equal(csr_alloc(USERS, ITEMS, USERS * ITEMS, &f.by_user), STATUS_OK);
    for (uint32_t k = 0; k < USERS * ITEMS; k++) {
        f.by_user.columns[k] = k % ITEMS;
        f.by_user.values[k] = 1;
        f.by_user.starts[k / ITEMS + 1] = k + 1;
    }
    assert_int_equal(csr_transpose(&f.by_user, &f.by_item), STATUS_OK);
    const struct train_set data = {.by_user = &f.by_user, .by_item = &f.by_item, .seed = 1};
    for (size_t c = 0; c < sizeof classes / sizeof *classes; c++) {
        struct error err = {0};
        if (classes[c]->fit(&data, model_settings_new(classes[c], &f.arena), NULL, NULL, &f.model,
                            &err) != STATUS_OK)
            fail_msg("%s", err.text);
        const struct signal liked = {3, 1};
        const struct query query = {.user = QUERY_NO_USER, .n = 1, .history = &liked};
        float scores[ITEMS];
        assert_int_equal(classes[c]->score(f.model, &query, 1, NULL, ITEMS, scores, &f.arena),
                         STATUS_OK);
        for (uint32_t i = 0; i < ITEMS; i++)
            assert_true(i == 3 || (scores[i] > 0 && fabsf(scores[i] / scores[0] - 1) < 1e-2f));
        model_free(f.model);
        f.model = NULL;
    }
    fitted_free(&f);
}

/* Whichever of the two entries was kept, and with popular items held down. */
static void likeness_of_ease_is_the_same_both_ways(void **state)
{
    (void)state;
    struct fitted f =
        fit(&ease_class, SETTINGS("lambda", "0.5", "row_power", "0.3", "dropout", "0.4",
                                  "popularity_power", "0.2", "neighbours", "5"));
    float likeness[GOLDEN_ITEMS][GOLDEN_ITEMS];
    for (uint32_t i = 0; i < GOLDEN_ITEMS; i++)
        assert_int_equal(ease_class.similar(f.model, i, likeness[i], &f.arena), STATUS_OK);
    unsigned finite = 0;
    for (uint32_t i = 0; i < GOLDEN_ITEMS; i++)
        for (uint32_t j = 0; j < GOLDEN_ITEMS; j++) {
            const double product = golden_ease_denoised[i][j] * golden_ease_denoised[j][i];
            assert_true(isfinite(likeness[i][j]) == isfinite(likeness[j][i]));
            if (!isfinite(likeness[i][j]))
                continue;
            finite++;
            assert_true(fabs((double)likeness[i][j] - sqrt(product)) < 1e-5);
            assert_true(fabsf(likeness[i][j] - likeness[j][i]) < 1e-6f);
        }
    assert_true(finite > 50);
    fitted_free(&f);
}

static void a_dislike_in_a_history_counts_for_nothing(void **state)
{
    (void)state;
    struct fitted f = fit(&itemknn_class, SETTINGS("shrinkage", "3"));
    const struct signal signals[] = {{2, 1}, {5, -3}};
    struct query query = {.user = QUERY_NO_USER, .n = 1, .history = signals};
    float one[GOLDEN_ITEMS], both[GOLDEN_ITEMS];
    assert_int_equal(itemknn_class.score(f.model, &query, 1, NULL, GOLDEN_ITEMS, one, &f.arena),
                     STATUS_OK);
    query.n = 2;
    assert_int_equal(itemknn_class.score(f.model, &query, 1, NULL, GOLDEN_ITEMS, both, &f.arena),
                     STATUS_OK);
    assert_memory_equal(one, both, sizeof one);
    fitted_free(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(itemknn_is_shrunk_cosine),
        cmocka_unit_test(itemknn_keeps_the_nearest_of_each_item),
        cmocka_unit_test(rp3beta_is_the_walks_of_three_steps),
        cmocka_unit_test(rp3beta_keeps_the_likeliest_ends_of_each_start),
        cmocka_unit_test(ease_is_the_closed_form),
        cmocka_unit_test(ease_scales_rows),
        cmocka_unit_test(ease_learns_to_do_without_a_part_of_the_history),
        cmocka_unit_test(ease_keeps_the_largest_in_size),
        cmocka_unit_test(ease_reports_its_minimum),
        cmocka_unit_test(ease_refuses_with_the_memory_it_would_need),
        cmocka_unit_test(slim_of_items_that_all_meet_is_ease),
        cmocka_unit_test(slim_takes_the_items_that_explain_each_best),
        cmocka_unit_test(slim_learns_from_too_few_sums),
        cmocka_unit_test(gfcf_is_neighbours_and_a_low_pass_filter),
        cmocka_unit_test(gfcf_of_all_dimensions_holds_all_energy),
        cmocka_unit_test(users_who_are_all_alike_are_learnt),
        cmocka_unit_test(likeness_of_ease_is_the_same_both_ways),
        cmocka_unit_test(a_dislike_in_a_history_counts_for_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
