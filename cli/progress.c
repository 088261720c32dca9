#include "cli/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"

enum { BAR_WIDTH = 30 };

/* Between two drawings on a terminal, and between two lines elsewhere. */
#define DRAW_NS INT64_C(100000000)
#define LINE_NS INT64_C(5000000000)

struct progress progress_start(void)
{
    const char *terminal = getenv("TERM");
    struct progress progress = {0};
    progress.terminal = isatty(STDERR_FILENO) && terminal && strcmp(terminal, "dumb") != 0;
    progress.last_ns = clock_monotonic_ns();
    return progress;
}

static void draw_bar(const struct progress *progress, double share)
{
    const int full = (int)(share * BAR_WIDTH);
    char bar[BAR_WIDTH + 1];
    for (int i = 0; i < BAR_WIDTH; i++)
        bar[i] = i < full ? '#' : '.';
    bar[BAR_WIDTH] = '\0';
    fprintf(stderr, "\r%-24.24s [%s] %3.0f %%  %.0f s\033[K", progress->phase, bar, share * 100,
            clock_seconds_since(progress->phase_started_ns));
    fflush(stderr);
}

static void draw_unknown(const struct progress *progress)
{
    fprintf(stderr, "\r%-24.24s %.0f s\033[K", progress->phase,
            clock_seconds_since(progress->phase_started_ns));
    fflush(stderr);
}

void progress_show(struct progress *progress, const char *phase, double share)
{
    const int64_t now_ns = clock_monotonic_ns();
    if (strncmp(progress->phase, phase, PROGRESS_PHASE_MAX) != 0) {
        snprintf(progress->phase, sizeof progress->phase, "%s", phase);
        utf8_trim_partial(progress->phase);
        progress->phase_started_ns = now_ns;
    }
    if (now_ns - progress->last_ns < (progress->terminal ? DRAW_NS : LINE_NS))
        return;
    progress->last_ns = now_ns;
    const bool known = share >= 0 && share <= 1;
    if (!progress->terminal && known)
        fprintf(stderr, "%s: %.0f %%\n", progress->phase, share * 100);
    else if (!progress->terminal)
        fprintf(stderr, "%s: %.0f s\n", progress->phase,
                clock_seconds_since(progress->phase_started_ns));
    else if (known)
        draw_bar(progress, share);
    else
        draw_unknown(progress);
    progress->shown = progress->terminal;
}

void progress_clear(struct progress *progress)
{
    if (!progress->shown)
        return;
    fputs("\r\033[K", stderr);
    fflush(stderr);
    progress->shown = false;
}
