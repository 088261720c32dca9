#include "data/features/frame.h"

#include <assert.h>
#include <float.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "data/features/features_parts.h"

/* ---- life cycle ---- */

static enum status new_frame(const struct features *features, bool labelled,
                             struct frame **ret_frame)
{
    struct frame *frame = calloc(1, sizeof *frame);
    if (!frame)
        return STATUS_NO_MEMORY;
    frame->features = features;
    frame->labelled = labelled;
    frame->row = calloc(features->n_cells, sizeof *frame->row);
    frame->lists = calloc(64, sizeof *frame->lists);
    frame->lists_capacity = 64;
    frame->lists_used = 1;
    if (!frame->row || !frame->lists) {
        frame_free(frame);
        return STATUS_NO_MEMORY;
    }
    *ret_frame = frame;
    return STATUS_OK;
}

enum status frame_new_learning(struct features *features, struct frame **ret_frame)
{
    assert(!features->fitted);
    const enum status status = new_frame(features, true, ret_frame);
    if (status == STATUS_OK)
        (*ret_frame)->learning = features;
    return status;
}

enum status frame_new(const struct features *features, bool labelled, struct frame **ret_frame)
{
    assert(features->fitted && (!labelled || features->spec->label != UINT32_MAX));
    return new_frame(features, labelled, ret_frame);
}

/* All the room that n rows can take: nothing grows later. */
enum status frame_new_in(const struct features *features, uint32_t n, struct arena *arena,
                         struct frame **ret_frame)
{
    assert(features->fitted);
    if (n > FRAME_CHUNK_ROWS)
        return STATUS_TOO_LARGE;
    size_t list = 1;
    for (uint32_t c = CELLS_FIRST; c < features->n_cells; c++)
        list += features->cells[c].list ? (size_t)features->cells[c].values_max + 1 : 0;
    struct frame *frame = arena_zalloc(arena, 1, sizeof *frame);
    uint32_t **chunks = arena_alloc(arena, sizeof *chunks);
    uint32_t *cells = arena_alloc(arena, (size_t)n * features->n_cells * sizeof *cells);
    uint32_t *row = arena_zalloc(arena, features->n_cells, sizeof *row);
    uint32_t *lists = arena_alloc(arena, ((size_t)n * list + 1) * sizeof *lists);
    if (!frame || !chunks || !cells || !row || !lists)
        return STATUS_NO_MEMORY;
    lists[0] = 0;
    *chunks = cells;
    *frame = (struct frame){.features = features,
                            .n_chunks = 1,
                            .chunks_capacity = 1,
                            .chunks = chunks,
                            .lists = lists,
                            .lists_used = 1,
                            .lists_capacity = (size_t)n * list + 1,
                            .row = row};
    *ret_frame = frame;
    return STATUS_OK;
}

void frame_free(struct frame *frame)
{
    if (!frame)
        return;
    for (uint32_t i = 0; i < frame->n_chunks; i++)
        free(frame->chunks[i]);
    free(frame->chunks);
    free(frame->lists);
    free(frame->row);
    free(frame);
}

void frame_clear(struct frame *frame)
{
    frame->n = 0;
    frame->lists_used = 1;
}

uint32_t frame_rows(const struct frame *frame)
{
    return frame->n;
}

float frame_label(const struct frame *frame, uint32_t row)
{
    assert(row < frame->n);
    return float_of(frame_row(frame, row)[CELL_LABEL]);
}

float frame_weight(const struct frame *frame, uint32_t row)
{
    assert(row < frame->n);
    return float_of(frame_row(frame, row)[CELL_WEIGHT]);
}

uint64_t frame_bytes(const struct frame *frame)
{
    return (uint64_t)frame->n_chunks * FRAME_CHUNK_ROWS * frame->features->n_cells *
               sizeof(uint32_t) +
           frame->lists_capacity * sizeof(uint32_t);
}

/* ---- values ---- */

/* Digits with at most one point, exactly: a whole number below 2^53 over a power of ten that a
 * double holds (Clinger 1990). False for all else. */
static bool read_plain_number(const char *text, size_t length, double *ret_value)
{
    static const double tens[] = {1,   1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                  1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    const char *at = text, *end = text + length;
    const bool negative = length && *at == '-';
    at += negative;
    if (end - at > 16 || at == end || *at == '.' || end[-1] == '.')
        return false;
    uint64_t digits = 0;
    const char *point = NULL;
    for (; at < end; at++) {
        const unsigned digit = (unsigned char)*at - (unsigned)'0';
        if (digit <= 9)
            digits = 10 * digits + digit;
        else if (*at == '.' && !point)
            point = at;
        else
            return false;
    }
    if (digits > UINT64_C(1) << 53)
        return false;
    const double whole = (double)digits / tens[point ? end - point - 1 : 0];
    *ret_value = negative ? -whole : whole;
    return true;
}

static enum status refuse_value(const struct frame *frame, uint32_t column, const char *text,
                                size_t length, enum status status, const char *why,
                                struct error *reterr)
{
    return error_set(reterr, status, "column '%.60s' is '%.*s', %s",
                     frame->features->spec->columns[column].name, length < 60 ? (int)length : 60,
                     text, why);
}

/* What is no number that can be taken over as it is. */
static enum status read_other_number(const struct frame *frame, uint32_t column,
                                     const struct feature_value *value, float *ret_number,
                                     struct error *reterr)
{
    double number = value->number;
    enum status status = STATUS_OK;
    char text[400];
    *text = '\0';
    switch (value->type) {
    case FEATURE_VALUE_MISSING:
        *ret_number = NAN;
        return STATUS_OK;
    case FEATURE_VALUE_TEXTS:
        return refuse_value(frame, column, "", 0, STATUS_MALFORMED, "a list and not a number",
                            reterr);
    case FEATURE_VALUE_NUMBER:
        snprintf(text, sizeof text, "%.9g", number);
        break;
    case FEATURE_VALUE_TEXT:
        if (value->length == 0) {
            *ret_number = NAN;
            return STATUS_OK;
        }
        if (read_plain_number(value->text, value->length, &number))
            break;
        snprintf(text, sizeof text, "%.*s", (int)(value->length < 399 ? value->length : 399),
                 value->text);
        status = value->length < 399 ? text_to_double(text, &number) : STATUS_MALFORMED;
    }
    if (status == STATUS_MALFORMED)
        return refuse_value(frame, column, value->text, value->length, status,
                            "which is not a number", reterr);
    if (status != STATUS_OK || !(fabs(number) <= (double)FLT_MAX))
        return refuse_value(frame, column, *text ? text : value->text,
                            *text ? strlen(text) : value->length, STATUS_OUT_OF_RANGE,
                            "which is no number that 32 bits hold", reterr);
    *ret_number = (float)number;
    return STATUS_OK;
}

static inline enum status read_number(const struct frame *frame, uint32_t column,
                                      const struct feature_value *value, float *ret_number,
                                      struct error *reterr)
{
    if (value->type != FEATURE_VALUE_NUMBER || !(fabs(value->number) <= (double)FLT_MAX))
        return read_other_number(frame, column, value, ret_number, reterr);
    *ret_number = (float)value->number;
    return STATUS_OK;
}

/* The text of a number in a column of texts: whole ones without a point. */
static size_t print_number(double number, char out[32])
{
    const bool whole = fabs(number) < 1e15 && number == floor(number);
    return (size_t)snprintf(out, 32, whole ? "%.0f" : "%.9g", number == 0 ? 0 : number);
}

static enum status refuse_growth(const struct frame *frame, const struct cell *cell,
                                 enum status status, struct error *reterr)
{
    const char *name = frame->features->spec->columns[cell->column].name;
    if (status == STATUS_NO_MEMORY)
        return error_set(reterr, status, "out of memory for the values of column '%.60s'", name);
    return error_set(reterr, status,
                     "column '%.60s' has more than %d different values (or %d MiB of them), too "
                     "many to count; hash them to a number of your choice ('buckets: N')",
                     name, VOCABULARY_TEXTS_MAX, VOCABULARY_BYTES_MAX >> 20);
}

static enum status code_text(struct frame *frame, const struct cell *cell, const char *text,
                             size_t length, uint32_t *ret_cell, struct error *reterr)
{
    if (length == 0) {
        *ret_cell = cell->content == CELL_CODE ? (uint32_t)CODE_MISSING : (uint32_t)KEY_MISSING;
        return STATUS_OK;
    }
    if (cell->content == CELL_HASH) {
        *ret_cell = key_of(feature_hash(text, length));
        return STATUS_OK;
    }
    if (!frame->learning || frame->features->spec->features[cell->vocabulary].vocabulary) {
        *ret_cell =
            vocabulary_find(&frame->features->coders[cell->vocabulary].vocabulary, text, length);
        return STATUS_OK;
    }
    const enum status status = vocabulary_add(&frame->learning->coders[cell->vocabulary].vocabulary,
                                              text, length, ret_cell);
    return status == STATUS_OK ? status : refuse_growth(frame, cell, status, reterr);
}

static enum status code_value(struct frame *frame, const struct cell *cell,
                              const struct feature_value *value, uint32_t *ret_cell,
                              struct error *reterr)
{
    char digits[32];
    switch (value->type) {
    case FEATURE_VALUE_TEXT:
        return code_text(frame, cell, value->text, value->length, ret_cell, reterr);
    case FEATURE_VALUE_NUMBER:
        return code_text(frame, cell, digits, print_number(value->number, digits), ret_cell,
                         reterr);
    case FEATURE_VALUE_TEXTS:
        return refuse_value(frame, cell->column, "", 0, STATUS_MALFORMED,
                            "a list; give its feature a 'separator'", reterr);
    default:
        return code_text(frame, cell, "", 0, ret_cell, reterr);
    }
}

/* ---- lists ---- */

static bool reserve_list(struct frame *frame, uint32_t values)
{
    const size_t needed = frame->lists_used + values + 1;
    if (needed <= frame->lists_capacity)
        return true;
    if (needed > UINT32_MAX)
        return false;
    const size_t capacity = 2 * needed;
    uint32_t *lists = realloc(frame->lists, sizeof *lists * capacity);
    if (!lists)
        return false;
    frame->lists = lists;
    frame->lists_capacity = capacity;
    return true;
}

/* Puts a value at its place in the rising run of n, unless it is there. Returns the new n. */
static uint32_t insert_sorted(uint32_t *values, uint32_t n, uint32_t value)
{
    uint32_t at = n;
    while (at && values[at - 1] > value)
        at--;
    if (at && values[at - 1] == value)
        return n;
    memmove(values + at + 1, values + at, sizeof *values * (n - at));
    values[at] = value;
    return n + 1;
}

/* The next part of a text, without blanks around it. False: there is none. */
static bool next_part(const char **text, const char *end, char separator, struct spec_text *part)
{
    if (*text > end)
        return false;
    const char *stop = memchr(*text, separator, (size_t)(end - *text));
    const char *from = *text, *to = stop ? stop : end;
    *text = to + 1;
    while (from < to && (*from == ' ' || *from == '\t'))
        from++;
    while (to > from && (to[-1] == ' ' || to[-1] == '\t'))
        to--;
    *part = (struct spec_text){from, (size_t)(to - from)};
    return true;
}

static enum status code_list(struct frame *frame, const struct cell *cell,
                             const struct feature_value *value, uint32_t *ret_cell,
                             struct error *reterr)
{
    if (value->type == FEATURE_VALUE_MISSING || value->length == 0) {
        *ret_cell = 0;
        return STATUS_OK;
    }
    if (!reserve_list(frame, cell->values_max))
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory for the rows of the table");
    uint32_t *values = frame->lists + frame->lists_used + 1, n = 0, code, i = 0;
    const char *at = value->text, *end = value->text ? value->text + value->length : NULL;
    struct spec_text part;
    while (n < cell->values_max) {
        if (value->type == FEATURE_VALUE_TEXTS) {
            if (i == value->length)
                break;
            part = value->texts[i++];
        } else if (!next_part(&at, end, cell->separator, &part)) {
            break;
        }
        if (part.length == 0)
            continue;
        const enum status status = code_text(frame, cell, part.bytes, part.length, &code, reterr);
        if (status != STATUS_OK)
            return status;
        n = insert_sorted(values, n, code);
    }
    *ret_cell = n ? (uint32_t)frame->lists_used : 0;
    if (n) {
        values[-1] = n;
        frame->lists_used += n + 1;
    }
    return STATUS_OK;
}

/* Lists shrink where codes fall together; the places stay. */
static void recode_list(uint32_t *list, const uint32_t *map)
{
    const uint32_t n = list[0];
    uint32_t kept = 0;
    for (uint32_t i = 1; i <= n; i++)
        kept = insert_sorted(list + 1, kept, map[list[i]]);
    list[0] = kept;
}

void frame_recode(struct frame *frame, uint32_t feature, const uint32_t *map)
{
    const struct features *features = frame->features;
    for (uint32_t c = CELLS_FIRST; c < features->n_cells; c++) {
        const struct cell *cell = &features->cells[c];
        if (cell->content != CELL_CODE || cell->vocabulary != feature)
            continue;
        for (uint32_t row = 0; row < frame->n; row++) {
            uint32_t *at = (uint32_t *)(uintptr_t)frame_row(frame, row) + c;
            if (!cell->list)
                *at = map[*at];
            else if (*at)
                recode_list(frame->lists + *at, map);
        }
    }
}

/* ---- label and weight ---- */

static bool is_among(const struct spec_text *texts, uint32_t n, const char *text, size_t length)
{
    for (uint32_t i = 0; i < n; i++)
        if (texts[i].length == length && memcmp(texts[i].bytes, text, length) == 0)
            return true;
    return false;
}

/* The first value that is not positive becomes the negative one; there is one only. */
static enum status take_negative(struct frame *frame, const char *text, size_t length,
                                 struct error *reterr)
{
    const struct feature_spec *spec = frame->features->spec;
    const char *negative = frame->features->negative;
    if (negative && strlen(negative) == length && memcmp(negative, text, length) == 0)
        return STATUS_OK;
    if (negative || !frame->learning)
        return error_set(reterr, STATUS_OUT_OF_RANGE,
                         "the label '%.60s' is '%.*s', a third value beside '%.60s' and '%.60s'; "
                         "name all 'positive' and 'negative' values in the spec",
                         spec->columns[spec->label].name, (int)(length < 60 ? length : 60), text,
                         spec->positive[0].bytes, negative ? negative : "its others");
    frame->learning->negative = strndup(text, length);
    return frame->learning->negative
               ? STATUS_OK
               : error_set(reterr, STATUS_NO_MEMORY, "out of memory for the label");
}

static enum status take_label(struct frame *frame, const struct feature_value *value,
                              struct error *reterr)
{
    const struct feature_spec *spec = frame->features->spec;
    const char *name = spec->columns[spec->label].name;
    float label = 0;
    if (spec->n_positive == 0) {
        const enum status status = read_number(frame, spec->label, value, &label, reterr);
        if (status != STATUS_OK)
            return status;
        if (!(label >= 0 && label <= 1))
            return error_set(reterr, STATUS_OUT_OF_RANGE,
                             "the label '%.60s' must be a number from 0 to 1 in every row, or name "
                             "its 'positive' value in the spec",
                             name);
        frame->row[CELL_LABEL] = cell_of(label);
        return STATUS_OK;
    }
    char digits[32];
    const char *text = value->text;
    size_t length = value->length;
    if (value->type == FEATURE_VALUE_NUMBER) {
        length = print_number(value->number, digits);
        text = digits;
    } else if (value->type != FEATURE_VALUE_TEXT) {
        length = 0;
    }
    while (length && strchr(spec->label_trim, text[length - 1]))
        length--;
    if (length == 0)
        return error_set(reterr, STATUS_OUT_OF_RANGE, "the label '%.60s' is missing", name);
    if (is_among(spec->positive, spec->n_positive, text, length)) {
        frame->row[CELL_LABEL] = cell_of(1);
        return STATUS_OK;
    }
    frame->row[CELL_LABEL] = cell_of(0);
    if (spec->n_negative == 0)
        return take_negative(frame, text, length, reterr);
    if (is_among(spec->negative, spec->n_negative, text, length))
        return STATUS_OK;
    return error_set(reterr, STATUS_OUT_OF_RANGE,
                     "the label '%.60s' is '%.*s', which is neither positive nor negative", name,
                     (int)(length < 60 ? length : 60), text);
}

static enum status take_weight(struct frame *frame, const struct feature_value *value,
                               struct error *reterr)
{
    const struct feature_spec *spec = frame->features->spec;
    float weight = 0;
    const enum status status = read_number(frame, spec->weight, value, &weight, reterr);
    if (status != STATUS_OK)
        return status;
    if (!(weight > 0))
        return error_set(reterr, STATUS_OUT_OF_RANGE,
                         "the weight '%.60s' must be a number above 0 in every row",
                         spec->columns[spec->weight].name);
    frame->row[CELL_WEIGHT] = cell_of(weight);
    return STATUS_OK;
}

/* ---- rows ---- */

/* same: as in frame_add_like_last; NULL: nothing is. */
static enum status make_row(struct frame *frame, const struct feature_value *values,
                            const bool *same, struct error *reterr)
{
    const struct features *features = frame->features;
    const struct feature_spec *spec = features->spec;
    enum status status = STATUS_OK;
    float number;
    if (same)
        memcpy(frame->row, frame_row(frame, frame->n - 1), sizeof *frame->row * features->n_cells);
    frame->row[CELL_LABEL] = cell_of(0);
    frame->row[CELL_WEIGHT] = cell_of(1);
    if (frame->labelled && spec->label != UINT32_MAX)
        status = take_label(frame, &values[spec->label], reterr);
    if (status == STATUS_OK && frame->labelled && spec->weight != UINT32_MAX)
        status = take_weight(frame, &values[spec->weight], reterr);
    for (uint32_t c = CELLS_FIRST; c < features->n_cells && status == STATUS_OK; c++) {
        const struct cell *cell = &features->cells[c];
        const struct feature_value *value = &values[cell->column];
        if (same && same[cell->column])
            continue;
        if (cell->list) {
            status = code_list(frame, cell, value, &frame->row[c], reterr);
        } else if (cell->content != CELL_FLOAT) {
            status = code_value(frame, cell, value, &frame->row[c], reterr);
        } else {
            status = read_number(frame, cell->column, value, &number, reterr);
            frame->row[c] = status == STATUS_OK ? cell_of(number) : 0;
        }
    }
    return status;
}

static bool reserve_row(struct frame *frame)
{
    if (frame->n / FRAME_CHUNK_ROWS < frame->n_chunks)
        return true;
    if (frame->n_chunks == frame->chunks_capacity) {
        const uint32_t capacity = 2 * frame->chunks_capacity + 8;
        uint32_t **chunks = realloc(frame->chunks, sizeof *chunks * capacity);
        if (!chunks)
            return false;
        frame->chunks = chunks;
        frame->chunks_capacity = capacity;
    }
    uint32_t *chunk = malloc(sizeof *chunk * FRAME_CHUNK_ROWS * (size_t)frame->features->n_cells);
    if (!chunk)
        return false;
    frame->chunks[frame->n_chunks++] = chunk;
    return true;
}

static enum status add_row(struct frame *frame, const struct feature_value *values,
                           const bool *same, struct error *reterr)
{
    const size_t lists_used = frame->lists_used;
    if (frame->n == UINT32_MAX - 1)
        return error_set(reterr, STATUS_TOO_LARGE, "there are more than %u rows", UINT32_MAX - 1);
    enum status status = make_row(frame, values, same, reterr);
    if (status == STATUS_OK && !reserve_row(frame))
        status = error_set(reterr, STATUS_NO_MEMORY, "out of memory for the rows of the table");
    if (status != STATUS_OK) {
        frame->lists_used = lists_used;
        return status;
    }
    memcpy((uint32_t *)(uintptr_t)frame_row(frame, frame->n), frame->row,
           sizeof *frame->row * frame->features->n_cells);
    frame->n++;
    return STATUS_OK;
}

enum status frame_add(struct frame *frame, const struct feature_value *values, struct error *reterr)
{
    return add_row(frame, values, NULL, reterr);
}

/* A fit recodes lists where they lie, so each row that learns has its own. */
enum status frame_add_like_last(struct frame *frame, const struct feature_value *values,
                                const bool *same, struct error *reterr)
{
    assert(frame->n > 0 && !frame->learning);
    return add_row(frame, values, same, reterr);
}

void frame_put_numbers(struct frame *frame, uint32_t column, const float *numbers, size_t stride)
{
    const struct features *features = frame->features;
    assert(features->spec->columns[column].number && !frame->learning);
    for (uint32_t c = CELLS_FIRST; c < features->n_cells; c++)
        for (uint32_t row = 0; features->cells[c].column == column && row < frame->n; row++) {
            const float number = numbers[row * stride];
            uint32_t *cells = (uint32_t *)(uintptr_t)frame_row(frame, row);
            cells[c] = cell_of(fabsf(number) <= FLT_MAX ? number : NAN);
        }
}

void frame_swap(struct frame *frame, uint32_t column, uint32_t a, uint32_t b)
{
    uint32_t *row_a = (uint32_t *)(uintptr_t)frame_row(frame, a),
             *row_b = (uint32_t *)(uintptr_t)frame_row(frame, b);
    for (uint32_t c = CELLS_FIRST; c < frame->features->n_cells; c++)
        if (frame->features->cells[c].column == column) {
            const uint32_t kept = row_a[c];
            row_a[c] = row_b[c];
            row_b[c] = kept;
        }
}
