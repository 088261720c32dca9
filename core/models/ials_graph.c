#include <stdio.h>

#include "base/op_costs.h"
#include "models/ials_model.h"

/* One half of a sweep: H'H of the side that stands still, then a row's system for each row. */
static uint32_t add_half(struct op_graph *graph, const struct ials_settings *s, const char *side,
                         const struct op_shape *shape, uint32_t confidences, uint32_t still)
{
    char name[OP_NAME_MAX];
    const int64_t d = s->dimensions;
    snprintf(name, sizeof name, "fit_%s/gram", side);
    const uint32_t gram = op_add_fed(graph, "Gram", OP_SHAPE_2(d, d), OP_INPUTS(still), name);
    op_set(graph, gram, "alpha0", "%g", s->alpha0);
    snprintf(name, sizeof name, "fit_%s/solve", side);
    const bool exact = s->solver == IALS_CHOLESKY;
    const uint32_t solve = op_add_fed(graph, exact ? "SolveCholesky" : "ConjugateGradients", *shape,
                                      OP_INPUTS(gram, still, confidences), name);
    op_set(graph, solve, "lambda", "%g", s->lambda);
    op_set(graph, solve, "nu", "%g", s->nu);
    return solve;
}

static void add_update(struct op_graph *graph, const char *name, const struct op_shape *shape,
                       uint32_t vectors, uint32_t solved)
{
    op_add_fed(graph, "Assign", *shape, OP_INPUTS(vectors, solved), name);
}

void ials_graph(const struct ials_settings *s, uint32_t n_users, uint32_t n_items,
                struct op_graph *graph)
{
    const struct op_shape users_shape = OP_SHAPE_2(n_users, s->dimensions),
                          items_shape = OP_SHAPE_2(n_items, s->dimensions),
                          matrix = OP_SHAPE_2(n_users, n_items), one = {0};
    const uint32_t confidences = op_add(graph, "Placeholder", matrix, "inputs/confidences");
    const uint32_t users = op_add_variable(graph, users_shape, "users/vectors");
    const uint32_t items = op_add_variable(graph, items_shape, "items/vectors");
    const uint32_t user_half = add_half(graph, s, "users", &users_shape, confidences, items);
    const uint32_t item_half = add_half(graph, s, "items", &items_shape, confidences, users);
    add_update(graph, "train/users", &users_shape, users, user_half);
    add_update(graph, "train/items", &items_shape, items, item_half);
    const uint32_t scores =
        op_add_fed(graph, "MatMul", matrix, OP_INPUTS(users, items), "prediction/scores");
    const uint32_t error = op_add_fed(graph, "WeightedSquaredError", one,
                                      OP_INPUTS(scores, confidences), "loss/squared_error");
    const uint32_t penalty =
        op_add_fed(graph, "L2Loss", one, OP_INPUTS(users, items), "loss/regularization");
    op_set(graph, penalty, "lambda", "%g", s->lambda);
    op_set(graph, penalty, "nu", "%g", s->nu);
    op_add_fed(graph, "AddN", one, OP_INPUTS(error, penalty), "loss/sum");
}

void ials_graph_observe(const struct ials_settings *settings, uint32_t n_users, uint32_t n_items,
                        const struct observer *observer)
{
    struct op_graph graph = {0};
    if (!observer || !observer->graph)
        return;
    ials_graph(settings, n_users, n_items, &graph);
    if (!graph.failed)
        observe_graph(observer, &graph);
    op_graph_free(&graph);
}

void ials_costs_observe(const struct ials_settings *settings, uint32_t n_users, uint32_t n_items,
                        const int64_t ns[IALS_PARTS], uint64_t scratch_bytes, int64_t epoch,
                        const struct observer *observer)
{
    struct op_costs costs = {0};
    const uint64_t d = (uint64_t)settings->dimensions, square = d * d * sizeof(float);
    ials_graph(settings, n_users, n_items, &costs.graph);
    op_costs_begin(&costs);
    op_costs_charge_name(&costs, "users/vectors", 0, n_users * d * sizeof(float));
    op_costs_charge_name(&costs, "items/vectors", 0, n_items * d * sizeof(float));
    op_costs_charge_name(&costs, "fit_users/gram", ns[IALS_USERS_GRAM], square);
    op_costs_charge_name(&costs, "fit_users/solve", ns[IALS_USERS_SOLVE], scratch_bytes);
    op_costs_charge_name(&costs, "fit_items/gram", ns[IALS_ITEMS_GRAM], square);
    op_costs_charge_name(&costs, "fit_items/solve", ns[IALS_ITEMS_SOLVE], scratch_bytes);
    op_costs_charge_name(&costs, "loss/sum", ns[IALS_LOSS], 0);
    op_costs_tell(&costs, observer, epoch);
}
