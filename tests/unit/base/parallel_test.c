/* What these catch: a block that is done twice or never, a result that depends on the threads, a
 * loop that hangs when the pool is stopped or lifted in its midst. */
#include "base/parallel.h"

#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/rng.h"
#include "support/test.h"

enum { BLOCKS = 500 };

struct work {
    _Atomic unsigned done[BLOCKS];
    double results[BLOCKS];
    _Atomic unsigned worker_max;
    _Atomic unsigned n_idle_class; /* blocks that ran at SCHED_IDLE */
    _Atomic unsigned n_ordinary_class;
    _Atomic int nice_least; /* of the blocks in the ordinary class, if below its start */
    _Atomic bool stop;
    size_t stop_at;
    size_t lift_at;
    struct parallel *pool;
};

static int nice_of_thread(void)
{
    return getpriority(PRIO_PROCESS, 0);
}

static void run(void *context, size_t block, unsigned worker)
{
    struct work *work = context;
    atomic_fetch_add(&work->done[block], 1);
    unsigned seen = atomic_load(&work->worker_max);
    while (worker > seen && !atomic_compare_exchange_weak(&work->worker_max, &seen, worker))
        continue;
    struct rng rng = rng_seed(7, block);
    double sum = 0;
    for (int i = 0; i < 200; i++)
        sum += rng_normal(&rng);
    work->results[block] = sum;
    if (sched_getscheduler(0) == SCHED_IDLE)
        atomic_fetch_add(&work->n_idle_class, 1);
    else
        atomic_fetch_add(&work->n_ordinary_class, 1);
    if (sched_getscheduler(0) != SCHED_IDLE && nice_of_thread() < atomic_load(&work->nice_least))
        atomic_store(&work->nice_least, nice_of_thread());
    if (work->stop_at && block == work->stop_at)
        atomic_store(&work->stop, true);
    if (work->lift_at && block == work->lift_at)
        parallel_lift(work->pool);
}

static struct parallel *new_pool(unsigned threads, bool idle)
{
    struct parallel *pool;
    assert_int_equal(parallel_new(threads, idle, &pool), STATUS_OK);
    assert_int_equal(parallel_threads(pool), threads);
    return pool;
}

static void expect_each_once(const struct work *work, size_t n_blocks)
{
    for (size_t i = 0; i < BLOCKS; i++)
        assert_int_equal(work->done[i], i < n_blocks);
}

static void results_are_the_same_for_any_number_of_threads(void **state)
{
    (void)state;
    static struct work alone, work;
    memset(&alone, 0, sizeof alone);
    parallel_for(NULL, BLOCKS, run, &alone, NULL);
    expect_each_once(&alone, BLOCKS);
    for (unsigned threads = 1; threads <= 4; threads++)
        for (int idle = 0; idle < 2; idle++) {
            struct parallel *pool = new_pool(threads, idle);
            for (int repeat = 0; repeat < 20; repeat++) {
                memset(&work, 0, sizeof work);
                parallel_for(pool, BLOCKS, run, &work, NULL);
                expect_each_once(&work, BLOCKS);
                assert_memory_equal(work.results, alone.results, sizeof alone.results);
                assert_true(work.worker_max < threads);
                assert_int_equal(idle ? work.n_ordinary_class : work.n_idle_class, 0);
            }
            assert_true(parallel_cpu_seconds(pool) > 0);
            parallel_free(pool);
        }
}

static void few_blocks_and_none_are_done_as_well(void **state)
{
    (void)state;
    static struct work work;
    struct parallel *pool = new_pool(4, false);
    for (size_t n = 0; n < 6; n++) {
        memset(&work, 0, sizeof work);
        parallel_for(pool, n, run, &work, NULL);
        expect_each_once(&work, n);
    }
    parallel_free(pool);
    parallel_free(NULL);
    assert_int_equal(parallel_threads(NULL), 1);
}

static void a_stopped_loop_skips_the_rest_and_the_next_runs(void **state)
{
    (void)state;
    static struct work work;
    for (unsigned threads = 0; threads <= 3; threads++) {
        struct parallel *pool = threads ? new_pool(threads, false) : NULL;
        memset(&work, 0, sizeof work);
        work.stop_at = 10;
        parallel_for(pool, BLOCKS, run, &work, &work.stop);
        unsigned done = 0;
        for (size_t i = 0; i < BLOCKS; i++) {
            assert_true(work.done[i] <= 1);
            done += work.done[i];
        }
        assert_true(done >= 11);
        if (threads <= 1)
            assert_int_equal(done, 11);
        memset(&work, 0, sizeof work);
        work.stop = true;
        parallel_for(pool, BLOCKS, run, &work, &work.stop);
        expect_each_once(&work, 0);
        parallel_for(pool, BLOCKS, run, &work, NULL);
        expect_each_once(&work, BLOCKS);
        parallel_free(pool);
    }
}

/* What was made idle never claims as much as the threads that answer, which start at our own. */
static void a_lifted_pool_stays_nicer_than_others(void **state)
{
    (void)state;
    static struct work work;
    const int own = nice_of_thread();
    for (int lifted = 0; lifted <= 1; lifted++) {
        struct parallel *pool = new_pool(2, lifted);
        parallel_lift(pool);
        memset(&work, 0, sizeof work);
        atomic_store(&work.nice_least, INT_MAX);
        parallel_for(pool, BLOCKS, run, &work, NULL);
        expect_each_once(&work, BLOCKS);
        assert_int_equal(work.n_ordinary_class, BLOCKS);
        if (lifted && own < 19)
            assert_true(work.nice_least > own);
        else
            assert_int_equal(work.nice_least, own);
        parallel_free(pool);
    }
    assert_int_equal(nice_of_thread(), own);
}

static void a_pool_lifted_between_loops_leaves_the_idle_class(void **state)
{
    (void)state;
    static struct work alone, work;
    memset(&alone, 0, sizeof alone);
    parallel_for(NULL, BLOCKS, run, &alone, NULL);
    for (unsigned threads = 1; threads <= 4; threads++) {
        struct parallel *pool = new_pool(threads, true);
        memset(&work, 0, sizeof work);
        parallel_for(pool, BLOCKS, run, &work, NULL);
        assert_int_equal(work.n_idle_class, BLOCKS);
        assert_true(parallel_is_idle(pool));
        const double before = parallel_cpu_seconds(pool);
        parallel_lift(pool);
        parallel_lift(pool);
        assert_false(parallel_is_idle(pool));
        for (int repeat = 0; repeat < 3; repeat++) {
            memset(&work, 0, sizeof work);
            parallel_for(pool, BLOCKS, run, &work, NULL);
            expect_each_once(&work, BLOCKS);
            assert_int_equal(work.n_ordinary_class, BLOCKS);
            assert_memory_equal(work.results, alone.results, sizeof alone.results);
        }
        assert_true(parallel_cpu_seconds(pool) > before);
        assert_int_equal(parallel_threads(pool), threads);
        parallel_free(pool);
    }
}

/* The rest of the blocks goes to new workers; none is lost or done twice, and nobody hangs. */
static void a_pool_lifted_within_a_loop_finishes_it_outside_the_idle_class(void **state)
{
    (void)state;
    static struct work work;
    for (unsigned threads = 1; threads <= 4; threads++)
        for (size_t lift_at = 1; lift_at < BLOCKS; lift_at += 83) {
            struct parallel *pool = new_pool(threads, true);
            memset(&work, 0, sizeof work);
            work.lift_at = lift_at;
            work.pool = pool;
            parallel_for(pool, BLOCKS, run, &work, NULL);
            expect_each_once(&work, BLOCKS);
            assert_true(work.n_idle_class >= lift_at + 1);
            if (threads == 1)
                assert_int_equal(work.n_ordinary_class, BLOCKS - lift_at - 1);
            assert_false(parallel_is_idle(pool));
            parallel_free(pool);
        }
}

struct lifter {
    struct parallel *pool;
    unsigned wait_us;
};

static void *lift_soon(void *argument)
{
    const struct lifter *lifter = argument;
    usleep(lifter->wait_us);
    parallel_lift(lifter->pool);
    return NULL;
}

static void another_thread_may_lift_at_any_moment(void **state)
{
    (void)state;
    static struct work work;
    for (unsigned i = 0; i < 60; i++) {
        struct lifter lifter = {new_pool(1 + i % 3, true), i * 20};
        pthread_t thread;
        memset(&work, 0, sizeof work);
        assert_int_equal(pthread_create(&thread, NULL, lift_soon, &lifter), 0);
        parallel_for(lifter.pool, BLOCKS, run, &work, NULL);
        expect_each_once(&work, BLOCKS);
        pthread_join(thread, NULL);
        parallel_free(lifter.pool);
    }
}

static void the_machine_s_limits_are_sensible(void **state)
{
    (void)state;
    assert_in_range(parallel_cores(), 1, PARALLEL_THREADS_MAX);
    assert_true(parallel_memory_limit() > 16 << 20);
    cpu_set_t before, one;
    assert_int_equal(sched_getaffinity(0, sizeof before, &before), 0);
    CPU_ZERO(&one);
    for (int cpu = 0; cpu < CPU_SETSIZE && CPU_COUNT(&one) == 0; cpu++)
        if (CPU_ISSET(cpu, &before))
            CPU_SET(cpu, &one);
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
    assert_int_equal(parallel_cores(), 1);
    assert_int_equal(sched_setaffinity(0, sizeof before, &before), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(results_are_the_same_for_any_number_of_threads),
        cmocka_unit_test(few_blocks_and_none_are_done_as_well),
        cmocka_unit_test(a_stopped_loop_skips_the_rest_and_the_next_runs),
        cmocka_unit_test(a_lifted_pool_stays_nicer_than_others),
        cmocka_unit_test(a_pool_lifted_between_loops_leaves_the_idle_class),
        cmocka_unit_test(a_pool_lifted_within_a_loop_finishes_it_outside_the_idle_class),
        cmocka_unit_test(another_thread_may_lift_at_any_moment),
        cmocka_unit_test(the_machine_s_limits_are_sensible),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
