#include "board/run_metadata.h"

#include <stdlib.h>
#include <string.h>

#include "board/proto.h"

/* Field numbers, by message. */
enum run_metadata_field { RUN_METADATA_STEP_STATS = 1 };
enum step_stats_field { STEP_STATS_DEV_STATS = 1 };
enum device_field { DEVICE_NAME = 1, DEVICE_NODE_STATS = 2 };
enum node_field {
    NODE_NAME = 1,
    NODE_ALL_START = 2,
    NODE_OP_END = 4,
    NODE_ALL_END = 5,
    NODE_MEMORY = 6
};
enum memory_field { MEMORY_ALLOCATOR = 1, MEMORY_TOTAL = 2 };

static const char device_name[] = "/device:CPU:0", allocator_name[] = "cpu";

static int64_t micros_of(const struct op_cost *cost)
{
    const int64_t micros = (cost->ns + 500) / 1000;
    return cost->ns > 0 && micros == 0 ? 1 : micros;
}

static void append_node(struct buffer *out, const char *name, const struct op_cost *cost,
                        int64_t start_us)
{
    const int64_t micros = micros_of(cost);
    const size_t node = proto_begin(out, DEVICE_NODE_STATS);
    proto_text(out, NODE_NAME, name);
    proto_int64(out, NODE_ALL_START, start_us);
    proto_int64(out, NODE_OP_END, micros);
    proto_int64(out, NODE_ALL_END, micros);
    if (cost->bytes > 0) {
        const size_t memory = proto_begin(out, NODE_MEMORY);
        proto_text(out, MEMORY_ALLOCATOR, allocator_name);
        proto_int64(out, MEMORY_TOTAL, (int64_t)cost->bytes);
        proto_end(out, memory);
    }
    proto_end(out, node);
}

static int by_name(const void *a, const void *b)
{
    const struct op *const *x = a, *const *y = b;
    return strcmp((*x)->name, (*y)->name);
}

void run_metadata_encode(const struct op_graph *graph, const struct op_cost *costs,
                         int64_t start_us, struct buffer *out)
{
    const struct op **sorted = malloc(((size_t)graph->n + 1) * sizeof *sorted);
    out->failed |= graph->failed || !sorted;
    for (uint32_t i = 0; sorted && i < graph->n; i++)
        sorted[i] = &graph->ops[i];
    if (!out->failed)
        qsort(sorted, graph->n, sizeof *sorted, by_name);
    const size_t step = proto_begin(out, RUN_METADATA_STEP_STATS);
    const size_t device = proto_begin(out, STEP_STATS_DEV_STATS);
    proto_text(out, DEVICE_NAME, device_name);
    for (uint32_t i = 0; i < graph->n && !out->failed; i++) {
        const struct op_cost *cost = &costs[sorted[i] - graph->ops];
        if (cost->ns <= 0 && cost->bytes == 0)
            continue;
        append_node(out, sorted[i]->name, cost, start_us);
        start_us += micros_of(cost);
    }
    proto_end(out, device);
    proto_end(out, step);
    free(sorted);
}
