#include "data/features/table_rows.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* What is left of a record moves to the front before more is read. */
enum { READ_BYTES = 1 << 18, BLOCK_BYTES = TABLE_RECORD_MAX + READ_BYTES };

enum kind { PLAIN, DELIMITER, LINE_END };

enum status table_rows_open(struct table_rows *rows, struct source *source, char delimiter,
                            char comment, bool trim)
{
    *rows = (struct table_rows){
        .source = source, .delimiter = delimiter, .comment = comment, .trim = trim, .next_line = 1};
    rows->kinds[(unsigned char)delimiter] = DELIMITER;
    rows->kinds['\n'] = rows->kinds['\r'] = LINE_END;
    rows->cells = malloc(sizeof *rows->cells * TABLE_CELLS_MAX);
    rows->block = malloc(BLOCK_BYTES + 1);
    if (rows->cells && rows->block)
        return STATUS_OK;
    table_rows_close(rows);
    return STATUS_NO_MEMORY;
}

void table_rows_close(struct table_rows *rows)
{
    source_close(rows->source);
    free(rows->cells);
    free(rows->block);
    *rows = (struct table_rows){0};
}

/* True when no byte is 0 or above 127: then the block needs no further look. */
static bool is_plain(const char *bytes, size_t length)
{
    unsigned char high = 0;
    for (size_t i = 0; i < length; i++)
        high |= (unsigned char)bytes[i];
    return high < 0x80 && !memchr(bytes, '\0', length);
}

/* Moves what is unread to the front and reads on. One byte past the end is
 * a line end that is not there, so that scanning needs no other bound. */
static void fill(struct table_rows *rows)
{
    const size_t left = rows->filled - rows->at;
    memmove(rows->block, rows->block + rows->at, left);
    rows->at = 0;
    rows->filled = left;
    const size_t n = rows->ended ? 0 : source_read(rows->source, rows->block + left, READ_BYTES);
    rows->ended = n == 0;
    rows->filled += n;
    rows->block[rows->filled] = '\n';
    rows->plain = is_plain(rows->block, rows->filled);
}

/* ---- one record in the block ---- */

enum outcome { WHOLE, CUT, FAULT }; /* CUT: the block ends first */

struct scan {
    struct table_rows *rows;
    char *at;  /* next byte */
    char *end; /* of the block */
    uint64_t lines;
    const char *fault;
};

static inline bool is_blank(const struct scan *scan, char c)
{
    return (c == ' ' || c == '\t') && c != scan->rows->delimiter;
}

/* What follows a cell. A CR at the block's end may have its LF in the next. */
static enum outcome end_cell(struct scan *scan, bool *ret_last)
{
    if (scan->at == scan->end) {
        *ret_last = true;
        return scan->rows->ended ? WHOLE : CUT;
    }
    const char c = *scan->at++;
    *ret_last = c != scan->rows->delimiter;
    if (!*ret_last)
        return WHOLE;
    scan->lines++;
    if (c == '\r') {
        if (scan->at == scan->end)
            return scan->rows->ended ? WHOLE : CUT;
        scan->at += *scan->at == '\n';
    }
    return WHOLE;
}

static enum outcome fail(struct scan *scan, const char *why)
{
    scan->fault = why;
    return FAULT;
}

/* The cell after its opening quote; doubled quotes stay as they are for now. */
static enum outcome take_quoted(struct scan *scan, struct table_cell *cell)
{
    const char *from = scan->at;
    scan->rows->has_quotes = true;
    for (;; scan->at++) {
        if (scan->at == scan->end)
            return scan->rows->ended ? fail(scan, "a quote opens here that is not closed") : CUT;
        const char c = *scan->at;
        if (c == '"' && scan->at + 1 == scan->end && !scan->rows->ended)
            return CUT;
        if (c == '"' && (scan->at + 1 == scan->end || scan->at[1] != '"'))
            break;
        scan->at += c == '"';
        scan->lines += c == '\n' ? scan->at[-1] != '\r' : c == '\r';
    }
    *cell = (struct table_cell){from, (uint32_t)(scan->at - from), true};
    scan->at++;
    while (scan->rows->trim && scan->at < scan->end && is_blank(scan, *scan->at))
        scan->at++;
    if (scan->at < scan->end && scan->rows->kinds[(unsigned char)*scan->at] == PLAIN)
        return fail(scan, "a cell goes on after its closing quote; double the quotes within");
    return WHOLE;
}

static inline void take_plain(struct scan *scan, struct table_cell *cell)
{
    const unsigned char *kinds = scan->rows->kinds;
    char *from = scan->at, *to = from;
    while (kinds[(unsigned char)*to] == PLAIN) /* a line end stands behind the block */
        to++;
    scan->at = to;
    if (scan->rows->trim)
        while (to > from && is_blank(scan, to[-1]))
            to--;
    *cell = (struct table_cell){from, (uint32_t)(to - from), false};
}

static enum outcome take_record(struct scan *scan)
{
    struct table_rows *rows = scan->rows;
    rows->n_cells = 0;
    rows->has_quotes = false;
    for (bool last = false; !last;) {
        if (rows->n_cells == TABLE_CELLS_MAX)
            return fail(scan, "the line has more than 4,096 cells");
        while (rows->trim && scan->at < scan->end && is_blank(scan, *scan->at))
            scan->at++;
        struct table_cell *cell = &rows->cells[rows->n_cells++];
        enum outcome outcome = WHOLE;
        if (scan->at < scan->end && *scan->at == '"') {
            scan->at++;
            outcome = take_quoted(scan, cell);
        } else {
            take_plain(scan, cell);
        }
        if (outcome == WHOLE)
            outcome = end_cell(scan, &last);
        if (outcome != WHOLE)
            return outcome;
    }
    return WHOLE;
}

static const char *text_fault(const struct table_rows *rows)
{
    for (uint32_t i = 0; i < rows->n_cells; i++) {
        const struct table_cell *cell = &rows->cells[i];
        if (memchr(cell->bytes, '\0', cell->length))
            return "the line holds a NUL byte";
        if (!utf8_is_valid(cell->bytes, cell->length))
            return "the line is not valid UTF-8; convert the file, for example with iconv";
    }
    return NULL;
}

/* ---- records ---- */

/* Skips empty lines and comments that lie whole in the block. False: more of the file is needed. */
static bool skip_lines(struct table_rows *rows)
{
    while (rows->at < rows->filled) {
        char *at = rows->block + rows->at, *end = rows->block + rows->filled;
        if (rows->comment && *at == rows->comment)
            while (rows->kinds[(unsigned char)*at] != LINE_END)
                at++;
        else if (rows->kinds[(unsigned char)*at] != LINE_END)
            return true;
        if (!rows->ended && (at == end || (*at == '\r' && at + 1 == end)))
            return false;
        rows->next_line++;
        if (at < end)
            at += *at == '\r' && at + 1 < end && at[1] == '\n' ? 2 : 1;
        rows->at = (size_t)(at - rows->block);
    }
    return rows->ended;
}

/* Doubled quotes become one, now that the record will not be scanned again. */
static void join_quotes(struct table_cell *cell)
{
    char *out = (char *)(uintptr_t)cell->bytes;
    const char *at = cell->bytes, *end = at + cell->length;
    for (; at < end; at++) {
        at += *at == '"';
        *out++ = *at;
    }
    cell->length = (uint32_t)(out - cell->bytes);
}

static const char *finish_record(struct table_rows *rows)
{
    for (uint32_t i = 0; rows->has_quotes && i < rows->n_cells; i++)
        if (rows->cells[i].quoted)
            join_quotes(&rows->cells[i]);
    return rows->plain ? NULL : text_fault(rows);
}

static enum status refuse_length(const struct table_rows *rows, struct error *reterr)
{
    const bool comment = rows->comment && rows->block[rows->at] == rows->comment;
    return error_set(reterr, STATUS_TOO_LARGE, "%s",
                     comment ? "the comment is longer than 1 MiB"
                             : "the line is longer than 1 MiB, or a quote opens here that is not "
                               "closed within it");
}

enum status table_rows_next(struct table_rows *rows, bool *ret_end, struct error *reterr)
{
    *ret_end = false;
    for (;;) {
        struct scan scan = {.rows = rows};
        enum outcome outcome = CUT;
        const bool begins = skip_lines(rows);
        rows->line = rows->next_line;
        if (begins && rows->at == rows->filled)
            break;
        if (begins) {
            scan.at = rows->block + rows->at;
            scan.end = rows->block + rows->filled;
            outcome = take_record(&scan);
        }
        if (outcome == FAULT)
            return error_set(reterr, STATUS_MALFORMED, "%s", scan.fault);
        if (outcome == WHOLE) {
            rows->at = (size_t)(scan.at - rows->block);
            rows->next_line += scan.lines;
            const char *fault = finish_record(rows);
            return fault ? error_set(reterr, STATUS_MALFORMED, "%s", fault) : STATUS_OK;
        }
        if (rows->filled - rows->at >= TABLE_RECORD_MAX)
            return refuse_length(rows, reterr);
        fill(rows);
        if (source_status(rows->source, reterr) != STATUS_OK)
            return source_status(rows->source, NULL); /* half a record is none */
    }
    *ret_end = true;
    return source_status(rows->source, reterr);
}
