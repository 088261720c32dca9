/* What these catch: touches out of order or doubled, a late event taken for the newest, a user
 * whose touches grow without end, the dead kept in memory. */
#include "support/test.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/rng.h"
#include "recommend/tail.h"

static struct event_types types;
static const struct signal_frame frame = {.newest_ms = TIME_UNKNOWN};

static int set_up(void **state)
{
    (void)state;
    event_types_init(&types);
    return 0;
}

static struct event_row row(uint32_t user, uint32_t item, const char *type, int64_t time_ms,
                            float value)
{
    static uint64_t seq;
    return (struct event_row){.seq = ++seq,
                              .time_ms = time_ms,
                              .user = user,
                              .item = item,
                              .value = value,
                              .type = event_types_code(&types, type)};
}

static void add(struct tail *tail, struct event_row event)
{
    assert_int_equal(tail_add(tail, &types, &frame, &event), STATUS_OK);
}

static void a_late_event_counts_but_is_not_the_newest(void **state)
{
    (void)state;
    struct tail tail = {0};
    add(&tail, row(1, 5, "rating", 100, 4));
    add(&tail, row(1, 5, "rating", 50, 2)); /* back-dated */
    add(&tail, row(1, 5, "rating", TIME_UNKNOWN, 1));
    const struct tail_user *user = tail_find(&tail, 1);
    assert_int_equal(user->n, 1);
    assert_true(user->touches[0].value == 4 && user->touches[0].last_ms == 100);
    add(&tail, row(1, 5, "rating", 100, 3)); /* of the same time, and later */
    assert_true(tail_find(&tail, 1)->touches[0].value == 3);
    assert_true(tail_find(&tail, 1)->touches[0].decays == 4);
    /* the same between the snapshot's touch and the tail's */
    struct touch before = {.item = 5, .type = event_types_code(&types, "rating")};
    touch_add(&before, &types, &frame, 200, 5);
    struct arena arena = {0};
    const struct touch *joined;
    size_t n;
    assert_int_equal(tail_join(tail_find(&tail, 1), &types, &before, 1, &arena, &joined, &n),
                     STATUS_OK);
    assert_true(n == 1 && joined[0].value == 5 && joined[0].last_ms == 200 &&
                joined[0].decays == 5);
    arena_free(&arena);
    tail_free(&tail);
}

static void touches_are_sorted_and_joined_whatever_order_they_came_in(void **state)
{
    (void)state;
    enum { ITEMS = 50, EVENTS = 3000 };
    static const char *const names[] = {"view", "click", "like"};
    static unsigned counts[ITEMS][3];
    memset(counts, 0, sizeof counts);
    struct tail tail = {0};
    struct touch before[ITEMS];
    struct rng rng = rng_seed(10, 0);
    for (uint32_t i = 0; i < ITEMS; i++) {
        before[i] = (struct touch){.item = i, .type = event_types_code(&types, "click")};
        touch_add(&before[i], &types, &frame, 5, NAN);
        counts[i][1]++;
    }
    for (int i = 0; i < EVENTS; i++) {
        const uint32_t item = rng_below(&rng, ITEMS), type = rng_below(&rng, 3);
        add(&tail, row(7, item, names[type], rng_below(&rng, 1000), NAN));
        add(&tail, row(1000 + rng_below(&rng, 500), item, "view", 1, NAN)); /* others beside */
        counts[item][type]++;
    }
    struct arena arena = {0};
    const struct touch *joined;
    size_t n, k = 0;
    assert_int_equal(tail_join(tail_find(&tail, 7), &types, before, ITEMS, &arena, &joined, &n),
                     STATUS_OK);
    for (uint32_t item = 0; item < ITEMS; item++)
        for (int type = 0; type < 3; type++) {
            if (counts[item][type] == 0)
                continue;
            assert_true(k < n && joined[k].item == item);
            assert_int_equal(joined[k].type, event_types_code(&types, names[type]));
            assert_true(joined[k++].decays == (float)counts[item][type]);
        }
    assert_int_equal(k, n);
    arena_free(&arena);
    tail_free(&tail);
}

static void the_dead_keep_nothing_and_get_nothing(void **state)
{
    (void)state;
    struct tail tail = {0};
    add(&tail, row(1, 5, "view", 1, NAN));
    const uint64_t bytes = tail_bytes(&tail);
    assert_int_equal(tail_kill(&tail, 1, 9), STATUS_OK);
    assert_true(tail_bytes(&tail) < bytes);
    add(&tail, row(1, 5, "view", 1, NAN));
    const struct tail_user *user = tail_find(&tail, 1);
    assert_true(user->dead && user->replaced && user->n == 0 && user->seq == 9);
    assert_null(tail_find(&tail, 2));
    tail_free(&tail);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_late_event_counts_but_is_not_the_newest, set_up),
        cmocka_unit_test_setup(touches_are_sorted_and_joined_whatever_order_they_came_in, set_up),
        cmocka_unit_test_setup(the_dead_keep_nothing_and_get_nothing, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
