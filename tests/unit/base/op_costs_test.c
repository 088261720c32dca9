/* What these catch: costs that replace instead of add up, an unknown name that is charged to
 * another operation, a step that is told under the wrong name. */
#include "base/op_costs.h"

#include <stdio.h>

#include "support/test.h"

struct heard {
    int n;
    char which[16];
    int64_t step, product_ns, sum_ns;
    uint64_t product_bytes;
};

static void hear(void *context, const char *which, int64_t step, const struct op_graph *graph,
                 const struct op_cost *costs)
{
    struct heard *heard = context;
    const uint32_t product = op_graph_find(graph, "a/product"), sum = op_graph_find(graph, "a/sum");
    snprintf(heard->which, sizeof heard->which, "%s", which);
    heard->n++;
    heard->step = step;
    heard->product_ns = costs[product].ns;
    heard->product_bytes = costs[product].bytes;
    heard->sum_ns = costs[sum].ns;
}

static void charges_add_up_by_name_and_by_number(void **state)
{
    (void)state;
    struct heard heard = {0};
    const struct observer observer = {.context = &heard, .costs = hear};
    struct op_costs costs = {0};
    op_add(&costs.graph, "MatMul", OP_SHAPE_1(2), "a/product");
    const uint32_t sum = op_add(&costs.graph, "Add", OP_SHAPE_1(2), "a/sum");
    assert_true(op_costs_begin(&costs));
    op_costs_charge_name(&costs, "a/product", 30, 100);
    op_costs_charge_name(&costs, "a/product", 4, 1);
    op_costs_charge_name(&costs, "a/other", 1000, 1000);
    op_costs_charge(&costs, sum, 7, 0);
    op_costs_charge(&costs, OP_NONE, 1000, 1000);
    op_costs_tell(&costs, &observer, 20);
    assert_int_equal(heard.n, 1);
    assert_string_equal(heard.which, "pass 20");
    assert_int_equal(heard.step, 20);
    assert_int_equal(heard.product_ns, 34);
    assert_int_equal(heard.product_bytes, 101);
    assert_int_equal(heard.sum_ns, 7);
    assert_null(costs.of);
}

static void a_graph_that_failed_tells_nothing(void **state)
{
    (void)state;
    struct heard heard = {0};
    const struct observer observer = {.context = &heard, .costs = hear};
    struct op_costs costs = {.graph.failed = true};
    assert_false(op_costs_begin(&costs));
    op_costs_charge_name(&costs, "a/product", 1, 1);
    op_costs_tell(&costs, &observer, 1);
    assert_int_equal(heard.n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(charges_add_up_by_name_and_by_number),
        cmocka_unit_test(a_graph_that_failed_tells_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
