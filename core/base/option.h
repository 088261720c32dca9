#pragma once
/* Named settings in a struct, described by one table: model parameters, configuration keys,
 * command-line options. The table gives parsing, ranges, defaults, help and printing; a struct
 * field is reached by its offset. A default stands once, as text, in the table.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/status.h"

enum option_type {
    OPTION_BOOL,     /* bool field;     true, false */
    OPTION_INT,      /* int64_t field;  min..max */
    OPTION_REAL,     /* double field;   min..max */
    OPTION_DURATION, /* int64_t field, milliseconds; text as in text_to_duration_ms, or "never"
                        (-1) where min is negative; min..max in milliseconds */
    OPTION_SIZE,     /* int64_t field, bytes; text as in text_to_size */
    OPTION_TEXT,     /* const char * field, owned by the arena; "" is allowed */
    OPTION_CHOICE,   /* int field: index into the NULL-terminated choices */
};

/* How a search draws values of a model's parameter. */
enum option_search {
    SEARCH_NOT, /* it never touches it */
    SEARCH_LINEAR,
    SEARCH_LOG, /* evenly in the logarithm; low above 0 */
};

struct option {
    const char *name;
    enum option_type type;
    size_t offset;       /* of the field in its struct */
    const char *initial; /* the default, as text */
    double min, max;     /* for INT, REAL, DURATION, SIZE; both 0: only the type's range */
    const char *const *choices;
    const char *help; /* one line, for --help, the documentation and the commented example */
    enum option_search search; /* of INT and REAL only */
    double low, high;          /* of a search, within min and max */
};

/* The option of that name, or NULL. */
const struct option *option_find(const struct option *options, size_t count, const char *name);

/* The nearest known name, or NULL. */
const char *option_nearest(const struct option *options, size_t count, const char *name);

/* Every field to its default. NO_MEMORY only (texts are copied to the arena). */
enum status options_init(const struct option *options, size_t count, void *values,
                         struct arena *arena);

/* Sets one field from text. MALFORMED or OUT_OF_RANGE with the range and the option's name. */
enum status option_set(const struct option *option, void *values, const char *text,
                       struct arena *arena, struct error *reterr);

/* Finds by name and sets. NOT_FOUND names the nearest known one. `what` is "parameter", "key"… */
enum status options_set(const struct option *options, size_t count, void *values, const char *what,
                        const char *name, const char *text, struct arena *arena,
                        struct error *reterr);

/* The field's value as text that option_set reads back. */
void option_print(const struct option *option, const void *values, struct buffer *out);

/* The value as JSON (numbers and booleans bare, durations and sizes as numbers). */
void option_print_json(const struct option *option, const void *values, struct buffer *out);
