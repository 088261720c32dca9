#pragma once
/* The messages in an event file (TensorFlow's event.proto and summary.proto), one function each.
 *
 * Every function appends to a buffer: the event_… ones a whole Event, ready for record_append; the
 * value_… ones one value of a Summary, of which event_summary wraps several. Tags and texts are
 * valid UTF-8 (board/names.h): one bad byte stops every run of whoever reads them.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

/* Seconds since 1970; never NaN, which would end the reading of the file. */
double event_wall_time(int64_t now_ms);

/* The first event of a file; `writer` (at most 128 characters) says who wrote it. */
void event_file_version(struct buffer *out, double wall_time, const char *writer);

/* Says that this file begins at `step`: readers forget what they know at or after it. */
void event_session_start(struct buffer *out, double wall_time, int64_t step);

/* All values of one step. `values` is what the functions below appended. */
void event_summary(struct buffer *out, double wall_time, int64_t step, const struct buffer *values);

/* A point of a curve. NaN and infinities are allowed. */
void value_scalar(struct buffer *values, const char *tag, float value);

/* A text, shown as Markdown. `describe`: with the metadata that each tag's first value in a file
 * needs. */
void value_text(struct buffer *values, const char *tag, const char *text, size_t length,
                bool describe);
