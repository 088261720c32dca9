#pragma once
/* Bytes from a path, a gzip file or standard input ("-"), by character or by line.
 *
 * Gzip is recognised by its first bytes, so `-` may be compressed too; a file called .gz that is
 * none, and one that ends too early, are errors. A line ends with LF, CRLF or CR; a byte order mark
 * at the start is skipped. Memory: one block of 64 KiB and one line of at most READER_LINE_MAX.
 * Threads: one user at a time.
 */
#include <stdint.h>

#include "base/buffer.h"
#include "base/status.h"

struct source;

/* NOT_FOUND, IO, MALFORMED (a .gz that is none), NO_MEMORY, with the path in the text. */
enum status source_open(const char *path, struct source **ret_source, struct error *reterr);
void source_close(struct source *source); /* NULL is fine */

/* The next byte, or SOURCE_END after the last one and after a failure: source_status tells. */
enum { SOURCE_END = -1 };
int source_next(struct source *source);
int source_peek(struct source *source);

/* OK, or why reading ended early: IO, NO_MEMORY, CORRUPT (truncated or damaged gzip). */
enum status source_status(const struct source *source, struct error *reterr);

/* Bytes from a mark on can be read again: they are kept from source_mark until source_return, which
 * goes back to the mark, or source_forget. The caller bounds them by source_since_mark. Not for a
 * source that is read by source_line. */
void source_mark(struct source *source);
size_t source_since_mark(const struct source *source);
void source_return(struct source *source);
void source_forget(struct source *source);

/* The next bytes, at most n; how many, 0 as source_next has SOURCE_END. Faster than one by one; not
 * to be mixed with marks, lines and their numbers. */
size_t source_read(struct source *source, void *out, size_t n);

/* The next line without its end, as terminated bytes that are valid until the next call; false at
 * the end or after a failure. A line above READER_LINE_MAX comes cut, with `overlong`. */
struct source_line {
    const char *bytes;
    size_t length;
    uint64_t number; /* from 1 */
    bool overlong;
};
bool source_line(struct source *source, struct source_line *ret_line);

/* Number of the line that the next byte belongs to. */
uint64_t source_line_number(const struct source *source);

/* What was read of the whole, in [0, 1]; 0 where the size is not known. */
double source_share(const struct source *source);
