#include "eval/ranker_observer.h"

#include <stdint.h>
#include <stdio.h>

static void prefix_scalar(void *context, const char *tag, int64_t step, double value)
{
    const struct observer *outer = context;
    char name[96];
    snprintf(name, sizeof name, "ranker/%s", tag);
    observe_scalar(outer, name, step, value);
}

static void pass_progress(void *context, const char *phase, double share)
{
    (void)phase;
    observe_progress(context, "fitting the ranker", share);
}

static void prefix_text(void *context, const char *tag, int64_t step, const char *markdown)
{
    char name[96];
    snprintf(name, sizeof name, "ranker/%s", tag);
    observe_text(context, name, step, markdown);
}

static void prefix_scores(void *context, const char *tag, int64_t step, const float *scores,
                          const float *labels, const float *weights, size_t n)
{
    char name[96];
    snprintf(name, sizeof name, "ranker/%s", tag);
    observe_scores(context, name, step, scores, labels, weights, n);
}

static void pass_graph(void *context, const struct op_graph *graph)
{
    observe_graph_in(context, "ranker", graph);
}

static void pass_costs(void *context, const char *which, int64_t step, const struct op_graph *graph,
                       const struct op_cost *costs)
{
    observe_costs_in(context, "ranker", which, step, graph, costs);
}

static bool pass_stop(void *context)
{
    return observer_stops(context);
}

struct observer ranker_observer(const struct observer *outer)
{
    return (struct observer){.context = (void *)(uintptr_t)outer,
                             .progress = pass_progress,
                             .scalar = prefix_scalar,
                             .text = prefix_text,
                             .scores = prefix_scores,
                             .graph = pass_graph,
                             .costs = outer && outer->costs ? pass_costs : NULL,
                             .costs_every = outer ? outer->costs_every : 0,
                             .stop = pass_stop};
}
