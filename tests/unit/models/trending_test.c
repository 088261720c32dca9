/* What these catch: growth measured against the wrong span, dislikes and events without a time that
 * count, a data set without times that scores nothing. The rest is in tests/contract. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "models/trending.h"
#include "support/fitted.h"

/* User 2 dislikes item 2; user 0 has touched item 0 twice. */
static const struct test_event timed[] = {
    {0, 0, TEST_LIKE, 100000, NAN},       {0, 0, TEST_LIKE, 60000, NAN},
    {1, 0, TEST_LIKE, 80000, NAN},        {1, 1, TEST_LIKE, 20000, NAN},
    {2, 1, TEST_LIKE, TIME_UNKNOWN, NAN}, {2, 2, TEST_RATING, 90000, 1},
    {3, 2, TEST_RATING, 90000, 5},        {3, 3, TEST_SEEN, 100000, NAN},
};

static void check(const struct test_event *events, size_t n, const float expected[4])
{
    const struct event_types types = test_types();
    struct test_data *data = test_data_new(&types, events, n, 1);
    struct arena arena = {0};
    void *settings = model_settings_new(&trending_class, &arena);
    assert_int_equal(options_set(trending_class.options, trending_class.n_options, settings,
                                 "parameter", "half_life", "20s", &arena, NULL),
                     STATUS_OK);
    struct model *model;
    assert_int_equal(trending_class.fit(&data->train, settings, NULL, NULL, &model, NULL),
                     STATUS_OK);
    float scores[4];
    const struct query nobody = {.user = QUERY_NO_USER};
    assert_int_equal(trending_class.score(model, &nobody, 1, NULL, 4, scores, &arena), STATUS_OK);
    for (size_t i = 0; i < 4; i++)
        assert_true(fabsf(scores[i] - expected[i]) < 1e-6f);
    model_free(model);
    arena_free(&arena);
    test_data_free(data);
}

/* By Python, from the definition: sums of 2**(-age/20) and of 2**(-age/80)/4. */
static void recent_interest_counts_by_its_growth(void **state)
{
    (void)state;
    check(timed, 8, (const float[]){1.9507407F, 0.06125F, 0.811742517F, 0});
}

static void without_any_time_the_order_is_that_of_popularity(void **state)
{
    (void)state;
    struct test_event untimed[8];
    for (size_t i = 0; i < 8; i++) {
        untimed[i] = timed[i];
        untimed[i].time = TIME_UNKNOWN;
    }
    check(untimed, 8, (const float[]){2.85714286F, 2.85714286F, 1.23076923F, 0});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(recent_interest_counts_by_its_growth),
        cmocka_unit_test(without_any_time_the_order_is_that_of_popularity),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
