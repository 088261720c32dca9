/* What these catch: a list of another moment, user or snapshot, memory beyond the stated number, a
 * list that outlives its user, one thread's list torn by another. */
#include "recommend/list_cache.h"

#include <pthread.h>
#include <string.h>

#include "models/model.h"
#include "support/test.h"

static const struct list_key key = {
    .user = 7, .generation = 1, .seq = 10, .gains = 3, .now_ms = 1000};

static struct list_cache *cache_of(uint32_t lists)
{
    struct list_cache *cache;
    assert_int_equal(list_cache_new(lists, &cache), STATUS_OK);
    return cache;
}

static void put(struct list_cache *cache, const struct list_key *at, uint32_t first, uint32_t n)
{
    struct ranked best[300];
    for (uint32_t i = 0; i < n; i++)
        best[i] = (struct ranked){.item = first + i, .score = (float)(n - i)};
    const struct ranked_list list = {.best = best, .n = n, .strategy = "made", .model = "model"};
    list_cache_put(cache, at, 2000, &list);
}

static bool has(struct list_cache *cache, const struct list_key *at)
{
    struct arena arena = {0};
    struct ranked_list list;
    const enum status status = list_cache_get(cache, at, &arena, &list);
    arena_free(&arena);
    assert_true(status == STATUS_OK || status == STATUS_NOT_FOUND);
    return status == STATUS_OK;
}

static void what_is_put_is_there(void **state)
{
    (void)state;
    struct list_cache *cache = cache_of(1);
    struct arena arena = {0};
    struct ranked_list list;
    assert_false(has(cache, &key));
    put(cache, &key, 5, 3);
    assert_int_equal(list_cache_get(cache, &key, &arena, &list), STATUS_OK);
    assert_int_equal(list.n, 3);
    assert_int_equal(list.best[2].item, 7);
    assert_true(list.best[0].score == 3);
    assert_string_equal(list.strategy, "made");
    assert_string_equal(list.model, "model");
    put(cache, &key, 9, 300); /* in its place, and no more than there is room for */
    assert_int_equal(list_cache_get(cache, &key, &arena, &list), STATUS_OK);
    assert_int_equal(list.n, LIST_ITEMS_MAX);
    assert_int_equal(list.best[LIST_ITEMS_MAX - 1].item, 9 + LIST_ITEMS_MAX - 1);
    const struct list_cache_counts counts = list_cache_count(cache);
    assert_int_equal(counts.lists, 1);
    assert_int_equal(counts.hits, 2);
    assert_int_equal(counts.misses, 1);
    arena_free(&arena);
    list_cache_free(cache);
    list_cache_free(NULL);
}

static void a_list_holds_for_its_key_and_time_alone(void **state)
{
    (void)state;
    struct list_cache *cache = cache_of(64);
    put(cache, &key, 5, 3);
    struct list_key other = key;
    other.now_ms = 1999;
    assert_true(has(cache, &other));
    other.now_ms = 2000;
    assert_false(has(cache, &other));
    other.now_ms = 999;
    assert_false(has(cache, &other));
    other = key;
    other.user = 8;
    assert_false(has(cache, &other));
    other = key;
    other.generation++;
    assert_false(has(cache, &other));
    other = key;
    other.seq++;
    assert_false(has(cache, &other));
    other = key;
    other.gains++;
    assert_false(has(cache, &other));
    assert_true(has(cache, &key));
    list_cache_free(cache);
}

static void a_forgotten_user_has_no_list(void **state)
{
    (void)state;
    struct list_cache *cache = cache_of(64);
    struct list_key other = key;
    other.user = QUERY_NO_USER;
    put(cache, &key, 5, 3);
    put(cache, &other, 5, 3);
    list_cache_forget(cache, key.user);
    list_cache_forget(cache, key.user); /* again does no harm */
    assert_false(has(cache, &key));
    assert_true(has(cache, &other));
    assert_int_equal(list_cache_count(cache).lists, 1);
    list_cache_free(cache);
}

static void the_number_of_lists_is_bounded_and_the_longest_unused_goes(void **state)
{
    (void)state;
    struct list_cache *cache = cache_of(4); /* one set */
    struct list_key at = key;
    for (at.user = 0; at.user < 4; at.user++)
        put(cache, &at, at.user, 1);
    at.user = 0;
    assert_true(has(cache, &at)); /* so that 1 is the one unused longest */
    at.user = 100;
    put(cache, &at, 100, 1);
    static const uint32_t left[] = {0, 2, 3, 100};
    for (size_t i = 0; i < 4; i++) {
        at.user = left[i];
        assert_true(has(cache, &at));
    }
    for (at.user = 0; at.user < 1000; at.user++)
        put(cache, &at, at.user, 1);
    assert_int_equal(list_cache_count(cache).lists, 4);
    list_cache_free(cache);
}

static struct list_cache *shared;

/* Every list of a user is of one number throughout. */
static void *use(void *argument)
{
    const uint32_t own = *(const uint32_t *)argument;
    for (uint32_t round = 0; round < 20000; round++) {
        struct list_key at = key;
        struct arena arena = {0};
        struct ranked_list list;
        at.user = round % 5;
        if (list_cache_get(shared, &at, &arena, &list) == STATUS_OK)
            for (uint32_t i = 1; i < list.n; i++)
                assert_true(list.best[i].item - i == list.best[0].item);
        arena_free(&arena);
        if (round % 3 == 0)
            put(shared, &at, own * 1000 + round, 1 + round % 200);
        if (round % 7 == 0)
            list_cache_forget(shared, at.user);
    }
    return NULL;
}

static void threads_never_see_half_a_list(void **state)
{
    (void)state;
    shared = cache_of(4);
    pthread_t threads[4];
    uint32_t numbers[4];
    for (uint32_t i = 0; i < 4; i++) {
        numbers[i] = i;
        assert_int_equal(pthread_create(&threads[i], NULL, use, &numbers[i]), 0);
    }
    for (size_t i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    assert_in_range(list_cache_count(shared).lists, 0, 4);
    list_cache_free(shared);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_put_is_there),
        cmocka_unit_test(a_list_holds_for_its_key_and_time_alone),
        cmocka_unit_test(a_forgotten_user_has_no_list),
        cmocka_unit_test(the_number_of_lists_is_bounded_and_the_longest_unused_goes),
        cmocka_unit_test(threads_never_see_half_a_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
