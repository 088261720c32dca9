#pragma once
/* The messages in an event file (TensorFlow's event.proto), one function each, which appends a
 * whole Event to a buffer, ready for record_append. */
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

/* Seconds since 1970; never NaN, which would end the reading of the file. */
double event_wall_time(int64_t now_ms);

/* The first event of a file; `writer` (at most 128 characters) says who wrote it. */
void event_file_version(struct buffer *out, double wall_time, const char *writer);

/* Says that this file begins at `step`: readers forget what they know at or after it. */
void event_session_start(struct buffer *out, double wall_time, int64_t step);

/* All values of one step. `values` is what the functions of board/summary.h appended. */
void event_summary(struct buffer *out, double wall_time, int64_t step, const struct buffer *values);

/* What the operations of one step cost: a RunMetadata (board/run_metadata.h), chosen by its tag. */
void event_run_metadata(struct buffer *out, double wall_time, int64_t step, const char *tag,
                        const struct buffer *metadata);

/* A graph of operations: a GraphDef (board/graph.h). A changed graph needs a greater step. */
void event_graph(struct buffer *out, double wall_time, int64_t step, const struct buffer *graph);
