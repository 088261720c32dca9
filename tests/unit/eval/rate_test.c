/* What these catch: errors that are averaged by user instead of by rating, intervals that do not
 * hold the figure, figures that hang on the threads, models that predict nothing let through. */
#include "support/test.h"

#include <math.h>

#include "eval/rate.h"
#include "models/ials.h"
#include "models/popular.h"
#include "support/fitted.h"

struct split {
    struct test_data *data;
    struct csr ratings, test;
    struct model *model;
};

/* The test ratings are the fitted ones, each one up: the means are far from them. */
static struct split split_new(void)
{
    struct split s = {.data = test_tastes(5)};
    struct arena arena = {0};
    assert_int_equal(dataset_ratings(s.data->dataset, NULL, NULL, &s.ratings), STATUS_OK);
    assert_int_equal(dataset_ratings(s.data->dataset, NULL, NULL, &s.test), STATUS_OK);
    for (uint64_t k = 0; k < csr_size(&s.test); k++)
        s.test.values[k] += 1;
    assert_int_equal(popular_class.fit(&s.data->train, model_settings_new(&popular_class, &arena),
                                       NULL, NULL, &s.model, NULL),
                     STATUS_OK);
    arena_free(&arena);
    return s;
}

static void split_free(struct split *s)
{
    model_free(s->model);
    csr_free(&s->ratings);
    csr_free(&s->test);
    test_data_free(s->data);
}

static enum status rate(const struct split *s, const struct rated *models, size_t n,
                        struct parallel *pool, struct rating_report *ret, struct error *reterr)
{
    const struct rate_request request = {.by_user = &s->data->by_user,
                                         .ratings = &s->ratings,
                                         .test = &s->test,
                                         .models = models,
                                         .n_models = n,
                                         .seed = 3,
                                         .draws = 200,
                                         .pool = pool};
    return rate_models(&request, ret, reterr);
}

static double rmse_by_hand(const struct split *s)
{
    double sum = 0;
    for (uint32_t u = 0; u < s->test.n_rows; u++) {
        const uint64_t start = s->test.starts[u];
        struct rating own[100];
        const uint32_t n = (uint32_t)(s->test.starts[u + 1] - start);
        assert_true(n <= 100);
        for (uint32_t i = 0; i < n; i++)
            own[i] = (struct rating){s->ratings.columns[start + i], s->ratings.values[start + i]};
        const struct query query = {.user = u, .n_ratings = n, .ratings = own};
        float p[100];
        assert_int_equal(
            popular_class.predict(s->model, &query, s->test.columns + start, n, p, NULL),
            STATUS_OK);
        for (uint32_t i = 0; i < n; i++) {
            const double error = (double)p[i] - (double)s->test.values[start + i];
            sum += error * error;
        }
    }
    return sqrt(sum / (double)csr_size(&s->test));
}

static void the_error_is_the_root_of_the_mean_over_all_ratings(void **state)
{
    (void)state;
    struct split s = split_new();
    const struct rated models[] = {{s.model, "popular", NULL}, {s.model, "again", NULL}};
    struct rating_report report;
    assert_int_equal(rate(&s, models, 2, NULL, &report, NULL), STATUS_OK);
    const struct interval rmse = report.models[0].values[RATING_RMSE],
                          mae = report.models[0].values[RATING_MAE];
    assert_true(fabs(rmse.mean - rmse_by_hand(&s)) < 1e-9);
    assert_true(rmse.mean > 0.5 && mae.mean > 0.3 && mae.mean < rmse.mean);
    assert_true(rmse.low < rmse.mean && rmse.mean < rmse.high);
    const struct interval none = report.models[1].over_first[RATING_RMSE];
    assert_true(none.mean == 0 && none.low == 0 && none.high == 0);
    split_free(&s);
}

static void the_figures_are_the_same_for_any_number_of_threads(void **state)
{
    (void)state;
    struct split s = split_new();
    const struct rated models[] = {{s.model, "popular", NULL}};
    struct rating_report alone, shared;
    struct parallel *pool;
    assert_int_equal(parallel_new(3, false, &pool), STATUS_OK);
    assert_int_equal(rate(&s, models, 1, NULL, &alone, NULL), STATUS_OK);
    assert_int_equal(rate(&s, models, 1, pool, &shared, NULL), STATUS_OK);
    assert_memory_equal(alone.models[0].values, shared.models[0].values,
                        sizeof alone.models[0].values);
    parallel_free(pool);
    split_free(&s);
}

static void what_predicts_no_ratings_is_refused_with_a_sentence(void **state)
{
    (void)state;
    struct split s = split_new();
    struct error err = {0};
    assert_int_equal(rate_check_class(&ials_class, &err), STATUS_UNSUPPORTED);
    assert_non_null(strstr(err.text, "ials ranks but predicts no ratings"));
    struct test_data *likes = test_checkerboard(6);
    struct arena arena = {0};
    struct model *model;
    assert_int_equal(popular_class.fit(&likes->train, model_settings_new(&popular_class, &arena),
                                       NULL, NULL, &model, NULL),
                     STATUS_OK);
    const struct rated rated = {model, "popular", NULL};
    struct rating_report report;
    assert_int_equal(rate(&s, &rated, 1, NULL, &report, &err), STATUS_UNSUPPORTED);
    model_free(model);
    arena_free(&arena);
    test_data_free(likes);
    split_free(&s);
}

static void a_test_part_without_ratings_is_refused(void **state)
{
    (void)state;
    struct split s = split_new();
    csr_free(&s.test);
    assert_int_equal(csr_alloc(s.ratings.n_rows, s.ratings.n_columns, 0, &s.test), STATUS_OK);
    const struct rated rated = {s.model, "popular", NULL};
    struct rating_report report;
    assert_int_equal(rate(&s, &rated, 1, NULL, &report, NULL), STATUS_OUT_OF_RANGE);
    split_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_error_is_the_root_of_the_mean_over_all_ratings),
        cmocka_unit_test(the_figures_are_the_same_for_any_number_of_threads),
        cmocka_unit_test(what_predicts_no_ratings_is_refused_with_a_sentence),
        cmocka_unit_test(a_test_part_without_ratings_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
