#include "eval/fit.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

void peak_rss_reset(void)
{
    const int fd = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    /* "5" resets the peak; where it is not allowed the peak is that of the process so far. */
    const ssize_t written = write(fd, "5", 1);
    (void)written;
    close(fd);
}

uint64_t peak_rss_bytes(void)
{
    FILE *file = fopen("/proc/self/status", "re");
    if (!file)
        return 0;
    char line[256];
    unsigned long long kib = 0;
    while (fgets(line, sizeof line, file) && sscanf(line, "VmHWM: %llu kB", &kib) != 1)
        continue;
    fclose(file);
    return kib * 1024;
}

enum { TAG_MAX = 128, EPOCHS_MAX = 100000 };

/* Stands between the model and the observer: renames what passes and takes the time. */
struct watch {
    const struct observer *observer;
    const char *stage, *model, *phase;
    int64_t epoch_started_ns;
    int64_t step; /* the last one seen; -1: none */
    struct fit_cost cost;
    size_t capacity;
};

/* A step that has not been seen ends an epoch, whichever scalar brings it. */
static void end_epoch(struct watch *watch, int64_t step)
{
    if (step == watch->step || watch->cost.n_epochs == EPOCHS_MAX)
        return;
    watch->step = step;
    if (watch->cost.n_epochs == watch->capacity) {
        const size_t capacity = watch->capacity ? 2 * watch->capacity : 32;
        double *seconds = realloc(watch->cost.epoch_seconds, capacity * sizeof *seconds);
        if (!seconds)
            return; /* a time less in the report */
        watch->cost.epoch_seconds = seconds;
        watch->capacity = capacity;
    }
    watch->cost.epoch_seconds[watch->cost.n_epochs++] =
        clock_seconds_since(watch->epoch_started_ns);
    watch->epoch_started_ns = clock_monotonic_ns();
}

static void watch_scalar(void *context, const char *tag, int64_t step, double value)
{
    struct watch *watch = context;
    static const char fit[] = "fit/";
    if (strncmp(tag, fit, sizeof fit - 1) != 0) {
        observe_scalar(watch->observer, tag, step, value);
        return;
    }
    end_epoch(watch, step);
    if (strcmp(tag, "fit/loss") == 0)
        watch->cost.loss = value;
    char name[TAG_MAX];
    const int n =
        snprintf(name, sizeof name, "%s/%s/%s", watch->stage, watch->model, tag + sizeof fit - 1);
    if (n > 0 && n < TAG_MAX)
        observe_scalar(watch->observer, name, step, value);
}

static void watch_progress(void *context, const char *phase, double share)
{
    const struct watch *watch = context;
    observe_progress(watch->observer, watch->phase ? watch->phase : phase, share);
}

/* Of several models that one observer hears of each gets a scope of its own. */
static void watch_graph(void *context, const struct op_graph *graph)
{
    const struct watch *watch = context;
    observe_graph_in(watch->observer, watch->model, graph);
}

static void watch_costs(void *context, const char *which, int64_t step,
                        const struct op_graph *graph, const struct op_cost *costs)
{
    const struct watch *watch = context;
    observe_costs_in(watch->observer, watch->model, which, step, graph, costs);
}

static bool watch_stop(void *context)
{
    return observer_stops(((const struct watch *)context)->observer);
}

enum status fit_model(const struct model_class *class, const struct train_set *data,
                      const void *settings, const char *stage, const char *phase,
                      struct parallel *pool, const struct observer *observer,
                      struct model **ret_model, struct fit_cost *ret_cost, struct error *reterr)
{
    const int64_t started_ns = clock_monotonic_ns();
    struct watch watch = {.observer = observer,
                          .stage = stage,
                          .model = class->name,
                          .phase = phase,
                          .epoch_started_ns = started_ns,
                          .step = -1,
                          .cost.loss = NAN};
    const struct observer between = {.context = &watch,
                                     .progress = watch_progress,
                                     .scalar = watch_scalar,
                                     .stop = watch_stop,
                                     .graph = observer && observer->graph ? watch_graph : NULL,
                                     .costs = observer && observer->costs ? watch_costs : NULL,
                                     .costs_every = observer ? observer->costs_every : 0};
    peak_rss_reset();
    observe_progress(&between, phase ? phase : "fitting", 0);
    const enum status status = class->fit(data, settings, pool, &between, ret_model, reterr);
    if (status != STATUS_OK) {
        free(watch.cost.epoch_seconds);
        return status;
    }
    watch.cost.seconds = clock_seconds_since(started_ns);
    watch.cost.peak_rss_bytes = peak_rss_bytes();
    *ret_cost = watch.cost;
    return STATUS_OK;
}

void fit_cost_free(struct fit_cost *cost)
{
    free(cost->epoch_seconds);
    *cost = (struct fit_cost){0};
}
