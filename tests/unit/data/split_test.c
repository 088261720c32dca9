/* What these catch: a held item that is also trained on, shares that are off, a user left with
 * nothing, a choice that is not repeatable, silent empty splits. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "data/split.h"
#include "support/events.h"

enum { USERS = 200, ITEMS = 60, EVENTS = 6000 };

static struct dataset *random_dataset(bool timed)
{
    static struct test_event events[EVENTS];
    const struct event_types types = test_types();
    struct rng rng = rng_seed(7, 0);
    for (uint32_t i = 0; i < EVENTS; i++)
        events[i] = (struct test_event){
            rng_below(&rng, USERS), rng_below(&rng, ITEMS), (uint8_t)(1 + rng_below(&rng, 3)),
            timed ? (int64_t)rng_below(&rng, 1000000) : TIME_UNKNOWN, 3};
    return test_dataset(&types, events, EVENTS);
}

static bool event_teaches(const struct dataset *d, uint64_t e)
{
    return d->type_codes[e] != TEST_SEEN;
}

/* No pair is half held; with keep_one, each user keeps something that teaches. */
static void check_pairs(const struct dataset *d, const struct bitmap *held, bool keep_one)
{
    for (uint32_t u = 0; u < d->n_users; u++) {
        bool kept = false;
        for (uint64_t e = d->starts[u]; e < d->starts[u + 1]; e++) {
            kept = kept || (event_teaches(d, e) && !bitmap_test(held, (uint32_t)e));
            for (uint64_t f = d->starts[u]; f < e; f++)
                if (d->items[e] == d->items[f])
                    assert_int_equal(bitmap_test(held, (uint32_t)e),
                                     bitmap_test(held, (uint32_t)f));
        }
        assert_true(kept || !keep_one);
    }
}

static void pairs_are_held_whole_and_about_the_share_is_held(void **state)
{
    (void)state;
    for (int timed = 0; timed < 2; timed++)
        for (enum split_kind kind = SPLIT_USER_TIME; kind <= SPLIT_LEAVE_ONE_OUT; kind++) {
            struct dataset *d = random_dataset(timed);
            const struct split_settings settings = {.kind = kind, .share = 0.2, .seed = 1};
            struct bitmap held;
            struct error err = {0};
            if (kind == SPLIT_TIME && !timed) {
                assert_int_equal(split_make(d, &settings, &held, &err), STATUS_OUT_OF_RANGE);
                assert_non_null(strstr(err.text, "no event has a known time"));
                dataset_free(d);
                continue;
            }
            assert_int_equal(split_make(d, &settings, &held, &err), STATUS_OK);
            assert_int_equal(held.count, EVENTS);
            check_pairs(d, &held, kind == SPLIT_USER_TIME || kind == SPLIT_LEAVE_ONE_OUT);
            const uint32_t n = bitmap_population(&held);
            assert_true(n >= USERS && n < EVENTS / 2);
            if (kind != SPLIT_LEAVE_ONE_OUT)
                assert_true(n >= EVENTS / 6);
            bitmap_free(&held);
            dataset_free(d);
        }
}

static void the_last_items_of_a_user_are_held(void **state)
{
    (void)state;
    const struct event_types types = test_types();
    const struct test_event events[] = {
        {0, 0, TEST_LIKE, 1, NAN},            /* held with the pair of the last event */
        {0, 1, TEST_LIKE, 2, NAN},            /* */
        {0, 2, TEST_LIKE, 3, NAN},            /* */
        {0, 3, TEST_LIKE, TIME_UNKNOWN, NAN}, /* sorts first: never the last */
        {0, 0, TEST_LIKE, 4, NAN},            /* held */
        {0, 4, TEST_SEEN, 5, NAN},            /* newest, but teaches nothing */
        {1, 0, TEST_LIKE, 9, NAN},            /* one item only */
    };
    struct dataset *d = test_dataset(&types, events, 7);
    const enum split_kind kinds[] = {SPLIT_USER_TIME, SPLIT_LEAVE_ONE_OUT};
    for (size_t i = 0; i < 2; i++) {
        const struct split_settings settings = {.kind = kinds[i], .share = 0.1};
        struct bitmap held;
        assert_int_equal(split_make(d, &settings, &held, NULL), STATUS_OK);
        /* as sorted: 3, 0, 1, 2, 0, 4 | 0 */
        const bool expected[] = {false, true, false, false, true, false, false};
        for (uint32_t e = 0; e < 7; e++)
            assert_int_equal(bitmap_test(&held, e), expected[e]);
        bitmap_free(&held);
    }
    dataset_free(d);
}

static void a_split_by_time_holds_what_is_newest_of_all(void **state)
{
    (void)state;
    const struct event_types types = test_types();
    struct test_event events[20];
    for (uint32_t i = 0; i < 20; i++)
        events[i] = (struct test_event){i % 4, i, TEST_LIKE, 100 + i, NAN};
    struct dataset *d = test_dataset(&types, events, 20);
    const struct split_settings settings = {.kind = SPLIT_TIME, .share = 0.25};
    struct bitmap held;
    assert_int_equal(split_make(d, &settings, &held, NULL), STATUS_OK);
    for (uint32_t e = 0; e < 20; e++)
        assert_int_equal(bitmap_test(&held, e), d->times[e] >= 115);
    bitmap_free(&held);
    dataset_free(d);
}

static void at_most_so_many_users_are_held_by_hash(void **state)
{
    (void)state;
    struct dataset *d = random_dataset(true);
    const struct split_settings all = {.kind = SPLIT_USER_TIME, .share = 0.2, .seed = 1},
                                few = {.kind = SPLIT_USER_TIME,
                                       .share = 0.2,
                                       .seed = 1,
                                       .users_max = 30};
    struct bitmap held_all, held_few;
    assert_int_equal(split_make(d, &all, &held_all, NULL), STATUS_OK);
    assert_int_equal(split_make(d, &few, &held_few, NULL), STATUS_OK);
    uint32_t n_users = 0, among_first = 0;
    for (uint32_t u = 0; u < d->n_users; u++) {
        bool any = false;
        for (uint64_t e = d->starts[u]; e < d->starts[u + 1]; e++) {
            const bool is = bitmap_test(&held_few, (uint32_t)e);
            assert_true(!is || bitmap_test(&held_all, (uint32_t)e));
            any = any || is;
        }
        n_users += any;
        among_first += any && u < 30;
    }
    assert_int_equal(n_users, 30);
    assert_true(among_first < 20); /* not simply the first */
    bitmap_free(&held_all);
    bitmap_free(&held_few);
    dataset_free(d);
}

static void the_same_seed_gives_the_same_split_and_another_another(void **state)
{
    (void)state;
    struct dataset *d = random_dataset(true);
    struct bitmap held[3];
    for (uint64_t i = 0; i < 3; i++) {
        const struct split_settings settings = {
            .kind = SPLIT_RANDOM, .share = 0.2, .seed = 5 + i / 2};
        assert_int_equal(split_make(d, &settings, &held[i], NULL), STATUS_OK);
    }
    const size_t bytes = bitmap_words(EVENTS) * sizeof(uint64_t);
    assert_memory_equal(held[0].words, held[1].words, bytes);
    assert_memory_not_equal(held[0].words, held[2].words, bytes);
    for (size_t i = 0; i < 3; i++)
        bitmap_free(&held[i]);
    dataset_free(d);
}

static void a_split_that_holds_nothing_is_refused_with_the_reason(void **state)
{
    (void)state;
    const struct event_types types = test_types();
    const struct test_event events[] = {{0, 0, TEST_LIKE, 1, NAN}, {1, 1, TEST_LIKE, 2, NAN}};
    struct dataset *d = test_dataset(&types, events, 2);
    struct split_settings settings = {.kind = SPLIT_USER_TIME, .share = 0.1};
    struct bitmap held = {0};
    struct error err = {0};
    assert_int_equal(split_make(d, &settings, &held, &err), STATUS_OUT_OF_RANGE);
    assert_non_null(strstr(err.text, "no user has two different items"));
    settings.share = 1;
    assert_int_equal(split_make(d, &settings, &held, &err), STATUS_OUT_OF_RANGE);
    assert_non_null(strstr(err.text, "between 0 and 1"));
    settings.share = NAN;
    assert_int_equal(split_make(d, &settings, &held, &err), STATUS_OUT_OF_RANGE);
    assert_null(held.words);
    dataset_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pairs_are_held_whole_and_about_the_share_is_held),
        cmocka_unit_test(the_last_items_of_a_user_are_held),
        cmocka_unit_test(a_split_by_time_holds_what_is_newest_of_all),
        cmocka_unit_test(at_most_so_many_users_are_held_by_hash),
        cmocka_unit_test(the_same_seed_gives_the_same_split_and_another_another),
        cmocka_unit_test(a_split_that_holds_nothing_is_refused_with_the_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
