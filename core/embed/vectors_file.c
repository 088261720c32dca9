#include "embed/vectors_file.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file_writer.h"
#include "base/text.h"

/* ---- writing ---- */

static void append_name(const struct idmap *names, uint32_t row, struct buffer *out)
{
    size_t length;
    const char *name = idmap_id(names, row, &length);
    for (size_t i = 0; i < length; i++)
        buffer_append_byte(out, (unsigned char)name[i] <= ' ' ? '_' : name[i]);
    buffer_append_byte(out, ' ');
}

static void append_row(const struct named_vectors *v, uint32_t row, enum vectors_format format,
                       struct buffer *out)
{
    const float *values = v->values + row * v->width;
    append_name(&v->names, row, out);
    for (uint32_t k = 0; k < v->d; k++) {
        if (format == VECTORS_BINARY) {
            uint32_t bits;
            memcpy(&bits, &values[k], sizeof bits);
            buffer_append_u32(out, bits);
        } else {
            buffer_append_float(out, values[k]);
            if (k + 1 < v->d)
                buffer_append_byte(out, ' ');
        }
    }
    buffer_append_byte(out, '\n');
}

enum status vectors_write(const struct named_vectors *vectors, enum vectors_format format,
                          const char *path, struct error *reterr)
{
    struct file_writer file = {0};
    enum status status = file_writer_open(&file, path, 0644, reterr);
    buffer_printf(&file.out, "%" PRIu32 " %" PRIu32 "\n", vectors->names.count, vectors->d);
    for (uint32_t r = 0; r < vectors->names.count && status == STATUS_OK; r++) {
        append_row(vectors, r, format, &file.out);
        status = file_writer_flush(&file, reterr);
    }
    if (status == STATUS_OK)
        status = file_writer_commit(&file, reterr);
    file_writer_close(&file);
    return status;
}

/* ---- reading ---- */

struct reading {
    const char *path, *at, *end;
    struct named_vectors vectors;
    uint32_t row, rows;
    bool binary;
};

static enum status malformed(const struct reading *r, const char *what, struct error *reterr)
{
    return error_set(reterr, STATUS_MALFORMED, "%s: vector %" PRIu32 ": %s", r->path, r->row + 1,
                     what);
}

/* The whole number at r->at, ended by a space or a line's end. 0: none such. */
static uint32_t take_count(struct reading *r, char ended_by)
{
    uint64_t n = 0;
    const char *start = r->at;
    for (; r->at < r->end && *r->at >= '0' && *r->at <= '9' && n <= UINT32_MAX; r->at++)
        n = 10 * n + (uint64_t)(*r->at - '0');
    if (r->at < r->end && *r->at == '\r' && ended_by == '\n')
        r->at++;
    if (r->at == start || r->at == r->end || *r->at != ended_by || n > IDMAP_COUNT_MAX)
        return 0;
    r->at++;
    return (uint32_t)n;
}

static bool is_one_of(char c, const char *set)
{
    return c != '\0' && strchr(set, c);
}

/* In text the first row's numbers are made of digits and signs, and so is all up to its line's end.
 */
static bool looks_binary(const struct reading *r)
{
    static const char digits[] = "0123456789+-.eEnaifNAIF";
    const char *at = memchr(r->at, ' ', (size_t)(r->end - r->at));
    for (uint32_t k = 0; at && k < r->vectors.d; k++) {
        while (at < r->end && *at == ' ')
            at++;
        const char *number = at;
        while (at < r->end && is_one_of(*at, digits))
            at++;
        if (at == number || (at < r->end && !is_one_of(*at, " \r\n")))
            return true;
    }
    while (at && at < r->end && (is_one_of(*at, digits) || is_one_of(*at, " \r")))
        at++;
    return !at || (at < r->end && *at != '\n');
}

static enum status begin(struct reading *r, struct error *reterr)
{
    r->rows = take_count(r, ' ');
    r->vectors.d = r->rows ? take_count(r, '\n') : 0;
    const uint64_t left = (uint64_t)(r->end - r->at);
    if (!r->vectors.d)
        return error_set(reterr, STATUS_MALFORMED,
                         "%s does not begin with two counts, of vectors and of their numbers",
                         r->path);
    if (r->vectors.d > VECTORS_DIMENSIONS_MAX)
        return error_set(reterr, STATUS_TOO_LARGE, "%s: vectors of more than %d numbers", r->path,
                         VECTORS_DIMENSIONS_MAX);
    if ((uint64_t)r->rows * (2 * (uint64_t)r->vectors.d + 1) > left + 1)
        return error_set(reterr, STATUS_MALFORMED,
                         "%s is too short for the %" PRIu32 " vectors "
                         "that its first line says",
                         r->path, r->rows);
    r->binary = looks_binary(r);
    r->vectors.width = r->vectors.d;
    r->vectors.values = calloc((size_t)r->rows * r->vectors.d, sizeof(float));
    return r->vectors.values ? STATUS_OK
                             : error_set(reterr, STATUS_NO_MEMORY, "out of memory for %s", r->path);
}

static enum status take_binary(struct reading *r, float *out, struct error *reterr)
{
    const size_t bytes = (size_t)r->vectors.d * sizeof *out;
    if ((size_t)(r->end - r->at) < bytes)
        return malformed(r, "the file ends in it", reterr);
    memcpy(out, r->at, bytes); /* as all the machines that this is built for keep them */
    r->at += bytes;
    if (r->at < r->end && *r->at == '\n')
        r->at++;
    return STATUS_OK;
}

static enum status take_text(struct reading *r, float *out, struct error *reterr)
{
    for (uint32_t k = 0; k < r->vectors.d; k++) {
        char number[64];
        size_t n = 0;
        while (r->at < r->end && *r->at == ' ')
            r->at++;
        while (r->at < r->end && *r->at != ' ' && *r->at != '\n' && *r->at != '\r' &&
               n + 1 < sizeof number)
            number[n++] = *r->at++;
        number[n] = '\0';
        double value;
        if (text_to_double(number, &value) != STATUS_OK)
            return malformed(r, "a number is missing or is none", reterr);
        out[k] = (float)value;
    }
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\r'))
        r->at++;
    if (r->at < r->end && *r->at++ != '\n')
        return malformed(r, "it has more numbers than the first line says", reterr);
    return STATUS_OK;
}

static enum status take_row(struct reading *r, struct error *reterr)
{
    const char *name = r->at;
    while (r->at < r->end && *r->at != ' ' && *r->at != '\n' &&
           r->at - name <= VECTORS_NAME_BYTES_MAX)
        r->at++;
    const size_t length = (size_t)(r->at - name);
    if (r->at == r->end || *r->at != ' ' || length == 0 || memchr(name, '\0', length) ||
        !utf8_is_valid(name, length))
        return malformed(r, "it has no name, or none that is text", reterr);
    r->at++;
    struct named_vectors *v = &r->vectors;
    float *out = v->values + (size_t)v->names.count * v->d;
    enum status status = r->binary ? take_binary(r, out, reterr) : take_text(r, out, reterr);
    for (uint32_t k = 0; k < v->d && status == STATUS_OK; k++)
        if (!isfinite(out[k]))
            status = malformed(r, "a number is not finite", reterr);
    if (status == STATUS_OK && idmap_find(&v->names, name, length) == IDMAP_NONE &&
        idmap_add(&v->names, v->names.count, name, length) != STATUS_OK)
        status = error_set(reterr, STATUS_NO_MEMORY, "out of memory for %s", r->path);
    return status;
}

enum status vectors_read(const char *path, struct named_vectors *ret_vectors, struct error *reterr)
{
    struct buffer bytes = {0};
    enum status status = file_read(path, VECTORS_FILE_BYTES_MAX, &bytes, reterr);
    if (status != STATUS_OK)
        return status;
    struct reading r = {.path = path, .at = bytes.data, .end = bytes.data + bytes.size};
    status = begin(&r, reterr);
    for (; r.row < r.rows && status == STATUS_OK; r.row++)
        status = take_row(&r, reterr);
    buffer_free(&bytes);
    if (status == STATUS_OK)
        *ret_vectors = r.vectors;
    else
        named_vectors_free(&r.vectors);
    return status;
}

void named_vectors_free(struct named_vectors *vectors)
{
    idmap_free(&vectors->names);
    free(vectors->values);
    *vectors = (struct named_vectors){0};
}

void vectors_normalise(struct named_vectors *vectors)
{
    for (uint32_t r = 0; r < vectors->names.count; r++) {
        float *row = vectors->values + r * vectors->width;
        double sum = 0;
        for (uint32_t k = 0; k < vectors->d; k++)
            sum += (double)row[k] * row[k];
        for (uint32_t k = 0; k < vectors->d && sum > 0; k++)
            row[k] = (float)(row[k] / sqrt(sum));
    }
}
