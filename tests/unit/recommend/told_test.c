/* What these catch: a history folded in the order given instead of that of its times, old events
 * that teach, two histories joined with a touch of both missing or twice. */
#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "recommend/told.h"
#include "support/events.h"
#include "support/test.h"

static const int64_t day = INT64_C(24) * 60 * 60 * 1000;

struct fixture {
    struct event_types types;
    struct signal_frame frame;
    struct arena arena;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    f->types = test_types();
    f->types.of[TEST_LIKE].hides_ms = HIDES_FOREVER;
    f->types.of[TEST_SEEN].weight = 0.5;
    f->types.half_life_ms = 10 * day;
    f->frame = (struct signal_frame){.newest_ms = 100 * day, .scale_middle = 3};
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    arena_free(&f->arena);
    free(f);
    return 0;
}

static const struct told_event steps[] = {
    {90 * 86400000LL, 7, NAN, TEST_LIKE}, {80 * 86400000LL, 3, NAN, TEST_LIKE},
    {99 * 86400000LL, 7, NAN, TEST_LIKE}, {95 * 86400000LL, 7, NAN, TEST_SEEN},
    {70 * 86400000LL, 3, NAN, TEST_LIKE}, {100 * 86400000LL, 5, NAN, TEST_SEEN},
};
enum { STEPS = sizeof steps / sizeof *steps };

/* As the store's events would be: by time, one after the other. */
static struct touch folded(const struct fixture *f, uint32_t item, uint8_t type)
{
    struct touch touch = {.item = item, .type = type};
    for (int64_t at = 0; at <= 100 * day; at += day)
        for (size_t i = 0; i < STEPS; i++)
            if (steps[i].time_ms == at && steps[i].item == item && steps[i].type == type)
                touch_add(&touch, &f->types, &f->frame, at, steps[i].value);
    return touch;
}

static void told_events_fold_as_stored_ones(void **state)
{
    struct fixture *f = *state;
    struct told_event events[STEPS];
    const struct touch *touches;
    size_t n;
    memcpy(events, steps, sizeof steps);
    assert_int_equal(told_fold(events, STEPS, &f->types, &f->frame, &f->arena, &touches, &n),
                     STATUS_OK);
    const struct touch expected[] = {folded(f, 3, TEST_LIKE), folded(f, 5, TEST_SEEN),
                                     folded(f, 7, TEST_SEEN), folded(f, 7, TEST_LIKE)};
    assert_int_equal(n, 4);
    for (size_t i = 0; i < n; i++) {
        bool found = false;
        for (size_t k = 0; k < 4; k++)
            found |= memcmp(&touches[i], &expected[k], sizeof expected[k]) == 0;
        assert_true(found);
        assert_true(
            i == 0 || touches[i - 1].item < touches[i].item ||
            (touches[i - 1].item == touches[i].item && touches[i - 1].type < touches[i].type));
    }
}

static void no_more_than_the_newest_teach(void **state)
{
    struct fixture *f = *state;
    struct told_event events[STEPS];
    struct signal signals[STEPS];
    const struct touch *touches;
    size_t n;
    f->types.max_per_user = 3;
    memcpy(events, steps, sizeof steps);
    assert_int_equal(told_fold(events, STEPS, &f->types, &f->frame, &f->arena, &touches, &n),
                     STATUS_OK);
    assert_int_equal(n, 4); /* what is old still hides */
    const size_t taught = signals_of_touches(touches, n, &f->types, &f->frame, signals);
    assert_int_equal(taught, 2);
    assert_int_equal(signals[0].item, 5);
    assert_int_equal(signals[1].item, 7);
    assert_true(touch_hides_until(&touches[0], &f->types) == HIDES_FOREVER);
}

/* Whichever half was stored and which is told, both together are the whole. */
static void two_halves_join_to_the_whole(void **state)
{
    struct fixture *f = *state;
    struct told_event events[STEPS];
    const struct touch *whole, *first, *second, *joined;
    size_t n, n_first, n_second, n_joined;
    memcpy(events, steps, sizeof steps);
    assert_int_equal(told_fold(events, STEPS, &f->types, &f->frame, &f->arena, &whole, &n),
                     STATUS_OK);
    for (size_t cut = 0; cut <= STEPS; cut++) {
        memcpy(events, steps, sizeof steps);
        assert_int_equal(told_fold(events, cut, &f->types, &f->frame, &f->arena, &first, &n_first),
                         STATUS_OK);
        assert_int_equal(told_fold(events + cut, STEPS - cut, &f->types, &f->frame, &f->arena,
                                   &second, &n_second),
                         STATUS_OK);
        assert_int_equal(touches_join(&f->types, first, n_first, second, n_second, &f->arena,
                                      &joined, &n_joined),
                         STATUS_OK);
        assert_int_equal(n_joined, n);
        for (size_t i = 0; i < n; i++) {
            assert_int_equal(joined[i].item, whole[i].item);
            assert_int_equal(joined[i].type, whole[i].type);
            assert_true(joined[i].last_ms == whole[i].last_ms);
            assert_float_equal(joined[i].decays, whole[i].decays, 1e-6);
        }
    }
}

int main(void)
{
#define with_fixture(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        with_fixture(told_events_fold_as_stored_ones),
        with_fixture(no_more_than_the_newest_teach),
        with_fixture(two_halves_join_to_the_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
