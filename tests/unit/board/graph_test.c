/* What these catch: a node with another field, order or type than GraphDef has. */
#include "board/graph.h"

#include "support/test.h"

/* As the public definitions (tensorboard.compat.proto.graph_pb2) serialise the same two nodes. */
static void two_nodes_are_byte_for_byte_the_message(void **state)
{
    (void)state;
    static const char wanted[] =
        "\x0a\x25\x0a\x01\x78\x12\x04\x52\x65\x6c\x75\x2a\x1a\x0a\x0e\x5f\x6f\x75\x74\x70\x75\x74"
        "\x5f\x73\x68\x61\x70\x65\x73\x12\x08\x0a\x06\x3a\x04\x12\x02\x08\x03\x0a\x33\x0a\x03\x64"
        "\x2f\x79\x12\x04\x52\x65\x6c\x75\x1a\x01\x78\x2a\x23\x0a\x0e\x5f\x6f\x75\x74\x70\x75\x74"
        "\x5f\x73\x68\x61\x70\x65\x73\x12\x11\x0a\x0f\x3a\x0d\x12\x0b\x08\xff\xff\xff\xff\xff\xff"
        "\xff\xff\xff\x01\x22\x02\x08\x16";
    struct op_graph graph = {0};
    const uint32_t x = op_add(&graph, "Relu", OP_SHAPE_1(3), "x");
    op_feed(&graph, op_add(&graph, "Relu", OP_SHAPE_1(OP_BATCH), "d/y"), x);
    struct buffer out = {0};
    graph_encode(&graph, &out);
    assert_int_equal(out.size, sizeof wanted - 1);
    assert_memory_equal(out.data, wanted, out.size);
    buffer_free(&out);
    op_graph_free(&graph);
}

static void a_failed_graph_fails_the_buffer(void **state)
{
    (void)state;
    struct op_graph graph = {.arena = {.limit = 8}};
    op_add(&graph, "Relu", OP_SHAPE_1(3), "a name that does not fit into eight bytes");
    op_set(&graph, 0, "k", "v"); /* does nothing */
    struct buffer out = {0};
    graph_encode(&graph, &out);
    assert_true(out.failed);
    buffer_free(&out);
    op_graph_free(&graph);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_nodes_are_byte_for_byte_the_message),
        cmocka_unit_test(a_failed_graph_fails_the_buffer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
