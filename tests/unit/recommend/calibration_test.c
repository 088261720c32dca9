/* What these catch: a slope or shift that does not undo a known distortion, a calibration that
 * changes the order, one that is made of scores which say nothing or the opposite. */
#include <math.h>
#include <stdlib.h>

#include "base/rng.h"
#include "recommend/calibration.h"
#include "support/test.h"

enum { N = 40000 };

struct drawn {
    float scores[N], labels[N];
};

/* Chances p, told as sigmoid((logit(p) - shift) / slope): what calibration is to undo. */
static struct drawn *draw(double slope, double shift)
{
    struct drawn *d = calloc(1, sizeof *d);
    struct rng rng = rng_seed(3, 1);
    for (int i = 0; i < N; i++) {
        const double z = -3 + 4 * rng_uniform(&rng), p = 1 / (1 + exp(-z));
        d->scores[i] = (float)(1 / (1 + exp(-(z - shift) / slope)));
        d->labels[i] = rng_uniform(&rng) < p;
    }
    return d;
}

static void a_distortion_is_undone(void **state)
{
    (void)state;
    struct drawn *d = draw(0.5, -1.2);
    struct calibration c;
    assert_int_equal(calibration_fit(d->scores, d->labels, N, &c), STATUS_OK);
    assert_float_equal(c.slope, 0.5, 0.03);
    assert_float_equal(c.shift, -1.2, 0.05);
    free(d);
}

/* At the optimum the mean of the chances is that of the labels, but for the smoothed targets. */
static void the_mean_is_what_was_seen(void **state)
{
    (void)state;
    struct drawn *d = draw(2, 1);
    struct calibration c;
    double sum = 0, seen = 0;
    assert_int_equal(calibration_fit(d->scores, d->labels, N, &c), STATUS_OK);
    for (int i = 0; i < N; i++) {
        sum += (double)calibration_apply(&c, d->scores[i]);
        seen += (double)d->labels[i];
    }
    assert_float_equal(sum / N, seen / N, 1e-3);
    free(d);
}

static void the_order_stays(void **state)
{
    (void)state;
    const struct calibration c = {0.3, -2};
    float last = 0;
    for (int i = 0; i <= 1000; i++) {
        const float p = calibration_apply(&c, (float)i / 1000);
        assert_true(p > 0 && p < 1 && p >= last);
        last = p;
    }
    assert_true(calibration_apply(&c, 0.5f) > calibration_apply(&c, 0.499f));
}

static void scores_that_say_the_opposite_are_refused(void **state)
{
    (void)state;
    struct drawn *d = draw(1, 0);
    struct calibration c;
    for (int i = 0; i < N; i++)
        d->scores[i] = 1 - d->scores[i];
    assert_int_equal(calibration_fit(d->scores, d->labels, N, &c), STATUS_OUT_OF_RANGE);
    free(d);
}

static void labels_of_one_kind_are_refused(void **state)
{
    (void)state;
    const float scores[] = {0.2f, 0.6f}, none[] = {0, 0}, all[] = {1, 1};
    struct calibration c;
    assert_int_equal(calibration_fit(scores, none, 2, &c), STATUS_OUT_OF_RANGE);
    assert_int_equal(calibration_fit(scores, all, 2, &c), STATUS_OUT_OF_RANGE);
}

/* A score that orders the labels perfectly has no finite optimum but for the smoothed targets. */
static void a_perfect_order_stays_finite(void **state)
{
    (void)state;
    const float scores[] = {0.1f, 0.2f, 0.3f, 0.7f, 0.8f, 0.9f}, labels[] = {0, 0, 0, 1, 1, 1};
    struct calibration c;
    assert_int_equal(calibration_fit(scores, labels, 6, &c), STATUS_OK);
    assert_true(calibration_apply(&c, 0.9f) < 0.99f && calibration_apply(&c, 0.1f) > 0.01f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_distortion_is_undone),
        cmocka_unit_test(the_mean_is_what_was_seen),
        cmocka_unit_test(the_order_stays),
        cmocka_unit_test(scores_that_say_the_opposite_are_refused),
        cmocka_unit_test(labels_of_one_kind_are_refused),
        cmocka_unit_test(a_perfect_order_stays_finite),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
