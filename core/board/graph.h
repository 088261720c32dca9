#pragma once
/* A graph of operations as TensorBoard's graph page takes it (TensorFlow's graph.proto). */
#include "base/buffer.h"
#include "base/op_graph.h"

/* Appends a GraphDef: a node for each operation, shapes on the edges, settings as attributes. A
 * graph that has failed fails the buffer. */
void graph_encode(const struct op_graph *graph, struct buffer *out);
