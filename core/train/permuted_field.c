#include "train/permuted_field.h"

#include <stdlib.h>
#include <string.h>

struct permuted_field {
    const struct examples *all;
    const struct field *field;
    const uint32_t *rows;
    uint32_t *starts;   /* [n + 1] of the entries that examples get */
    uint32_t *features; /* [starts[n]] */
    float *values;
};

/* Where the field's entries lie among features[n], which rise. */
static uint32_t find_field(const struct field *field, const uint32_t *features, uint32_t n,
                           uint32_t *ret_end)
{
    uint32_t at = 0;
    while (at < n && features[at] < field->first)
        at++;
    uint32_t end = at;
    while (end < n && features[end] - field->first < field->size)
        end++;
    *ret_end = end;
    return at;
}

/* One example's place behind `at` entries of a batch. */
static uint32_t fetch_one(const struct examples *all, uint32_t row, struct example_batch *batch,
                          uint32_t i, uint32_t at)
{
    uint32_t starts[2];
    struct example_batch one = {.starts = starts,
                                .features = batch->features + at,
                                .values = batch->values + at,
                                .labels = batch->labels + i,
                                .weights = batch->weights + i};
    all->fetch(all->context, &row, 1, &one);
    return starts[1];
}

static void fetch(const void *context, const uint32_t *rows, uint32_t n,
                  struct example_batch *batch)
{
    const struct permuted_field *p = context;
    uint32_t at = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t *features = batch->features + at;
        float *values = batch->values + at;
        const uint32_t length = fetch_one(p->all, p->rows[rows[i]], batch, i, at);
        uint32_t end;
        const uint32_t begin = find_field(p->field, features, length, &end);
        const uint32_t *from = p->starts + rows[i];
        const uint32_t other = from[1] - from[0];
        memmove(features + begin + other, features + end, (length - end) * sizeof *features);
        memmove(values + begin + other, values + end, (length - end) * sizeof *values);
        memcpy(features + begin, p->features + from[0], other * sizeof *features);
        memcpy(values + begin, p->values + from[0], other * sizeof *values);
        batch->starts[i] = at;
        at += length - (end - begin) + other;
    }
    batch->starts[n] = at;
    batch->n = n;
}

static bool reserve(struct permuted_field *p, uint32_t *capacity, uint32_t needed)
{
    if (needed <= *capacity)
        return true;
    const uint32_t more = needed + needed / 2 + 1024;
    uint32_t *features = realloc(p->features, more * sizeof *features);
    p->features = features ? features : p->features;
    float *values = realloc(p->values, more * sizeof *values);
    p->values = values ? values : p->values;
    *capacity = features && values ? more : *capacity;
    return features && values;
}

/* Copies what from[n] have in the field. */
static bool copy_entries(struct permuted_field *p, const uint32_t *from, uint32_t n,
                         struct example_batch *batch)
{
    uint32_t capacity = 0;
    p->starts[0] = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t end;
        const uint32_t length = fetch_one(p->all, from[i], batch, 0, 0);
        const uint32_t begin = find_field(p->field, batch->features, length, &end);
        const uint32_t at = p->starts[i], count = end - begin;
        if (!reserve(p, &capacity, at + count + 1))
            return false;
        memcpy(p->features + at, batch->features + begin, count * sizeof *p->features);
        memcpy(p->values + at, batch->values + begin, count * sizeof *p->values);
        p->starts[i + 1] = at + count;
    }
    return true;
}

enum status permuted_field_new(const struct examples *all, const struct field *field,
                               const uint32_t *rows, const uint32_t *from, uint32_t n,
                               struct permuted_field **ret_permuted, struct examples *ret_examples)
{
    float label, weight;
    struct permuted_field *p = calloc(1, sizeof *p);
    struct example_batch one = {.features = malloc(sizeof *one.features * all->entries_max),
                                .values = malloc(sizeof *one.values * all->entries_max),
                                .labels = &label,
                                .weights = &weight};
    bool ok = p && one.features && one.values;
    if (ok) {
        *p = (struct permuted_field){.all = all, .field = field, .rows = rows};
        p->starts = malloc(sizeof *p->starts * ((size_t)n + 1));
        ok = p->starts && copy_entries(p, from, n, &one);
    }
    free(one.features);
    free(one.values);
    if (!ok) {
        permuted_field_free(p);
        return STATUS_NO_MEMORY;
    }
    *ret_permuted = p;
    *ret_examples = *all;
    ret_examples->n = n;
    ret_examples->context = p;
    ret_examples->fetch = fetch;
    return STATUS_OK;
}

void permuted_field_free(struct permuted_field *permuted)
{
    if (!permuted)
        return;
    free(permuted->starts);
    free(permuted->features);
    free(permuted->values);
    free(permuted);
}
