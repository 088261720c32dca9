/* Features in a section file. What follows from the spec is not stored twice: the spec's text is,
 * and beside it what was learnt.
 *
 *     features.spec      bytes  the YAML
 *     features.negative  bytes  the label's other value
 *     features.counts    u32 [features of the spec, 3]: numbers, texts, whether one was missing
 *     features.moments   f64 [features of the spec, 3]: shift, scale, absent
 *     features.numbers   f32    of all features, one after the other
 *     features.starts    u32    for each vocabulary n + 1 offsets in its bytes
 *     features.bytes     bytes  of all vocabularies
 */
#include <assert.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/text.h"
#include "data/features/features_parts.h"
#include "data/yaml.h"

enum { N_COUNTS = 3, N_MOMENTS = 3 };

/* Floats that a coder keeps. */
static size_t numbers_of(const struct coder *coder)
{
    return (size_t)coder->n_numbers * (coder->kind == CODER_QUANTILE ? 3 : 1);
}

static void save_texts(const struct vocabulary *vocabulary, struct buffer *starts,
                       struct buffer *bytes)
{
    if (vocabulary->n == 0)
        return;
    buffer_append(starts, vocabulary->starts, sizeof(uint32_t) * (vocabulary->n + 1));
    buffer_append(bytes, vocabulary->bytes, vocabulary->starts[vocabulary->n]);
}

static void add_bytes(struct sections_writer *writer, const char *name, enum section_type type,
                      const struct buffer *bytes)
{
    sections_add(writer, name, type, bytes->size / section_type_size(type), 1,
                 bytes->data ? bytes->data : "");
}

enum status features_save(const struct features *features, struct sections_writer *writer,
                          struct error *reterr)
{
    assert(features->fitted);
    const struct feature_spec *spec = features->spec;
    struct buffer counts = {0}, moments = {0}, numbers = {0}, starts = {0}, bytes = {0};
    for (uint32_t i = 0; i < spec->n_features; i++) {
        const struct coder *coder = &features->coders[i];
        buffer_append_u32(&counts, coder->n_numbers);
        buffer_append_u32(&counts, coder->vocabulary.n);
        buffer_append_u32(&counts, coder->missing);
        const double three[N_MOMENTS] = {coder->shift, coder->scale, coder->absent};
        buffer_append(&moments, three, sizeof three);
        if (coder->n_numbers)
            buffer_append(&numbers, coder->numbers, numbers_of(coder) * sizeof(float));
        save_texts(&coder->vocabulary, &starts, &bytes);
    }
    const bool failed =
        counts.failed || moments.failed || numbers.failed || starts.failed || bytes.failed;
    const char *negative = features->negative ? features->negative : "";
    if (!failed) {
        sections_add(writer, "features.spec", SECTION_BYTES, spec->text.length, 1,
                     spec->text.bytes);
        sections_add(writer, "features.negative", SECTION_BYTES, strlen(negative), 1, negative);
        sections_add(writer, "features.counts", SECTION_U32, spec->n_features, N_COUNTS,
                     counts.data);
        sections_add(writer, "features.moments", SECTION_F64, spec->n_features, N_MOMENTS,
                     moments.data);
        add_bytes(writer, "features.numbers", SECTION_F32, &numbers);
        add_bytes(writer, "features.starts", SECTION_U32, &starts);
        add_bytes(writer, "features.bytes", SECTION_BYTES, &bytes);
    }
    buffer_free(&counts);
    buffer_free(&moments);
    buffer_free(&numbers);
    buffer_free(&starts);
    buffer_free(&bytes);
    return failed ? error_set(reterr, STATUS_NO_MEMORY, "out of memory for the features")
                  : STATUS_OK;
}

/* ---- loading ---- */

/* What is left of the arrays that features share. */
struct loader {
    struct features *features;
    const uint32_t *counts;
    const double *moments;
    const float *numbers;
    const uint32_t *starts;
    const char *bytes;
    uint64_t n_numbers, n_starts, n_bytes;
};

static enum status refuse(struct error *reterr, const struct spec_feature *f, const char *why)
{
    return error_set(reterr, STATUS_CORRUPT, "the stored feature '%.60s' %s", f->name, why);
}

/* The least and the most numbers that a coder of this kind has. */
static bool is_count(const struct coder *coder, const struct spec_feature *f, uint32_t n)
{
    switch (coder->kind) {
    case CODER_QUANTILE:
        return n >= 1 && n <= 4096;
    case CODER_PIECES:
        return n >= 2 && n <= 4097;
    case CODER_BUCKETS:
        return f->boundaries ? n == f->n_boundaries : n < 4096;
    case CODER_NUMBERS:
        return f->vocabulary ? n == f->n_vocabulary : n <= f->max_size;
    default:
        return n == 0;
    }
}

static bool is_rising(const float *numbers, size_t n, bool strictly)
{
    for (size_t i = 0; i < n; i++)
        if (!isfinite(numbers[i]) ||
            (i && (strictly ? numbers[i] <= numbers[i - 1] : numbers[i] < numbers[i - 1])))
            return false;
    return true;
}

/* Places of a distribution function: within [0, 1], each low end below its high end. */
static bool are_places(const float *low, const float *high, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (low[i] < 0 || high[i] > 1 || low[i] > high[i])
            return false;
    return is_rising(low, n, false) && is_rising(high, n, false);
}

static enum status load_numbers(struct loader *from, uint32_t i, struct error *reterr)
{
    const struct spec_feature *f = &from->features->spec->features[i];
    struct coder *coder = &from->features->coders[i];
    const uint32_t n = from->counts[(size_t)i * N_COUNTS];
    if (!is_count(coder, f, n))
        return refuse(reterr, f, "has another number of boundaries than its kind can have");
    coder->n_numbers = n;
    const size_t size = numbers_of(coder);
    if (size > from->n_numbers)
        return refuse(reterr, f, "lacks some of its boundaries");
    if (!is_rising(from->numbers, n, true) ||
        (coder->kind == CODER_QUANTILE &&
         !are_places(from->numbers + n, from->numbers + 2 * (size_t)n, n)))
        return refuse(reterr, f, "has boundaries that do not rise");
    coder->numbers = arena_zalloc(&from->features->arena, size + 1, sizeof *coder->numbers);
    if (!coder->numbers)
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory for the features");
    memcpy(coder->numbers, from->numbers, size * sizeof *coder->numbers);
    from->numbers += size;
    from->n_numbers -= size;
    return STATUS_OK;
}

static enum status load_moments(struct loader *from, uint32_t i, struct error *reterr)
{
    const struct spec_feature *f = &from->features->spec->features[i];
    struct coder *coder = &from->features->coders[i];
    const uint32_t missing = from->counts[(size_t)i * N_COUNTS + 2];
    const double *moments = from->moments + (size_t)i * N_MOMENTS;
    for (int m = 0; m < N_MOMENTS; m++)
        if (!isfinite(moments[m]))
            return refuse(reterr, f, "has a mean or deviation that is not finite");
    if (missing > (uint32_t)(f->type == FEATURE_NUMERIC))
        return refuse(reterr, f, "says of values what its kind cannot have");
    coder->missing = missing != 0;
    coder->shift = moments[0];
    coder->scale = moments[1];
    coder->absent = moments[2];
    coder->standard = f->type == FEATURE_NUMERIC && f->normalize == NORMALIZE_STANDARD;
    return STATUS_OK;
}

static enum status load_texts(struct loader *from, uint32_t i, struct error *reterr)
{
    const struct spec_feature *f = &from->features->spec->features[i];
    struct coder *coder = &from->features->coders[i];
    const uint32_t n = from->counts[(size_t)i * N_COUNTS + 1];
    const bool has = coder->kind == CODER_CODE && f->shared == i;
    const bool given = has && f->vocabulary;
    if ((n && !has) || (given && n != f->n_vocabulary) || (!given && n > f->max_size))
        return refuse(reterr, f, "has another number of texts than its vocabulary can have");
    if (n == 0)
        return STATUS_OK;
    if ((uint64_t)n + 1 > from->n_starts || from->starts[n] > from->n_bytes)
        return refuse(reterr, f, "lacks some of its texts");
    vocabulary_free(&coder->vocabulary);
    for (uint32_t t = 0; t < n; t++) {
        const uint32_t start = from->starts[t], end = from->starts[t + 1];
        uint32_t code;
        if (start >= end || end > from->starts[n] || (t == 0 && start != 0) ||
            !utf8_is_valid(from->bytes + start, end - start))
            return refuse(reterr, f, "has a text that is none");
        const enum status status =
            vocabulary_add(&coder->vocabulary, from->bytes + start, end - start, &code);
        if (status == STATUS_NO_MEMORY)
            return error_set(reterr, status, "out of memory for the features");
        if (status != STATUS_OK || code != t + CODE_FIRST)
            return refuse(reterr, f, "has a text twice");
    }
    from->bytes += from->starts[n];
    from->n_bytes -= from->starts[n];
    from->starts += n + 1;
    from->n_starts -= n + 1;
    return STATUS_OK;
}

static enum status load_learnt(struct loader *from, struct error *reterr)
{
    struct features *features = from->features;
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < features->spec->n_features && status == STATUS_OK; i++) {
        status = load_numbers(from, i, reterr);
        if (status == STATUS_OK)
            status = load_moments(from, i, reterr);
        if (status == STATUS_OK)
            status = load_texts(from, i, reterr);
    }
    if (status == STATUS_OK && (from->n_numbers || from->n_starts || from->n_bytes))
        status = error_set(reterr, STATUS_CORRUPT, "the stored features have values left over");
    return status == STATUS_OK ? features_build(features, reterr) : status;
}

static enum status load_spec(const struct sections *sections, struct features **ret_features,
                             struct error *reterr)
{
    const struct section *text;
    struct feature_spec *spec;
    struct error err = {0};
    enum status status =
        sections_need(sections, "features.spec", SECTION_BYTES, UINT64_MAX, 1, &text, reterr);
    if (status != STATUS_OK)
        return status;
    status = feature_spec_parse("the stored spec", text->data, text->rows, &spec, &err);
    if (status == STATUS_OK)
        status = features_new(spec, ret_features, &err);
    if (status == STATUS_OK || status == STATUS_NO_MEMORY)
        return status == STATUS_OK ? status : error_set(reterr, status, "%s", err.text);
    return error_set(reterr, STATUS_CORRUPT, "%s: %s", err.pointer, err.text);
}

static enum status load_negative(const struct sections *sections, struct features *features,
                                 struct error *reterr)
{
    const struct section *text;
    const enum status status =
        sections_need(sections, "features.negative", SECTION_BYTES, UINT64_MAX, 1, &text, reterr);
    if (status != STATUS_OK)
        return status;
    if (memchr(text->data, '\0', text->rows) || !utf8_is_valid(text->data, text->rows))
        return error_set(reterr, STATUS_CORRUPT, "the stored label is not text");
    if (text->rows)
        features->negative = strndup(text->data, text->rows);
    return text->rows && !features->negative
               ? error_set(reterr, STATUS_NO_MEMORY, "out of memory for the features")
               : STATUS_OK;
}

enum status features_load(const struct sections *sections, struct features **ret_features,
                          struct error *reterr)
{
    struct features *features;
    const struct section *counts, *moments, *numbers, *starts, *bytes;
    enum status status = load_spec(sections, &features, reterr);
    if (status != STATUS_OK)
        return status;
    const uint32_t n = features->spec->n_features;
    status = load_negative(sections, features, reterr);
    if (status == STATUS_OK)
        status =
            sections_need(sections, "features.counts", SECTION_U32, n, N_COUNTS, &counts, reterr);
    if (status == STATUS_OK)
        status = sections_need(sections, "features.moments", SECTION_F64, n, N_MOMENTS, &moments,
                               reterr);
    if (status == STATUS_OK)
        status = sections_need(sections, "features.numbers", SECTION_F32, UINT64_MAX, 1, &numbers,
                               reterr);
    if (status == STATUS_OK)
        status =
            sections_need(sections, "features.starts", SECTION_U32, UINT64_MAX, 1, &starts, reterr);
    if (status == STATUS_OK)
        status =
            sections_need(sections, "features.bytes", SECTION_BYTES, UINT64_MAX, 1, &bytes, reterr);
    if (status == STATUS_OK) {
        struct loader from = {features,      counts->data, moments->data,
                              numbers->data, starts->data, bytes->data,
                              numbers->rows, starts->rows, bytes->rows};
        status = load_learnt(&from, reterr);
    }
    if (status == STATUS_OK)
        *ret_features = features;
    else
        features_free(features);
    return status;
}
