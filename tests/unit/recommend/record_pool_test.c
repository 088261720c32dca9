/* What these catch: records that a compaction loses or mixes up, memory that grows with the number
 * of replacements. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "recommend/record_pool.h"

enum { OWNERS = 300, SIZE_MAX_TRIED = 4000, STEPS = 60000 };

static void fill(unsigned char *bytes, uint32_t size, uint32_t stamp)
{
    for (uint32_t i = 0; i < size; i++)
        bytes[i] = (unsigned char)(stamp * 31 + i);
}

static void random_replacements_keep_every_record_whole_in_bounded_memory(void **state)
{
    (void)state;
    struct record_pool pool = {0};
    static uint32_t sizes[OWNERS], stamps[OWNERS];
    static unsigned char bytes[SIZE_MAX_TRIED];
    struct rng rng = rng_seed(3, 0);
    for (uint32_t step = 0; step < STEPS; step++) {
        const uint32_t owner = rng_below(&rng, OWNERS);
        if (rng_below(&rng, 8) == 0) {
            record_pool_clear(&pool, owner);
            sizes[owner] = 0;
            continue;
        }
        sizes[owner] = 1 + rng_below(&rng, SIZE_MAX_TRIED);
        stamps[owner] = step;
        fill(bytes, sizes[owner], step);
        assert_int_equal(record_pool_set(&pool, owner, bytes, sizes[owner]), 0);
    }
    uint64_t live = 0;
    for (uint32_t owner = 0; owner < OWNERS; owner++) {
        uint32_t size = 0;
        const unsigned char *found = record_pool_get(&pool, owner, &size);
        assert_int_equal(found ? size : 0, sizes[owner]);
        fill(bytes, size, stamps[owner]);
        if (found)
            assert_memory_equal(found, bytes, size);
        live += size;
    }
    assert_true(pool.bytes <= 4 * live + 4 * RECORD_CHUNK_BYTES);
    record_pool_free(&pool);
}

static void one_owner_after_the_other_leaves_no_chunk_behind(void **state)
{
    (void)state;
    struct record_pool pool = {0};
    static unsigned char bytes[1000];
    for (uint32_t owner = 0; owner < 200; owner++)
        for (int again = 0; again < 200; again++)
            assert_int_equal(record_pool_set(&pool, owner, bytes, sizeof bytes), 0);
    assert_true(pool.bytes <= UINT64_C(4) * 200 * sizeof bytes + 4 * RECORD_CHUNK_BYTES);
    record_pool_free(&pool);
}

static void a_record_larger_than_a_chunk_comes_and_goes(void **state)
{
    (void)state;
    struct record_pool pool = {0};
    const uint32_t size = 3 * RECORD_CHUNK_BYTES;
    unsigned char *bytes = calloc(1, size);
    uint32_t found;
    for (uint32_t i = 0; i < 20; i++) {
        assert_int_equal(record_pool_set(&pool, 0, bytes, size), 0);
        assert_int_equal(record_pool_set(&pool, 1, "small", 6), 0);
    }
    assert_memory_equal(record_pool_get(&pool, 0, &found), bytes, size);
    assert_true(pool.bytes <= UINT64_C(3) * size);
    assert_null(record_pool_get(&pool, 2, &found));
    free(bytes);
    record_pool_free(&pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_replacements_keep_every_record_whole_in_bounded_memory),
        cmocka_unit_test(one_owner_after_the_other_leaves_no_chunk_behind),
        cmocka_unit_test(a_record_larger_than_a_chunk_comes_and_goes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
