/* What these catch: a loss that passes do not lower, a loss option that is not looked at, users who
 * are no sum of what they like, lengths of vectors that count in a score, bits that depend on how
 * the negatives fall to blocks. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "models/bpr.h"
#include "support/fitted.h"

struct losses {
    double first, last;
    unsigned n;
};

static void hear(void *context, const char *tag, int64_t step, double value)
{
    struct losses *losses = context;
    assert_string_equal(tag, "fit/loss");
    assert_true(isfinite(value));
    if (step == 1)
        losses->first = value;
    losses->last = value;
    losses->n++;
}

/* settings: "name", "value", …, NULL. */
static struct model *fit(const struct test_data *data, const char *const *settings,
                         struct parallel *pool, struct losses *losses)
{
    struct arena arena = {0};
    struct model *model;
    struct error err = {0};
    void *values = model_settings_new(&bpr_class, &arena);
    assert_non_null(values);
    for (; *settings; settings += 2)
        assert_int_equal(options_set(bpr_class.options, bpr_class.n_options, values, "parameter",
                                     settings[0], settings[1], &arena, NULL),
                         STATUS_OK);
    const struct observer observer = {.context = losses, .scalar = hear};
    if (bpr_class.fit(&data->train, values, pool, &observer, &model, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    arena_free(&arena);
    return model;
}

#define SETTINGS(...)                                                                              \
    (const char *const[])                                                                          \
    {                                                                                              \
        __VA_ARGS__, NULL                                                                          \
    }

static void passes_lower_either_loss(void **state)
{
    (void)state;
    struct test_data *data = test_checkerboard(40);
    struct losses softmax = {0}, cosine = {0};
    model_free(fit(data, SETTINGS("epochs", "40"), NULL, &softmax));
    model_free(fit(data,
                   SETTINGS("epochs", "40", "rate", "0.02", "loss", "cosine", "negatives", "10",
                            "negative_weight", "1"),
                   NULL, &cosine));
    assert_true(softmax.n == 40 && cosine.n == 40);
    assert_true(softmax.last < softmax.first - 0.2);
    assert_true(cosine.last < 0.6 * cosine.first && cosine.last >= 0);
    test_data_free(data);
}

static void a_user_is_the_direction_of_a_sum(void **state)
{
    (void)state;
    struct test_data *data = test_checkerboard(40);
    struct losses losses = {0};
    struct arena arena = {0};
    struct model *model = fit(data, SETTINGS("epochs", "5", "dimensions", "20"), NULL, &losses);
    float one[21], other[21], both[21], sum[20], product = 0, length = 0;
    struct signal history[] = {{2, 1}, {5, 7}};
    struct query query = {.user = QUERY_NO_USER, .n = 2, .history = history};
    bpr_class.query_vector(model, &query, both, &arena);
    query.n = 1;
    bpr_class.query_vector(model, &query, one, &arena);
    query.history = history + 1;
    bpr_class.query_vector(model, &query, other, &arena);
    for (size_t k = 0; k < 20; k++)
        length += both[k] * both[k];
    assert_true(fabsf(length - 1) < 1e-5f && both[20] == 1);
    /* In the plane of the two, between them. */
    float cosine = 0, with_one = 0, with_other = 0;
    for (size_t k = 0; k < 20; k++) {
        cosine += one[k] * other[k];
        with_one += both[k] * one[k];
        with_other += both[k] * other[k];
    }
    const float a = (with_one - cosine * with_other) / (1 - cosine * cosine);
    const float b = (with_other - cosine * with_one) / (1 - cosine * cosine);
    for (size_t k = 0; k < 20; k++) {
        sum[k] = a * one[k] + b * other[k];
        product += sum[k] * both[k];
    }
    assert_true(a > 0 && b > 0 && fabsf(product - 1) < 1e-4f);
    arena_free(&arena);
    model_free(model);
    test_data_free(data);
}

/* Scores are cosines, and what nobody likes is below any. */
static void scores_lie_between_the_ends(void **state)
{
    (void)state;
    struct test_data *data = test_checkerboard(40);
    struct losses losses = {0};
    struct arena arena = {0};
    struct model *model = fit(data, SETTINGS("epochs", "20"), NULL, &losses);
    struct signal liked = {4, 1};
    const struct query query = {.user = QUERY_NO_USER, .n = 1, .history = &liked};
    float scores[41];
    assert_int_equal(bpr_class.score(model, &query, 1, NULL, 41, scores, &arena), STATUS_OK);
    for (uint32_t i = 0; i < 40; i++)
        assert_true(fabsf(scores[i]) <= 1 + 1e-5f && scores[i] != 0);
    assert_true(scores[40] == -2);
    arena_free(&arena);
    model_free(model);
    test_data_free(data);
}

/* Draws that miss items, batches that end short, histories that are cut into blocks of work. */
static void sampled_negatives_give_the_same_scores_on_any_threads(void **state)
{
    (void)state;
    struct test_data *data = test_tastes(5);
    struct losses losses = {0};
    struct arena arena = {0};
    struct parallel *pool;
    const char *const *settings = SETTINGS("epochs", "3", "negatives", "20", "batch", "37",
                                           "dimensions", "24", "loss", "cosine");
    assert_int_equal(parallel_new(3, false, &pool), STATUS_OK);
    struct model *a = fit(data, settings, NULL, &losses), *b = fit(data, settings, pool, &losses);
    struct query query = {.user = 3};
    float *x = arena_zalloc(&arena, a->n_items, sizeof *x),
          *y = arena_zalloc(&arena, a->n_items, sizeof *y);
    assert_true(x && y);
    bpr_class.score(a, &query, 1, NULL, a->n_items, x, &arena);
    bpr_class.score(b, &query, 1, NULL, b->n_items, y, &arena);
    assert_memory_equal(x, y, a->n_items * sizeof *x);
    model_free(a);
    model_free(b);
    parallel_free(pool);
    arena_free(&arena);
    test_data_free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(passes_lower_either_loss),
        cmocka_unit_test(a_user_is_the_direction_of_a_sum),
        cmocka_unit_test(scores_lie_between_the_ends),
        cmocka_unit_test(sampled_negatives_give_the_same_scores_on_any_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
