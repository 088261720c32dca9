/* What these catch: events counted instead of users, dislikes counted as interest, decay from the
 * wrong event or of held events. The rest is in tests/contract. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "models/popular.h"
#include "support/fitted.h"

static const struct test_event events[] = {
    {0, 0, TEST_LIKE, 100, NAN}, {0, 0, TEST_LIKE, 60, NAN},           {1, 0, TEST_LIKE, 80, NAN},
    {1, 1, TEST_LIKE, 20, NAN},  {2, 1, TEST_LIKE, TIME_UNKNOWN, NAN}, {2, 2, TEST_RATING, 90, 1},
    {3, 2, TEST_RATING, 90, 5},  {3, 3, TEST_SEEN, 100, NAN},
};

static void check(const char *half_life, const struct bitmap *held, const float expected[4])
{
    const struct event_types types = test_types();
    struct test_data *data = test_data_new(&types, events, 8, 1);
    struct csr by_user, by_item;
    assert_int_equal(dataset_matrix(data->dataset, held, NULL, &by_user), STATUS_OK);
    assert_int_equal(csr_transpose(&by_user, &by_item), STATUS_OK);
    data->train.by_user = &by_user;
    data->train.by_item = &by_item;
    data->train.held = held;
    struct arena arena = {0};
    void *settings = model_settings_new(&popular_class, &arena);
    assert_int_equal(options_set(popular_class.options, popular_class.n_options, settings,
                                 "parameter", "half_life", half_life, &arena, NULL),
                     STATUS_OK);
    struct model *model;
    assert_int_equal(popular_class.fit(&data->train, settings, NULL, NULL, &model, NULL),
                     STATUS_OK);
    float scores[4];
    const struct query nobody = {.user = QUERY_NO_USER};
    assert_int_equal(popular_class.score(model, &nobody, 1, NULL, 4, scores, &arena), STATUS_OK);
    for (size_t i = 0; i < 4; i++)
        assert_true(fabsf(scores[i] - expected[i]) < 1e-6f);
    model_free(model);
    arena_free(&arena);
    csr_free(&by_user);
    csr_free(&by_item);
    test_data_free(data);
}

static void users_with_a_positive_signal_are_counted(void **state)
{
    (void)state;
    check("never", NULL, (const float[]){2, 2, 1, 0});
}

static void interest_fades_from_the_newest_event_on(void **state)
{
    (void)state;
    check("20ms", NULL, (const float[]){1.5f, 1 + 0.0625f, 0.70710678f, 0});
}

/* The user's newest like is held: the older one counts, at its own age. */
static void held_events_do_not_count(void **state)
{
    (void)state;
    struct bitmap held = {0};
    assert_int_equal(bitmap_resize(&held, 8), STATUS_OK);
    bitmap_set(&held, 1); /* user 0's like at 100 */
    check("20ms", &held, (const float[]){0.75f, 1 + 0.0625f, 0.70710678f, 0});
    bitmap_free(&held);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(users_with_a_positive_signal_are_counted),
        cmocka_unit_test(interest_fades_from_the_newest_event_on),
        cmocka_unit_test(held_events_do_not_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
