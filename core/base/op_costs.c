#include "base/op_costs.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

bool op_costs_begin(struct op_costs *costs)
{
    if (!costs->graph.failed)
        costs->of = calloc((size_t)costs->graph.n + 1, sizeof *costs->of);
    return costs->of;
}

void op_costs_charge(struct op_costs *costs, uint32_t op, int64_t ns, uint64_t bytes)
{
    if (!costs->of || op == OP_NONE)
        return;
    costs->of[op].ns += ns;
    costs->of[op].bytes += bytes;
}

void op_costs_charge_name(struct op_costs *costs, const char *name, int64_t ns, uint64_t bytes)
{
    op_costs_charge(costs, op_graph_find(&costs->graph, name), ns, bytes);
}

void op_costs_tell(struct op_costs *costs, const struct observer *observer, int64_t pass)
{
    char which[32];
    snprintf(which, sizeof which, "pass %" PRId64, pass);
    if (costs->of)
        observe_costs(observer, which, pass, &costs->graph, costs->of);
    free(costs->of);
    op_graph_free(&costs->graph);
    *costs = (struct op_costs){0};
}
