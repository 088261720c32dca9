/* What these catch: an id that is lost or found twice after growth, removal or mapping; arrays from
 * a file that would be read past their end. */
#include "base/idmap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "support/test.h"

enum { NUMBERS_MAX = 4000, IDS = 3000 };

static size_t name_of(uint32_t id, char out[32])
{
    return (size_t)snprintf(out, 32, "%s%u", id % 3 ? "item-" : "", id);
}

/* The naive model: the id of each number, -1 for none. */
static int model[NUMBERS_MAX];
static uint32_t model_count;

static uint32_t model_find(int id)
{
    for (uint32_t i = 0; i < model_count; i++)
        if (model[i] == id)
            return i;
    return IDMAP_NONE;
}

static void expect_model(const struct idmap *map)
{
    char name[32];
    assert_int_equal(map->count, model_count);
    for (uint32_t i = 0; i < model_count; i++) {
        size_t length;
        const char *id = idmap_id(map, i, &length);
        if (model[i] < 0) {
            assert_int_equal(length, 0);
        } else {
            assert_int_equal(length, name_of((uint32_t)model[i], name));
            assert_memory_equal(id, name, length);
        }
    }
    for (uint32_t id = 0; id < IDS; id += 7)
        assert_int_equal(idmap_find(map, name, name_of(id, name)), model_find((int)id));
}

static void add(struct idmap *map, uint32_t number, uint32_t id)
{
    char name[32];
    const size_t length = name_of(id, name);
    const bool allowed = number >= model_count && model_find((int)id) == IDMAP_NONE;
    assert_int_equal(idmap_add(map, number, name, length), allowed ? STATUS_OK : STATUS_CONFLICT);
    if (!allowed)
        return;
    while (model_count < number)
        model[model_count++] = -1;
    model[model_count++] = (int)id;
}

static void random_operations_equal_a_naive_model(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 5; seed++) {
        struct rng rng = rng_seed(seed, 0);
        struct idmap map = {0};
        model_count = 0;
        for (int i = 0; i < 4000 && model_count < NUMBERS_MAX - 10; i++) {
            const uint32_t id = rng_below(&rng, IDS), kind = rng_below(&rng, 10);
            if (kind < 6) {
                add(&map, model_count + (rng_below(&rng, 8) ? 0 : rng_below(&rng, 5)), id);
            } else if (kind == 6 && model_count) {
                add(&map, rng_below(&rng, model_count), id);
            } else if (kind == 7 && model_count) {
                const uint32_t number = rng_below(&rng, model_count);
                idmap_remove(&map, number);
                model[number] = -1;
            } else {
                char name[32];
                assert_int_equal(idmap_find(&map, name, name_of(id, name)), model_find((int)id));
            }
            if (i % 500 == 0)
                expect_model(&map);
        }
        expect_model(&map);
        struct idmap view;
        assert_int_equal(idmap_view(&view, map.count, map.starts, map.bytes, map.starts[map.count],
                                    map.slots, map.n_slots),
                         STATUS_OK);
        expect_model(&view);
        idmap_free(&view); /* frees nothing that it does not own */
        expect_model(&map);
        idmap_free(&map);
    }
}

static void a_removed_id_leaves_no_bytes_and_can_come_again(void **state)
{
    (void)state;
    struct idmap map = {0};
    assert_int_equal(idmap_add(&map, 0, "secret-person", 13), STATUS_OK);
    idmap_remove(&map, 0);
    for (size_t i = 0; i < 13; i++)
        assert_int_equal(map.bytes[i], 0);
    assert_int_equal(idmap_find(&map, "secret-person", 13), IDMAP_NONE);
    assert_int_equal(idmap_add(&map, 1, "secret-person", 13), STATUS_OK);
    assert_int_equal(idmap_find(&map, "secret-person", 13), 1);
    idmap_remove(&map, 0); /* once more is harmless */
    assert_int_equal(idmap_find(&map, "secret-person", 13), 1);
    idmap_free(&map);
}

static void an_empty_map_finds_nothing(void **state)
{
    (void)state;
    struct idmap map = {0}, view;
    const uint64_t starts[] = {0};
    assert_int_equal(idmap_find(&map, "a", 1), IDMAP_NONE);
    assert_int_equal(idmap_find(&map, "", 0), IDMAP_NONE);
    assert_int_equal(idmap_view(&view, 0, starts, NULL, 0, NULL, 0), STATUS_OK);
    assert_int_equal(idmap_find(&view, "a", 1), IDMAP_NONE);
    idmap_free(&map);
}

/* Without the refusal the capacities wrap around in 32 bits. */
static void numbers_past_the_limit_are_refused_and_change_nothing(void **state)
{
    (void)state;
    static const uint32_t numbers[] = {IDMAP_COUNT_MAX, 1500000000, 2900000000, UINT32_MAX - 1,
                                       UINT32_MAX};
    struct idmap map = {0};
    assert_int_equal(idmap_add(&map, 3, "a", 1), STATUS_OK);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        assert_int_equal(idmap_add(&map, numbers[i], "b", 1), STATUS_TOO_LARGE);
    assert_int_equal(map.count, 4);
    assert_int_equal(idmap_find(&map, "a", 1), 3);
    assert_int_equal(idmap_find(&map, "b", 1), IDMAP_NONE);
    idmap_free(&map);
}

static void arrays_that_contradict_each_other_are_corrupt(void **state)
{
    (void)state;
    struct idmap map = {0}, view;
    assert_int_equal(idmap_add(&map, 0, "ab", 2), STATUS_OK);
    assert_int_equal(idmap_add(&map, 1, "c", 1), STATUS_OK);
    uint64_t falling[] = {0, 5, 3}, not_zero[] = {1, 2, 3}, good[] = {0, 2, 3};
    uint32_t all_taken[] = {0, 1}, past[] = {0, IDMAP_NONE, 2, IDMAP_NONE};
    uint32_t three[] = {0, 1, IDMAP_NONE};
    assert_int_equal(idmap_view(&view, 2, falling, "abc", 3, map.slots, 32), STATUS_CORRUPT);
    assert_int_equal(idmap_view(&view, 2, not_zero, "abc", 3, map.slots, 32), STATUS_CORRUPT);
    assert_int_equal(idmap_view(&view, 2, good, "abc", 2, map.slots, 32), STATUS_CORRUPT);
    assert_int_equal(idmap_view(&view, 2, good, "abc", 4, map.slots, 32), STATUS_CORRUPT);
    assert_int_equal(idmap_view(&view, 2, good, "abc", 3, all_taken, 2), STATUS_CORRUPT);
    assert_int_equal(idmap_view(&view, 2, good, "abc", 3, past, 4), STATUS_CORRUPT);
    assert_int_equal(idmap_view(&view, 2, good, "abc", 3, three, 3), STATUS_CORRUPT);
    assert_int_equal(idmap_view(&view, 2, good, "abc", 3, NULL, 0), STATUS_CORRUPT);
    assert_int_equal(idmap_view(&view, 2, good, "abc", 3, map.slots, 32), STATUS_OK);
    assert_int_equal(idmap_find(&view, "c", 1), 1);
    idmap_free(&map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_operations_equal_a_naive_model),
        cmocka_unit_test(a_removed_id_leaves_no_bytes_and_can_come_again),
        cmocka_unit_test(an_empty_map_finds_nothing),
        cmocka_unit_test(numbers_past_the_limit_are_refused_and_change_nothing),
        cmocka_unit_test(arrays_that_contradict_each_other_are_corrupt),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
