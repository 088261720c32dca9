/* What these catch: probes that end at a removed id, ids that come back with an old number, texts
 * of removed ids left in memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "recommend/idtable.h"

enum { IDS = 200, STEPS = 20000 };

static void random_puts_and_removals_agree_with_an_array(void **state)
{
    (void)state;
    struct idtable table = {0};
    uint32_t numbers[IDS];
    memset(numbers, 0xff, sizeof numbers);
    struct rng rng = rng_seed(1, 0);
    for (int step = 0; step < STEPS; step++) {
        const uint32_t i = rng_below(&rng, IDS);
        char id[16];
        snprintf(id, sizeof id, "id %u", i);
        if (rng_below(&rng, 2)) {
            numbers[i] = rng_below(&rng, 50);
            assert_int_equal(idtable_put(&table, id, numbers[i], NULL), 0);
        } else if (rng_below(&rng, 4)) {
            numbers[i] = UINT32_MAX;
            idtable_remove(&table, id);
        } else {
            const uint32_t number = rng_below(&rng, 50);
            idtable_remove_number(&table, number);
            for (uint32_t k = 0; k < IDS; k++)
                if (numbers[k] == number)
                    numbers[k] = UINT32_MAX;
        }
        for (uint32_t k = step % 7; k < IDS; k += 7) {
            snprintf(id, sizeof id, "id %u", k);
            assert_int_equal(idtable_find(&table, id), numbers[k]);
        }
    }
    idtable_free(&table);
}

static void a_removed_id_is_gone_from_memory(void **state)
{
    (void)state;
    struct idtable table = {0};
    const char *copy;
    assert_int_equal(idtable_put(&table, "secret", 1, &copy), 0);
    idtable_remove(&table, "secret");
    static const char zeros[6];
    assert_memory_equal(copy, zeros, sizeof zeros); /* the arena still holds the place */
    idtable_free(&table);
}

static void an_empty_table_finds_nothing(void **state)
{
    (void)state;
    struct idtable table = {0};
    assert_int_equal(idtable_find(&table, "x"), UINT32_MAX);
    idtable_remove(&table, "x");
    idtable_remove_number(&table, 0);
    idtable_free(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_puts_and_removals_agree_with_an_array),
        cmocka_unit_test(a_removed_id_is_gone_from_memory),
        cmocka_unit_test(an_empty_table_finds_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
