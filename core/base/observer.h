#pragma once
/* What long work tells whoever watches it, and how it is told to stop.
 *
 * Models, evaluations and rounds get one; they know nothing of terminals, TensorBoard or HTTP.
 * Any function may be NULL. All are called from the thread that started the work, never from
 * arithmetic workers; `stop` may be asked often (it reads one atomic flag).
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct op_graph;
struct op_cost;

/* What costs_every is where nobody says otherwise: seldom enough to cost nothing that shows. */
enum { OBSERVER_COSTS_EVERY = 10 };

struct observer {
    void *context;
    /* `phase` is a short constant ("reading events", "fitting ials"), share in [0, 1]. */
    void (*progress)(void *context, const char *phase, double share);
    /* One point of a curve: tag like "train/loss", step rising within the tag. */
    void (*scalar)(void *context, const char *tag, int64_t step, double value);
    /* True: give up soon (well within a second) and return STATUS_CANCELLED. */
    bool (*stop)(void *context);
    /* What words are needed for, as Markdown. */
    void (*text)(void *context, const char *tag, int64_t step, const char *markdown);
    /* How numbers are distributed, of a layer's weights say: values[n], borrowed for the call. */
    void (*values)(void *context, const char *tag, int64_t step, const float *values, size_t n);
    /* Scores in 0..1 against labels and weights (NULL: 1 each), borrowed for the call. */
    void (*scores)(void *context, const char *tag, int64_t step, const float *scores,
                   const float *labels, const float *weights, size_t n);
    /* What the fit computes, once, before it begins; borrowed for the call. */
    void (*graph)(void *context, const struct op_graph *graph);
    /* What the operations of one step cost: costs[graph->n], of the graph that was told (or one of
     * the same names). `which` tells the step, once in a fit: "pass 1". Borrowed for the call. */
    void (*costs)(void *context, const char *which, int64_t step, const struct op_graph *graph,
                  const struct op_cost *costs);
    int64_t costs_every; /* a step of the first pass and of every so-manyth is measured; 0: none */
    bool numerics;       /* a network checks its parameters after every step, not only every pass */
    int64_t every;       /* passes between two looks into a network's layers; 0: none */
};

static inline void observe_progress(const struct observer *o, const char *phase, double share)
{
    if (o && o->progress)
        o->progress(o->context, phase, share);
}

static inline void observe_scalar(const struct observer *o, const char *tag, int64_t step,
                                  double value)
{
    if (o && o->scalar)
        o->scalar(o->context, tag, step, value);
}

static inline void observe_text(const struct observer *o, const char *tag, int64_t step,
                                const char *markdown)
{
    if (o && o->text)
        o->text(o->context, tag, step, markdown);
}

static inline void observe_values(const struct observer *o, const char *tag, int64_t step,
                                  const float *values, size_t n)
{
    if (o && o->values)
        o->values(o->context, tag, step, values, n);
}

static inline void observe_scores(const struct observer *o, const char *tag, int64_t step,
                                  const float *scores, const float *labels, const float *weights,
                                  size_t n)
{
    if (o && o->scores)
        o->scores(o->context, tag, step, scores, labels, weights, n);
}

static inline void observe_graph(const struct observer *o, const struct op_graph *graph)
{
    if (o && o->graph)
        o->graph(o->context, graph);
}

static inline void observe_costs(const struct observer *o, const char *which, int64_t step,
                                 const struct op_graph *graph, const struct op_cost *costs)
{
    if (o && o->costs)
        o->costs(o->context, which, step, graph, costs);
}

/* The same for one of several that an observer hears of: the graph's names stand in the scope, and
 * `which` tells it: "ials, pass 1". Where memory is out nothing is told. */
void observe_graph_in(const struct observer *o, const char *scope, const struct op_graph *graph);
void observe_costs_in(const struct observer *o, const char *scope, const char *which, int64_t step,
                      const struct op_graph *graph, const struct op_cost *costs);

/* True where a step of this pass (from 1 on) is to be measured. */
static inline bool observer_wants_costs(const struct observer *o, int64_t pass)
{
    return o && o->costs && o->costs_every > 0 && (pass == 1 || pass % o->costs_every == 0);
}

static inline bool observer_stops(const struct observer *o)
{
    return o && o->stop && o->stop(o->context);
}
