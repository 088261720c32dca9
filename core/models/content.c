#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "models/content_fit.h"
#include "models/content_model.h"

const uint32_t *content_likes(const struct model *model)
{
    return ((const struct content *)model)->likes;
}

static void content_free(struct model *model)
{
    struct content *content = (struct content *)model;
    for (size_t i = 0; content && i < sizeof content->owned / sizeof *content->owned; i++)
        free(content->owned[i]);
    free(content);
}

/* ---- what is asked for, as one vector ---- */

/* The sum of items: dense over the model's terms, as they are many; and the terms of one item by
 * hash, for what the overlay has. */
struct wanted {
    float *terms;           /* [n_terms] */
    float *vector;          /* [d] */
    const uint64_t *hashes; /* [n] rising */
    const float *weights;   /* [n] */
    size_t n;
};

static enum status wanted_new(const struct content *model, struct arena *scratch,
                              struct wanted *ret_wanted)
{
    struct wanted wanted = {.terms = arena_zalloc(scratch, model->n_terms + 1, sizeof(float)),
                            .vector = arena_zalloc(scratch, model->d + 1, sizeof(float))};
    if (!wanted.terms || !wanted.vector)
        return STATUS_NO_MEMORY;
    *ret_wanted = wanted;
    return STATUS_OK;
}

static void add_vector(const struct content *model, const float *vector, struct wanted *wanted)
{
    for (uint32_t k = 0; vector && k < model->d; k++)
        wanted->vector[k] += vector[k];
}

/* Returns whether anything is known of the item. */
static bool add_item(const struct content *model, const struct overlay *overlay, uint32_t item,
                     struct wanted *wanted)
{
    const struct content_entry *entry = content_overlay_find(overlay, item);
    if (entry) {
        for (uint32_t k = 0; k < entry->n; k++) {
            const size_t at = content_find(model->hashes, model->n_terms, entry->hashes[k]);
            if (at < model->n_terms)
                wanted->terms[at] += entry->weights[k];
        }
        add_vector(model, entry->vector, wanted);
        return entry->n > 0 || entry->vector;
    }
    if (item >= model->base.n_items)
        return false;
    for (uint64_t k = model->starts[item]; k < model->starts[item + 1]; k++)
        wanted->terms[model->terms[k]] += model->weights[k];
    add_vector(model, model->d ? model->vectors + (size_t)item * model->d : NULL, wanted);
    return true;
}

static float multiply(const float *a, const float *b, uint32_t n)
{
    float sum = 0;
    for (uint32_t k = 0; k < n; k++)
        sum += a[k] * b[k];
    return sum;
}

static float score_row(const struct content *model, const struct wanted *wanted, uint32_t item)
{
    float sum = 0;
    for (uint64_t k = model->starts[item]; k < model->starts[item + 1]; k++)
        sum += model->weights[k] * wanted->terms[model->terms[k]];
    if (model->d)
        sum += multiply(model->vectors + (size_t)item * model->d, wanted->vector, model->d);
    return sum;
}

static float score_entry(const struct content *model, const struct wanted *wanted,
                         const struct content_entry *entry)
{
    float sum = entry->vector ? multiply(entry->vector, wanted->vector, model->d) : 0;
    for (size_t a = 0, b = 0; a < entry->n && b < wanted->n;) {
        if (entry->hashes[a] == wanted->hashes[b])
            sum += entry->weights[a++] * wanted->weights[b++];
        else if (entry->hashes[a] < wanted->hashes[b])
            a++;
        else
            b++;
    }
    return sum;
}

/* ---- scores ---- */

static enum status score_query(const struct content *model, const struct query *query,
                               const uint32_t *items, size_t n_items, float *out,
                               struct arena *scratch)
{
    struct wanted wanted;
    const enum status status = wanted_new(model, scratch, &wanted);
    if (status != STATUS_OK)
        return status;
    uint32_t n = 0;
    for (uint32_t h = 0; h < query->n; h++)
        if (query->history[h].confidence > 0)
            n += add_item(model, NULL, query->history[h].item, &wanted);
    for (size_t i = 0; i < n_items; i++) {
        const size_t item = items ? items[i] : i;
        out[i] = item >= model->base.n_items ? -INFINITY
                 : n                         ? score_row(model, &wanted, (uint32_t)item) / (float)n
                                             : 0;
    }
    return STATUS_OK;
}

static enum status content_score(const struct model *model, const struct query *queries,
                                 size_t n_queries, const uint32_t *items, size_t n_items,
                                 float *out, struct arena *scratch)
{
    enum status status = STATUS_OK;
    for (size_t q = 0; q < n_queries && status == STATUS_OK; q++)
        status = score_query((const struct content *)model, &queries[q], items, n_items,
                             out + q * n_items, scratch);
    return status;
}

/* The hashes of the item asked about, for what the overlay has. */
static enum status name_terms(const struct content *model, const struct overlay *overlay,
                              uint32_t item, struct arena *scratch, struct wanted *wanted)
{
    const struct content_entry *entry = content_overlay_find(overlay, item);
    if (entry) {
        wanted->hashes = entry->hashes;
        wanted->weights = entry->weights;
        wanted->n = entry->n;
        return STATUS_OK;
    }
    if (!overlay || item >= model->base.n_items)
        return STATUS_OK;
    const uint64_t start = model->starts[item];
    const size_t n = (size_t)(model->starts[item + 1] - start);
    uint64_t *hashes = arena_alloc(scratch, n * sizeof *hashes);
    if (!hashes)
        return STATUS_NO_MEMORY;
    for (size_t k = 0; k < n; k++)
        hashes[k] = model->hashes[model->terms[start + k]];
    wanted->hashes = hashes;
    wanted->weights = model->weights + start;
    wanted->n = n;
    return STATUS_OK;
}

static enum status content_similar_among(const struct model *base, const struct overlay *overlay,
                                         uint32_t item, const uint32_t *items, size_t n_items,
                                         float *out, struct arena *scratch)
{
    const struct content *model = (const struct content *)base;
    struct wanted wanted;
    enum status status = wanted_new(model, scratch, &wanted);
    if (status == STATUS_OK)
        status = name_terms(model, overlay, item, scratch, &wanted);
    if (status != STATUS_OK)
        return status;
    add_item(model, overlay, item, &wanted);
    for (size_t i = 0; i < n_items; i++) {
        const size_t other = items ? items[i] : i;
        const struct content_entry *entry = content_overlay_find(overlay, (uint32_t)other);
        float likeness = 0;
        if (entry)
            likeness = score_entry(model, &wanted, entry);
        else if (other < base->n_items)
            likeness = score_row(model, &wanted, (uint32_t)other);
        out[i] = likeness > 0 && other != item ? likeness : -INFINITY;
    }
    return STATUS_OK;
}

static enum status content_similar(const struct model *model, uint32_t item, float *out,
                                   struct arena *scratch)
{
    return content_similar_among(model, NULL, item, NULL, model->n_items, out, scratch);
}

/* ---- files ---- */

static void content_save(const struct model *base, struct sections_writer *writer)
{
    const struct content *m = (const struct content *)base;
    const uint32_t shape[] = {base->n_users, base->n_items, m->n_terms, m->n_records, m->d};
    const uint64_t size = m->starts[base->n_items];
    sections_add(writer, "content/shape", SECTION_U32, 5, 1, shape);
    sections_add(writer, "content/fields", SECTION_F32, CONTENT_FIELDS, 1, m->fields);
    sections_add(writer, "content/hashes", SECTION_U64, m->n_terms, 1, m->hashes);
    sections_add(writer, "content/counts", SECTION_U32, m->n_terms, 1, m->counts);
    sections_add(writer, "content/starts", SECTION_U64, (uint64_t)base->n_items + 1, 1, m->starts);
    sections_add(writer, "content/terms", SECTION_U32, size, 1, m->terms);
    sections_add(writer, "content/weights", SECTION_F32, size, 1, m->weights);
    sections_add(writer, "content/likes", SECTION_U32, base->n_items, 1, m->likes);
    if (m->d)
        sections_add(writer, "content/vectors", SECTION_F32, base->n_items, m->d, m->vectors);
}

/* What scoring walks without looking. */
static enum status check_rows(const struct content *m, struct error *reterr)
{
    const uint32_t n_items = m->base.n_items;
    for (uint64_t k = 0; k < m->starts[n_items]; k++)
        if (m->terms[k] >= m->n_terms)
            return error_set(reterr, STATUS_CORRUPT,
                             "section content/terms names a term that there is not");
    return STATUS_OK;
}

static enum status check_starts(const struct content *m, struct error *reterr)
{
    bool rises = m->starts[0] == 0;
    for (uint32_t i = 0; i < m->base.n_items; i++)
        rises = rises && m->starts[i] <= m->starts[i + 1];
    return rises ? STATUS_OK
                 : error_set(reterr, STATUS_CORRUPT, "section content/starts does not rise");
}

static enum status need(const struct sections *sections, const char *name, enum section_type type,
                        uint64_t rows, uint64_t columns, const void *pointer, struct error *reterr)
{
    const struct section *section;
    const enum status status = sections_need(sections, name, type, rows, columns, &section, reterr);
    if (status == STATUS_OK)
        memcpy((void *)pointer, &section->data, sizeof section->data);
    return status;
}

static enum status find_parts(const struct sections *sections, struct content *m,
                              struct error *reterr)
{
    const uint64_t n_items = m->base.n_items;
    enum status status =
        need(sections, "content/fields", SECTION_F32, CONTENT_FIELDS, 1, &m->fields, reterr);
    if (status == STATUS_OK)
        status = need(sections, "content/hashes", SECTION_U64, m->n_terms, 1, &m->hashes, reterr);
    if (status == STATUS_OK)
        status = need(sections, "content/counts", SECTION_U32, m->n_terms, 1, &m->counts, reterr);
    if (status == STATUS_OK)
        status = need(sections, "content/starts", SECTION_U64, n_items + 1, 1, &m->starts, reterr);
    if (status == STATUS_OK)
        status = check_starts(m, reterr);
    if (status != STATUS_OK)
        return status;
    const uint64_t size = m->starts[n_items];
    status = need(sections, "content/terms", SECTION_U32, size, 1, &m->terms, reterr);
    if (status == STATUS_OK)
        status = need(sections, "content/weights", SECTION_F32, size, 1, &m->weights, reterr);
    if (status == STATUS_OK)
        status = need(sections, "content/likes", SECTION_U32, n_items, 1, &m->likes, reterr);
    if (status == STATUS_OK && m->d)
        status = need(sections, "content/vectors", SECTION_F32, n_items, m->d, &m->vectors, reterr);
    return status == STATUS_OK ? check_rows(m, reterr) : status;
}

static enum status content_load(const struct sections *sections, struct model **ret_model,
                                struct error *reterr)
{
    const uint32_t *shape = NULL;
    enum status status = need(sections, "content/shape", SECTION_U32, 5, 1, &shape, reterr);
    if (status != STATUS_OK)
        return status;
    struct content *model = calloc(1, sizeof *model);
    if (!model)
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory for content");
    model->base = (struct model){.class = &content_class, .n_users = shape[0], .n_items = shape[1]};
    model->n_terms = shape[2];
    model->n_records = shape[3];
    model->d = shape[4];
    status = find_parts(sections, model, reterr);
    if (status != STATUS_OK) {
        free(model);
        return status;
    }
    *ret_model = &model->base;
    return STATUS_OK;
}

const struct model_class content_class = {
    .name = "content",
    .summary = "items of like title, categories, attributes and vectors; knows untouched ones",
    .options = content_options,
    .n_options = CONTENT_OPTIONS,
    .settings_size = sizeof(struct content_settings),
    .fit = content_fit,
    .estimate = content_estimate,
    .score = content_score,
    .similar = content_similar,
    .overlay_new = content_overlay_new,
    .overlay_free = content_overlay_free,
    .overlay_item = content_overlay_item,
    .overlay_bytes = content_overlay_bytes,
    .similar_among = content_similar_among,
    .save = content_save,
    .load = content_load,
    .free = content_free,
};
