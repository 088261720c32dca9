/* What these catch: an item shown a millisecond too early or too long, turns lost or stale after a
 * replacement, a clock that steps back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "recommend/shown.h"

enum { ITEMS = 100, SPAN_MS = 50 };

static void check(const struct shown *shown, const struct shown_window *windows, int64_t now_ms)
{
    struct bitmap bits = {0};
    /* shorter and longer ones too, with something in them */
    assert_int_equal(bitmap_resize(&bits, shown->bitmap.count / 2 + (uint32_t)(now_ms & 127)), 0);
    bitmap_fill(&bits, true);
    shown_at(shown, now_ms, &bits);
    for (uint32_t i = 0; i < bits.count; i++)
        assert_int_equal(bitmap_test(&bits, i),
                         i < ITEMS && windows[i].from_ms <= now_ms && now_ms < windows[i].until_ms);
    bitmap_free(&bits);
}

static struct shown_window random_window(struct rng *rng)
{
    struct shown_window window = SHOWN_ALWAYS;
    if (rng_below(rng, 5) == 0)
        return SHOWN_NEVER;
    if (rng_below(rng, 2))
        window.from_ms = rng_below(rng, SPAN_MS);
    if (rng_below(rng, 2))
        window.until_ms = rng_below(rng, SPAN_MS);
    return window;
}

static void any_windows_at_any_time_agree_with_the_definition(void **state)
{
    (void)state;
    struct shown shown = {0};
    static struct shown_window windows[ITEMS];
    for (int i = 0; i < ITEMS; i++)
        windows[i] = SHOWN_NEVER;
    struct rng rng = rng_seed(4, 0);
    for (int step = 0; step < 20000; step++) {
        const uint32_t item = rng_below(&rng, ITEMS);
        windows[item] = random_window(&rng);
        assert_int_equal(shown_set(&shown, item, windows[item]), 0);
        if (rng_below(&rng, 10) == 0)
            shown_advance(&shown, (int64_t)rng_below(&rng, SPAN_MS) - 2);
        check(&shown, windows, (int64_t)rng_below(&rng, SPAN_MS + 4) - 2);
    }
    assert_true(shown.n_turns <= 4 * ITEMS + 100); /* stale turns do not pile up */
    check(&shown, windows, INT64_MIN);
    check(&shown, windows, INT64_MAX - 1);
    shown_free(&shown);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_windows_at_any_time_agree_with_the_definition),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
