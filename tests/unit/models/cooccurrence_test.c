/* The log-likelihood ratio against an independent implementation (tests/golden/cooccurrence.py).
 * What these catch: baskets cut at the wrong place, an item counted twice in one, a table with its
 * sides exchanged, pairs that avoid each other taken for pairs, unknown types accepted. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "models/cooccurrence.h"
#include "support/fitted.h"

#include "golden/cooccurrence_golden.h"

/* settings: "name", "value", …, NULL. */
static enum status fit(struct test_data *data, const char *const *settings,
                       struct model **ret_model, struct error *reterr)
{
    const struct model_class *class = &cooccurrence_class;
    struct arena arena = {0};
    void *values = model_settings_new(class, &arena);
    for (; *settings; settings += 2)
        assert_int_equal(options_set(class->options, class->n_options, values, "parameter",
                                     settings[0], settings[1], &arena, NULL),
                         STATUS_OK);
    const enum status status = class->fit(&data->train, values, NULL, NULL, ret_model, reterr);
    arena_free(&arena);
    return status;
}

static struct test_data *make_data(void)
{
    const struct event_types types = test_types();
    return test_data_new(&types, golden_events, GOLDEN_EVENTS, 1);
}

static void check(const char *const *settings, const double expected[GOLDEN_ITEMS][GOLDEN_ITEMS])
{
    struct test_data *data = make_data();
    struct model *model = NULL;
    struct arena arena = {0};
    assert_int_equal(fit(data, settings, &model, NULL), STATUS_OK);
    int pairs = 0;
    for (uint32_t a = 0; a < GOLDEN_ITEMS; a++) {
        float likeness[GOLDEN_ITEMS];
        assert_int_equal(model->class->similar(model, a, likeness, &arena), STATUS_OK);
        for (uint32_t b = 0; b < GOLDEN_ITEMS; b++) {
            if (expected[a][b] == 0) {
                assert_true(likeness[b] == -INFINITY);
                continue;
            }
            pairs++;
            if (!(fabs(likeness[b] - expected[a][b]) < 1e-5 * (1 + expected[a][b])))
                fail_msg("%u, %u: %.9g instead of %.9g", a, b, (double)likeness[b], expected[a][b]);
        }
    }
    assert_true(pairs >= 10);
    model_free(model);
    arena_free(&arena);
    test_data_free(data);
}

static void preferences_that_share_sessions_attract_each_other(void **state)
{
    (void)state;
    check((const char *[]){NULL}, golden_sessions);
}

static void one_type_leads_to_another_on_the_same_day(void **state)
{
    (void)state;
    check((const char *[]){"within", "days", "from", "seen", "to", "like", "support", "1", NULL},
          golden_days);
}

static void only_the_strongest_neighbours_stay(void **state)
{
    (void)state;
    double expected[GOLDEN_ITEMS][GOLDEN_ITEMS] = {{0}};
    for (size_t a = 0; a < GOLDEN_ITEMS; a++) {
        size_t best = 0;
        for (size_t b = 1; b < GOLDEN_ITEMS; b++)
            if (golden_days[a][b] > golden_days[a][best])
                best = b;
        expected[a][best] = golden_days[a][best];
    }
    struct test_data *data = make_data();
    struct model *model = NULL;
    struct arena arena = {0};
    assert_int_equal(fit(data,
                         (const char *[]){"within", "days", "from", "seen", "to", "like", "support",
                                          "1", "neighbours", "1", NULL},
                         &model, NULL),
                     STATUS_OK);
    for (uint32_t a = 0; a < GOLDEN_ITEMS; a++) {
        float likeness[GOLDEN_ITEMS];
        assert_int_equal(model->class->similar(model, a, likeness, &arena), STATUS_OK);
        for (uint32_t b = 0; b < GOLDEN_ITEMS; b++)
            assert_int_equal(isfinite(likeness[b]), expected[a][b] != 0);
    }
    model_free(model);
    arena_free(&arena);
    test_data_free(data);
}

/* Dunning's limits: independence gives 0, and so does avoidance; all of 10 of 10 in 100 gives
 * 2 * 100 * (entropy of .1). */
static void the_ratio_has_its_known_values(void **state)
{
    (void)state;
    assert_true(cooccurrence_likelihood_ratio(1, 10, 10, 100) == 0);
    assert_true(cooccurrence_likelihood_ratio(0, 10, 10, 100) == 0);
    assert_true(cooccurrence_likelihood_ratio(10, 10, 10, 10) == 0);
    const double entropy = -.1 * log(.1) - .9 * log(.9);
    assert_true(fabs(cooccurrence_likelihood_ratio(10, 10, 10, 100) - 200 * entropy) < 1e-9);
}

static void an_unknown_type_is_named_with_the_nearest(void **state)
{
    (void)state;
    struct test_data *data = make_data();
    struct model *model = NULL;
    struct error err = {0};
    assert_int_equal(fit(data, (const char *[]){"to", "likes", NULL}, &model, &err),
                     STATUS_NOT_FOUND);
    assert_non_null(strstr(err.text, "cooccurrence"));
    assert_non_null(strstr(err.text, "did you mean 'like'?"));
    test_data_free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(preferences_that_share_sessions_attract_each_other),
        cmocka_unit_test(one_type_leads_to_another_on_the_same_day),
        cmocka_unit_test(only_the_strongest_neighbours_stay),
        cmocka_unit_test(the_ratio_has_its_known_values),
        cmocka_unit_test(an_unknown_type_is_named_with_the_nearest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
