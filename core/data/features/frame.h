#pragma once
/* Rows of a table in few bytes: four for each cell that a feature needs.
 *
 * A row is an array of 32-bit cells: label, weight, then numbers (floats; missing is NaN), codes of
 * a vocabulary, hashes, or places of lists. Ten million rows of fifteen columns take 700 MB.
 * Threads: any number of readers, or one writer.
 */
#include <stdbool.h>
#include <stdint.h>

#include "data/features/features.h"

enum { FRAME_CHUNK_ROWS = 4096 };

/* A value from wherever: text of a file, an attribute, a count. Text for a column of numbers is
 * read as one; a number for a column of texts is its shortest decimal. */
enum feature_value_type {
    FEATURE_VALUE_MISSING,
    FEATURE_VALUE_TEXT,
    FEATURE_VALUE_NUMBER,
    FEATURE_VALUE_TEXTS,
};

struct feature_value {
    enum feature_value_type type;
    uint32_t length;               /* TEXT: bytes (empty: missing); TEXTS: how many */
    const char *text;              /* TEXT: not terminated */
    double number;                 /* NUMBER */
    const struct spec_text *texts; /* TEXTS */
};

/* A frame that the features learn from: there can be one, before features_fit. NO_MEMORY. */
enum status frame_new_learning(struct features *features, struct frame **ret_frame);
/* A frame of fitted features, which must outlive it. Not labelled: labels and weights are not
 * looked at, and become 0 and 1. NO_MEMORY. */
enum status frame_new(const struct features *features, bool labelled, struct frame **ret_frame);
void frame_free(struct frame *frame); /* NULL is fine */

/* A frame of fitted features, not labelled, for at most n rows, which lives and goes with the
 * arena: for who answers and must not wait for malloc. NO_MEMORY; TOO_LARGE above FRAME_CHUNK_ROWS
 * rows. */
enum status frame_new_in(const struct features *features, uint32_t n, struct arena *arena,
                         struct frame **ret_frame);

/* Adds a row: values[columns of the spec], borrowed for the call. MALFORMED, OUT_OF_RANGE: a value
 * that its column cannot have, with the column's name and the value; TOO_LARGE: too many different
 * texts in a column, with the remedy, or more than 2^32 - 2 rows; NO_MEMORY. The frame stays as it
 * was. */
enum status frame_add(struct frame *frame, const struct feature_value *values,
                      struct error *reterr);

/* The same for a row that has in some columns what the row added last has: where same[columns of
 * the spec] is true, values[] is not looked at and nothing is coded anew; a list is then kept once
 * for both. There is a row, and the frame is not one that features learn from. */
enum status frame_add_like_last(struct frame *frame, const struct feature_value *values,
                                const bool *same, struct error *reterr);

/* What all rows have in a column of numbers: numbers[i * stride] row i; missing where it is not
 * finite. Not in a frame that features learn from. */
void frame_put_numbers(struct frame *frame, uint32_t column, const float *numbers, size_t stride);

/* Forgets the rows and keeps the memory. */
void frame_clear(struct frame *frame);

uint32_t frame_rows(const struct frame *frame);
float frame_label(const struct frame *frame, uint32_t row);
float frame_weight(const struct frame *frame, uint32_t row);
/* Bytes that its rows take. */
uint64_t frame_bytes(const struct frame *frame);

/* Exchanges what two rows have in one column of the spec: to see what a model makes of it. Never
 * the label or the weight. */
void frame_swap(struct frame *frame, uint32_t column, uint32_t a, uint32_t b);
