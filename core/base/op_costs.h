#pragma once
/* A graph with what each of its operations cost, charged piece by piece and then told.
 *
 *     struct op_costs costs = {0};
 *     describe(..., &costs.graph);
 *     if (op_costs_begin(&costs))
 *         op_costs_charge_name(&costs, "encoder/product", ns, bytes);
 *     op_costs_tell(&costs, observer, pass);
 *
 * Out of memory it does without: nothing is told.
 */
#include "base/observer.h"
#include "base/op_graph.h"

/* Zero-initialise. */
struct op_costs {
    struct op_graph graph;
    struct op_cost *of; /* [graph.n]; NULL before op_costs_begin, and where that failed */
};

/* Once the graph is described; from here on it stays as it is. False: nothing can be charged. */
bool op_costs_begin(struct op_costs *costs);

/* Adds to what an operation cost; OP_NONE, and a name that the graph does not have, costs nothing.
 */
void op_costs_charge(struct op_costs *costs, uint32_t op, int64_t ns, uint64_t bytes);
void op_costs_charge_name(struct op_costs *costs, const char *name, int64_t ns, uint64_t bytes);

/* Tells them as those of "pass N" and frees them. */
void op_costs_tell(struct op_costs *costs, const struct observer *observer, int64_t pass);
