/* What features learn from the training rows of their frame. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/text.h"
#include "data/features/features_parts.h"

enum { POINTS_DEFAULT = 1000, PIECES_DEFAULT = 64 };

/* The training rows: those listed, or all. */
struct sample {
    const struct frame *frame;
    const uint32_t *rows;
    uint32_t n;
};

static const uint32_t *sample_row(const struct sample *sample, uint32_t i)
{
    return frame_row(sample->frame, sample->rows ? sample->rows[i] : i);
}

static enum status refuse_memory(struct error *reterr)
{
    return error_set(reterr, STATUS_NO_MEMORY, "out of memory while the features are learnt");
}

/* A warning about a feature; without memory it is left out. */
static void note(struct features *features, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void note(struct features *features, const char *format, ...)
{
    struct error words;
    char text[ERROR_TEXT_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    error_set(&words, STATUS_OK, "%s", text); /* makes it printable */
    const char *kept = arena_strndup(&features->arena, words.text, strlen(words.text));
    if (kept && features->n_notes < features->spec->n_features)
        features->notes[features->n_notes++] = kept;
}

/* ---- label ---- */

static enum status check_label(const struct features *features, const struct sample *sample,
                               struct error *reterr)
{
    const struct feature_spec *spec = features->spec;
    if (sample->n == 0)
        return error_set(reterr, STATUS_OUT_OF_RANGE, "there are no training rows");
    if (spec->label == UINT32_MAX)
        return error_set(reterr, STATUS_OUT_OF_RANGE, "the spec names no label");
    const uint32_t first = sample_row(sample, 0)[CELL_LABEL];
    for (uint32_t i = 1; i < sample->n; i++)
        if (sample_row(sample, i)[CELL_LABEL] != first)
            return STATUS_OK;
    const char *name = spec->columns[spec->label].name;
    if (spec->n_positive == 0)
        return error_set(reterr, STATUS_OUT_OF_RANGE,
                         "the label '%.60s' is the same in all %u training rows: there is nothing "
                         "to learn",
                         name, sample->n);
    return error_set(reterr, STATUS_OUT_OF_RANGE,
                     "the label '%.60s' is %s'%.60s' in all %u training rows: there is nothing to "
                     "learn; is this the positive value as the file spells it?",
                     name, float_of(first) == 1 ? "" : "never ", spec->positive[0].bytes,
                     sample->n);
}

/* ---- vocabularies ---- */

static void count_codes(const struct features *features, const struct sample *sample,
                        uint32_t feature, uint64_t *counts)
{
    for (uint32_t c = CELLS_FIRST; c < features->n_cells; c++) {
        const struct cell *cell = &features->cells[c];
        if (cell->content != CELL_CODE || cell->vocabulary != feature)
            continue;
        for (uint32_t i = 0; i < sample->n; i++) {
            const uint32_t at = sample_row(sample, i)[c];
            const uint32_t *list = sample->frame->lists + at;
            if (!cell->list)
                counts[at]++;
            for (uint32_t v = 1; cell->list && v <= list[0]; v++)
                counts[list[v]]++;
        }
    }
}

static enum status learn_vocabulary(struct features *features, const struct sample *sample,
                                    uint32_t i, struct error *reterr)
{
    const struct spec_feature *f = &features->spec->features[i];
    struct vocabulary *vocabulary = &features->coders[i].vocabulary, selected;
    const size_t n = (size_t)vocabulary->n + CODE_FIRST;
    uint64_t *counts = calloc(n, sizeof *counts);
    uint32_t *map = calloc(n, sizeof *map), left_out = 0;
    enum status status = counts && map ? STATUS_OK : STATUS_NO_MEMORY;
    if (status == STATUS_OK) {
        count_codes(features, sample, i, counts);
        status = vocabulary_select(vocabulary, counts, (uint64_t)f->min_count,
                                   (uint32_t)f->max_size, &selected, map, &left_out);
    }
    if (status == STATUS_OK) {
        frame_recode((struct frame *)(uintptr_t)sample->frame, i, map);
        vocabulary_free(vocabulary);
        *vocabulary = selected;
    }
    free(counts);
    free(map);
    if (status != STATUS_OK)
        return refuse_memory(reterr);
    if (left_out)
        note(features,
             "%.60s: %u of its values count as unknown, since it keeps the %lld most frequent; a "
             "larger max_size keeps more, 'buckets: N' hashes all",
             f->name, left_out, (long long)f->max_size);
    if (selected.n == 0)
        note(features, "%.60s: no value is frequent enough to be known; it carries little",
             f->name);
    else if (selected.n == 1 && !left_out)
        note(features, "%.60s: the training rows have one value only; it carries little", f->name);
    return STATUS_OK;
}

/* ---- numbers ---- */

static float *numbers_alloc(struct features *features, struct coder *coder, size_t n)
{
    coder->numbers = arena_zalloc(&features->arena, n, sizeof *coder->numbers);
    return coder->numbers;
}

static enum status learn_linear(const struct distinct *distinct, const struct spec_feature *f,
                                struct coder *coder)
{
    double mean, deviation;
    distinct_moments(distinct, f->log, &mean, &deviation);
    const bool standard = f->normalize == NORMALIZE_STANDARD;
    coder->standard = standard;
    coder->shift = standard ? mean : 0;
    coder->scale = !standard ? 1 : deviation > 0 ? 1 / deviation : 0;
    coder->absent = standard ? 0 : mean;
    return STATUS_OK;
}

static enum status learn_quantile(struct features *features, const struct distinct *distinct,
                                  const struct spec_feature *f, struct coder *coder)
{
    uint32_t points = f->quantiles ? (uint32_t)f->quantiles : POINTS_DEFAULT;
    if (points > distinct->rows)
        points = (uint32_t)distinct->rows;
    if (!numbers_alloc(features, coder, 3 * ((size_t)points + 1)))
        return STATUS_NO_MEMORY;
    coder->n_numbers = 1;
    if (points > 1)
        coder->n_numbers = distinct_places(distinct, points, coder->numbers);
    else if (points)
        coder->numbers[0] = distinct->values[0];
    return STATUS_OK;
}

static enum status learn_pieces(struct features *features, const struct distinct *distinct,
                                const struct spec_feature *f, struct coder *coder)
{
    const uint32_t pieces = f->bounds == BOUNDS_TREE ? (uint32_t)f->leaves
                            : f->quantiles           ? (uint32_t)f->quantiles
                                                     : PIECES_DEFAULT;
    float *out = numbers_alloc(features, coder, (size_t)pieces + 2);
    if (!out)
        return STATUS_NO_MEMORY;
    if (distinct->n < 2) { /* one piece that holds the value at its lower end */
        out[0] = distinct->n ? distinct->values[0] : 0;
        out[1] = out[0] < 0 ? 0 : 2 * out[0] + 1;
        if (!isfinite(out[1])) {
            out[1] = out[0];
            out[0] = 0;
        }
        coder->n_numbers = 2;
        return STATUS_OK;
    }
    if (f->bounds == BOUNDS_QUANTILE) {
        coder->n_numbers = distinct_quantiles(distinct, pieces, out);
        return STATUS_OK;
    }
    uint32_t n;
    const enum status status = distinct_tree(distinct, pieces, (uint64_t)f->leaf_rows, out + 1, &n);
    if (status != STATUS_OK)
        return status;
    out[0] = distinct->values[0];
    out[n + 1] = distinct->values[distinct->n - 1];
    coder->n_numbers = n + 2;
    return STATUS_OK;
}

static enum status learn_buckets(struct features *features, const struct distinct *distinct,
                                 const struct spec_feature *f, struct coder *coder)
{
    const uint32_t n = f->boundaries ? f->n_boundaries : (uint32_t)f->quantiles;
    float *out = numbers_alloc(features, coder, (size_t)n + 1);
    if (!out)
        return STATUS_NO_MEMORY;
    coder->n_numbers = n;
    if (!f->boundaries)
        coder->n_numbers = distinct->n ? distinct_buckets(distinct, n, out) : 0;
    for (uint32_t i = 0; f->boundaries && i < n; i++)
        out[i] = (float)f->boundaries[i];
    return STATUS_OK;
}

static int compare_floats(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* The values with the highest counts: the least count that stays, so that at most `size` do. */
static enum status least_count(const struct distinct *distinct, uint64_t min_count, uint64_t size,
                               uint64_t *ret_least)
{
    float *counts = malloc(sizeof *counts * ((size_t)distinct->n + 1));
    if (!counts)
        return STATUS_NO_MEMORY;
    for (uint32_t i = 0; i < distinct->n; i++)
        counts[i] = -(float)distinct->counts[i];
    qsort(counts, distinct->n, sizeof *counts, compare_floats);
    *ret_least = min_count;
    if (distinct->n > size && (uint64_t)-counts[size - 1] > min_count)
        *ret_least = (uint64_t)-counts[size - 1];
    free(counts);
    return STATUS_OK;
}

/* Of equally frequent numbers at the limit the lower ones stay. */
static enum status learn_numbers(struct features *features, const struct distinct *distinct,
                                 const struct spec_feature *f, struct coder *coder)
{
    const uint32_t size = distinct->n < f->max_size ? distinct->n : (uint32_t)f->max_size;
    float *out = numbers_alloc(features, coder, (f->vocabulary ? f->n_vocabulary : size) + 1);
    if (!out)
        return STATUS_NO_MEMORY;
    for (uint32_t i = 0; i < f->n_vocabulary; i++) {
        double number = 0;
        text_to_double(f->vocabulary[i].bytes, &number);
        out[coder->n_numbers++] = (float)number;
    }
    qsort(out, coder->n_numbers, sizeof *out, compare_floats);
    if (f->vocabulary)
        return STATUS_OK;
    uint64_t least;
    const enum status status =
        least_count(distinct, (uint64_t)f->min_count, (uint64_t)f->max_size, &least);
    if (status != STATUS_OK)
        return status;
    uint32_t n = 0, above = 0, enough = 0;
    for (uint32_t i = 0; i < distinct->n; i++) {
        above += distinct->counts[i] > least;
        enough += distinct->counts[i] >= (uint64_t)f->min_count;
    }
    uint32_t equal = size > above ? size - above : 0;
    for (uint32_t i = 0; i < distinct->n && n < size; i++) {
        if (distinct->counts[i] > least)
            out[n++] = distinct->values[i];
        else if (distinct->counts[i] == least && equal && equal--)
            out[n++] = distinct->values[i];
    }
    coder->n_numbers = n;
    if (enough > n)
        note(features,
             "%.60s: %u of its values count as unknown, since it keeps the %u most "
             "frequent",
             f->name, enough - n, n);
    return STATUS_OK;
}

static enum status learn_number(struct features *features, const struct distinct *distinct,
                                uint32_t i)
{
    const struct spec_feature *f = &features->spec->features[i];
    struct coder *coder = &features->coders[i];
    if (distinct->n == 0)
        note(features, "%.60s: the training rows have no value in it; it carries nothing", f->name);
    else if (distinct->n == 1 && f->type != FEATURE_CATEGORICAL)
        note(features, "%.60s: the training rows have one value only; it carries little", f->name);
    coder->missing = distinct->absent > 0 && f->type == FEATURE_NUMERIC;
    switch (coder->kind) {
    case CODER_LINEAR:
        return learn_linear(distinct, f, coder);
    case CODER_QUANTILE:
        return learn_quantile(features, distinct, f, coder);
    case CODER_PIECES:
        return learn_pieces(features, distinct, f, coder);
    case CODER_BUCKETS:
        return learn_buckets(features, distinct, f, coder);
    case CODER_NUMBERS:
        return learn_numbers(features, distinct, f, coder);
    default:
        return STATUS_OK;
    }
}

static enum status gather(const struct sample *sample, uint32_t cell, struct distinct *ret_distinct)
{
    float *values = malloc(sizeof *values * sample->n),
          *labels = malloc(sizeof *labels * sample->n);
    enum status status = values && labels ? STATUS_OK : STATUS_NO_MEMORY;
    for (uint32_t i = 0; status == STATUS_OK && i < sample->n; i++) {
        const uint32_t *row = sample_row(sample, i);
        values[i] = float_of(row[cell]);
        labels[i] = float_of(row[CELL_LABEL]);
    }
    if (status == STATUS_OK)
        status = distinct_count(values, labels, sample->n, ret_distinct);
    free(values);
    free(labels);
    return status;
}

static enum status learn_column(struct features *features, const struct sample *sample,
                                uint32_t cell, struct error *reterr)
{
    struct distinct distinct = {0};
    enum status status = gather(sample, cell, &distinct);
    for (uint32_t i = 0; i < features->spec->n_features && status == STATUS_OK; i++)
        if (features->coders[i].cell == cell && features->coders[i].kind <= CODER_NUMBER_HASH)
            status = learn_number(features, &distinct, i);
    distinct_free(&distinct);
    return status == STATUS_OK ? status : refuse_memory(reterr);
}

enum status features_fit(struct features *features, struct frame *frame, const uint32_t *rows,
                         uint32_t n, struct error *reterr)
{
    assert(frame->learning == features && !features->fitted);
    const struct sample sample = {frame, rows, rows ? n : frame->n};
    const struct feature_spec *spec = features->spec;
    enum status status = check_label(features, &sample, reterr);
    for (uint32_t i = 0; i < spec->n_features && status == STATUS_OK; i++)
        if (features->coders[i].kind == CODER_CODE && spec->features[i].shared == i &&
            !spec->features[i].vocabulary)
            status = learn_vocabulary(features, &sample, i, reterr);
    for (uint32_t c = CELLS_FIRST; c < features->n_cells && status == STATUS_OK; c++)
        if (features->cells[c].content == CELL_FLOAT)
            status = learn_column(features, &sample, c, reterr);
    if (status == STATUS_OK)
        status = features_build(features, reterr);
    if (status == STATUS_OK)
        frame->learning = NULL;
    return status;
}
