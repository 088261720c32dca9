#include "base/observer.h"

#include <stdio.h>

#include "base/op_graph.h"

enum { WHICH_MAX = 160 };

void observe_graph_in(const struct observer *o, const char *scope, const struct op_graph *graph)
{
    if (!o || !o->graph)
        return;
    struct op_graph scoped = {0};
    op_graph_append(&scoped, graph, scope);
    if (!scoped.failed)
        observe_graph(o, &scoped);
    op_graph_free(&scoped);
}

void observe_costs_in(const struct observer *o, const char *scope, const char *which, int64_t step,
                      const struct op_graph *graph, const struct op_cost *costs)
{
    if (!o || !o->costs)
        return;
    struct op_graph scoped = {0};
    char name[WHICH_MAX];
    snprintf(name, sizeof name, "%s, %s", scope, which);
    op_graph_append(&scoped, graph, scope);
    if (!scoped.failed)
        observe_costs(o, name, step, &scoped, costs);
    op_graph_free(&scoped);
}
