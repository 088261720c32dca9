/* What these catch: a node with another field, order or type than RunMetadata has; scopes whose
 * operations do not lie together; a cost that rounds to nothing. */
#include "board/run_metadata.h"

#include <stdio.h>
#include <string.h>

#include "support/event_reader.h"
#include "support/test.h"

/* As the public definitions (tensorboard.compat.proto.config_pb2) serialise the same two nodes. */
static void two_nodes_are_byte_for_byte_the_message(void **state)
{
    (void)state;
    static const char wanted[] =
        "\x0a\x39\x0a\x37\x0a\x0d\x2f\x64\x65\x76\x69\x63\x65\x3a\x43\x50\x55\x3a\x30\x12\x0d\x0a"
        "\x03\x61\x2f\x78\x10\xc0\x84\x3d\x20\x01\x28\x01\x12\x17\x0a\x01\x62\x10\xc1\x84\x3d\x20"
        "\xc4\x13\x28\xc4\x13\x32\x08\x0a\x03\x63\x70\x75\x10\x80\x20";
    struct op_graph graph = {0};
    struct buffer out = {0};
    op_add(&graph, "Relu", OP_SHAPE_1(3), "b");
    op_add(&graph, "Relu", OP_SHAPE_1(3), "unused");
    op_add(&graph, "Relu", OP_SHAPE_1(3), "a/x");
    const struct op_cost costs[] = {{.ns = 2500400, .bytes = 4096}, {0}, {.ns = 1}};
    run_metadata_encode(&graph, costs, 1000000, &out);
    assert_int_equal(out.size, sizeof wanted - 1);
    assert_memory_equal(out.data, wanted, out.size);
    buffer_free(&out);
    op_graph_free(&graph);
}

struct node {
    char name[32];
    int64_t start, micros;
};

/* The nodes of an encoded message, in their order. */
static size_t nodes_of(const struct buffer *message, struct node *out)
{
    const unsigned char *at = (const unsigned char *)message->data, *end = at + message->size;
    struct wire_field f;
    size_t n = 0;
    for (int depth = 0; depth < 2; depth++) { /* step_stats, dev_stats */
        assert_true(wire_next(&at, end, &f));
        at = f.bytes;
        end = f.bytes + f.length;
    }
    while (wire_next(&at, end, &f)) {
        const unsigned char *in = f.bytes, *in_end = f.bytes + f.length;
        if (f.number != 2)
            continue;
        for (struct wire_field g; wire_next(&in, in_end, &g);) {
            if (g.number == 1)
                snprintf(out[n].name, sizeof out[n].name, "%.*s", (int)g.length,
                         (const char *)g.bytes);
            else if (g.number == 2)
                out[n].start = (int64_t)g.bits;
            else if (g.number == 5)
                out[n].micros = (int64_t)g.bits;
        }
        n++;
    }
    return n;
}

/* The page shows of a scope from its first start to its last end: that must be the sum. */
static void what_lies_in_a_scope_follows_each_other(void **state)
{
    (void)state;
    static const char *const names[] = {"a/z", "b/x", "a/b/x", "a-b/x", "a/y", "a/b/y"};
    struct op_graph graph = {0};
    struct op_cost costs[6];
    struct node nodes[6] = {{{0}}};
    struct buffer out = {0};
    for (size_t i = 0; i < 6; i++) {
        op_add(&graph, "Relu", OP_SHAPE_1(3), "%s", names[i]);
        costs[i] = (struct op_cost){.ns = 1000 << i};
    }
    run_metadata_encode(&graph, costs, 77, &out);
    assert_int_equal(nodes_of(&out, nodes), 6);
    int64_t at = 77, first = -1, last = -1, sum = 0;
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(nodes[i].start, at);
        at += nodes[i].micros;
        if (strncmp(nodes[i].name, "a/", 2) != 0)
            continue;
        first = first < 0 ? nodes[i].start : first;
        last = at;
        sum += nodes[i].micros;
    }
    assert_int_equal(sum, 1 + 4 + 16 + 32);
    assert_int_equal(last - first, sum);
    buffer_free(&out);
    op_graph_free(&graph);
}

static void a_failed_graph_fails_the_buffer(void **state)
{
    (void)state;
    struct op_graph graph = {.failed = true};
    struct buffer out = {0};
    run_metadata_encode(&graph, NULL, 0, &out);
    assert_true(out.failed);
    buffer_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_nodes_are_byte_for_byte_the_message),
        cmocka_unit_test(what_lies_in_a_scope_follows_each_other),
        cmocka_unit_test(a_failed_graph_fails_the_buffer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
