#include "models/gfcf.h"

#include <math.h>
#include <stdlib.h>

#include "linalg/kernels.h"
#include "models/gfcf_model.h"

static const struct option options[] = {
    {.name = "dimensions",
     .type = OPTION_INT,
     .offset = offsetof(struct gfcf_settings, dimensions),
     .initial = "128",
     .min = 1,
     .max = GFCF_DIMENSIONS_MAX,
     .help = "singular vectors of the low-pass filter",
     .search = SEARCH_LOG,
     .low = 32,
     .high = 256},
    {.name = "alpha",
     .type = OPTION_REAL,
     .offset = offsetof(struct gfcf_settings, alpha),
     .initial = "0.3",
     .min = 0,
     .max = 1e3,
     .help = "weight of the low-pass filter beside the users in common",
     .search = SEARCH_LOG,
     .low = 0.03,
     .high = 3},
    {.name = "neighbours",
     .type = OPTION_INT,
     .offset = offsetof(struct gfcf_settings, neighbours),
     .initial = "200",
     .min = 1,
     .max = NEIGHBOURS_MAX,
     .help = "items that each item keeps for the users in common",
     .search = SEARCH_LOG,
     .low = 50,
     .high = 500},
    {.name = "iterations",
     .type = OPTION_INT,
     .offset = offsetof(struct gfcf_settings, iterations),
     .initial = "8",
     .min = 1,
     .max = 1000,
     .help = "power iterations towards the singular vectors"},
};

void gfcf_free(struct model *model)
{
    struct gfcf *gfcf = (struct gfcf *)model;
    if (!gfcf)
        return;
    neighbours_free(gfcf->near);
    free(gfcf->vectors_memory);
    free(gfcf->factors_memory);
    free(gfcf);
}

/* ---- scores ---- */

/* x_u D_i^-1/2 Q: out[width]. */
static void project(const struct gfcf *model, const struct query *query, float *out)
{
    const struct kernels *kernels = kernels_get();
    for (size_t k = 0; k < model->width; k++)
        out[k] = 0;
    for (uint32_t h = 0; h < query->n; h++) {
        const struct signal signal = query->history[h];
        if (signal.item < model->base.n_items && signal.confidence > 0)
            kernels->axpy(model->factors[signal.item],
                          model->vectors + (size_t)signal.item * model->width, out, model->width);
    }
}

static void add_filtered(const struct gfcf *model, const float *projected, const uint32_t *items,
                         size_t n, float *out)
{
    const struct kernels *kernels = kernels_get();
    for (size_t i = 0; i < n; i++) {
        const size_t item = items ? items[i] : i;
        if (item >= model->base.n_items)
            continue;
        float product;
        kernels->scan(model->vectors + item * model->width, 1, model->width, projected, &product);
        out[i] += (float)model->alpha * product / model->factors[item];
    }
}

static enum status gfcf_score(const struct model *model, const struct query *queries,
                              size_t n_queries, const uint32_t *items, size_t n_items, float *out,
                              struct arena *scratch)
{
    const struct gfcf *gfcf = (const struct gfcf *)model;
    float *projected = arena_alloc(scratch, gfcf->width * sizeof *projected);
    if (!projected)
        return STATUS_NO_MEMORY;
    const enum status status =
        neighbours_score(gfcf->near, queries, n_queries, items, n_items, out, scratch);
    for (size_t q = 0; q < n_queries && status == STATUS_OK; q++) {
        project(gfcf, &queries[q], projected);
        add_filtered(gfcf, projected, items, n_items, out + q * n_items);
    }
    return status;
}

/* Whoever likes a thing has a vector; the others' likeness is nothing. */
static bool is_liked(const struct gfcf *model, size_t item)
{
    const float *vector = model->vectors + item * model->width;
    return kernels_get()->dot(vector, vector, model->width) > 0;
}

static enum status gfcf_similar(const struct model *model, uint32_t item, float *out,
                                struct arena *scratch)
{
    const struct gfcf *gfcf = (const struct gfcf *)model;
    const enum status status = neighbours_similar(gfcf->near, item, out, scratch);
    if (status != STATUS_OK || item >= model->n_items || !is_liked(gfcf, item))
        return status;
    const float *vector = gfcf->vectors + item * gfcf->width;
    for (uint32_t i = 0; i < model->n_items; i++) {
        if (i == item || !is_liked(gfcf, i))
            continue;
        float product;
        kernels_get()->scan(gfcf->vectors + i * gfcf->width, 1, gfcf->width, vector, &product);
        const float near = isfinite(out[i]) ? out[i] : 0;
        out[i] = near + (float)gfcf->alpha * product;
    }
    return status;
}

/* ---- files ---- */

static void gfcf_save(const struct model *model, struct sections_writer *writer)
{
    const struct gfcf *gfcf = (const struct gfcf *)model;
    neighbours_save(gfcf->near, writer);
    sections_add(writer, "gfcf/vectors", SECTION_F32, model->n_items, gfcf->width, gfcf->vectors);
    sections_add(writer, "gfcf/factors", SECTION_F32, model->n_items, 1, gfcf->factors);
    sections_add(writer, "gfcf/alpha", SECTION_F64, 1, 1, &gfcf->alpha);
}

struct parts {
    const struct section *vectors, *factors, *alpha;
};

static bool all_positive(const float *values, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (!(values[i] > 0))
            return false;
    return true;
}

static enum status find_parts(const struct sections *sections, uint32_t n_items, struct parts *p,
                              struct error *reterr)
{
    enum status status = sections_need(sections, "gfcf/vectors", SECTION_F32, n_items, UINT64_MAX,
                                       &p->vectors, reterr);
    if (status == STATUS_OK)
        status =
            sections_need(sections, "gfcf/factors", SECTION_F32, n_items, 1, &p->factors, reterr);
    if (status == STATUS_OK)
        status = sections_need(sections, "gfcf/alpha", SECTION_F64, 1, 1, &p->alpha, reterr);
    if (status != STATUS_OK)
        return status;
    if (p->vectors->columns == 0 || p->vectors->columns > GFCF_DIMENSIONS_MAX)
        return error_set(reterr, STATUS_CORRUPT, "section gfcf/vectors has a width of %llu",
                         (unsigned long long)p->vectors->columns);
    if (!isfinite(*(const double *)p->alpha->data) || !all_positive(p->factors->data, n_items))
        return error_set(reterr, STATUS_CORRUPT, "section gfcf/factors holds what is not above 0");
    return STATUS_OK;
}

static enum status gfcf_load(const struct sections *sections, struct model **ret_model,
                             struct error *reterr)
{
    struct model *near;
    enum status status =
        neighbours_load(&gfcf_class, NEIGHBOURS_SYMMETRIC, sections, &near, reterr);
    if (status != STATUS_OK)
        return status;
    struct parts p;
    status = find_parts(sections, near->n_items, &p, reterr);
    struct gfcf *model = status == STATUS_OK ? calloc(1, sizeof *model) : NULL;
    if (!model) {
        neighbours_free(near);
        return status != STATUS_OK ? status
                                   : error_set(reterr, STATUS_NO_MEMORY, "out of memory for gfcf");
    }
    model->base = *near;
    model->near = near;
    model->width = (size_t)p.vectors->columns;
    model->alpha = *(const double *)p.alpha->data;
    model->vectors = p.vectors->data;
    model->factors = p.factors->data;
    *ret_model = &model->base;
    return STATUS_OK;
}

const struct model_class gfcf_class = {
    .name = "gfcf",
    .summary = "a low-pass filter over who likes what: no training, strong on sparse data",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .settings_size = sizeof(struct gfcf_settings),
    .fit = gfcf_fit,
    .estimate = gfcf_estimate,
    .score = gfcf_score,
    .similar = gfcf_similar,
    .save = gfcf_save,
    .load = gfcf_load,
    .free = gfcf_free,
};
