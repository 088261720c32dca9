#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "data/readers/csv.h"
#include "data/readers/reader.h"

enum status csv_open(struct csv *csv, struct source *source, char delimiter)
{
    *csv = (struct csv){.source = source, .delimiter = delimiter};
    csv->text.limit = READER_LINE_MAX;
    csv->starts = calloc(READER_COLUMNS_MAX, sizeof *csv->starts);
    /* All of it now: a text that then fails is too long, and never only without memory. */
    if (csv->starts && buffer_reserve(&csv->text, READER_LINE_MAX))
        return STATUS_OK;
    csv_close(csv);
    return STATUS_NO_MEMORY;
}

void csv_close(struct csv *csv)
{
    buffer_free(&csv->text);
    free(csv->starts);
    *csv = (struct csv){0};
}

static bool ends_line(int c)
{
    return c == '\n' || c == '\r' || c == SOURCE_END;
}

static void skip_line_end(struct source *source)
{
    if (source_next(source) == '\r' && source_peek(source) == '\n')
        source_next(source);
}

static void skip_line(struct source *source)
{
    while (!ends_line(source_peek(source)))
        source_next(source);
    skip_line_end(source);
}

/* The lines below the first are kept until the record turns out to be whole. */
static void note_line_end(struct csv *csv, int c)
{
    if (csv->spans || !(c == '\n' || (c == '\r' && source_peek(csv->source) != '\n')))
        return;
    csv->spans = true;
    source_mark(csv->source);
}

static bool is_too_long(const struct csv *csv)
{
    return csv->text.failed || (csv->spans && source_since_mark(csv->source) >= READER_LINE_MAX);
}

/* The inside of a quoted cell, after its first quote. False: the file or the limit ends first. */
static bool take_quoted(struct csv *csv)
{
    while (!is_too_long(csv)) {
        const int c = source_next(csv->source);
        if (c == SOURCE_END)
            return false;
        if (c == '"' && source_peek(csv->source) != '"')
            return true;
        if (c == '"')
            source_next(csv->source);
        buffer_append_byte(&csv->text, (char)c);
        note_line_end(csv, c);
    }
    return false;
}

static void take_plain(struct csv *csv)
{
    int c;
    while (!is_too_long(csv) && !ends_line(c = source_peek(csv->source)) &&
           c != (unsigned char)csv->delimiter)
        buffer_append_byte(&csv->text, (char)source_next(csv->source));
}

/* One cell, up to the delimiter or the line's end. NULL, or what is wrong with it. */
static const char *take_cell(struct csv *csv)
{
    if (csv->n_cells == READER_COLUMNS_MAX)
        return "the line has more than 256 columns";
    if (csv->spans && csv->expected && csv->n_cells == csv->expected)
        return "a quote opens here that a later line closes, so that there are more cells than "
               "columns";
    csv->starts[csv->n_cells++] = csv->text.size;
    if (source_peek(csv->source) != '"') {
        take_plain(csv);
    } else {
        source_next(csv->source);
        if (!take_quoted(csv))
            return is_too_long(csv) ? "a quote opens here that is not closed within 1 MiB"
                                    : "a quote opens here that is not closed";
        const int c = source_peek(csv->source);
        if (!ends_line(c) && c != (unsigned char)csv->delimiter)
            return csv->spans ? "a quote opens here that is closed in a later line, where its cell "
                                "goes on; close it here, or double the quotes within"
                              : "a cell goes on after its closing quote; double the quotes within";
    }
    buffer_append_byte(&csv->text, '\0');
    return is_too_long(csv) ? "the line is longer than 1 MiB" : NULL;
}

static const char *take_record(struct csv *csv)
{
    for (;;) {
        const char *fault = take_cell(csv);
        if (fault)
            return fault;
        if (source_peek(csv->source) != (unsigned char)csv->delimiter)
            break;
        source_next(csv->source);
    }
    skip_line_end(csv->source);
    return NULL;
}

/* Cells are terminated by one NUL each, so a further one came from the file. */
static const char *text_fault(const struct csv *csv)
{
    size_t n = 0;
    for (size_t i = 0; i < csv->text.size; i++)
        n += csv->text.data[i] == '\0';
    if (n != csv->n_cells)
        return "the line holds a NUL byte";
    if (!utf8_is_valid(csv->text.data, csv->text.size))
        return "the line is not valid UTF-8; convert the file, for example with iconv";
    return NULL;
}

/* On to the line after the first of a broken record. */
static void leave_record(struct csv *csv)
{
    if (csv->spans)
        source_return(csv->source);
    else
        skip_line(csv->source);
}

void csv_refuse(struct csv *csv, struct error *why)
{
    if (!csv->spans)
        return;
    error_prefix(why, "a quote opens here that a later line closes, so that ");
    source_return(csv->source);
}

enum status csv_next(struct csv *csv, bool *ret_end, struct error *reterr)
{
    source_forget(csv->source);
    while (source_peek(csv->source) == '\n' || source_peek(csv->source) == '\r')
        skip_line_end(csv->source);
    *ret_end = source_peek(csv->source) == SOURCE_END;
    if (*ret_end)
        return STATUS_OK;
    buffer_clear(&csv->text);
    csv->n_cells = 0;
    csv->spans = false;
    csv->line = source_line_number(csv->source);
    const char *fault = take_record(csv);
    if (fault) {
        const bool large = is_too_long(csv) || csv->n_cells == READER_COLUMNS_MAX;
        leave_record(csv);
        return error_set(reterr, large ? STATUS_TOO_LARGE : STATUS_MALFORMED, "%s", fault);
    }
    fault = text_fault(csv);
    if (!fault)
        return STATUS_OK;
    struct error why;
    error_set(&why, STATUS_MALFORMED, "%s", fault);
    csv_refuse(csv, &why);
    if (reterr)
        *reterr = why;
    return STATUS_MALFORMED;
}
