/* What these catch: offsets that leave out the damping or the other side's, a user's offset that
 * differs from the formula, items past the model's, predictions beyond the scale, a damaged file.
 */
#include "support/test.h"

#include <math.h>

#include "models/popular.h"
#include "models/rating_means.h"
#include "support/fitted.h"

/* Users 0 and 1 rate items 0 and 1; item 2 is never rated. */
static const struct test_event ratings[] = {
    {0, 0, TEST_RATING, 1, 5}, {0, 1, TEST_RATING, 2, 3}, {1, 0, TEST_RATING, 3, 4},
    {1, 1, TEST_RATING, 4, 1}, {1, 2, TEST_LIKE, 5, NAN},
};

static struct test_data *data_of(size_t n)
{
    const struct event_types types = test_types();
    return test_data_new(&types, ratings, n, 1);
}

static struct model *fit(const struct test_data *data)
{
    struct arena arena = {0};
    struct model *model = NULL;
    assert_int_equal(popular_class.fit(&data->train, model_settings_new(&popular_class, &arena),
                                       NULL, NULL, &model, NULL),
                     STATUS_OK);
    arena_free(&arena);
    return model;
}

static void the_offsets_solve_the_damped_equations(void **state)
{
    (void)state;
    struct test_data *data = data_of(5);
    struct csr by_user, by_item;
    struct rating_means means;
    assert_int_equal(dataset_ratings(data->dataset, NULL, NULL, &by_user), STATUS_OK);
    assert_int_equal(csr_size(&by_user), 4);
    assert_int_equal(csr_transpose(&by_user, &by_item), STATUS_OK);
    assert_int_equal(rating_means_fit(&by_user, &by_item, &means), STATUS_OK);
    assert_true(means.mean == 3.25f && means.low == 1 && means.high == 5);
    /* The users' offsets cancel within an item and the items' within a user: (4.5 - 3.25) 2 / 7. */
    assert_float_equal(means.offsets[0], 2.5F / 7, 1e-5F);
    assert_float_equal(means.offsets[1], -2.5F / 7, 1e-5F);
    assert_true(means.offsets[2] == 0);
    const struct rating own[] = {{0, 5}, {1, 3}, {99, 1}};
    assert_float_equal(rating_means_user(&means, own, 3), 1.5F / 7, 1e-5F);
    assert_true(rating_means_user(&means, NULL, 0) == 0);
    rating_means_free(&means);
    csr_free(&by_user);
    csr_free(&by_item);
    test_data_free(data);
}

static void popular_predicts_within_the_scale_for_anyone_and_any_item(void **state)
{
    (void)state;
    struct test_data *data = data_of(5);
    struct model *model = fit(data);
    struct rating_scale scale;
    assert_true(popular_class.rating_scale(model, &scale));
    assert_true(scale.low == 1 && scale.high == 5);
    const struct rating lavish[] = {{0, 5000}};
    const struct query query = {.user = QUERY_NO_USER, .n_ratings = 1, .ratings = lavish};
    const uint32_t items[] = {0, 2, 7};
    float predicted[3];
    assert_int_equal(popular_class.predict(model, &query, items, 3, predicted, NULL), STATUS_OK);
    assert_true(predicted[0] == 5 && predicted[1] == 5);
    const struct query nobody = {.user = QUERY_NO_USER};
    assert_int_equal(popular_class.predict(model, &nobody, items, 3, predicted, NULL), STATUS_OK);
    assert_float_equal(predicted[0], 3.25F + 2.5F / 7, 1e-5F);
    assert_true(predicted[1] == 3.25f && predicted[2] == 3.25f);
    model_free(model);
    test_data_free(data);
}

static void without_ratings_nothing_is_predicted(void **state)
{
    (void)state;
    struct test_data *data = test_checkerboard(6);
    struct model *model = fit(data);
    struct rating_scale scale;
    assert_false(popular_class.rating_scale(model, &scale));
    model_free(model);
    test_data_free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_offsets_solve_the_damped_equations),
        cmocka_unit_test(popular_predicts_within_the_scale_for_anyone_and_any_item),
        cmocka_unit_test(without_ratings_nothing_is_predicted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
