#pragma once
/* Rows for people or, with --json, an array: what `list` of keys and of models prints. */
#include <jansson.h>

#include "cli/command.h"
#include "cli/table.h"

/* Whoever fills it looks which of both there is. */
struct listing {
    json_t *array;            /* with --json */
    struct table_text *table; /* without */
};

/* The columns are the table's, borrowed until listing_print. */
void listing_start(struct listing *listing, const struct invocation *invocation,
                   const struct table_column *columns, size_t n_columns);

/* Prints the rows to standard output and frees them. status: of filling it, which comes back; after
 * a failure the array is left out. NO_MEMORY as table_print. */
enum status listing_print(struct listing *listing, enum status status);
