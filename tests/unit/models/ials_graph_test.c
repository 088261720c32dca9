/* What these catch: a graph that does not follow the settings, halves that read their own side. */
#include "models/ials_model.h"

#include "support/graph_lines.h"

static void each_half_solves_its_side_from_the_other(void **state)
{
    (void)state;
    struct op_graph graph = {0};
    const struct ials_settings settings = {.dimensions = 8, .solver = IALS_CHOLESKY, .lambda = 0.5};
    ials_graph(&settings, 30, 20, &graph);
    struct buffer lines = graph_lines(&graph);
    graph_has(&lines, "\nfit_users/gram(items/vectors)[8,8]");
    graph_has(&lines, "\nfit_users/solve(fit_users/gram,items/vectors,inputs/confidences)[30,8]");
    graph_has(&lines, "\nfit_items/solve(fit_items/gram,users/vectors,inputs/confidences)[20,8]");
    graph_has(&lines, "\ntrain/items(items/vectors,fit_items/solve)[20,8]");
    graph_has(&lines, "\nloss/sum(loss/squared_error,loss/regularization)[]");
    assert_int_equal(op_graph_parameters(&graph), 8 * (30 + 20));
    buffer_free(&lines);
    op_graph_free(&graph);
}

static void the_solver_and_the_dimensions_are_those_of_the_settings(void **state)
{
    (void)state;
    for (int solver = IALS_CONJUGATE_GRADIENTS; solver <= IALS_CHOLESKY; solver++) {
        struct op_graph graph = {0};
        const struct ials_settings settings = {.dimensions = 16, .solver = solver};
        ials_graph(&settings, 3, 2, &graph);
        const char *kind = NULL;
        for (uint32_t i = 0; i < graph.n; i++)
            if (strcmp(graph.ops[i].name, "fit_users/solve") == 0)
                kind = graph.ops[i].kind;
        assert_non_null(kind);
        assert_string_equal(kind, solver == IALS_CHOLESKY ? "SolveCholesky" : "ConjugateGradients");
        assert_int_equal(op_graph_parameters(&graph), 16 * 5);
        op_graph_free(&graph);
    }
}

static void hear_costs(void *context, const char *which, int64_t step, const struct op_graph *graph,
                       const struct op_cost *costs)
{
    assert_string_equal(which, "pass 20");
    assert_int_equal(step, 20);
    const uint32_t solve = op_graph_find(graph, "fit_items/solve");
    const uint32_t vectors = op_graph_find(graph, "users/vectors");
    assert_int_equal(costs[solve].ns, 44);
    assert_int_equal(costs[solve].bytes, 1000);
    assert_int_equal(costs[vectors].ns, 0);
    assert_int_equal(costs[vectors].bytes, 30 * 8 * sizeof(float));
    ++*(int *)context;
}

static void costs_stand_at_the_operations_that_they_are_of(void **state)
{
    (void)state;
    int n = 0;
    const int64_t ns[IALS_PARTS] = {11, 22, 33, 44, 55};
    const struct observer observer = {.context = &n, .costs = hear_costs};
    const struct ials_settings settings = {.dimensions = 8};
    ials_costs_observe(&settings, 30, 20, ns, 1000, 20, &observer);
    assert_int_equal(n, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_half_solves_its_side_from_the_other),
        cmocka_unit_test(costs_stand_at_the_operations_that_they_are_of),
        cmocka_unit_test(the_solver_and_the_dimensions_are_those_of_the_settings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
