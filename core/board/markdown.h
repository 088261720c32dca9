#pragma once
/* Tables for board_text. */
#include <stddef.h>

#include "base/buffer.h"

/* A row of n cells of any text: what would end the cell, or be taken for HTML, is written so that
 * it shows as it is. */
void markdown_row(struct buffer *out, const char *const *cells, size_t n);

/* The first row of a table and the line below it. */
void markdown_head(struct buffer *out, const char *const *cells, size_t n);
