/* What these catch: a fold that depends on the order of the rows, an old event kept instead of a
 * newer one, memory that grows with the user's past. */
#include "support/test.h"

#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/rng.h"
#include "recommend/history.h"

static const struct signal_frame frame = {.newest_ms = TIME_UNKNOWN};

static void only_the_newest_count_in_whatever_order_they_come(void **state)
{
    (void)state;
    enum { ROWS = 5000, KEEP = 100 };
    struct event_types types;
    event_types_init(&types);
    struct history history = {.keep = KEEP, .types = &types};
    struct rng rng = rng_seed(12, 0);
    static uint32_t order[ROWS];
    for (uint32_t i = 0; i < ROWS; i++)
        order[i] = i;
    rng_shuffle(&rng, order, ROWS);
    for (uint32_t i = 0; i < ROWS; i++) {
        /* items 0 .. 9 in turn, time rising with the place in order */
        const struct event_row row = {.seq = i + 1,
                                      .time_ms = order[i] ? order[i] : TIME_UNKNOWN,
                                      .item = order[i] % 10,
                                      .value = (float)order[i],
                                      .type = event_types_code(&types, "rating")};
        assert_int_equal(history_add(&history, &row, 1), STATUS_OK);
    }
    assert_true(history.capacity <= 4 * KEEP);
    struct touch *touches;
    uint32_t n;
    assert_int_equal(history_fold(&history, &frame, &touches, &n), STATUS_OK);
    assert_int_equal(n, 10);
    for (uint32_t item = 0; item < 10; item++) {
        assert_int_equal(touches[item].item, item);
        assert_int_equal(touches[item].last_ms, ROWS - 10 + item);
        assert_true(touches[item].value == (float)(ROWS - 10 + item)); /* the last rating */
        assert_true(touches[item].decays == KEEP / 10);
    }
    free(touches);
    history_free(&history);
}

/* What catches a film that comes back because its like is too old to be learnt from. */
static void what_is_too_old_to_teach_still_hides(void **state)
{
    (void)state;
    enum { OLD = 500, KEEP = 10 };
    struct event_types types;
    event_types_init(&types);
    struct history history = {.keep = KEEP, .types = &types};
    for (uint32_t i = 0; i < OLD + KEEP; i++) {
        const bool old = i < OLD;
        const struct event_row row = {.seq = i + 1,
                                      .time_ms = i,
                                      .item = old ? i % 50 : 7,
                                      .value = NAN,
                                      .type = event_types_code(&types, old ? "like" : "view")};
        assert_int_equal(history_add(&history, &row, 1), STATUS_OK);
    }
    assert_true(history.seen_capacity <= 1000);
    struct touch *touches;
    struct signal signals[51];
    uint32_t n;
    assert_int_equal(history_fold(&history, &frame, &touches, &n), STATUS_OK);
    assert_int_equal(n, 51);
    for (uint32_t i = 0; i < n; i++)
        if (touches[i].type == event_types_code(&types, "like"))
            assert_true(touch_hides_until(&touches[i], &types) == HIDES_FOREVER);
    assert_int_equal(signals_of_touches(touches, n, &types, &frame, signals), 1);
    assert_int_equal(signals[0].item, 7);
    free(touches);
    history_free(&history);
}

static void equal_times_are_told_apart_by_seq_and_no_rows_give_no_touches(void **state)
{
    (void)state;
    struct event_types types;
    event_types_init(&types);
    struct history history = {.types = &types};
    struct touch *touches;
    uint32_t n;
    assert_int_equal(history_fold(&history, &frame, &touches, &n), STATUS_OK);
    assert_true(n == 0 && !touches);
    const uint8_t rating = event_types_code(&types, "rating");
    const struct event_row rows[] = {{.seq = 2, .time_ms = 5, .value = 1, .type = rating},
                                     {.seq = 1, .time_ms = 5, .value = 3, .type = rating}};
    assert_int_equal(history_add(&history, rows, 2), STATUS_OK);
    assert_int_equal(history_fold(&history, &frame, &touches, &n), STATUS_OK);
    assert_true(n == 1 && touches[0].value == 1);
    free(touches);
    history_free(&history);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_newest_count_in_whatever_order_they_come),
        cmocka_unit_test(what_is_too_old_to_teach_still_hides),
        cmocka_unit_test(equal_times_are_told_apart_by_seq_and_no_rows_give_no_touches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
