#include "models/ials.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "linalg/kernels.h"
#include "linalg/solve.h"
#include "models/ials_model.h"

static const char *const solver_names[] = {"cg", "cholesky", NULL};

static const struct option options[] = {
    {.name = "dimensions",
     .type = OPTION_INT,
     .offset = offsetof(struct ials_settings, dimensions),
     .initial = "96",
     .min = 1,
     .max = IALS_DIMENSIONS_MAX,
     .help = "length of a user's and an item's vector; more catch finer tastes and cost more",
     .search = SEARCH_LOG,
     .low = 32,
     .high = 256},
    {.name = "alpha0",
     .type = OPTION_REAL,
     .offset = offsetof(struct ials_settings, alpha0),
     .initial = "0.3",
     .min = 1e-6,
     .max = 1e3,
     .help = "weight of the pairs without interaction; less for sparser data",
     .search = SEARCH_LOG,
     .low = 0.003,
     .high = 1},
    {.name = "lambda",
     .type = OPTION_REAL,
     .offset = offsetof(struct ials_settings, lambda),
     .initial = "0.007",
     .min = 1e-7,
     .max = 1e3,
     .help = "strength of the regularisation",
     .search = SEARCH_LOG,
     .low = 0.0003,
     .high = 0.1},
    {.name = "nu",
     .type = OPTION_REAL,
     .offset = offsetof(struct ials_settings, nu),
     .initial = "1",
     .min = 0,
     .max = 2,
     .help = "how far the regularisation grows with a user's or an item's interactions"},
    {.name = "epochs",
     .type = OPTION_INT,
     .offset = offsetof(struct ials_settings, epochs),
     .initial = "12",
     .min = 1,
     .max = 1000,
     .help = "passes over all users and items",
     .search = SEARCH_LINEAR,
     .low = 8,
     .high = 16},
    {.name = "solver",
     .type = OPTION_CHOICE,
     .offset = offsetof(struct ials_settings, solver),
     .initial = "cg",
     .choices = solver_names,
     .help = "conjugate gradients (cg) are faster, cholesky solves each row exactly"},
    {.name = "history_max",
     .type = OPTION_INT,
     .offset = offsetof(struct ials_settings, history_max),
     .initial = "2000",
     .min = 1,
     .max = IALS_HISTORY_MAX,
     .help = "strongest interactions of a user that make the user's vector"},
};

/* ---- life cycle ---- */

struct ials *ials_new(uint32_t n_users, uint32_t n_items, uint32_t d, bool owned)
{
    struct ials *model = calloc(1, sizeof *model);
    if (!model)
        return NULL;
    model->base = (struct model){.class = &ials_class, .n_users = n_users, .n_items = n_items};
    model->d = d;
    model->side_memory = calloc(ials_side_size(d), sizeof *model->side_memory);
    if (owned) {
        model->users_memory = calloc((size_t)n_users * d + 1, sizeof *model->users_memory);
        model->items_memory = calloc((size_t)n_items * d + 1, sizeof *model->items_memory);
    }
    if (!model->side_memory || (owned && (!model->users_memory || !model->items_memory))) {
        ials_free(&model->base);
        return NULL;
    }
    const size_t width = tile_round(d);
    model->users = model->users_memory;
    model->items = model->items_memory;
    model->side = (struct ials_side){.vectors = model->items,
                                     .n = n_items,
                                     .d = d,
                                     .width = width,
                                     .square = model->side_memory,
                                     .tiles = model->side_memory + width * width};
    return model;
}

void ials_free(struct model *model)
{
    struct ials *ials = (struct ials *)model;
    if (!ials)
        return;
    free(ials->side_memory);
    free(ials->users_memory);
    free(ials->items_memory);
    free(ials);
}

static uint64_t ials_estimate(const void *settings, uint32_t n_users, uint32_t n_items,
                              uint64_t size)
{
    (void)size;
    const struct ials_settings *s = settings;
    const uint64_t d = (uint64_t)s->dimensions, rows = (uint64_t)n_users + n_items;
    const uint64_t fixed = 2 * ials_side_size(d) + 16 * spd_size(tile_round(d));
    const uint64_t scratch = parallel_cores() * ials_scratch_size(d, (uint32_t)s->history_max);
    return (rows * d + fixed + scratch) * sizeof(float) + rows * sizeof(double);
}

/* ---- the vector of who asks ---- */

/* What a call needs to fold histories in, taken from the arena when the first one comes. */
struct folding {
    struct arena *arena;
    float *scratch;
    uint32_t *columns;
    float *confidences;
    uint32_t room; /* of the last two */
};

static enum status folding_reserve(struct folding *f, const struct ials *model, uint32_t n)
{
    if (!f->scratch) {
        f->scratch = arena_alloc(f->arena, ials_scratch_size(model->d, model->weights.history_max) *
                                               sizeof(float));
        if (!f->scratch)
            return STATUS_NO_MEMORY;
    }
    if (n > f->room || !f->columns) {
        f->columns = arena_alloc(f->arena, n * sizeof *f->columns);
        f->confidences = arena_alloc(f->arena, n * sizeof *f->confidences);
        f->room = n;
    }
    return f->columns && f->confidences ? STATUS_OK : STATUS_NO_MEMORY;
}

static enum status fold_in(const struct ials *model, const struct query *query, struct folding *f,
                           float *out)
{
    const enum status status = folding_reserve(f, model, query->n);
    if (status != STATUS_OK)
        return status;
    struct ials_row row = {.columns = f->columns, .confidences = f->confidences};
    for (uint32_t k = 0; k < query->n; k++)
        if (query->history[k].item < model->base.n_items) {
            f->columns[row.n] = query->history[k].item;
            f->confidences[row.n++] = query->history[k].confidence;
        }
    row = ials_row_limit(row, model->d, model->weights.history_max, f->scratch);
    ials_solve_exact(&model->side, &model->weights, row, f->scratch, out);
    return STATUS_OK;
}

/* The stored vector, or one folded into `room`. */
static enum status find_vector(const struct ials *model, const struct query *query,
                               struct folding *f, float *room, const float **ret_vector)
{
    if (query->user < model->base.n_users && !query->fresh) {
        *ret_vector = model->users + (size_t)query->user * model->d;
        return STATUS_OK;
    }
    *ret_vector = room;
    return fold_in(model, query, f, room);
}

static const float *ials_item_vectors(const struct model *model, uint32_t *ret_d)
{
    const struct ials *ials = (const struct ials *)model;
    *ret_d = ials->d;
    return ials->items;
}

static enum status ials_query_vector(const struct model *model, const struct query *query,
                                     float *out, struct arena *scratch)
{
    const struct ials *ials = (const struct ials *)model;
    struct folding folding = {.arena = scratch};
    const float *vector;
    const enum status status = find_vector(ials, query, &folding, out, &vector);
    if (status == STATUS_OK && vector != out)
        memcpy(out, vector, ials->d * sizeof *out);
    return status;
}

/* ---- scores ---- */

static void score_items(const struct ials *model, const float *vector, const uint32_t *items,
                        size_t n, float *out)
{
    const struct kernels *kernels = kernels_get();
    const size_t known = n < model->base.n_items ? n : model->base.n_items;
    if (!items)
        kernels->scan(model->items, known, model->d, vector, out);
    for (size_t i = items ? 0 : known; i < n; i++) {
        out[i] = -INFINITY;
        if (items && items[i] < model->base.n_items)
            kernels->scan(model->items + (size_t)items[i] * model->d, 1, model->d, vector, &out[i]);
    }
}

static enum status ials_score(const struct model *model, const struct query *queries,
                              size_t n_queries, const uint32_t *items, size_t n_items, float *out,
                              struct arena *scratch)
{
    const struct ials *ials = (const struct ials *)model;
    struct folding folding = {.arena = scratch};
    float *room = arena_alloc(scratch, ials->d * sizeof *room);
    if (!room)
        return STATUS_NO_MEMORY;
    for (size_t q = 0; q < n_queries; q++) {
        const float *vector;
        const enum status status = find_vector(ials, &queries[q], &folding, room, &vector);
        if (status != STATUS_OK)
            return status;
        score_items(ials, vector, items, n_items, out + q * n_items);
    }
    return STATUS_OK;
}

/* The cosine of the two items' vectors. */
static enum status ials_similar(const struct model *model, uint32_t item, float *out,
                                struct arena *scratch)
{
    (void)scratch;
    const struct ials *ials = (const struct ials *)model;
    const struct kernels *kernels = kernels_get();
    const size_t d = ials->d;
    float length = 0;
    if (item < model->n_items) {
        const float *vector = ials->items + item * d;
        length = sqrtf(kernels->dot(vector, vector, d));
        kernels->scan(ials->items, model->n_items, d, vector, out);
    }
    for (uint32_t i = 0; i < model->n_items; i++) {
        const float *vector = ials->items + (size_t)i * d;
        const float product = length * sqrtf(kernels->dot(vector, vector, d));
        out[i] = product > 0 && i != item ? out[i] / product : -INFINITY;
    }
    return STATUS_OK;
}

/* ---- files ---- */

static void ials_save(const struct model *model, struct sections_writer *writer)
{
    const struct ials *ials = (const struct ials *)model;
    const struct ials_weights *w = &ials->weights;
    const uint32_t shape[] = {model->n_users, model->n_items, ials->d};
    const double settings[] = {w->alpha0, w->lambda,      w->nu,
                               w->scale,  w->history_max, ials->side.n_active};
    sections_add(writer, "ials/shape", SECTION_U32, 3, 1, shape);
    sections_add(writer, "ials/settings", SECTION_F64, 6, 1, settings);
    sections_add(writer, "ials/users", SECTION_F32, model->n_users, ials->d, ials->users);
    sections_add(writer, "ials/items", SECTION_F32, model->n_items, ials->d, ials->items);
    sections_add(writer, "ials/gram", SECTION_F32, ials->side.width, ials->side.width,
                 ials->side.square);
}

static bool within(double x, double least, double most)
{
    return x >= least && x <= most;
}

static enum status check_settings(const double *s, uint32_t d, struct error *reterr)
{
    if (d < 1 || d > IALS_DIMENSIONS_MAX)
        return error_set(reterr, STATUS_CORRUPT, "the section 'ials/shape' says %u dimensions", d);
    if (!within(s[0], 0, 1e6) || !within(s[1], 0, 1e6) || !within(s[2], 0, 10) ||
        !within(s[3], 0, 1e300) || !within(s[4], 1, IALS_HISTORY_MAX) ||
        !within(s[5], 0, UINT32_MAX))
        return error_set(reterr, STATUS_CORRUPT,
                         "the section 'ials/settings' holds a value that cannot be");
    return STATUS_OK;
}

struct parts {
    const struct section *shape, *settings, *users, *items, *gram;
};

static enum status find_parts(const struct sections *sections, struct parts *p,
                              struct error *reterr)
{
    enum status status =
        sections_need(sections, "ials/shape", SECTION_U32, 3, 1, &p->shape, reterr);
    if (status == STATUS_OK)
        status = sections_need(sections, "ials/settings", SECTION_F64, 6, 1, &p->settings, reterr);
    if (status != STATUS_OK)
        return status;
    const uint32_t *shape = p->shape->data, d = shape[2];
    status = check_settings(p->settings->data, d, reterr);
    if (status == STATUS_OK)
        status = sections_need(sections, "ials/users", SECTION_F32, shape[0], d, &p->users, reterr);
    if (status == STATUS_OK)
        status = sections_need(sections, "ials/items", SECTION_F32, shape[1], d, &p->items, reterr);
    if (status == STATUS_OK)
        status = sections_need(sections, "ials/gram", SECTION_F32, tile_round(d), tile_round(d),
                               &p->gram, reterr);
    return status;
}

static enum status ials_load(const struct sections *sections, struct model **ret_model,
                             struct error *reterr)
{
    struct parts p;
    const enum status status = find_parts(sections, &p, reterr);
    if (status != STATUS_OK)
        return status;
    const uint32_t *shape = p.shape->data;
    const double *s = p.settings->data;
    struct ials *model = ials_new(shape[0], shape[1], shape[2], false);
    if (!model)
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory for ials");
    model->users = p.users->data;
    model->items = p.items->data;
    model->weights = (struct ials_weights){
        .alpha0 = s[0], .lambda = s[1], .nu = s[2], .scale = s[3], .history_max = (uint32_t)s[4]};
    model->side.vectors = model->items;
    model->side.n_active = (uint32_t)s[5];
    memcpy(model->side.square, p.gram->data, model->side.width * model->side.width * sizeof(float));
    ials_side_pack(&model->side);
    *ret_model = &model->base;
    return STATUS_OK;
}

const struct model_class ials_class = {
    .name = "ials",
    .summary = "implicit matrix factorisation: users and items as vectors, the general default",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .settings_size = sizeof(struct ials_settings),
    .fit = ials_fit,
    .estimate = ials_estimate,
    .score = ials_score,
    .item_vectors = ials_item_vectors,
    .query_vector = ials_query_vector,
    .similar = ials_similar,
    .save = ials_save,
    .load = ials_load,
    .free = ials_free,
};
