/* What these catch: a formula of signal.h computed otherwise, an order of folding that changes the
 * result, values that poison a confidence, rules of hiding off by a unit. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "data/signal.h"

enum { VIEW = 1, RATING = 2, BEST = 3, DISLIKE = 4, NOTHING = 5, SCORE = 6, GONE = 9 };
#define DAY INT64_C(86400000)

static struct event_types example_types(void)
{
    static const struct event_type of[] = {
        [VIEW] = {.name = "view", .weight = 1, .hides_ms = 30 * DAY},
        [RATING] = {.name = "rating",
                    .weight = 1,
                    .by_value = true,
                    .aggregate = AGGREGATE_LAST,
                    .hides_ms = HIDES_FOREVER},
        [BEST] = {.name = "best", .weight = 2, .by_value = true, .aggregate = AGGREGATE_MAX},
        [DISLIKE] = {.name = "dislike", .weight = -1, .aggregate = AGGREGATE_LAST},
        [NOTHING] = {.name = "impression", .weight = 0},
        [SCORE] = {.name = "score", .weight = 1, .by_value = true},
    };
    struct event_types types = {.cap = 10};
    memcpy(types.of, of, sizeof of);
    return types;
}

static const struct signal_frame frame = {.newest_ms = 100 * DAY, .scale_middle = 3};

static struct touch touch_of(const struct event_types *types, uint8_t type, uint32_t item,
                             int64_t time, float value)
{
    struct touch touch = {.item = item, .type = type};
    touch_add(&touch, types, &frame, time, value);
    return touch;
}

static void repeats_count_as_the_logarithm_of_their_decayed_number(void **state)
{
    (void)state;
    struct event_types types = example_types();
    types.half_life_ms = 10 * DAY;
    struct touch touch = {.item = 4, .type = VIEW};
    touch_add(&touch, &types, &frame, TIME_UNKNOWN, NAN); /* 1 */
    touch_add(&touch, &types, &frame, 80 * DAY, NAN);     /* 1/4 */
    touch_add(&touch, &types, &frame, 90 * DAY, NAN);     /* 1/2 */
    touch_add(&touch, &types, &frame, 101 * DAY, NAN);    /* past the newest: 1 */
    struct signal out;
    assert_int_equal(signals_of_touches(&touch, 1, &types, &frame, &out), 1);
    assert_int_equal(out.item, 4);
    assert_true(fabs(out.confidence - log2(3.75)) < 1e-6);
    assert_int_equal(touch.last_ms, 101 * DAY);
}

static void the_last_rating_counts_against_the_users_own_mean(void **state)
{
    (void)state;
    const struct event_types types = example_types();
    struct touch touches[5];
    for (uint32_t i = 0; i < 5; i++)
        touches[i] = touch_of(&types, RATING, i, (int64_t)i * DAY, (float)i); /* 0 1 2 3 4 */
    touch_add(&touches[0], &types, &frame, 50 * DAY, 5); /* now 5 1 2 3 4: mean 3 */
    struct signal out[5];
    assert_int_equal(signals_of_touches(touches, 5, &types, &frame, out), 4);
    const float expected[] = {2, -2, -1, 1};
    const uint32_t items[] = {0, 1, 2, 4};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(out[i].item, items[i]);
        assert_true(fabsf(out[i].confidence - expected[i]) < 1e-6f);
    }
}

static void few_ratings_count_against_the_scales_middle(void **state)
{
    (void)state;
    const struct event_types types = example_types();
    struct touch touches[4];
    for (uint32_t i = 0; i < 4; i++)
        touches[i] = touch_of(&types, RATING, i, DAY, 4.5f);
    struct signal out[4];
    assert_int_equal(signals_of_touches(touches, 4, &types, &frame, out), 4);
    assert_true(out[3].confidence == 1.5f);
}

static void the_largest_value_and_the_mean_value_are_kept(void **state)
{
    (void)state;
    const struct event_types types = example_types();
    struct touch touches[2] = {touch_of(&types, BEST, 1, DAY, 2),
                               touch_of(&types, SCORE, 2, DAY, 2)};
    touch_add(&touches[0], &types, &frame, 2 * DAY, 5);
    touch_add(&touches[0], &types, &frame, 3 * DAY, 1);
    touch_add(&touches[1], &types, &frame, 2 * DAY, 5);
    touch_add(&touches[1], &types, &frame, 3 * DAY, 5);
    struct signal out[2];
    assert_int_equal(signals_of_touches(touches, 2, &types, &frame, out), 2);
    assert_true(fabs(out[0].confidence - 2 * (5 - 3)) < 1e-6);
    assert_true(fabs(out[1].confidence - (4 - 3) * log2(1 + 3)) < 1e-6);
}

static void types_of_one_item_add_up_within_the_cap(void **state)
{
    (void)state;
    struct event_types types = example_types();
    types.cap = 3;
    const struct touch touches[] = {
        touch_of(&types, VIEW, 1, DAY, NAN),    touch_of(&types, DISLIKE, 1, DAY, NAN),
        touch_of(&types, RATING, 2, DAY, 99),   touch_of(&types, RATING, 3, DAY, -99),
        touch_of(&types, DISLIKE, 4, DAY, NAN), touch_of(&types, NOTHING, 5, DAY, NAN),
        touch_of(&types, GONE, 6, DAY, 4)};
    struct signal out[7];
    assert_int_equal(signals_of_touches(touches, 7, &types, &frame, out),
                     3); /* 1, 5 and 6: nothing */
    assert_int_equal(signals_first_item(touches, 7, &types, &frame), 2);
    assert_int_equal(signals_first_item(touches + 4, 1, &types, &frame), 4);
    assert_int_equal(signals_first_item(touches + 5, 2, &types, &frame), UINT32_MAX);
    assert_int_equal(signals_first_item(NULL, 0, &types, &frame), UINT32_MAX);
    assert_int_equal(out[0].item, 2);
    assert_true(out[0].confidence == 3);
    assert_true(out[1].confidence == -3);
    assert_true(out[2].confidence == -1);
}

static void a_rating_without_a_value_hides_but_teaches_nothing(void **state)
{
    (void)state;
    struct event_types types = example_types();
    types.half_life_ms = 1; /* decays to nothing at once */
    struct signal out;
    struct touch rating = touch_of(&types, RATING, 1, 7 * DAY, NAN);
    assert_int_equal(signals_of_touches(&rating, 1, &types, &frame, &out), 0);
    assert_int_equal(touch_hides_until(&rating, &types), HIDES_FOREVER);
    struct touch score = touch_of(&types, SCORE, 1, 7 * DAY, NAN);
    assert_int_equal(signals_of_touches(&score, 1, &types, &frame, &out), 0);
    touch_add(&score, &types, &frame, TIME_UNKNOWN, 5);
    assert_int_equal(score.last_ms, 7 * DAY);
    assert_int_equal(signals_of_touches(&score, 1, &types, &frame, &out), 1);
    assert_true(fabsf(out.confidence - 2) < 1e-6f);
}

/* Live folds a stored touch and newer events; training folds them all at once. */
static void merging_at_any_place_equals_adding_all(void **state)
{
    (void)state;
    struct event_types types = example_types();
    types.half_life_ms = 20 * DAY;
    const float values[] = {3, NAN, 1, 5, 4, NAN, 2};
    for (uint8_t type = VIEW; type <= SCORE; type++)
        for (size_t split = 0; split <= 7; split++) {
            struct touch whole = {.item = 3, .type = type}, left = whole, right = whole;
            for (size_t i = 0; i < 7; i++) {
                const int64_t time = i == 0 ? TIME_UNKNOWN : (int64_t)(10 * i) * DAY;
                touch_add(&whole, &types, &frame, time, values[i]);
                touch_add(i < split ? &left : &right, &types, &frame, time, values[i]);
            }
            touch_merge(&left, &types, &right);
            assert_int_equal(left.last_ms, whole.last_ms);
            assert_true(fabsf(left.decays - whole.decays) < 1e-6f);
            assert_true(fabsf(left.value - whole.value) < 1e-5f);
            assert_false(isnan(left.value));
        }
}

static void a_touch_hides_by_its_types_rule(void **state)
{
    (void)state;
    struct event_types types = example_types();
    struct touch touch = touch_of(&types, VIEW, 1, 10 * DAY, NAN);
    assert_int_equal(touch_hides_until(&touch, &types), 40 * DAY);
    touch.last_ms = TIME_UNKNOWN;
    assert_int_equal(touch_hides_until(&touch, &types), HIDES_FOREVER);
    types.of[VIEW].hides_ms = INT64_MAX - 1;
    touch.last_ms = 10 * DAY;
    assert_int_equal(touch_hides_until(&touch, &types), HIDES_FOREVER);
    types.of[VIEW].hides_ms = HIDES_NEVER;
    assert_int_equal(touch_hides_until(&touch, &types), HIDES_NEVER);
    touch.type = GONE;
    types.of[GONE].hides_ms = HIDES_FOREVER; /* without a name it has no meaning */
    assert_int_equal(touch_hides_until(&touch, &types), HIDES_NEVER);
}

static void ratings_are_the_newest_value_of_each_item_and_nothing_else(void **state)
{
    (void)state;
    struct event_types types;
    event_types_init(&types);
    const struct signal_frame middling = {.newest_ms = 10, .scale_middle = 3};
    const uint8_t like = event_types_code(&types, "like"),
                  rating = event_types_code(&types, "rating");
    struct touch touches[] = {{.item = 2, .type = like},
                              {.item = 2, .type = rating},
                              {.item = 4, .type = like},
                              {.item = 7, .type = rating},
                              {.item = 9, .type = rating}};
    touch_add(&touches[0], &types, &middling, 1, NAN);
    touch_add(&touches[1], &types, &middling, 2, 5);
    touch_add(&touches[1], &types, &middling, 3, 2);
    touch_add(&touches[2], &types, &middling, 4, NAN);
    touch_add(&touches[3], &types, &middling, 5, 3); /* neutral: no signal, yet a rating */
    touch_see(&touches[4], &types, 6);
    struct rating out[5];
    assert_int_equal(ratings_of_touches(touches, 5, &types, out), 2);
    assert_true(out[0].item == 2 && out[0].value == 2);
    assert_true(out[1].item == 7 && out[1].value == 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(repeats_count_as_the_logarithm_of_their_decayed_number),
        cmocka_unit_test(the_last_rating_counts_against_the_users_own_mean),
        cmocka_unit_test(few_ratings_count_against_the_scales_middle),
        cmocka_unit_test(the_largest_value_and_the_mean_value_are_kept),
        cmocka_unit_test(types_of_one_item_add_up_within_the_cap),
        cmocka_unit_test(a_rating_without_a_value_hides_but_teaches_nothing),
        cmocka_unit_test(merging_at_any_place_equals_adding_all),
        cmocka_unit_test(ratings_are_the_newest_value_of_each_item_and_nothing_else),
        cmocka_unit_test(a_touch_hides_by_its_types_rule),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
