/* What these catch: ranks counted from 0, both measures in each other's place, a wrong scale. */
#include "eval/map_quality.h"

#include <math.h>
#include <string.h>

#include "golden/map_quality_golden.h"
#include "support/test.h"

static const struct points points = {
    .n = GOLDEN_POINTS, .d = GOLDEN_DIMENSIONS, .rows = golden_points[0]};

static struct map_quality quality(uint32_t k, uint32_t looks, struct parallel *pool)
{
    struct map_quality found;
    assert_int_equal(
        map_quality_find(&points, golden_places[0], k, looks, pool, NULL, &found, NULL), STATUS_OK);
    return found;
}

static void both_measures_are_scikit_learns(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof golden_quality / sizeof *golden_quality; i++) {
        const struct map_quality found = quality(golden_quality[i].k, 0, NULL);
        assert_true(fabs(found.trustworthiness - golden_quality[i].trustworthiness) < 1e-9);
        assert_true(fabs(found.continuity - golden_quality[i].continuity) < 1e-9);
    }
}

static void a_map_of_itself_is_without_fault(void **state)
{
    (void)state;
    const struct points plane = {.n = GOLDEN_POINTS, .d = 2, .rows = golden_places[0]};
    struct map_quality found;
    assert_int_equal(map_quality_find(&plane, golden_places[0], 5, 0, NULL, NULL, &found, NULL),
                     STATUS_OK);
    assert_true(found.trustworthiness == 1 && found.continuity == 1);
}

static void threads_change_nothing_and_fewer_looks_little(void **state)
{
    (void)state;
    struct parallel *pool;
    assert_int_equal(parallel_new(2, false, &pool), STATUS_OK);
    const struct map_quality one = quality(5, 0, NULL), two = quality(5, 0, pool),
                             few = quality(5, 30, pool);
    parallel_free(pool);
    assert_memory_equal(&one, &two, sizeof one);
    assert_true(few.trustworthiness != one.trustworthiness);
    assert_true(fabs(few.trustworthiness - one.trustworthiness) < 0.05);
}

static void neighbours_past_half_of_the_points_are_refused(void **state)
{
    (void)state;
    struct map_quality found;
    struct error err = {0};
    assert_int_equal(
        map_quality_find(&points, golden_places[0], GOLDEN_POINTS / 2, 0, NULL, NULL, &found, &err),
        STATUS_OUT_OF_RANGE);
    assert_non_null(strstr(err.text, "60 points"));
    assert_int_equal(map_quality_find(&points, golden_places[0], 0, 0, NULL, NULL, &found, NULL),
                     STATUS_OUT_OF_RANGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_measures_are_scikit_learns),
        cmocka_unit_test(a_map_of_itself_is_without_fault),
        cmocka_unit_test(threads_change_nothing_and_fewer_looks_little),
        cmocka_unit_test(neighbours_past_half_of_the_points_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
