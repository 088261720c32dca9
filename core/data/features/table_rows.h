#pragma once
/* Records of a CSV file, fast: whole blocks are read and cells are places in them.
 *
 * The rules are those of readers/csv.h (RFC 4180; a line ends with LF, CRLF or CR; empty lines are
 * skipped; NUL bytes and what is not UTF-8 are faults) and of a table's file: lines that begin with
 * the comment character are skipped, and blanks around a cell that is not quoted, or before and
 * after its quotes, do not count where they are trimmed. A fault ends the reading: a table is whole
 * or it is refused. Threads: one user at a time.
 */
#include <stddef.h>
#include <stdint.h>

#include "data/readers/source.h"

enum { TABLE_RECORD_MAX = 1 << 20, TABLE_CELLS_MAX = 4096 };

/* Not terminated. */
struct table_cell {
    const char *bytes;
    uint32_t length;
    bool quoted;
};

struct table_rows {
    struct source *source;
    char delimiter, comment; /* comment 0: none */
    bool trim;
    uint64_t line; /* where the record began, from 1 */
    uint32_t n_cells;
    struct table_cell *cells; /* [TABLE_CELLS_MAX]; valid until the next call */
    /* the rest is private */
    char *block;
    size_t at, filled;
    bool ended, has_quotes;
    bool plain; /* all of the block is ASCII without NUL */
    uint64_t next_line;
    unsigned char kinds[256];
};

/* Takes the source over, also on failure. NO_MEMORY. */
enum status table_rows_open(struct table_rows *rows, struct source *source, char delimiter,
                            char comment, bool trim);
void table_rows_close(struct table_rows *rows);

/* The next record. *ret_end: there is none. MALFORMED, TOO_LARGE (more than TABLE_RECORD_MAX bytes
 * or TABLE_CELLS_MAX cells), IO and what else the source says; `line` tells where. */
enum status table_rows_next(struct table_rows *rows, bool *ret_end, struct error *reterr);
