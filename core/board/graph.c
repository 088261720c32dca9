#include "board/graph.h"

#include "board/names.h"
#include "board/proto.h"

/* Field numbers, by message. */
enum graph_field { GRAPH_NODE = 1, GRAPH_VERSIONS = 4 };
enum versions_field { VERSIONS_PRODUCER = 1 };
enum node_field { NODE_NAME = 1, NODE_OP = 2, NODE_INPUT = 3, NODE_ATTR = 5 };
enum map_field { MAP_KEY = 1, MAP_VALUE = 2 };
enum attr_field { ATTR_LIST = 1, ATTR_S = 2 };
enum list_field { LIST_SHAPE = 7 };
enum shape_field { SHAPE_DIM = 2 };
enum dim_field { DIM_SIZE = 1 };

enum { GRAPH_PRODUCER = 22, SETTING_BYTES_MAX = 1000 }; /* longer ones are not shown */

static void append_shape(struct buffer *out, const struct op_shape *shape)
{
    const size_t attr = proto_begin(out, NODE_ATTR);
    proto_text(out, MAP_KEY, "_output_shapes");
    const size_t value = proto_begin(out, MAP_VALUE);
    const size_t list = proto_begin(out, ATTR_LIST);
    const size_t message = proto_begin(out, LIST_SHAPE);
    for (unsigned i = 0; i < shape->n_dims; i++) {
        const size_t dim = proto_begin(out, SHAPE_DIM);
        proto_int64(out, DIM_SIZE, shape->dims[i]);
        proto_end(out, dim);
    }
    proto_end(out, message);
    proto_end(out, list);
    proto_end(out, value);
    proto_end(out, attr);
}

static void append_setting(struct buffer *out, const struct op_setting *setting)
{
    struct buffer clean = {0};
    text_clean(setting->value, SETTING_BYTES_MAX, &clean);
    const size_t attr = proto_begin(out, NODE_ATTR);
    proto_text(out, MAP_KEY, setting->name);
    const size_t value = proto_begin(out, MAP_VALUE);
    proto_bytes(out, ATTR_S, clean.data, clean.size);
    proto_end(out, value);
    proto_end(out, attr);
    out->failed |= clean.failed;
    buffer_free(&clean);
}

static void append_node(struct buffer *out, const struct op_graph *graph, const struct op *op)
{
    const size_t node = proto_begin(out, GRAPH_NODE);
    proto_text(out, NODE_NAME, op->name);
    proto_text(out, NODE_OP, op->kind);
    for (uint32_t i = 0; i < op->n_inputs; i++)
        proto_text(out, NODE_INPUT, graph->ops[op->inputs[i]].name);
    append_shape(out, &op->shape);
    for (const struct op_setting *s = op->settings; s; s = s->next)
        append_setting(out, s);
    proto_end(out, node);
}

void graph_encode(const struct op_graph *graph, struct buffer *out)
{
    out->failed |= graph->failed;
    for (uint32_t i = 0; i < graph->n; i++)
        append_node(out, graph, &graph->ops[i]);
    const size_t versions = proto_begin(out, GRAPH_VERSIONS);
    proto_int64(out, VERSIONS_PRODUCER, GRAPH_PRODUCER);
    proto_end(out, versions);
}
