/* What these catch: a graph that does not follow the settings, a loss of the other kind. */
#include "models/autorec_model.h"

#include "support/graph_lines.h"

static void what_is_encoded_is_decoded_to_the_same_columns(void **state)
{
    (void)state;
    struct op_graph graph = {0};
    const struct autorec_settings settings = {.hidden = 6, .g = AUTOREC_SIGMOID, .rate = 0.01};
    autorec_graph(&settings, 40, true, &graph);
    struct buffer lines = graph_lines(&graph);
    graph_has(&lines, "\nencoder/product(inputs/ratings,encoder/weights)[-1,6]");
    graph_has(&lines, "\nencoder/hidden(encoder/sum)[-1,6]");
    graph_has(&lines, "\ndecoder/product(encoder/hidden,decoder/weights)[-1,40]");
    graph_has(&lines, "\nloss/squared_error(decoder/sum,inputs/ratings)[]");
    graph_has(&lines, "\ntrain/adam(encoder/weights,encoder/biases,decoder/weights,decoder/biases,"
                      "loss/sum)");
    assert_int_equal(op_graph_parameters(&graph), 2 * 40 * 6 + 6 + 40);
    buffer_free(&lines);
    op_graph_free(&graph);
}

static void more_hidden_units_and_another_loss_are_seen(void **state)
{
    (void)state;
    struct op_graph graph = {0};
    const struct autorec_settings settings = {.hidden = 9, .g = AUTOREC_IDENTITY};
    autorec_graph(&settings, 40, false, &graph);
    struct buffer lines = graph_lines(&graph);
    graph_has(&lines, "\nencoder/weights()[40,9]");
    graph_has(&lines, "\nloss/cross_entropy(decoder/sum,inputs/likes)[]");
    assert_null(strstr(lines.data, "squared_error"));
    assert_int_equal(op_graph_parameters(&graph), 2 * 40 * 9 + 9 + 40);
    buffer_free(&lines);
    op_graph_free(&graph);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_encoded_is_decoded_to_the_same_columns),
        cmocka_unit_test(more_hidden_units_and_another_loss_are_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
