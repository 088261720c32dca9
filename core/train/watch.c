#include "train/watch.h"

#include <stdio.h>

static void pass_progress(void *context, const char *phase, double share)
{
    const struct watch *watch = context;
    observe_progress(watch->next, phase, share);
}

static void pass_scalar(void *context, const char *tag, int64_t step, double value)
{
    const struct watch *watch = context;
    board_scalar(watch->run, tag, step, value);
    board_flush(watch->run);
    observe_scalar(watch->next, tag, step, value);
}

static void pass_values(void *context, const char *tag, int64_t step, const float *values, size_t n)
{
    const struct watch *watch = context;
    board_histogram(watch->run, tag, step, values, n);
    observe_values(watch->next, tag, step, values, n);
}

static void pass_scores(void *context, const char *tag, int64_t step, const float *scores,
                        const float *labels, const float *weights, size_t n)
{
    const struct watch *watch = context;
    board_pr_curve(watch->run, tag, step, scores, labels, weights, n);
    observe_scores(watch->next, tag, step, scores, labels, weights, n);
}

static void pass_graph(void *context, const struct op_graph *graph)
{
    const struct watch *watch = context;
    board_graph(watch->run, graph);
    observe_graph(watch->next, graph);
}

static bool pass_stop(void *context)
{
    const struct watch *watch = context;
    return observer_stops(watch->next);
}

void watch_start(struct watch *watch, struct board *board, uint32_t version,
                 const struct observer *next)
{
    char name[32];
    snprintf(name, sizeof name, WATCH_RUN_PREFIX "%06u", version);
    *watch = (struct watch){.observer = {.context = watch,
                                         .progress = pass_progress,
                                         .scalar = pass_scalar,
                                         .stop = pass_stop,
                                         .values = pass_values,
                                         .scores = pass_scores,
                                         .graph = pass_graph},
                            .next = next,
                            .run = board_run_open(board, name, 0)};
}

void watch_finish(struct watch *watch, const struct round_result *result, enum status status)
{
    struct buffer text = {0};
    if (status == STATUS_OK && result)
        buffer_printf(&text, "**%s**. %s\n\n```json\n%s\n```\n",
                      result->published ? "Published" : "Refused",
                      result->reason.data ? result->reason.data : "",
                      result->report.data ? result->report.data : "{}");
    else
        buffer_printf(&text, "**%s**\n", status_name(status));
    if (!text.failed)
        board_text(watch->run, "round/verdict", 0, text.data);
    buffer_free(&text);
    board_run_close(watch->run);
}
