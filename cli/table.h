#pragma once
/* Tables for people: columns as wide as their widest cell, counted in code points of UTF-8;
 * numbers stand at the right, words at the left. */
#include <stddef.h>
#include <stdio.h>

#include "base/status.h"

enum { TABLE_COLUMNS_MAX = 40 };

struct table_column {
    const char *title;
    bool right;       /* numbers */
    size_t width_max; /* longer cells are cut, with an ellipsis; 0: never */
};

struct table_text;

/* The columns are borrowed. NULL when memory is out, which every function takes. */
struct table_text *table_new(const struct table_column *columns, size_t n_columns);

/* The next cell, row after row. Copied; control characters are shown as '?'. */
void table_cell(struct table_text *table, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Prints, with the header line, and frees. NO_MEMORY when a cell was lost: nothing is printed. */
enum status table_print(struct table_text *table, FILE *out);
