#include "data/features/features.h"

#include <assert.h>
#include <stdlib.h>

#include "base/text.h"
#include "data/features/features_parts.h"

/* ---- cells and coders, from the spec alone ---- */

static uint32_t add_cell(struct features *features, struct cell cell)
{
    features->cells[features->n_cells] = cell;
    return features->n_cells++;
}

/* The one cell of a column of numbers, or of a column whose text crosses hash. */
static uint32_t cell_of_column(struct features *features, enum cell_content content,
                               uint32_t column)
{
    for (uint32_t c = CELLS_FIRST; c < features->n_cells; c++)
        if (features->cells[c].content == content && features->cells[c].column == column &&
            !features->cells[c].list)
            return c;
    return add_cell(features, (struct cell){.content = content, .column = column});
}

static void plan_categorical(struct features *features, const struct spec_feature *f,
                             struct coder *coder)
{
    const bool number = features->spec->columns[f->column].number;
    coder->buckets = (uint32_t)f->buckets;
    if (number) {
        coder->kind = f->buckets ? CODER_NUMBER_HASH : CODER_NUMBERS;
        coder->cell = cell_of_column(features, CELL_FLOAT, f->column);
        return;
    }
    coder->kind = f->buckets ? CODER_HASH : CODER_CODE;
    coder->list = *f->separator != '\0';
    coder->values_max = coder->list ? (uint32_t)f->max_values : 1;
    coder->texts = &features->coders[f->shared].vocabulary;
    coder->cell = add_cell(features, (struct cell){.content = f->buckets ? CELL_HASH : CELL_CODE,
                                                   .column = f->column,
                                                   .list = coder->list,
                                                   .separator = *f->separator,
                                                   .values_max = coder->values_max,
                                                   .vocabulary = f->shared});
}

static void plan_cross(struct features *features, const struct spec_feature *f, struct coder *coder)
{
    coder->kind = CODER_CROSS;
    coder->buckets = (uint32_t)f->buckets;
    coder->n_parts = f->n_of;
    for (uint32_t p = 0; p < f->n_of; p++) {
        if (f->of_features[p] != UINT32_MAX) {
            coder->parts[p] = &features->coders[f->of_features[p]];
            continue;
        }
        struct coder *column = &features->columns[f->of_columns[p]];
        *column = (struct coder){.kind = CODER_HASH, .field = UINT32_MAX, .values_max = 1};
        column->cell = cell_of_column(features, CELL_HASH, f->of_columns[p]);
        coder->parts[p] = column;
    }
}

static void plan_feature(struct features *features, uint32_t i)
{
    const struct spec_feature *f = &features->spec->features[i];
    struct coder *coder = &features->coders[i];
    coder->field = UINT32_MAX;
    coder->values_max = 1;
    switch (f->type) {
    case FEATURE_NUMERIC:
        coder->kind = f->normalize == NORMALIZE_PIECES     ? CODER_PIECES
                      : f->normalize == NORMALIZE_QUANTILE ? CODER_QUANTILE
                                                           : CODER_LINEAR;
        coder->log = f->log;
        coder->cell = cell_of_column(features, CELL_FLOAT, f->column);
        break;
    case FEATURE_BUCKETIZED:
        coder->kind = CODER_BUCKETS;
        coder->cell = cell_of_column(features, CELL_FLOAT, f->column);
        break;
    case FEATURE_CATEGORICAL:
        plan_categorical(features, f, coder);
        break;
    default:
        break; /* crosses when all their parts are there */
    }
}

/* How many entries a feature has, as far as the spec tells. */
static enum status count_values(struct features *features, uint32_t i, struct error *reterr)
{
    struct coder *coder = &features->coders[i];
    uint64_t values = 1;
    for (uint32_t p = 0; p < coder->n_parts && values <= FEATURES_ENTRIES_MAX; p++) {
        values *= coder->parts[p]->values_max;
        coder->list |= coder->parts[p]->list;
    }
    if (values > FEATURES_ENTRIES_MAX)
        return error_set(reterr, STATUS_TOO_LARGE,
                         "the cross '%.60s' can have more than %d values in one row; lower "
                         "'max_values' of its parts",
                         features->spec->features[i].name, FEATURES_ENTRIES_MAX);
    if (coder->n_parts)
        coder->values_max = (uint32_t)values;
    return STATUS_OK;
}

static enum status take_given(struct features *features, uint32_t i)
{
    const struct spec_feature *f = &features->spec->features[i];
    struct coder *coder = &features->coders[i];
    enum status status = STATUS_OK;
    uint32_t code;
    if (coder->kind == CODER_CODE && f->vocabulary && f->shared == i)
        for (uint32_t v = 0; v < f->n_vocabulary && status == STATUS_OK; v++)
            status = vocabulary_add(&coder->vocabulary, f->vocabulary[v].bytes,
                                    f->vocabulary[v].length, &code);
    return status;
}

enum status features_new(struct feature_spec *spec, struct features **ret_features,
                         struct error *reterr)
{
    struct features *features = calloc(1, sizeof *features);
    if (!features) {
        feature_spec_free(spec);
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory for the features");
    }
    features->spec = spec;
    struct arena *arena = &features->arena;
    const uint32_t n = spec->n_features, n_cells = CELLS_FIRST + n + spec->n_columns * 2;
    features->coders = arena_zalloc(arena, n, sizeof *features->coders);
    features->columns = arena_zalloc(arena, spec->n_columns + 1, sizeof *features->columns);
    features->cells = arena_zalloc(arena, n_cells, sizeof *features->cells);
    features->fields = arena_zalloc(arena, n, sizeof *features->fields);
    features->notes = arena_zalloc(arena, n, sizeof *features->notes);
    if (!features->coders || !features->columns || !features->cells || !features->fields ||
        !features->notes) {
        features_free(features);
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory for the features");
    }
    features->n_cells = CELLS_FIRST;
    for (uint32_t i = 0; i < n; i++)
        plan_feature(features, i);
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < n && status == STATUS_OK; i++) {
        if (spec->features[i].type == FEATURE_CROSSED)
            plan_cross(features, &spec->features[i], &features->coders[i]);
        status = count_values(features, i, reterr);
        if (status == STATUS_OK && take_given(features, i) != STATUS_OK)
            status = error_set(reterr, STATUS_NO_MEMORY, "out of memory for the features");
    }
    if (status != STATUS_OK)
        features_free(features);
    else
        *ret_features = features;
    return status;
}

void features_free(struct features *features)
{
    if (!features)
        return;
    for (uint32_t i = 0; features->coders && i < features->spec->n_features; i++)
        vocabulary_free(&features->coders[i].vocabulary);
    feature_spec_free(features->spec);
    arena_free(&features->arena);
    free(features->negative);
    free(features);
}

/* ---- layout, from what was learnt ---- */

static void size_of_coder(struct coder *coder)
{
    coder->entries_max = coder->values_max;
    switch (coder->kind) {
    case CODER_LINEAR:
    case CODER_QUANTILE:
        coder->size = 1 + coder->missing;
        coder->entries_max = coder->size;
        break;
    case CODER_PIECES:
        coder->size = coder->n_numbers - 1 + coder->missing;
        coder->entries_max = coder->size;
        break;
    case CODER_BUCKETS:
    case CODER_NUMBERS:
        coder->size = coder->n_numbers + CODE_FIRST;
        break;
    case CODER_CODE:
        coder->size = coder->texts->n + CODE_FIRST;
        break;
    case CODER_NUMBER_HASH:
    case CODER_HASH:
        coder->size = coder->buckets + 1;
        break;
    case CODER_CROSS:
        coder->size = coder->buckets;
        break;
    }
}

static bool make_keys(struct features *features, struct coder *coder)
{
    coder->keys = arena_zalloc(&features->arena, coder->size, sizeof *coder->keys);
    if (!coder->keys)
        return false;
    coder->keys[CODE_MISSING] = KEY_MISSING;
    coder->keys[CODE_UNKNOWN] = KEY_UNKNOWN;
    for (uint32_t code = CODE_FIRST; code < coder->size; code++) {
        size_t length;
        const char *text = vocabulary_text(coder->texts, code, &length);
        coder->keys[code] = key_of(feature_hash(text, length));
    }
    return true;
}

static struct field field_of(const struct features *features, uint32_t i)
{
    const struct spec_feature *f = &features->spec->features[i];
    const struct coder *coder = &features->coders[i];
    const bool deep = f->feeds == FEEDS_DEEP || f->feeds == FEEDS_BOTH;
    return (struct field){.name = f->name,
                          .first = coder->first,
                          .size = coder->size,
                          .wide = f->feeds == FEEDS_WIDE || f->feeds == FEEDS_BOTH,
                          .deep = !deep          ? FIELD_NOT_DEEP
                                  : f->embedding ? FIELD_EMBEDDED
                                                 : FIELD_DENSE,
                          .dimension = (uint32_t)f->embedding,
                          .shared = f->embedding ? features->coders[f->shared].field : coder->field,
                          .crossed = f->type == FEATURE_CROSSED};
}

static enum status build_feature(struct features *features, uint32_t i, uint64_t *first,
                                 uint32_t *entries, struct error *reterr)
{
    const struct spec_feature *f = &features->spec->features[i];
    struct coder *coder = &features->coders[i];
    size_of_coder(coder);
    if (coder->kind == CODER_CODE && !make_keys(features, coder))
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory for the features");
    if (f->feeds == FEEDS_NONE)
        return STATUS_OK;
    if (f->indicator && coder->size > SPEC_INDICATOR_MAX)
        return error_set(reterr, STATUS_TOO_LARGE,
                         "the feature '%.60s' has %u values, too many for an indicator (%d); give "
                         "it an embedding",
                         f->name, coder->size, SPEC_INDICATOR_MAX);
    coder->field = features->layout.n_fields++;
    coder->first = (uint32_t)*first;
    *first += coder->size;
    coder->entries_before = *entries;
    *entries += coder->entries_max;
    if (*first > SPEC_FEATURES_TOTAL_MAX)
        return error_set(reterr, STATUS_TOO_LARGE,
                         "with '%.60s' there are more than %d features; take fewer buckets or a "
                         "smaller 'max_size'",
                         f->name, SPEC_FEATURES_TOTAL_MAX);
    if (*entries > FEATURES_ENTRIES_MAX)
        return error_set(reterr, STATUS_TOO_LARGE,
                         "with '%.60s' a row can have more than %d values; lower 'max_values' or "
                         "the number of pieces",
                         f->name, FEATURES_ENTRIES_MAX);
    features->fields[coder->field] = field_of(features, i);
    return STATUS_OK;
}

enum status features_build(struct features *features, struct error *reterr)
{
    uint64_t first = 0;
    uint32_t entries = 0;
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < features->spec->n_features && status == STATUS_OK; i++)
        status = build_feature(features, i, &first, &entries, reterr);
    if (status == STATUS_OK && features->layout.n_fields == 0)
        status = error_set(reterr, STATUS_OUT_OF_RANGE, "all features feed nothing");
    if (status != STATUS_OK)
        return status;
    features->layout.fields = features->fields;
    features->layout.n_features = (uint32_t)first;
    features->entries_max = entries;
    features->fitted = true;
    return STATUS_OK;
}

/* ---- reading ---- */

const struct feature_layout *features_layout(const struct features *features)
{
    assert(features->fitted);
    return &features->layout;
}

const struct feature_spec *features_spec(const struct features *features)
{
    return features->spec;
}

uint32_t features_notes(const struct features *features, const char *const **ret_notes)
{
    *ret_notes = features->notes;
    return features->n_notes;
}

void features_examples(const struct features *features, const struct frame *frame,
                       struct examples *ret_examples)
{
    assert(features->fitted && frame->features == features);
    *ret_examples = (struct examples){.layout = &features->layout,
                                      .n = frame->n,
                                      .entries_max = features->entries_max,
                                      .labelled = frame->labelled,
                                      .context = frame,
                                      .fetch = features_fetch};
}
