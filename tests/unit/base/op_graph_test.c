/* What these catch: names that a graph page would tear apart, parameters or inputs lost. */
#include "base/op_graph.h"

#include "support/test.h"

static void names_are_made_safe_and_stay_apart(void **state)
{
    (void)state;
    static const struct {
        const char *given, *wanted;
    } names[] = {{"deep/layer 1/w", "deep/layer_1/w"},
                 {"deep/layer_1/w", "deep/layer_1/w_2"},
                 {"//a//b/", "a/b"},
                 {"", "_"},
                 {"\xc3\xa9", "__"},
                 {"a/b", "a/b_2"}};
    struct op_graph graph = {0};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const uint32_t op = op_add(&graph, "NoOp", OP_SHAPE_1(1), "%s", names[i].given);
        assert_string_equal(graph.ops[op].name, names[i].wanted);
    }
    op_graph_free(&graph);
}

static void inputs_keep_their_order_and_parameters_their_count(void **state)
{
    (void)state;
    struct op_graph graph = {0};
    uint32_t ops[40];
    for (uint32_t i = 0; i < 40; i++)
        ops[i] = op_add_variable(&graph, OP_SHAPE_2(i + 1, 3), "v%u", i);
    const uint32_t sum = op_add(&graph, "AddN", OP_SHAPE_1(3), "sum");
    for (uint32_t i = 0; i < 40; i++)
        op_feed(&graph, sum, ops[39 - i]);
    assert_int_equal(graph.ops[sum].n_inputs, 40);
    for (uint32_t i = 0; i < 40; i++)
        assert_int_equal(graph.ops[sum].inputs[i], ops[39 - i]);
    assert_int_equal(op_graph_parameters(&graph), 3 * 820);
    assert_string_equal(graph.ops[ops[4]].settings->value, "15");
    assert_false(graph.failed);
    op_graph_free(&graph);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_made_safe_and_stay_apart),
        cmocka_unit_test(inputs_keep_their_order_and_parameters_their_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
