/* What these catch: a list that is lost between threads, a place that a list did not cover, two
 * names of one strategy, a version that takes another's items. */
#include "server/answered.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/test.h"

enum { THREADS = 4, TIMES = 5000 };

static struct answered *make(void)
{
    struct answered *answered;
    assert_int_equal(answered_new(&answered), STATUS_OK);
    return answered;
}

static void places_are_those_that_the_lists_covered(void **state)
{
    (void)state;
    struct answered *answered = make();
    struct answered_sum sum;
    answered_add(answered, "ials", 3, 0, 2);           /* 0, 1 */
    answered_add(answered, "ials", 3, 1, 3);           /* 1, 2, 3 */
    answered_add(answered, "ials", 3, 8, 500);         /* 8, 9 */
    answered_add(answered, "ials", 3, UINT32_MAX, 10); /* none that is told apart */
    answered_add(answered, "ials", 3, 0, 0);
    answered_sum(answered, &sum);
    static const uint64_t wanted[ANSWERED_RANKS] = {1, 2, 1, 1, 0, 0, 0, 0, 1, 1};
    assert_memory_equal(sum.ranks, wanted, sizeof wanted);
    assert_int_equal(sum.n_strategies, 1);
    assert_int_equal(sum.lists[0], 5);
    answered_free(answered);
}

static void strategies_are_told_by_their_text(void **state)
{
    (void)state;
    struct answered *answered = make();
    struct answered_sum sum;
    const char one[] = "fold_in", other[] = "fold_in"; /* two addresses */
    char names[ANSWERED_STRATEGIES_MAX + 3][8];
    answered_add(answered, one, 1, 0, 1);
    answered_add(answered, other, 1, 0, 1);
    answered_sum(answered, &sum);
    assert_int_equal(sum.n_strategies, 1);
    assert_int_equal(sum.lists[0], 2);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(names[i], sizeof names[i], "s%zu", i);
        answered_add(answered, names[i], 1, 0, 1);
    }
    answered_sum(answered, &sum);
    uint64_t lists = 0;
    for (size_t i = 0; i < sum.n_strategies; i++)
        lists += sum.lists[i];
    assert_true(sum.n_strategies <= ANSWERED_STRATEGIES_MAX);
    assert_string_equal(sum.strategies[sum.n_strategies - 1], "other");
    assert_int_equal(lists, 2 + sizeof names / sizeof *names);
    answered_free(answered);
}

/* As a ranker's does, which goes with its snapshot. */
static void a_strategy_outlives_the_text_that_named_it(void **state)
{
    (void)state;
    struct answered *answered = make();
    struct answered_sum sum;
    char *text = strdup("ials+wide_deep"), again[] = "ials+wide_deep";
    answered_add(answered, text, 1, 0, 1);
    memset(text, 'x', strlen(text));
    free(text);
    answered_add(answered, again, 2, 0, 1);
    answered_sum(answered, &sum);
    assert_int_equal(sum.n_strategies, 1);
    assert_string_equal(sum.strategies[0], "ials+wide_deep");
    assert_int_equal(sum.lists[0], 2);
    answered_free(answered);
}

static void items_belong_to_the_version_that_gave_them(void **state)
{
    (void)state;
    struct answered *answered = make();
    struct answered_sum sum;
    answered_add(answered, "a", 7, 0, 10);
    answered_add(answered, "a", 8, 0, 20);
    answered_sum(answered, &sum);
    assert_int_equal(sum.versions[7 % ANSWERED_VERSIONS], 7);
    assert_int_equal(sum.items[7 % ANSWERED_VERSIONS], 10);
    assert_int_equal(sum.versions[8 % ANSWERED_VERSIONS], 8);
    assert_int_equal(sum.items[8 % ANSWERED_VERSIONS], 20);
    answered_add(answered, "a", 7 + ANSWERED_VERSIONS, 0, 1); /* takes the slot, and its count */
    answered_sum(answered, &sum);
    assert_int_equal(sum.versions[7 % ANSWERED_VERSIONS], 7 + ANSWERED_VERSIONS);
    assert_int_equal(sum.items[7 % ANSWERED_VERSIONS], 11);
    answered_free(answered);
}

static void *add_many(void *answered)
{
    static const char *const names[] = {"a", "b", "c"};
    for (int i = 0; i < TIMES; i++)
        answered_add(answered, names[i % 3], 1, 0, 5);
    return NULL;
}

static void nothing_is_lost_between_threads(void **state)
{
    (void)state;
    struct answered *answered = make();
    struct answered_sum sum;
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, add_many, answered), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    answered_sum(answered, &sum);
    assert_int_equal(sum.n_strategies, 3);
    assert_int_equal(sum.lists[0] + sum.lists[1] + sum.lists[2], THREADS * TIMES);
    assert_int_equal(sum.items[1], THREADS * TIMES * 5);
    assert_int_equal(sum.ranks[4], THREADS * TIMES);
    answered_free(answered);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places_are_those_that_the_lists_covered),
        cmocka_unit_test(strategies_are_told_by_their_text),
        cmocka_unit_test(a_strategy_outlives_the_text_that_named_it),
        cmocka_unit_test(items_belong_to_the_version_that_gave_them),
        cmocka_unit_test(nothing_is_lost_between_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
