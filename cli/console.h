#pragma once
/* Long work at the terminal: one observer that hands on to the progress bar and to a
 * TensorBoard run, and that says stop after Ctrl-C.
 *
 * SIGINT and SIGTERM are blocked while a console is open and awaited by a thread of its own, which
 * raises the stop flag at the first one; the second ends the process at once. So open the console
 * before other threads are started (they inherit the mask). Not to be copied while open.
 */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

#include "base/observer.h"
#include "base/status.h"
#include "cli/progress.h"
#include "train/score_pictures.h"

struct board_run;

struct console {
    struct observer observer; /* give this to the work */
    struct progress progress;
    struct board_run *run;          /* scalars go here too; NULL: nowhere */
    struct score_pictures pictures; /* of the last scores; whoever closes the run shows them */
    _Atomic bool stop;
    pthread_t thread;
    int signals, wake; /* descriptors: signals to await; told to end */
    sigset_t mask_before;
};

/* IO or NO_MEMORY; nothing to close then. */
enum status console_open(struct console *console, struct error *reterr);

/* Takes the bar away, restores the signals. Fine on a zeroed console. */
void console_close(struct console *console);

/* True when the user asked to stop. */
bool console_stopped(const struct console *console);
