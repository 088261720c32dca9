#pragma once
/* Short parallel loops in a row, with a step in between that one thread does alone.
 *
 * A parallel_for puts its workers to sleep and wakes them, some ten microseconds each time; a step
 * of learning from forty examples is done in less. Here the workers of one parallel_for go through
 * phase after phase together: whoever finishes the last block of a phase begins the next, the
 * others spin until it has (and yield when that takes long). None waits for a worker that has not
 * come: what it would have done, another takes. A worker only ever waits for a block that another
 * is at. The calling thread sleeps meanwhile, as it does in a parallel_for.
 *
 * Keep what one call does short, some milliseconds: the pool's lift and the caller's look at its
 * observer come between calls.
 */
#include <stddef.h>

#include "base/parallel.h"

/* Blocks of one phase at most. */
enum { PHASE_BLOCKS_MAX = 1000000 };

/* Begins the next phase and returns its blocks; 0 ends. Never at the same time as a block; from any
 * worker, after everything that came before. Rules for blocks hold: no malloc, no lock, no log. */
typedef size_t (*phase_begin)(void *context);

void phases_run(struct parallel *pool, phase_begin begin, parallel_block run, void *context);
