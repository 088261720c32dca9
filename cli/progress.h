#pragma once
/* How far long work has come, on standard error: a bar on a terminal, a line every few seconds
 * elsewhere, nothing when it is over quickly. Not thread-safe: the thread that works calls it. */
#include <stdbool.h>
#include <stdint.h>

enum { PROGRESS_PHASE_MAX = 60 };

struct progress {
    bool terminal;
    bool shown; /* a bar stands on the terminal's line */
    char phase[PROGRESS_PHASE_MAX + 1];
    int64_t phase_started_ns, last_ns;
};

struct progress progress_start(void);

/* share in [0, 1]; outside of it: unknown. A new phase ends the line of the one before. */
void progress_show(struct progress *progress, const char *phase, double share);

/* Takes the bar away, before something else is printed. */
void progress_clear(struct progress *progress);
