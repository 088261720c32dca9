/* What these catch: equal contents with equal numbers (events would be lost), numbers that differ
 * when a file is read again (events would be doubled), memory that grows with the file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/rng.h"
#include "data/occurrence.h"

static uint64_t next(struct occurrences *seen, uint64_t hash)
{
    uint64_t number = UINT64_MAX;
    assert_int_equal(occurrence_next(seen, hash, &number), STATUS_OK);
    return number;
}

static void each_content_counts_from_zero(void **state)
{
    (void)state;
    struct occurrences seen = {0};
    struct rng rng = rng_seed(1, 1);
    for (int i = 0; i < 20000; i++) { /* the table grows on the way */
        const uint64_t hash = rng_next(&rng);
        assert_int_equal(next(&seen, hash), 0);
        assert_int_equal(next(&seen, hash), 1);
    }
    rng = rng_seed(1, 1);
    for (int i = 0; i < 20000; i++)
        assert_int_equal(next(&seen, rng_next(&rng)), 2);
    occurrences_free(&seen);
    assert_int_equal(next(&seen, 5), 0);
    occurrences_free(&seen);
}

static void a_full_table_stays_small_and_still_tells_repetitions_apart(void **state)
{
    (void)state;
    enum { N = 20000, TIMES = 3 };
    static uint64_t first[N * TIMES], again[N * TIMES];
    for (int run = 0; run < 2; run++) {
        struct occurrences seen = {.slots_max = 4096};
        for (int i = 0; i < N * TIMES; i++) {
            struct rng rng = rng_seed((uint64_t)(i % N), 2);
            (run ? again : first)[i] = next(&seen, rng_next(&rng));
        }
        assert_int_equal(seen.n_slots, 4096);
        occurrences_free(&seen);
    }
    assert_memory_equal(first, again, sizeof first);
    for (int i = 0; i < N; i++) {
        assert_true(first[i] < first[i + N]);
        assert_true(first[i + N] < first[i + 2 * N]);
    }
}

static void one_content_may_come_any_number_of_times(void **state)
{
    (void)state;
    struct occurrences seen = {0};
    for (uint64_t i = 0; i < 200000; i++)
        assert_int_equal(next(&seen, 0), i);
    assert_int_equal(next(&seen, UINT64_MAX), 0);
    occurrences_free(&seen);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_content_counts_from_zero),
        cmocka_unit_test(a_full_table_stays_small_and_still_tells_repetitions_apart),
        cmocka_unit_test(one_content_may_come_any_number_of_times),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
