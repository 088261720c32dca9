/* What these catch: a phase that begins before the one before has ended, a block that is done twice
 * or never, a run that hangs when its pool has more workers than blocks or is lifted. */
#include "base/phases.h"

#include <stdatomic.h>

#include "support/test.h"

enum { PHASES = 3000, BLOCKS_MAX = 7 };

struct work {
    size_t phase; /* that runs, from 1; 0: none yet */
    size_t last;
    size_t n_blocks;
    _Atomic size_t done; /* blocks of this phase */
    _Atomic size_t begins, faults;
    uint64_t sum; /* over phases, in their order */
    uint64_t parts[BLOCKS_MAX];
    struct parallel *pool;
};

static size_t begin(void *context)
{
    struct work *w = context;
    if (atomic_fetch_add(&w->begins, 1) != 0 || atomic_load(&w->done) != w->n_blocks)
        atomic_fetch_add(&w->faults, 1);
    for (size_t b = 0; b < w->n_blocks; b++)
        w->sum = w->sum * 31 + w->parts[b];
    if (w->pool && w->phase == w->last / 2)
        parallel_lift(w->pool);
    w->phase++;
    w->n_blocks = w->phase > w->last ? 0 : 1 + w->phase % BLOCKS_MAX;
    atomic_store(&w->done, 0);
    atomic_fetch_sub(&w->begins, 1);
    return w->n_blocks;
}

static void run(void *context, size_t block, unsigned worker)
{
    (void)worker;
    struct work *w = context;
    if (block >= w->n_blocks || atomic_load(&w->begins) != 0)
        atomic_fetch_add(&w->faults, 1);
    w->parts[block] = w->phase * 7 + block;
    atomic_fetch_add(&w->done, 1);
}

static uint64_t run_all(struct parallel *pool, size_t phases, bool lifts)
{
    struct work work = {.last = phases, .pool = lifts ? pool : NULL};
    phases_run(pool, begin, run, &work);
    assert_int_equal(atomic_load(&work.faults), 0);
    assert_int_equal(work.phase, phases + 1);
    return work.sum;
}

static void phases_follow_each_other_whole_for_any_number_of_threads(void **state)
{
    (void)state;
    const uint64_t alone = run_all(NULL, PHASES, false);
    for (unsigned threads = 1; threads <= 4; threads++) {
        struct parallel *pool;
        assert_int_equal(parallel_new(threads, threads % 2, &pool), STATUS_OK);
        for (int again = 0; again < 3; again++)
            assert_true(run_all(pool, PHASES, false) == alone);
        parallel_free(pool);
    }
}

static void no_phase_at_all_is_fine(void **state)
{
    (void)state;
    struct parallel *pool;
    assert_int_equal(parallel_new(2, false, &pool), STATUS_OK);
    assert_true(run_all(pool, 0, false) == 0);
    assert_true(run_all(NULL, 0, false) == 0);
    parallel_free(pool);
}

static void a_pool_lifted_in_the_midst_finishes(void **state)
{
    (void)state;
    struct parallel *pool;
    assert_int_equal(parallel_new(2, true, &pool), STATUS_OK);
    assert_true(run_all(pool, PHASES, true) == run_all(NULL, PHASES, false));
    assert_false(parallel_is_idle(pool));
    assert_true(run_all(pool, PHASES, false) == run_all(NULL, PHASES, false));
    parallel_free(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(phases_follow_each_other_whole_for_any_number_of_threads),
        cmocka_unit_test(no_phase_at_all_is_fine),
        cmocka_unit_test(a_pool_lifted_in_the_midst_finishes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
