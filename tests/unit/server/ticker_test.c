/* What these catch: a tick after the end, a last turn that is missing or doubled, an end that waits
 * for the pause, a tick that cannot ask whether it is to stop. */
#include "server/ticker.h"

#include <sched.h>
#include <stdatomic.h>

#include "support/test.h"

enum { HOUR_MS = 3600 * 1000, TICKS = 3 };

struct counts {
    struct ticker *ticker;
    atomic_int ticks, lasts, ticks_at_last;
};

static void count_tick(void *context)
{
    struct counts *counts = context;
    atomic_fetch_add(&counts->ticks, 1);
}

static void count_last(void *context)
{
    struct counts *counts = context;
    atomic_store(&counts->ticks_at_last, atomic_load(&counts->ticks));
    atomic_fetch_add(&counts->lasts, 1);
}

static void tick_until_ends(void *context)
{
    struct counts *counts = context;
    count_tick(counts);
    while (!ticker_ends(counts->ticker))
        sched_yield();
}

static void tick_that_ends(void *context)
{
    struct counts *counts = context;
    count_tick(counts);
    ticker_end(counts->ticker);
}

static void start(struct counts *counts, int64_t every_ms, void (*tick)(void *context),
                  void (*last)(void *context))
{
    assert_int_equal(ticker_start(every_ms, tick, last, counts, &counts->ticker), STATUS_OK);
}

static void await_ticks(struct counts *counts, int n)
{
    while (atomic_load(&counts->ticks) < n)
        sched_yield();
}

static void it_ticks_again_and_again_and_once_at_the_last(void **state)
{
    (void)state;
    struct counts counts = {0};
    start(&counts, 1, count_tick, count_last);
    await_ticks(&counts, TICKS);
    assert_int_equal(counts.lasts, 0);
    ticker_stop(counts.ticker);
    assert_int_equal(counts.lasts, 1);
    assert_int_equal(counts.ticks, counts.ticks_at_last);
}

/* Else the test runs out of its time. */
static void an_end_does_not_wait_for_the_pause(void **state)
{
    (void)state;
    struct counts counts = {0};
    start(&counts, HOUR_MS, count_tick, count_last);
    assert_false(ticker_ends(counts.ticker));
    ticker_stop(counts.ticker);
    assert_int_equal(counts.ticks, 0);
    assert_int_equal(counts.lasts, 1);
}

static void a_tick_sees_that_it_is_to_end(void **state)
{
    (void)state;
    struct counts counts = {0};
    start(&counts, 1, tick_until_ends, NULL);
    await_ticks(&counts, 1);
    ticker_end(counts.ticker);
    assert_true(ticker_ends(counts.ticker));
    ticker_stop(counts.ticker);
    assert_int_equal(counts.ticks, 1);
}

static void a_tick_may_end_it(void **state)
{
    (void)state;
    struct counts counts = {0};
    start(&counts, 1, tick_that_ends, count_last);
    while (atomic_load(&counts.lasts) == 0)
        sched_yield();
    ticker_stop(counts.ticker);
    assert_int_equal(counts.ticks, 1);
    assert_int_equal(counts.lasts, 1);
}

static void none_is_stopped(void **state)
{
    (void)state;
    ticker_stop(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_ticks_again_and_again_and_once_at_the_last),
        cmocka_unit_test(an_end_does_not_wait_for_the_pause),
        cmocka_unit_test(a_tick_sees_that_it_is_to_end),
        cmocka_unit_test(a_tick_may_end_it),
        cmocka_unit_test(none_is_stopped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
