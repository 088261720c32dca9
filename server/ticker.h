#pragma once
/* A thread that does one thing again and again with a pause between: what looks after stored
 * snapshots, draws the map and watches serving (scrubber, mapper, reporter).
 *
 * The pause counts from the end of one tick to the begin of the next; the first tick comes after a
 * pause too. Any thread may call ticker_end and ticker_ends, the tick itself among them.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

struct ticker;

/* every_ms from 1 on. `tick` runs on the new thread, and `last` (may be NULL) runs there once, when
 * the ticker ends and no tick is to come. *ret_ticker is set before the thread does anything, so
 * that a tick may find it there. NO_MEMORY, or IO when the thread cannot be started. */
enum status ticker_start(int64_t every_ms, void (*tick)(void *context), void (*last)(void *context),
                         void *context, struct ticker **ret_ticker);

/* No further tick begins and a pause is cut short; waits for nothing. Idempotent. */
void ticker_end(struct ticker *ticker);

/* Whether it was told to end: for a tick that takes long. */
bool ticker_ends(struct ticker *ticker);

/* Ends it, waits for the tick at work and for `last`, frees. NULL is fine. Not from within a tick.
 */
void ticker_stop(struct ticker *ticker);
