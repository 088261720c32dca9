#pragma once
/* A graph of operations as one text: "\nname(input,input)[2,3]" an operation. */
#include <inttypes.h>
#include <string.h>

#include "base/buffer.h"
#include "base/op_graph.h"
#include "support/test.h"

static inline struct buffer graph_lines(const struct op_graph *graph)
{
    struct buffer out = {0};
    assert_false(graph->failed);
    for (uint32_t i = 0; i < graph->n; i++) {
        const struct op *op = &graph->ops[i];
        buffer_printf(&out, "\n%s(", op->name);
        for (uint32_t k = 0; k < op->n_inputs; k++)
            buffer_printf(&out, "%s%s", k ? "," : "", graph->ops[op->inputs[k]].name);
        buffer_append_text(&out, ")[");
        for (unsigned k = 0; k < op->shape.n_dims; k++)
            buffer_printf(&out, "%s%" PRId64, k ? "," : "", op->shape.dims[k]);
        buffer_append_text(&out, "]");
    }
    assert_false(out.failed);
    return out;
}

static inline void graph_has(const struct buffer *lines, const char *line)
{
    if (!strstr(lines->data, line))
        fail_msg("no %s in %s", line, lines->data);
}
