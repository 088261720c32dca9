#pragma once
/* What the text of one cell means: shared by the readers of text formats. Texts are terminated. */
#include <stdint.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/status.h"

/* RFC 3339; the forms that databases print ("2026-11-23 15:28:00.5+00", without an offset: UTC;
 * "2026-11-23": its midnight); or a number since 1970: seconds below 1e11 (year 5138), from there
 * on milliseconds. MALFORMED or OUT_OF_RANGE with the cell's text. */
enum status cell_time(const char *text, int64_t *ret_ms, struct error *reterr);

/* `name` is the column's. */
enum status cell_number(const char *name, const char *text, double *ret_value,
                        struct error *reterr);

/* true, false, t, f, yes, no, 1, 0 in any case. */
enum status cell_bool(const char *name, const char *text, bool *ret_value, struct error *reterr);

/* Parts between `separator`, without spaces around them, empty and repeated ones left out, at most
 * `limit`: TOO_LARGE. */
enum status cell_list(const char *text, char separator, uint32_t limit, struct arena *arena,
                      const char *const **ret_parts, uint32_t *ret_n, struct error *reterr);

/* Pieces of an attributes object; begin with an empty buffer, end with attributes_close. */
void attributes_add_text(struct buffer *object, const char *name, const char *text);
void attributes_add_number(struct buffer *object, const char *name, double value);
void attributes_add_bool(struct buffer *object, const char *name, bool value);
void attributes_add_list(struct buffer *object, const char *name, const char *const *parts,
                         uint32_t n);
/* The object's text, "{}" for an empty buffer; from the arena, NULL without memory. */
const char *attributes_close(struct buffer *object, struct arena *arena);
