#pragma once
/* JSON from outside, on jansson: limits before parsing, and errors that point at the place.
 * Duplicate keys, NUL characters, invalid UTF-8, NaN and infinities are refused by the parser. */
#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/status.h"

enum { JSON_DEPTH_MAX = 32 };

/* One whole document. MALFORMED with line and column in `pointer` ("line 3, column 7");
 * TOO_LARGE when nested deeper than JSON_DEPTH_MAX; NO_MEMORY. The result is the caller's
 * (json_decref). */
enum status json_parse(const char *bytes, size_t length, json_t **ret_value, struct error *reterr);

/* Appends the text of a value, with jansson's JSON_… flags. NO_MEMORY, or out's limit. (What
 * json_dumps returns is not for free(): jansson's memory is this module's.) */
enum status json_print(const json_t *value, size_t flags, struct buffer *out);

/* RFC 6901: appends "/name" (with ~0 and ~1) to a pointer in out[ERROR_POINTER_MAX], cut to fit. */
void json_pointer_push(char *out, const char *name);
void json_pointer_push_index(char *out, size_t index);
