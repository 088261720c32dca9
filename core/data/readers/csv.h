#pragma once
/* Records of comma-separated values (RFC 4180): quotes, doubled quotes, line ends within quotes.
 *
 * A record is at most READER_LINE_MAX bytes and READER_COLUMNS_MAX cells. A quote counts only at
 * the start of a cell; a cell that goes on after its closing quote is a fault of the record. A
 * quote that nobody closes would take the lines below into its cell: a broken record costs its
 * first line only. */
#include "data/readers/source.h"

struct csv {
    struct source *source;
    char delimiter;
    size_t expected;    /* cells, from the caller; a quote that joins lines to more is one too many:
                           read no further. 0: not known */
    struct buffer text; /* all cells of the record, each terminated */
    size_t *starts;     /* [n_cells] offsets in text */
    size_t n_cells;
    uint64_t line; /* where the record began */
    bool spans;    /* it goes over several lines */
};

/* NO_MEMORY. The source is borrowed. */
enum status csv_open(struct csv *csv, struct source *source, char delimiter);
void csv_close(struct csv *csv);

/* The next record that is not an empty line: cells by csv_cell until the next call. *ret_end: there
 * is none. MALFORMED or TOO_LARGE: the record is broken, as the text says; the next call goes on
 * with the line after the one where it began. */
enum status csv_next(struct csv *csv, bool *ret_end, struct error *reterr);

/* The record that csv_next just gave is broken by the caller's rules: the same holds for it. Adds
 * to `why` that a quote has joined its lines, if so. */
void csv_refuse(struct csv *csv, struct error *why);

static inline const char *csv_cell(const struct csv *csv, size_t i)
{
    return csv->text.data + csv->starts[i];
}
