#include "board/projector.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/file_writer.h"
#include "board/board_parts.h"
#include "board/names.h"

static const char tensors_name[] = "tensors.tsv";
static const char metadata_name[] = "metadata.tsv";
static const char config_name[] = "projector_config.pbtxt";

static enum status check(const struct projector *p, struct error *reterr)
{
    assert(p->d >= 1 && p->width >= p->d && p->n_columns >= 1);
    if (p->n == 0)
        return error_set(reterr, STATUS_OUT_OF_RANGE, "there is no vector to show");
    if (p->n > PROJECTOR_ROWS_MAX)
        return error_set(reterr, STATUS_TOO_LARGE,
                         "%u vectors are more than the %d that TensorBoard's projector shows", p->n,
                         PROJECTOR_ROWS_MAX);
    for (uint32_t r = 0; r < p->n; r++)
        for (uint32_t k = 0; k < p->d; k++)
            if (!isfinite(p->vectors[r * p->width + k]))
                return error_set(reterr, STATUS_OUT_OF_RANGE,
                                 "number %u of vector %u is not finite", k + 1, r + 1);
    return STATUS_OK;
}

enum { DECIMAL_BYTES = 8 /* "-0.1234" and what ends it */ };

/* A number from -1 to 1, and a tab; returns where the next one goes. */
static char *put_four_decimals(char *at, float value)
{
    unsigned rest = (unsigned)(fabsf(value) * 1e4f + 0.5f);
    if (value < 0 && rest > 0)
        *at++ = '-';
    for (int i = 5; i >= 2; i--, rest /= 10)
        at[i] = (char)('0' + rest % 10);
    at[0] = (char)('0' + rest);
    at[1] = '.';
    at[6] = '\t';
    return at + 7;
}

static void append_decimals(struct buffer *out, const float *row, uint32_t d)
{
    char *room = buffer_reserve(out, (size_t)d * DECIMAL_BYTES), *at = room;
    if (!room)
        return;
    for (uint32_t k = 0; k < d; k++)
        at = put_four_decimals(at, row[k]);
    at[-1] = '\n';
    *at = '\0';
    out->size += (size_t)(at - room);
}

static void append_floats(struct buffer *out, const float *row, uint32_t d)
{
    for (uint32_t k = 0; k < d; k++) {
        buffer_append_float(out, row[k]);
        buffer_append_byte(out, k + 1 < d ? '\t' : '\n');
    }
}

static enum status write_tensors(const struct projector *p, const char *path, struct error *reterr)
{
    struct file_writer file = {0};
    enum status status = file_writer_open(&file, path, 0640, reterr);
    for (uint32_t r = 0; r < p->n && status == STATUS_OK; r++) {
        const float *row = p->vectors + r * p->width;
        if (p->unit)
            append_decimals(&file.out, row, p->d);
        else
            append_floats(&file.out, row, p->d);
        status = file_writer_flush(&file, reterr);
    }
    if (status == STATUS_OK)
        status = file_writer_commit_unsynced(&file, reterr);
    file_writer_close(&file);
    return status;
}

/* A line is ended by its own end alone, and a cell by its own tab. */
static void append_cell(struct buffer *out, const char *text)
{
    const size_t start = out->size;
    text_clean(text, start + PROJECTOR_CELL_BYTES_MAX, out);
    for (size_t i = start; i < out->size; i++)
        if ((unsigned char)out->data[i] < ' ' || out->data[i] == 0x7f)
            out->data[i] = ' ';
    if (out->size == start)
        buffer_append_byte(out, '-');
}

static enum status append_row(const struct projector *p, uint32_t row, struct buffer *cell,
                              struct buffer *out, struct error *reterr)
{
    for (uint32_t c = 0; c < p->n_columns; c++) {
        buffer_clear(cell);
        p->cell(p->context, row, c, cell);
        for (size_t i = 0; i < cell->size && !cell->failed; i++)
            if (cell->data[i] == '\0')
                cell->data[i] = ' '; /* what follows belongs to it too */
        buffer_append_byte(cell, '\0');
        if (cell->failed)
            return error_set(reterr, STATUS_NO_MEMORY, "out of memory for the vectors' names");
        append_cell(out, cell->data);
        buffer_append_byte(out, c + 1 < p->n_columns ? '\t' : '\n');
    }
    return STATUS_OK;
}

static void append_header(const struct projector *p, struct buffer *out)
{
    for (uint32_t c = 0; c < p->n_columns && p->n_columns > 1; c++) {
        append_cell(out, p->columns[c]);
        buffer_append_byte(out, c + 1 < p->n_columns ? '\t' : '\n');
    }
}

static enum status write_metadata(const struct projector *p, const char *path, struct error *reterr)
{
    struct file_writer file = {0};
    struct buffer cell = {0};
    enum status status = file_writer_open(&file, path, 0640, reterr);
    append_header(p, &file.out);
    for (uint32_t r = 0; r < p->n && status == STATUS_OK; r++) {
        status = append_row(p, r, &cell, &file.out, reterr);
        if (status == STATUS_OK)
            status = file_writer_flush(&file, reterr);
    }
    if (status == STATUS_OK)
        status = file_writer_commit_unsynced(&file, reterr);
    file_writer_close(&file);
    buffer_free(&cell);
    return status;
}

static enum status write_config(const struct projector *p, const char *path, struct error *reterr)
{
    char name[RUN_NAME_BYTES_MAX + 1], text[512];
    run_name_clean(p->name, name);
    const int n = snprintf(text, sizeof text,
                           "embeddings {\n  tensor_name: \"%s\"\n  tensor_path: \"%s\"\n"
                           "  metadata_path: \"%s\"\n}\n",
                           name, tensors_name, metadata_name);
    struct file_writer file = {0};
    enum status status = file_writer_open(&file, path, 0640, reterr);
    if (status == STATUS_OK) {
        buffer_append(&file.out, text, (size_t)n);
        status = file_writer_commit_unsynced(&file, reterr);
    }
    file_writer_close(&file);
    return status;
}

/* In the order in which they may be found: the configuration names what is there by then. */
static enum status write_files(const struct projector *p, const char *folder, struct error *reterr)
{
    char tensors[PATH_BYTES_MAX], metadata[PATH_BYTES_MAX], config[PATH_BYTES_MAX];
    if (path_join(tensors, folder, tensors_name) != STATUS_OK ||
        path_join(metadata, folder, metadata_name) != STATUS_OK ||
        path_join(config, folder, config_name) != STATUS_OK)
        return error_set(reterr, STATUS_TOO_LARGE, "the path %.100s… is too long", folder);
    if (access(config, F_OK) == 0)
        return error_set(reterr, STATUS_CONFLICT,
                         "%s has vectors already, and TensorBoard would go on showing those; name "
                         "another run",
                         folder);
    enum status status = folder_make(folder, reterr);
    if (status == STATUS_OK)
        status = write_tensors(p, tensors, reterr);
    if (status == STATUS_OK)
        status = write_metadata(p, metadata, reterr);
    return status == STATUS_OK ? write_config(p, config, reterr) : status;
}

enum status projector_write(struct board *board, const char *run, int64_t step,
                            const struct projector *projector, struct error *reterr)
{
    char name[RUN_NAME_BYTES_MAX + 1], folder[PATH_BYTES_MAX];
    run_name_clean(run, name);
    if (path_join(folder, board->logdir, name) != STATUS_OK)
        return error_set(reterr, STATUS_TOO_LARGE, "the path of run %s is too long", name);
    enum status status = check(projector, reterr);
    if (status == STATUS_OK)
        status = write_files(projector, folder, reterr);
    if (status != STATUS_OK)
        return status;
    struct board_run *events = board_run_open(board, name, step);
    board_run_close(events);
    return events ? STATUS_OK
                  : error_set(reterr, STATUS_IO, "no event file could be written in %s", folder);
}
