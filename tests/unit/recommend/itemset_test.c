/* What these catch: members lost when a list becomes a bitmap or the other way, bits past the end,
 * a set that costs more than it should. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "recommend/itemset.h"

enum { ITEMS = 5000 };

static void check(const struct itemset *set, const bool *member, uint32_t n_items)
{
    struct bitmap bits = {0};
    assert_int_equal(bitmap_resize(&bits, n_items), 0);
    itemset_or_into(set, &bits);
    for (uint32_t i = 0; i < n_items; i++) {
        assert_int_equal(bitmap_test(&bits, i), member[i]);
        assert_int_equal(itemset_has(set, i), member[i]);
    }
    bitmap_free(&bits);
}

static void random_changes_agree_with_an_array(void **state)
{
    (void)state;
    static bool member[ITEMS];
    struct itemset set = {0};
    struct rng rng = rng_seed(2, 0);
    for (int step = 0; step < 30000; step++) {
        /* first dense among the low numbers, then sparse and far, then dense again */
        const uint32_t span = step < 8000 ? 200 : ITEMS;
        const uint32_t item = rng_below(&rng, span);
        const bool add = rng_below(&rng, 100) < (step / 5000 % 2 ? 20 : 70);
        if (add)
            assert_int_equal(itemset_add(&set, item), 0);
        else
            itemset_remove(&set, item);
        member[item] = add;
        if (step % 500 == 0)
            check(&set, member, ITEMS);
    }
    check(&set, member, ITEMS);
    check(&set, member, 77); /* a shorter result: no bit past its end */
    uint32_t members = 0;
    for (uint32_t i = 0; i < ITEMS; i++)
        members += member[i];
    assert_int_equal(set.n, members);
    itemset_free(&set);
}

static void many_members_take_a_bitmap_and_few_far_ones_do_not(void **state)
{
    (void)state;
    struct itemset dense = {0}, sparse = {0};
    for (uint32_t i = 0; i < 64000; i++)
        assert_int_equal(itemset_add(&dense, i), 0);
    assert_true(itemset_bytes(&dense) < 64000 / 8 * 2);
    for (uint32_t i = 0; i < 64; i++)
        assert_int_equal(itemset_add(&sparse, i), 0);
    assert_int_equal(itemset_add(&sparse, 300000), 0);
    assert_true(itemset_bytes(&sparse) < 2000);
    assert_true(itemset_has(&sparse, 63) && itemset_has(&sparse, 300000));
    itemset_free(&dense);
    itemset_free(&sparse);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_changes_agree_with_an_array),
        cmocka_unit_test(many_members_take_a_bitmap_and_few_far_ones_do_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
