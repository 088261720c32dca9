#pragma once
/* A growing run of bytes: bodies, records, files being written.
 *
 * Failure is sticky: after the first refused growth (memory, or the limit) the buffer keeps what it
 * has, ignores what follows and says so in `failed`, so that a writer checks once, at the end.
 * data is always terminated by a zero byte that size does not count (and NULL while nothing was
 * ever added). Threads: one user at a time.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* Zero-initialise; set `limit` for whatever grows from outside. */
struct buffer {
    char *data;
    size_t size, capacity;
    size_t limit; /* bytes, 0: no limit */
    bool failed;
    bool no_memory; /* failed for want of memory, not for the limit */
};

void buffer_append(struct buffer *buffer, const void *bytes, size_t length);
void buffer_append_text(struct buffer *buffer, const char *text);
void buffer_append_byte(struct buffer *buffer, char byte);
void buffer_printf(struct buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* In decimal digits. */
void buffer_append_whole(struct buffer *buffer, uint64_t value);

/* Little-endian integers, for the file formats. */
void buffer_append_u32(struct buffer *buffer, uint32_t value);
void buffer_append_u64(struct buffer *buffer, uint64_t value);

/* The text as a JSON string with its quotes; length bytes of valid UTF-8. */
void buffer_append_json(struct buffer *buffer, const char *text, size_t length);

/* The shortest decimal that reads back as the same number; "null" for what JSON cannot say. A
 * zero has no sign. */
void buffer_append_float(struct buffer *buffer, float value);
void buffer_append_double(struct buffer *buffer, double value);

/* Room for `extra` more bytes; the pointer to them, or NULL. The caller then adds to size. */
char *buffer_reserve(struct buffer *buffer, size_t extra);

/* Empties it and forgets a failure; keeps the memory. */
void buffer_clear(struct buffer *buffer);
void buffer_free(struct buffer *buffer);
