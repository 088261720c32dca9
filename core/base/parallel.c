#include "base/parallel.h"

#include <assert.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

struct worker {
    struct parallel *pool;
    unsigned index;
    pthread_t thread;
    bool started;
    _Atomic int64_t cpu_ns;
};

struct parallel {
    unsigned n_workers;
    _Atomic bool idle;
    pthread_mutex_t mutex;
    pthread_cond_t has_work, is_done;
    /* the loop that runs, under mutex */
    uint64_t loop; /* rises with each parallel_for */
    unsigned busy; /* workers still in it */
    bool ends;
    parallel_block run;
    void *context;
    const _Atomic bool *stop;
    size_t n_blocks;
    _Atomic size_t next;
    int64_t loops_ns; /* wall time spent in loops */
    struct worker workers[];
};

static void run_blocks(struct parallel *pool, struct worker *worker)
{
    const int64_t start = clock_thread_cpu_ns();
    for (;;) {
        if (pool->stop && atomic_load_explicit(pool->stop, memory_order_relaxed))
            break;
        const size_t block = atomic_fetch_add_explicit(&pool->next, 1, memory_order_relaxed);
        if (block >= pool->n_blocks)
            break;
        pool->run(pool->context, block, worker->index);
    }
    atomic_fetch_add(&worker->cpu_ns, clock_thread_cpu_ns() - start);
}

static void *worker_main(void *argument)
{
    struct worker *worker = argument;
    struct parallel *pool = worker->pool;
    if (atomic_load(&pool->idle)) {
        const struct sched_param zero = {0};
        pthread_setschedparam(pthread_self(), SCHED_IDLE, &zero);
    }
    uint64_t done = 0;
    pthread_mutex_lock(&pool->mutex);
    for (;;) {
        while (!pool->ends && pool->loop == done)
            pthread_cond_wait(&pool->has_work, &pool->mutex);
        if (pool->ends)
            break;
        done = pool->loop;
        pthread_mutex_unlock(&pool->mutex);
        run_blocks(pool, worker);
        pthread_mutex_lock(&pool->mutex);
        if (--pool->busy == 0)
            pthread_cond_signal(&pool->is_done);
    }
    pthread_mutex_unlock(&pool->mutex);
    return NULL;
}

static bool start_worker(struct worker *worker)
{
    worker->started = pthread_create(&worker->thread, NULL, worker_main, worker) == 0;
    return worker->started;
}

enum status parallel_new(unsigned threads, bool idle, struct parallel **ret_pool)
{
    assert(threads >= 1 && threads <= PARALLEL_THREADS_MAX);
    struct parallel *pool = calloc(1, sizeof *pool + threads * sizeof *pool->workers);
    if (!pool)
        return STATUS_NO_MEMORY;
    pool->n_workers = threads == 1 && !idle ? 0 : threads;
    atomic_init(&pool->idle, idle);
    pthread_mutex_init(&pool->mutex, NULL);
    pthread_cond_init(&pool->has_work, NULL);
    pthread_cond_init(&pool->is_done, NULL);
    for (unsigned i = 0; i < threads; i++) {
        pool->workers[i].pool = pool;
        pool->workers[i].index = i;
        if (i < pool->n_workers && !start_worker(&pool->workers[i])) {
            parallel_free(pool);
            return STATUS_IO;
        }
    }
    *ret_pool = pool;
    return STATUS_OK;
}

static void end_workers(struct parallel *pool)
{
    pthread_mutex_lock(&pool->mutex);
    pool->ends = true;
    pthread_cond_broadcast(&pool->has_work);
    pthread_mutex_unlock(&pool->mutex);
    for (unsigned i = 0; i < pool->n_workers; i++)
        if (pool->workers[i].started)
            pthread_join(pool->workers[i].thread, NULL);
    pool->ends = false;
}

void parallel_free(struct parallel *pool)
{
    if (!pool)
        return;
    end_workers(pool);
    pthread_cond_destroy(&pool->is_done);
    pthread_cond_destroy(&pool->has_work);
    pthread_mutex_destroy(&pool->mutex);
    free(pool);
}

unsigned parallel_threads(const struct parallel *pool)
{
    return pool && pool->n_workers ? pool->n_workers : 1;
}

void parallel_for(struct parallel *pool, size_t n_blocks, parallel_block run, void *context,
                  const _Atomic bool *stop)
{
    if (n_blocks == 0)
        return;
    if (!pool) {
        for (size_t i = 0; i < n_blocks && !(stop && atomic_load(stop)); i++)
            run(context, i, 0);
        return;
    }
    pthread_mutex_lock(&pool->mutex);
    pool->run = run;
    pool->context = context;
    pool->stop = stop;
    pool->n_blocks = n_blocks;
    atomic_store(&pool->next, 0);
    if (pool->n_workers == 0) {
        pthread_mutex_unlock(&pool->mutex);
        run_blocks(pool, &pool->workers[0]);
        return;
    }
    const int64_t start = clock_monotonic_ns();
    pool->busy = pool->n_workers;
    pool->loop++;
    pthread_cond_broadcast(&pool->has_work);
    while (pool->busy > 0)
        pthread_cond_wait(&pool->is_done, &pool->mutex);
    pool->loops_ns += clock_monotonic_ns() - start;
    pthread_mutex_unlock(&pool->mutex);
}

double parallel_busy_share(const struct parallel *pool)
{
    const double wanted = (double)pool->loops_ns * 1e-9 * parallel_threads(pool);
    return wanted > 0 ? parallel_cpu_seconds(pool) / wanted : 1;
}

double parallel_cpu_seconds(const struct parallel *pool)
{
    int64_t sum = 0;
    const unsigned n = pool->n_workers ? pool->n_workers : 1;
    for (unsigned i = 0; i < n; i++)
        sum += atomic_load(&pool->workers[i].cpu_ns);
    return (double)sum * 1e-9;
}

bool parallel_is_idle(const struct parallel *pool)
{
    return atomic_load(&pool->idle);
}

/* A thread cannot leave SCHED_IDLE by itself without a privilege (the kernel checks its nice value
 * against RLIMIT_NICE), so the workers are replaced, between two loops. */
void parallel_lift(struct parallel *pool)
{
    if (!atomic_load(&pool->idle))
        return;
    end_workers(pool);
    atomic_store(&pool->idle, false);
    pool->loop = 0;
    unsigned started = 0;
    for (unsigned i = 0; i < pool->n_workers; i++)
        if (start_worker(&pool->workers[i]))
            started = i + 1;
        else
            break;
    pool->n_workers = started; /* none: the next loops run in place */
}

/* Reads up to `size` bytes of a small file under /sys or /proc; empty when it cannot. */
static void read_small_file(const char *path, char *out, size_t size)
{
    out[0] = '\0';
    FILE *file = fopen(path, "re");
    if (!file)
        return;
    const size_t n = fread(out, 1, size - 1, file);
    out[n] = '\0';
    fclose(file);
}

static double cgroup_cores(void)
{
    char text[128];
    long long quota = 0, period = 0;
    read_small_file("/sys/fs/cgroup/cpu.max", text, sizeof text);
    if (sscanf(text, "%lld %lld", &quota, &period) == 2 && quota > 0 && period > 0)
        return (double)quota / (double)period;
    read_small_file("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", text, sizeof text);
    quota = atoll(text);
    read_small_file("/sys/fs/cgroup/cpu/cpu.cfs_period_us", text, sizeof text);
    period = atoll(text);
    return quota > 0 && period > 0 ? (double)quota / (double)period : 0;
}

unsigned parallel_cores(void)
{
    cpu_set_t set;
    unsigned cores = sched_getaffinity(0, sizeof set, &set) == 0 ? (unsigned)CPU_COUNT(&set) : 1;
    const double quota = cgroup_cores();
    if (quota > 0 && quota < (double)cores)
        cores = (unsigned)quota;
    if (cores > PARALLEL_THREADS_MAX)
        cores = PARALLEL_THREADS_MAX;
    return cores ? cores : 1;
}

uint64_t parallel_memory_limit(void)
{
    const long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    uint64_t limit = pages > 0 && page > 0 ? (uint64_t)pages * (uint64_t)page : UINT64_MAX;
    static const char *const paths[] = {"/sys/fs/cgroup/memory.max",
                                        "/sys/fs/cgroup/memory/memory.limit_in_bytes"};
    for (size_t i = 0; i < 2; i++) {
        char text[64];
        read_small_file(paths[i], text, sizeof text);
        const unsigned long long value = strtoull(text, NULL, 10);
        if (value > 0 && value < limit)
            limit = value;
    }
    return limit;
}
