#pragma once
/* An observer that keeps the last graph and the last costs that it heard, and of which steps. */
#include <stdio.h>
#include <string.h>

#include "base/observer.h"
#include "base/op_graph.h"
#include "support/test.h"

enum { HEARD_OPS_MAX = 64 };

struct heard_costs {
    char which[64]; /* "pass 1 at 1; pass 3 at 3; " */
    char names[HEARD_OPS_MAX][48], graph[HEARD_OPS_MAX][48];
    int64_t ns[HEARD_OPS_MAX];
    uint64_t bytes[HEARD_OPS_MAX];
    uint32_t n, n_graph; /* operations of the costs; of the graph */
};

static inline void hear_graph(void *context, const struct op_graph *graph)
{
    struct heard_costs *heard = context;
    assert_true(graph->n <= HEARD_OPS_MAX);
    heard->n_graph = graph->n;
    for (uint32_t i = 0; i < graph->n; i++)
        snprintf(heard->graph[i], sizeof heard->graph[i], "%s", graph->ops[i].name);
}

static inline void hear_costs(void *context, const char *which, int64_t step,
                              const struct op_graph *graph, const struct op_cost *costs)
{
    struct heard_costs *heard = context;
    const size_t length = strlen(heard->which);
    snprintf(heard->which + length, sizeof heard->which - length, "%s at %d; ", which, (int)step);
    heard->n = graph->n;
    for (uint32_t i = 0; i < graph->n; i++) {
        snprintf(heard->names[i], sizeof heard->names[i], "%s", graph->ops[i].name);
        heard->ns[i] = costs[i].ns;
        heard->bytes[i] = costs[i].bytes;
    }
}

static inline struct observer heard_observer(struct heard_costs *heard, int64_t every)
{
    return (struct observer){
        .context = heard, .graph = hear_graph, .costs = hear_costs, .costs_every = every};
}

static inline uint32_t heard_op(const struct heard_costs *heard, const char *name)
{
    for (uint32_t i = 0; i < heard->n; i++)
        if (strcmp(heard->names[i], name) == 0)
            return i;
    fail_msg("no %s", name);
    return 0;
}

static inline uint64_t heard_bytes(const struct heard_costs *heard, const char *name)
{
    return heard->bytes[heard_op(heard, name)];
}

/* That the costs are of the graph that was told, and that time was booked on each of names[n]. */
static inline void heard_times(const struct heard_costs *heard, const char *const *names, size_t n)
{
    assert_int_equal(heard->n, heard->n_graph);
    for (uint32_t i = 0; i < heard->n; i++)
        assert_string_equal(heard->names[i], heard->graph[i]);
    for (size_t i = 0; i < n; i++)
        if (heard->ns[heard_op(heard, names[i])] <= 0)
            fail_msg("%s takes no time", names[i]);
}
