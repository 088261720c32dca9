#pragma once
/* Text from outside: UTF-8, names that were nearly right, numbers that must be exact. */
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* True if the bytes are valid UTF-8 (RFC 3629: no surrogates, no overlong forms, at most U+10FFFF).
 */
bool utf8_is_valid(const char *bytes, size_t length);

/* Code points of valid UTF-8. */
size_t utf8_count(const char *bytes, size_t length);

/* Cuts an incomplete last sequence off a terminated string that was truncated at a fixed size. */
void utf8_trim_partial(char *text);

/* True for valid UTF-8 without control characters (C0, DEL, C1). */
bool utf8_is_printable(const char *text);

/* Puts '?' for every byte of a terminated string that is no part of valid UTF-8 and for every
 * control character: what came from outside may then be quoted in a message. */
void utf8_make_printable(char *text);

/* Writes `length` ISO 8859-1 bytes as UTF-8 into `out` (room for 2 * length + 1) and terminates it.
 * Returns the bytes written without the terminator. */
size_t utf8_from_latin1(const char *bytes, size_t length, char *out);

enum { ID_CODE_POINTS_MAX = 256, ID_BYTES_MAX = 1024 };

/* The rule for every id of a user, item, session or event: 1 to 256 code points, at most 1,024
 * bytes of valid UTF-8, no control characters (C0, DEL, C1), and not "." or "..".
 * MALFORMED for bad UTF-8, OUT_OF_RANGE for the rest; `what` ("item id") opens the sentence. */
enum status id_check(const char *bytes, size_t length, const char *what, struct error *reterr);

/* How many bytes must be put in, left out, changed, or swapped with their neighbour to make b of a
 * (Damerau 1964, each place touched once); at most `limit` + 1 is returned. */
unsigned text_distance(const char *a, const char *b, unsigned limit);

/* The candidate closest to `given`, or NULL when none is within a third of its length (at least 1).
 * `name_at(context, i)` gives candidate i of `count`. The first of equally close ones wins. */
const char *text_nearest(const char *given, size_t count,
                         const char *(*name_at)(const void *context, size_t i),
                         const void *context);

/* How a sentence about an unknown name ends: "; did you mean 'NAME'?" (of a long name the first 100
 * bytes), or "" where nearest is NULL. By value, to be an argument of that sentence. */
struct text_suggestion {
    char text[128];
};
struct text_suggestion text_suggest(const char *nearest);

/* Whole strings only: leading or trailing bytes that do not belong are MALFORMED; values past the
 * type are OUT_OF_RANGE; NaN and infinities are OUT_OF_RANGE. Locale is never consulted. */
enum status text_to_int64(const char *text, int64_t *ret_value);
enum status text_to_double(const char *text, double *ret_value);

/* "90s", "30m", "12h", "30d", "500ms", or a bare number of seconds -> milliseconds.
 * OUT_OF_RANGE past 100 years, MALFORMED otherwise. */
enum status text_to_duration_ms(const char *text, int64_t *ret_ms);

/* "64k", "150M", "2G" (powers of 1024), "0" or a bare number of bytes. */
enum status text_to_size(const char *text, uint64_t *ret_bytes);

/* 64-bit hash of bytes (FNV-1a, then splitmix's finaliser): stable over versions and machines. */
uint64_t text_hash(const void *bytes, size_t length, uint64_t seed);
