#include "base/parallel.h"

#include <assert.h>
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

enum {
    LIFTED_NICE = 10,      /* about a tenth of an ordinary thread's claim */
    CONTENDED_NS = 100000, /* that a block went without a core */
    NAP_MOST_NS = 5 * 1000 * 1000
};

struct worker {
    struct parallel *pool;
    unsigned index;
    pthread_t thread;
    bool started;
    bool idle;              /* the class that its thread runs in */
    _Atomic int64_t cpu_ns; /* of all threads that it has had */
};

struct parallel {
    unsigned n_places;  /* of workers[], as many as were asked for */
    unsigned n_workers; /* threads that run; 0: loops run in place */
    bool makes_way;     /* was made idle: others come first, lifted or not */
    _Atomic bool idle;  /* the class that is wanted */
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

/* A worker whose pool was lifted leaves the rest of the blocks to its successor. */
static bool is_replaced(const struct parallel *pool, const struct worker *worker)
{
    return worker->idle && !atomic_load_explicit(&pool->idle, memory_order_relaxed);
}

/* Whatever the class, a thread that runs keeps its core from taking over what waits in another
 * core's queue: the kernel looks there only when a core has nothing to do. So where blocks have to
 * wait for a core, a worker sleeps after each for as long as that one took. */
static void make_way(int64_t wall_ns, int64_t cpu_ns)
{
    if (wall_ns - cpu_ns < CONTENDED_NS)
        return;
    const struct timespec nap = {.tv_nsec = cpu_ns < NAP_MOST_NS ? cpu_ns : NAP_MOST_NS};
    nanosleep(&nap, NULL);
}

static void run_blocks(struct parallel *pool, struct worker *worker)
{
    int64_t before = clock_thread_cpu_ns();
    while (!is_replaced(pool, worker)) {
        if (pool->stop && atomic_load_explicit(pool->stop, memory_order_relaxed))
            break;
        const size_t block = atomic_fetch_add_explicit(&pool->next, 1, memory_order_relaxed);
        if (block >= pool->n_blocks)
            break;
        const int64_t started = clock_monotonic_ns();
        pool->run(pool->context, block, worker->index);
        const int64_t now = clock_thread_cpu_ns();
        atomic_fetch_add_explicit(&worker->cpu_ns, now - before, memory_order_relaxed);
        if (pool->makes_way)
            make_way(clock_monotonic_ns() - started, now - before);
        before = now;
    }
}

/* Of the calling thread, which on Linux has a nice value of its own. Where it may not, it stays. */
static void set_class(const struct worker *worker)
{
    const struct sched_param zero = {0};
    if (worker->idle)
        pthread_setschedparam(pthread_self(), SCHED_IDLE, &zero);
    else if (worker->pool->makes_way)
        setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + LIFTED_NICE);
}

static void *worker_main(void *argument)
{
    struct worker *worker = argument;
    struct parallel *pool = worker->pool;
    set_class(worker);
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
    worker->idle = atomic_load(&worker->pool->idle);
    worker->started = pthread_create(&worker->thread, NULL, worker_main, worker) == 0;
    return worker->started;
}

enum status parallel_new(unsigned threads, bool idle, struct parallel **ret_pool)
{
    assert(threads >= 1 && threads <= PARALLEL_THREADS_MAX);
    struct parallel *pool = calloc(1, sizeof *pool + threads * sizeof *pool->workers);
    if (!pool)
        return STATUS_NO_MEMORY;
    pool->n_places = threads;
    pool->n_workers = threads == 1 && !idle ? 0 : threads;
    pool->makes_way = idle;
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

/* Not while a loop runs. */
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

/* A thread cannot leave SCHED_IDLE by itself without a privilege (the kernel checks its nice value
 * against RLIMIT_NICE), so after a lift the workers are replaced, in the caller's thread. */
static void replace_lifted(struct parallel *pool)
{
    if (pool->n_workers == 0 || !is_replaced(pool, &pool->workers[0]))
        return;
    end_workers(pool);
    pool->loop = 0;
    unsigned started = 0;
    while (started < pool->n_workers && start_worker(&pool->workers[started]))
        started++;
    pool->n_workers = started; /* none: the loops run in place */
}

/* Hands the blocks that are left to the workers and waits until each has stopped taking them. */
static void run_loop(struct parallel *pool)
{
    if (pool->n_workers == 0) {
        run_blocks(pool, &pool->workers[0]);
        return;
    }
    pthread_mutex_lock(&pool->mutex);
    pool->busy = pool->n_workers;
    pool->loop++;
    pthread_cond_broadcast(&pool->has_work);
    while (pool->busy > 0)
        pthread_cond_wait(&pool->is_done, &pool->mutex);
    pthread_mutex_unlock(&pool->mutex);
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
    pool->run = run;
    pool->context = context;
    pool->stop = stop;
    pool->n_blocks = n_blocks;
    atomic_store(&pool->next, 0);
    const int64_t start = clock_monotonic_ns();
    do {
        replace_lifted(pool);
        run_loop(pool);
    } while (pool->n_workers && is_replaced(pool, &pool->workers[0]));
    pool->loops_ns += clock_monotonic_ns() - start;
}

double parallel_busy_share(const struct parallel *pool)
{
    const double wanted = (double)pool->loops_ns * 1e-9 * parallel_threads(pool);
    return wanted > 0 ? parallel_cpu_seconds(pool) / wanted : 1;
}

double parallel_cpu_seconds(const struct parallel *pool)
{
    int64_t sum = 0;
    for (unsigned i = 0; i < pool->n_places; i++)
        sum += atomic_load(&pool->workers[i].cpu_ns);
    return (double)sum * 1e-9;
}

bool parallel_is_idle(const struct parallel *pool)
{
    return atomic_load(&pool->idle);
}

void parallel_lift(struct parallel *pool)
{
    atomic_store(&pool->idle, false);
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

enum { CGROUP_PATH_MAX = 1024 };

static const char cgroup_root[] = "/sys/fs/cgroup";

/* The path of this process in the v2 hierarchy, from "0::/system.slice/x.service"; "" for the root
 * or where there is none. */
static void own_cgroup(char out[CGROUP_PATH_MAX])
{
    char text[4096];
    read_small_file("/proc/self/cgroup", text, sizeof text);
    const char *line = strncmp(text, "0::/", 4) == 0 ? text : strstr(text, "\n0::/");
    out[0] = '\0';
    if (!line)
        return;
    const char *path = strchr(line, '/');
    snprintf(out, CGROUP_PATH_MAX, "%.*s", (int)strcspn(path, "\n"), path);
    if (strcmp(out, "/") == 0 || strstr(out, "/.."))
        out[0] = '\0';
}

/* The least limit in `file` of this process' cgroup and those above it, each of which binds. A path
 * that is not visible in here (a container) has no such file. */
static double least_limit(const char *file, double (*limit_of)(const char *text))
{
    char group[CGROUP_PATH_MAX], path[CGROUP_PATH_MAX + 64], text[128];
    double least = INFINITY;
    own_cgroup(group);
    for (;;) {
        snprintf(path, sizeof path, "%s%s/%s", cgroup_root, group, file);
        read_small_file(path, text, sizeof text);
        const double limit = limit_of(text);
        if (limit > 0 && limit < least)
            least = limit;
        char *slash = strrchr(group, '/');
        if (!slash)
            return least;
        *slash = '\0';
    }
}

/* "200000 100000" is two cores; "max 100000" and an empty text say nothing, as does 0. */
static double cores_of(const char *text)
{
    double quota = 0, period = 0;
    return sscanf(text, "%lf %lf", &quota, &period) == 2 && period > 0 ? quota / period : 0;
}

static double bytes_of(const char *text)
{
    return strtod(text, NULL);
}

static double cores_of_v1(void)
{
    char quota[64], period[64];
    read_small_file("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", quota, sizeof quota);
    read_small_file("/sys/fs/cgroup/cpu/cpu.cfs_period_us", period, sizeof period);
    const double share = bytes_of(quota) / bytes_of(period);
    return share > 0 ? share : INFINITY; /* not for -1 (no limit) nor 0 / 0 */
}

unsigned parallel_cores(void)
{
    cpu_set_t set;
    unsigned cores = sched_getaffinity(0, sizeof set, &set) == 0 ? (unsigned)CPU_COUNT(&set) : 1;
    const double quota = fmin(least_limit("cpu.max", cores_of), cores_of_v1());
    if (quota < (double)cores)
        cores = (unsigned)quota;
    if (cores > PARALLEL_THREADS_MAX)
        cores = PARALLEL_THREADS_MAX;
    return cores ? cores : 1;
}

uint64_t parallel_memory_limit(void)
{
    const long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    uint64_t limit = pages > 0 && page > 0 ? (uint64_t)pages * (uint64_t)page : UINT64_MAX;
    char text[64];
    read_small_file("/sys/fs/cgroup/memory/memory.limit_in_bytes", text, sizeof text);
    const double v1 = bytes_of(text), v2 = least_limit("memory.max", bytes_of);
    if (v1 > 0 && v1 < (double)limit)
        limit = (uint64_t)v1;
    if (v2 < (double)limit)
        limit = (uint64_t)v2;
    return limit;
}
