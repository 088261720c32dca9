/* What these catch: members added up on different scales, weights that are read but not used,
 * fitted weights that prefer a useless member, settings that only fail hours later. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "models/blend.h"
#include "support/fitted.h"

#define SETTINGS(...)                                                                              \
    (const char *const[])                                                                          \
    {                                                                                              \
        __VA_ARGS__, NULL                                                                          \
    }

static void *settings_of(const struct model_class *class, const char *const *settings,
                         struct arena *arena)
{
    void *values = model_settings_new(class, arena);
    assert_non_null(values);
    for (; *settings; settings += 2)
        assert_int_equal(options_set(class->options, class->n_options, values, "parameter",
                                     settings[0], settings[1], arena, NULL),
                         STATUS_OK);
    return values;
}

static struct model *fit(const char *name, const char *const *settings, struct test_data *data,
                         const struct observer *observer)
{
    struct arena arena = {0};
    struct error err = {0};
    struct model *model = NULL;
    const struct model_class *class = model_class_find(name, NULL);
    if (class->fit(&data->train, settings_of(class, settings, &arena), NULL, observer, &model,
                   &err) != STATUS_OK)
        fail_msg("%s", err.text);
    arena_free(&arena);
    return model;
}

static struct query query_of(const struct test_data *data, uint32_t user, struct signal *history)
{
    const struct csr *m = &data->by_user;
    struct query query = {.user = user, .history = history};
    for (uint64_t e = m->starts[user]; e < m->starts[user + 1]; e++)
        history[query.n++] = (struct signal){m->columns[e], m->values[e]};
    return query;
}

static void score(const struct model *model, const struct query *query, double *out)
{
    struct arena arena = {0};
    float *scores = arena_zalloc(&arena, model->n_items, sizeof *scores);
    assert_int_equal(model->class->score(model, query, 1, NULL, model->n_items, scores, &arena),
                     STATUS_OK);
    for (uint32_t i = 0; i < model->n_items; i++)
        out[i] = (double)scores[i];
    arena_free(&arena);
}

static void standardise(double *x, uint32_t n)
{
    double mean = 0, square = 0;
    for (uint32_t i = 0; i < n; i++)
        mean += x[i] / n;
    for (uint32_t i = 0; i < n; i++)
        square += (x[i] - mean) * (x[i] - mean) / n;
    for (uint32_t i = 0; i < n; i++)
        x[i] = (x[i] - mean) / sqrt(square);
}

static void scores_are_members_of_one_spread_times_their_weights(void **state)
{
    (void)state;
    enum { ROOM = 4096 };
    static double a[ROOM], b[ROOM], both[ROOM];
    static struct signal history[ROOM];
    struct test_data *data = test_tastes(5);
    struct model *first = fit("itemknn", SETTINGS("shrinkage", "3"), data, NULL);
    struct model *second = fit("popular", SETTINGS("half_life", "never"), data, NULL);
    struct model *blend =
        fit("blend", SETTINGS("members", " itemknn  shrinkage=3 ,popular", "weights", "0.3, 1.5"),
            data, NULL);
    const uint32_t n = blend->n_items;
    assert_true(n <= ROOM);
    for (uint32_t u = 0; u < blend->n_users; u += 13) {
        const struct query query = query_of(data, u, history);
        if (query.n == 0)
            continue;
        score(first, &query, a);
        score(second, &query, b);
        score(blend, &query, both);
        standardise(a, n);
        standardise(b, n);
        for (uint32_t i = 0; i < n; i++)
            assert_true(fabs(both[i] - 0.3 * a[i] - 1.5 * b[i]) < 1e-4);
    }
    model_free(first);
    model_free(second);
    model_free(blend);
    test_data_free(data);
}

static void ranks_add_up_as_reciprocals_and_ties_share_one(void **state)
{
    (void)state;
    struct test_data *data = test_checkerboard(6);
    struct model *blend =
        fit("blend", SETTINGS("members", "popular", "weights", "1", "scale", "ranks"), data, NULL);
    double scores[7];
    const struct query nobody = {.user = QUERY_NO_USER};
    score(blend, &nobody, scores);
    for (uint32_t i = 0; i < 6; i++)
        assert_true(fabs(scores[i] - 1. / 61) < 1e-7);
    assert_true(fabs(scores[6] - 1. / 67) < 1e-7);
    model_free(blend);
    test_data_free(data);
}

struct heard {
    double ndcg, itemknn, popular;
};

static void hear(void *context, const char *tag, int64_t step, double value)
{
    struct heard *heard = context;
    (void)step;
    if (strcmp(tag, "fit/validation_ndcg@20") == 0)
        heard->ndcg = value;
    if (strcmp(tag, "fit/weight/itemknn") == 0)
        heard->itemknn = value;
    if (strcmp(tag, "fit/weight/popular") == 0)
        heard->popular = value;
}

/* Of the tastes popularity tells nothing. */
static void fitted_weights_find_the_member_that_knows(void **state)
{
    (void)state;
    struct test_data *data = test_tastes(5);
    struct heard heard = {-1, -1, -1};
    const struct observer observer = {.context = &heard, .scalar = hear};
    struct model *blend = fit("blend", SETTINGS("members", "popular, itemknn"), data, &observer);
    assert_true(heard.ndcg > 0.2 && heard.ndcg <= 1);
    assert_true(heard.itemknn > 0.5 && fabs(heard.itemknn + heard.popular - 1) < 1e-9);
    model_free(blend);
    test_data_free(data);
}

static void settings_that_make_no_blend_are_refused_before_any_work(void **state)
{
    (void)state;
    static const struct {
        const char *members, *weights, *part;
        enum status status;
    } cases[] = {
        {"ials, eas", "fitted", "did you mean 'ease'", STATUS_NOT_FOUND},
        {"ials dimension=3", "fitted", "did you mean 'dimensions'", STATUS_NOT_FOUND},
        {"ials dimensions=0", "fitted", "from 1 to", STATUS_OUT_OF_RANGE},
        {"ials ease", "fitted", "separated by commas", STATUS_MALFORMED},
        {"ials, blend", "fitted", "part of a blend", STATUS_OUT_OF_RANGE},
        {"", "fitted", "unknown model ''", STATUS_NOT_FOUND},
        {"ials,", "fitted", "unknown model ''", STATUS_NOT_FOUND},
        {"ials, ease", "1", "1 for 2 members", STATUS_OUT_OF_RANGE},
        {"ials, ease", "1,2,3", "3 for 2 members", STATUS_OUT_OF_RANGE},
        {"ials, ease", "0,0", "above 0", STATUS_OUT_OF_RANGE},
        {"ials, ease", "1,-1", "'-1'", STATUS_OUT_OF_RANGE},
        {"ials, ease", "1,nan", "'nan'", STATUS_OUT_OF_RANGE},
        {"ials, ease", "guessed", "'guessed'", STATUS_OUT_OF_RANGE},
        {"popular,popular,popular,popular,popular,popular,popular,popular,popular", "fitted",
         "at most 8", STATUS_TOO_LARGE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena arena = {0};
        struct error err = {0};
        void *settings =
            settings_of(&blend_class,
                        SETTINGS("members", cases[i].members, "weights", cases[i].weights), &arena);
        assert_int_equal(model_settings_check(&blend_class, settings, &err), cases[i].status);
        if (!strstr(err.text, cases[i].part))
            fail_msg("'%s' lacks '%s'", err.text, cases[i].part);
        arena_free(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scores_are_members_of_one_spread_times_their_weights),
        cmocka_unit_test(ranks_add_up_as_reciprocals_and_ties_share_one),
        cmocka_unit_test(fitted_weights_find_the_member_that_knows),
        cmocka_unit_test(settings_that_make_no_blend_are_refused_before_any_work),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
