#pragma once
/* The rows of a table's file, by its spec: a path, a gzip file or standard input.
 *
 * Columns are found by the header line (any order, further columns are skipped) or by the spec's
 * list. With `header: auto` the first line is a header when all columns that are needed stand in
 * it, or when the spec lists none. Without a header a file to predict may lack the label's column.
 * Errors name the file, the line, and where there is one the column.
 */
#include "data/features/frame.h"

struct table_file;

/* `labelled`: label and weight are read, and must be there. NOT_FOUND: the file, or a column, with
 * the nearest name; OUT_OF_RANGE: the file is empty; MALFORMED, IO, NO_MEMORY. The spec outlives
 * it. */
enum status table_file_open(const char *path, const struct feature_spec *spec, bool labelled,
                            struct table_file **ret_file, struct error *reterr);
void table_file_close(struct table_file *file); /* NULL is fine */

/* Adds the next rows, at most n, to the frame; *ret_read of them: fewer than n only at the end.
 * MALFORMED, OUT_OF_RANGE, TOO_LARGE, NO_MEMORY, IO, with "file:line" as the error's pointer; rows
 * before it are in the frame. */
enum status table_file_read(struct table_file *file, struct frame *frame, uint32_t n,
                            uint32_t *ret_read, struct error *reterr);

/* What was read of the whole, in [0, 1]; 0 where the size is not known. */
double table_file_share(const struct table_file *file);
