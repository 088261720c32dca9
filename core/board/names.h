#pragma once
/* Names that every reader of a log directory can take: the one place where text from outside is
 * made safe. A name that had to be changed gets a hash of the original appended, so that names
 * which differed still do.
 */
#include <stddef.h>

#include "base/buffer.h"

enum { RUN_NAME_BYTES_MAX = 100, TAG_BYTES_MAX = 200 };

/* The name of a run's directory: ASCII letters, digits, '-', '_', '.', no two dots in a row, none
 * in front; anything else becomes '_'. TensorBoard puts it into addresses unescaped. */
void run_name_clean(const char *name, char out[RUN_NAME_BYTES_MAX + 1]);

/* A tag: valid UTF-8 without control characters, not empty; slashes group the curves. */
void tag_clean(const char *tag, char out[TAG_BYTES_MAX + 1]);

/* Text of any length as valid UTF-8, what is not becoming U+FFFD, cut to limit bytes. */
void text_clean(const char *text, size_t limit, struct buffer *out);
