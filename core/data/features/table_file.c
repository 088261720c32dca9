#include "data/features/table_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "data/features/table_rows.h"

struct table_file {
    const struct feature_spec *spec;
    struct table_rows rows;
    char *path;
    bool labelled;
    bool pending;                 /* the first record is a row and waits in `rows` */
    uint32_t n_cells;             /* of every record */
    uint32_t *places;             /* [columns] cell of each; UINT32_MAX: not read */
    struct feature_value *values; /* [columns] */
};

/* ---- errors ---- */

/* Puts file and line to an error that is there. */
static enum status at_line(const struct table_file *file, enum status status, struct error *reterr)
{
    if (status != STATUS_OK && reterr) {
        char text[ERROR_TEXT_MAX], place[ERROR_POINTER_MAX];
        snprintf(text, sizeof text, "%s", reterr->text);
        snprintf(place, sizeof place, "%.200s:%llu", file->path,
                 (unsigned long long)file->rows.line);
        error_set_at(reterr, status, place, "%s", text);
    }
    return status;
}

static enum status refuse_memory(const char *path, struct error *reterr)
{
    return error_set(reterr, STATUS_NO_MEMORY, "out of memory for %s", path);
}

/* ---- columns ---- */

static bool is_needed(const struct table_file *file, uint32_t column)
{
    const struct feature_spec *spec = file->spec;
    return spec->columns[column].used ||
           (file->labelled && (column == spec->label || column == spec->weight));
}

static bool is_name(const struct table_cell *cell, const char *name)
{
    return strlen(name) == cell->length && memcmp(name, cell->bytes, cell->length) == 0;
}

/* How many cells of the record have the name; the first one's place. */
static uint32_t find_cell(const struct table_rows *rows, const char *name, uint32_t *ret_place)
{
    uint32_t n = 0;
    *ret_place = UINT32_MAX;
    for (uint32_t i = 0; i < rows->n_cells; i++)
        if (is_name(&rows->cells[i], name) && n++ == 0)
            *ret_place = i;
    return n;
}

static bool is_header(const struct table_file *file)
{
    const struct feature_spec *spec = file->spec;
    uint32_t place;
    if (spec->header != SPEC_HEADER_AUTO || spec->n_file_columns == 0)
        return spec->header != SPEC_HEADER_NO;
    for (uint32_t i = 0; i < spec->n_columns; i++)
        if (is_needed(file, i) && find_cell(&file->rows, spec->columns[i].name, &place) == 0)
            return false;
    return true;
}

static const char *name_at(const void *context, size_t i)
{
    return ((char *const *)context)[i];
}

/* The name in the header nearest to this one as an addition to a sentence; without memory none. */
static void print_nearest(const struct table_rows *rows, const char *name, char out[80])
{
    struct arena arena = {0};
    char **names = arena_zalloc(&arena, rows->n_cells, sizeof *names);
    size_t n = 0;
    while (names && n < rows->n_cells &&
           (names[n] = arena_strndup(&arena, rows->cells[n].bytes, rows->cells[n].length)))
        n++;
    const char *nearest = text_nearest(name, n, name_at, names);
    *out = '\0';
    if (nearest)
        snprintf(out, 80, " (it has '%.60s')", nearest);
    arena_free(&arena);
}

static enum status refuse_column(const struct table_file *file, const char *name,
                                 struct error *reterr)
{
    char nearest[80];
    print_nearest(&file->rows, name, nearest);
    return error_set(reterr, STATUS_NOT_FOUND,
                     "the file has no column '%.60s'%s; its first line must name all columns of "
                     "the spec, or the spec lists them in 'columns'",
                     name, nearest);
}

static enum status take_header(struct table_file *file, struct error *reterr)
{
    const struct feature_spec *spec = file->spec;
    file->n_cells = file->rows.n_cells;
    for (uint32_t i = 0; i < spec->n_columns; i++) {
        const char *name = spec->columns[i].name;
        const uint32_t n = is_needed(file, i) ? find_cell(&file->rows, name, &file->places[i]) : 1;
        if (n == 0)
            return at_line(file, refuse_column(file, name, reterr), reterr);
        if (n > 1)
            return at_line(file,
                           error_set(reterr, STATUS_MALFORMED,
                                     "the first line names two columns '%.60s'", name),
                           reterr);
    }
    return STATUS_OK;
}

/* Without a header: the spec's columns, or all of them but the label's. */
static enum status take_listed(struct table_file *file, struct error *reterr)
{
    const struct feature_spec *spec = file->spec;
    if (spec->n_file_columns == 0)
        return error_set(reterr, STATUS_MALFORMED,
                         "the spec says that %s has no header, so it must list the file's "
                         "'columns'",
                         file->path);
    const bool without_label = !file->labelled && spec->label != UINT32_MAX &&
                               file->rows.n_cells + 1 == spec->n_file_columns;
    uint32_t cell = 0;
    for (uint32_t i = 0; i < spec->n_file_columns; i++) {
        const char *name = spec->file_columns[i].bytes;
        if (without_label && strcmp(name, spec->columns[spec->label].name) == 0)
            continue;
        for (uint32_t c = 0; c < spec->n_columns; c++)
            if (is_needed(file, c) && strcmp(spec->columns[c].name, name) == 0)
                file->places[c] = cell;
        cell++;
    }
    file->n_cells = cell;
    return STATUS_OK;
}

static enum status take_columns(struct table_file *file, struct error *reterr)
{
    bool end;
    enum status status = table_rows_next(&file->rows, &end, reterr);
    if (status != STATUS_OK)
        return at_line(file, status, reterr);
    if (end)
        return error_set(reterr, STATUS_OUT_OF_RANGE, "%s is empty", file->path);
    file->pending = !is_header(file);
    return file->pending ? take_listed(file, reterr) : take_header(file, reterr);
}

enum status table_file_open(const char *path, const struct feature_spec *spec, bool labelled,
                            struct table_file **ret_file, struct error *reterr)
{
    struct source *source;
    enum status status = source_open(path, &source, reterr);
    if (status != STATUS_OK)
        return status;
    struct table_file *file = calloc(1, sizeof *file);
    if (!file) {
        source_close(source);
        return refuse_memory(path, reterr);
    }
    file->spec = spec;
    file->labelled = labelled;
    file->path = strdup(path);
    file->places = malloc(sizeof *file->places * ((size_t)spec->n_columns + 1));
    file->values = calloc((size_t)spec->n_columns + 1, sizeof *file->values);
    status = table_rows_open(&file->rows, source, *spec->delimiter, *spec->comment, spec->trim);
    if (status != STATUS_OK || !file->path || !file->places || !file->values) {
        table_file_close(file);
        return refuse_memory(path, reterr);
    }
    memset(file->places, 0xff, sizeof *file->places * spec->n_columns);
    status = take_columns(file, reterr);
    if (status == STATUS_OK)
        *ret_file = file;
    else
        table_file_close(file);
    return status;
}

void table_file_close(struct table_file *file)
{
    if (!file)
        return;
    table_rows_close(&file->rows);
    free(file->path);
    free(file->places);
    free(file->values);
    free(file);
}

/* ---- rows ---- */

static bool is_missing(const struct feature_spec *spec, const struct table_cell *cell)
{
    for (uint32_t i = 0; i < spec->n_missing; i++)
        if (spec->missing[i].length == cell->length &&
            memcmp(spec->missing[i].bytes, cell->bytes, cell->length) == 0)
            return true;
    return false;
}

static enum status add_row(struct table_file *file, struct frame *frame, struct error *reterr)
{
    const struct table_rows *rows = &file->rows;
    if (rows->n_cells != file->n_cells)
        return error_set(reterr, STATUS_MALFORMED,
                         "the line has %u cells where there are %u "
                         "columns",
                         rows->n_cells, file->n_cells);
    for (uint32_t c = 0; c < file->spec->n_columns; c++) {
        if (file->places[c] == UINT32_MAX)
            continue;
        const struct table_cell *cell = &rows->cells[file->places[c]];
        struct feature_value *value = &file->values[c];
        value->type = !cell->quoted && is_missing(file->spec, cell) ? FEATURE_VALUE_MISSING
                                                                    : FEATURE_VALUE_TEXT;
        value->text = cell->bytes;
        value->length = cell->length;
    }
    return frame_add(frame, file->values, reterr);
}

enum status table_file_read(struct table_file *file, struct frame *frame, uint32_t n,
                            uint32_t *ret_read, struct error *reterr)
{
    struct error err = {0};
    uint32_t read = 0;
    enum status status = STATUS_OK;
    while (read < n) {
        bool end = false;
        if (!file->pending)
            status = table_rows_next(&file->rows, &end, &err);
        file->pending = false;
        if (end && status == STATUS_OK)
            break;
        if (status == STATUS_OK)
            status = add_row(file, frame, &err);
        if (status != STATUS_OK)
            break;
        read++;
    }
    if (status == STATUS_OK) {
        *ret_read = read;
        return status;
    }
    if (reterr)
        *reterr = err;
    return at_line(file, status, reterr);
}

double table_file_share(const struct table_file *file)
{
    return source_share(file->rows.source);
}
