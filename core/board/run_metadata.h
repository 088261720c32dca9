#pragma once
/* What the operations of one step cost, as TensorBoard's graph page colours by it (TensorFlow's
 * step_stats.proto).
 *
 * The page takes the time of a scope from where its first operation starts to where its last one
 * ends. So operations are laid end to end, in the order of their names, which keeps each scope
 * together: a scope then shows the sum of what lies in it. When they truly started is not said.
 */
#include <stdint.h>

#include "base/buffer.h"
#include "base/op_graph.h"

/* Appends a RunMetadata: costs[graph->n], those that are all zero left out. A time above 0 is at
 * least a microsecond, the unit there. start_us: since 1970. A graph that has failed fails the
 * buffer. */
void run_metadata_encode(const struct op_graph *graph, const struct op_cost *costs,
                         int64_t start_us, struct buffer *out);
