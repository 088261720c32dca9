#pragma once
/* The daemon's life at the terminal, shared by `serve` and `demo`. */
#include "data/settings.h"

struct site;

/* Starts a site, calls `started` (may be NULL), waits for SIGTERM or SIGINT, stops it. A second
 * signal ends the process at once. Returns an exit code; errors are reported. */
int serve_site(const struct settings *settings, void (*started)(void *context, struct site *site),
               void *context);
