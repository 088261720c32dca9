#include "cli/console.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "board/board.h"

/* 128 + SIGINT, what a shell reports for a process that Ctrl-C ended. */
enum { EXIT_INTERRUPTED = 130 };

static void on_progress(void *context, const char *phase, double share)
{
    struct console *console = context;
    progress_show(&console->progress, phase, share);
}

static void on_scalar(void *context, const char *tag, int64_t step, double value)
{
    struct console *console = context;
    board_scalar(console->run, tag, step, value);
}

static void on_text(void *context, const char *tag, int64_t step, const char *markdown)
{
    struct console *console = context;
    board_text(console->run, tag, step, markdown);
}

static void on_values(void *context, const char *tag, int64_t step, const float *values, size_t n)
{
    struct console *console = context;
    board_histogram(console->run, tag, step, values, n);
}

static void on_scores(void *context, const char *tag, int64_t step, const float *scores,
                      const float *labels, const float *weights, size_t n)
{
    struct console *console = context;
    board_pr_curve(console->run, tag, step, scores, labels, weights, n);
    if (console->run)
        score_pictures_note(&console->pictures, tag, step, scores, labels, weights, n);
}

static void on_graph(void *context, const struct op_graph *graph)
{
    struct console *console = context;
    board_graph(console->run, graph);
}

static void on_costs(void *context, const char *which, int64_t step, const struct op_graph *graph,
                     const struct op_cost *costs)
{
    struct console *console = context;
    board_costs(console->run, which, step, graph, costs);
}

static bool on_stop(void *context)
{
    return console_stopped(context);
}

bool console_stopped(const struct console *console)
{
    return atomic_load_explicit(&console->stop, memory_order_relaxed);
}

static void *await_signals(void *context)
{
    struct console *console = context;
    struct pollfd polled[2] = {{.fd = console->signals, .events = POLLIN},
                               {.fd = console->wake, .events = POLLIN}};
    for (;;) {
        if (poll(polled, 2, -1) < 0 && errno != EINTR)
            return NULL;
        if (polled[1].revents)
            return NULL;
        struct signalfd_siginfo info;
        if (!(polled[0].revents & POLLIN) ||
            read(console->signals, &info, sizeof info) != sizeof info)
            continue;
        if (atomic_exchange(&console->stop, true))
            _exit(EXIT_INTERRUPTED);
        static const char words[] = "\ntastevin: stopping; once more ends it at once\n";
        if (write(STDERR_FILENO, words, sizeof words - 1) < 0)
            return NULL;
    }
}

enum status console_open(struct console *console, struct error *reterr)
{
    *console = (struct console){.progress = progress_start(), .signals = -1, .wake = -1};
    console->observer = (struct observer){.context = console,
                                          .progress = on_progress,
                                          .scalar = on_scalar,
                                          .stop = on_stop,
                                          .text = on_text,
                                          .values = on_values,
                                          .scores = on_scores,
                                          .graph = on_graph,
                                          .costs = on_costs};
    sigset_t mask;
    sigemptyset(&mask);
    sigaddset(&mask, SIGINT);
    sigaddset(&mask, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &mask, &console->mask_before);
    console->signals = signalfd(-1, &mask, SFD_CLOEXEC);
    console->wake = eventfd(0, EFD_CLOEXEC);
    const bool made = console->signals >= 0 && console->wake >= 0 &&
                      pthread_create(&console->thread, NULL, await_signals, console) == 0;
    if (made)
        return STATUS_OK;
    if (console->signals >= 0)
        close(console->signals);
    if (console->wake >= 0)
        close(console->wake);
    pthread_sigmask(SIG_SETMASK, &console->mask_before, NULL);
    console->observer.context = NULL;
    return error_set(reterr, STATUS_IO, "the thread that awaits Ctrl-C could not be started");
}

void console_close(struct console *console)
{
    if (!console->observer.context)
        return;
    progress_clear(&console->progress);
    if (eventfd_write(console->wake, 1) == 0)
        pthread_join(console->thread, NULL);
    close(console->signals);
    close(console->wake);
    pthread_sigmask(SIG_SETMASK, &console->mask_before, NULL);
    *console = (struct console){0};
}
