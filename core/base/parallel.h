#pragma once
/* Parallel loops over fixed blocks of work.
 *
 * The caller cuts the work into blocks that do not depend on the number of threads; each block is
 * done by one worker, in any order. What a block computes must not depend on the worker, so that a
 * result is the same for any number of threads. The calling thread waits and does no arithmetic
 * itself, except in a pool of one ordinary thread, which has no worker and runs in place.
 *
 * An idle pool's workers run at SCHED_IDLE: they get what the machine does not need. They must
 * take no lock that serving takes: no malloc, no SQLite, no log inside a block; scratch memory is
 * allocated beforehand, one per worker. A starved pool can be lifted to the ordinary class, at nice
 * 10. In both its workers sleep between blocks where these had to wait for a core, so that blocks
 * of well under a millisecond keep others' waits short.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

struct parallel;

/* threads from 1 to PARALLEL_THREADS_MAX. NO_MEMORY, or IO when a thread cannot be started. */
enum { PARALLEL_THREADS_MAX = 256 };
enum status parallel_new(unsigned threads, bool idle, struct parallel **ret_pool);
void parallel_free(struct parallel *pool);

/* Workers that may run at once: the number of scratch areas needed. NULL counts as 1. */
unsigned parallel_threads(const struct parallel *pool);

typedef void (*parallel_block)(void *context, size_t block, unsigned worker);

/* Runs block 0 .. n_blocks-1 and returns when all are done. pool may be NULL: in place. One loop at
 * a time: a pool has one caller, and a block must not start a loop in its own pool.
 * `stop` (may be NULL) is read between blocks; once it is true the rest is skipped. */
void parallel_for(struct parallel *pool, size_t n_blocks, parallel_block run, void *context,
                  const _Atomic bool *stop);

/* CPU seconds that the workers have used since the pool was made, up to the last block that each
 * has done. From any thread. With the wall clock this tells
 * what share of the machine they got. */
double parallel_cpu_seconds(const struct parallel *pool);

/* CPU time that the workers got, as a share of what they wanted: one core each for as long as a
 * loop ran. 1 before the first loop. For the thread that runs the loops. */
double parallel_busy_share(const struct parallel *pool);

/* From the next block on an idle pool's work is done in the ordinary class. Idempotent; from any
 * thread, also while a loop runs. */
void parallel_lift(struct parallel *pool);
bool parallel_is_idle(const struct parallel *pool);

/* Cores that this process may use: affinity mask and the quota of its cgroup and those above it (v2
 * cpu.max; v1 cfs_quota of the root, which is a container's own), at least 1. */
unsigned parallel_cores(void);

/* Memory that this process may use in bytes: the least limit of its cgroups, or the machine's. */
uint64_t parallel_memory_limit(void);
