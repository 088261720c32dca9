#include "base/phases.h"

#include <assert.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>

/* The phase, its blocks and the next one to take, in one word, so that they are read together. */
enum { COUNT_BITS = 20, SPINS_BEFORE_YIELD = 2000 };

struct phases {
    phase_begin begin;
    parallel_block run;
    void *context;
    _Atomic uint64_t ticket; /* phase (24 bits), blocks (20), next block (20) */
    _Atomic size_t done;     /* blocks of this phase */
};

static uint64_t ticket_phase(uint64_t ticket)
{
    return ticket >> (2 * COUNT_BITS);
}

static size_t ticket_blocks(uint64_t ticket)
{
    return ticket >> COUNT_BITS & ((1u << COUNT_BITS) - 1);
}

static size_t ticket_next(uint64_t ticket)
{
    return ticket & ((1u << COUNT_BITS) - 1);
}

/* A phase without blocks is the end. */
static void begin_phase(struct phases *p, uint64_t phase)
{
    const size_t n_blocks = p->begin(p->context);
    assert(n_blocks <= PHASE_BLOCKS_MAX);
    atomic_store_explicit(&p->done, 0, memory_order_relaxed);
    atomic_store_explicit(&p->ticket, phase << (2 * COUNT_BITS) | (uint64_t)n_blocks << COUNT_BITS,
                          memory_order_release);
}

static void relax(unsigned spins)
{
    if (spins >= SPINS_BEFORE_YIELD)
        sched_yield();
#if defined(__x86_64__)
    else
        __builtin_ia32_pause();
#endif
}

static void wait_for_end_of(struct phases *p, uint64_t phase)
{
    for (unsigned spins = 0;
         ticket_phase(atomic_load_explicit(&p->ticket, memory_order_acquire)) == phase; spins++)
        relax(spins);
}

/* A ticket is looked at before it is taken, so that the numbers cannot run over while workers wait.
 */
static void work(void *context, size_t join, unsigned worker)
{
    (void)join;
    struct phases *p = context;
    for (;;) {
        uint64_t ticket = atomic_load_explicit(&p->ticket, memory_order_acquire);
        if (ticket_blocks(ticket) == 0)
            return;
        if (ticket_next(ticket) < ticket_blocks(ticket))
            ticket = atomic_fetch_add_explicit(&p->ticket, 1, memory_order_acq_rel);
        const uint64_t phase = ticket_phase(ticket);
        const size_t n_blocks = ticket_blocks(ticket);
        if (n_blocks == 0)
            return; /* the end came between the look and the taking */
        if (ticket_next(ticket) >= n_blocks) {
            wait_for_end_of(p, phase);
            continue;
        }
        p->run(p->context, ticket_next(ticket), worker);
        if (atomic_fetch_add_explicit(&p->done, 1, memory_order_acq_rel) + 1 == n_blocks)
            begin_phase(p, phase + 1);
    }
}

void phases_run(struct parallel *pool, phase_begin begin, parallel_block run, void *context)
{
    struct phases phases = {.begin = begin, .run = run, .context = context};
    begin_phase(&phases, 0);
    parallel_for(pool, parallel_threads(pool), work, &phases, NULL);
}
