#pragma once
/* The protocol-buffer wire format, written into a buffer: as much of it as event files need.
 *
 * A message is its fields one after the other; each of these functions appends one field. Nothing
 * is left out for being zero: what a caller writes is on the wire. Failures are the buffer's.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

void proto_int64(struct buffer *out, unsigned field, int64_t value);
void proto_double(struct buffer *out, unsigned field, double value);
void proto_float(struct buffer *out, unsigned field, float value);
void proto_bytes(struct buffer *out, unsigned field, const void *bytes, size_t length);
void proto_text(struct buffer *out, unsigned field, const char *text);

/* A message as a field: what is appended between the two is its content. They nest, like brackets;
 * the end puts the length before the content. `start` is what proto_begin returned. */
size_t proto_begin(struct buffer *out, unsigned field);
void proto_end(struct buffer *out, size_t start);
