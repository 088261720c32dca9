#pragma once
/* What the parts of a piece of work cost: CPU time of the thread that does it, booked part by part.
 *
 * CPU time and not that on the wall, because a piece may be put aside while others run. A lap takes
 * some tenths of a microsecond. Whoever does not measure hands NULL, which takes a branch.
 */
#include <stddef.h>

#include "base/clock.h"

struct laps {
    int64_t *ns; /* by part; added to */
    int64_t last_ns;
};

static inline void laps_begin(struct laps *laps)
{
    if (laps)
        laps->last_ns = clock_thread_cpu_ns();
}

/* Books what has gone by since the last call on `part`. */
static inline void laps_end(struct laps *laps, size_t part)
{
    if (!laps)
        return;
    const int64_t now_ns = clock_thread_cpu_ns();
    laps->ns[part] += now_ns - laps->last_ns;
    laps->last_ns = now_ns;
}
