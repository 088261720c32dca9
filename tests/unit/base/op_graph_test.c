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

static void a_graph_in_a_scope_keeps_what_it_says(void **state)
{
    (void)state;
    struct op_graph inner = {0}, outer = {0};
    const uint32_t weights = op_add_variable(&inner, OP_SHAPE_2(2, 3), "w");
    const uint32_t bias = op_add_variable(&inner, OP_SHAPE_1(3), "b");
    op_add_fed(&inner, "Add", OP_SHAPE_1(3), OP_INPUTS(bias, weights), "sum");
    op_graph_append(&outer, &inner, "first");
    op_graph_append(&outer, &inner, "second");
    assert_false(outer.failed);
    assert_int_equal(outer.n, 6);
    const struct op *sum = &outer.ops[5];
    assert_string_equal(sum->name, "second/sum");
    assert_int_equal(sum->n_inputs, 2);
    assert_string_equal(outer.ops[sum->inputs[0]].name, "second/b");
    assert_string_equal(outer.ops[sum->inputs[1]].name, "second/w");
    assert_int_equal(op_graph_parameters(&outer), 18);
    assert_string_equal(outer.ops[3].settings->value, "6");
    assert_true(op_graph_has_scope(&outer, "first"));
    assert_false(op_graph_has_scope(&outer, "fir"));
    assert_false(op_graph_has_scope(&outer, "sum"));
    op_graph_free(&inner);
    assert_string_equal(outer.ops[5].name, "second/sum");
    op_graph_free(&outer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_made_safe_and_stay_apart),
        cmocka_unit_test(inputs_keep_their_order_and_parameters_their_count),
        cmocka_unit_test(a_graph_in_a_scope_keeps_what_it_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
