#include "models/bpr.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "linalg/kernels.h"
#include "models/bpr_model.h"

static const char *const loss_names[] = {"softmax", "cosine", NULL};

static const struct option options[] = {
    {.name = "dimensions",
     .type = OPTION_INT,
     .offset = offsetof(struct bpr_settings, dimensions),
     .initial = "128",
     .min = 1,
     .max = BPR_DIMENSIONS_MAX,
     .help = "length of an item's vector"},
    {.name = "loss",
     .type = OPTION_CHOICE,
     .offset = offsetof(struct bpr_settings, loss),
     .initial = "softmax",
     .choices = loss_names,
     .help = "softmax over the negatives, or cosine: the contrastive loss of SimpleX"},
    {.name = "negatives",
     .type = OPTION_INT,
     .offset = offsetof(struct bpr_settings, negatives),
     .initial = "2000",
     .min = 1,
     .max = BPR_NEGATIVES_MAX,
     .help = "items drawn against the users of a batch; as many as there are: all of them"},
    {.name = "temperature",
     .type = OPTION_REAL,
     .offset = offsetof(struct bpr_settings, temperature),
     .initial = "0.15",
     .min = 0.01,
     .max = 10,
     .help = "softmax: how near a score must be to the best ones to count",
     .search = SEARCH_LOG,
     .low = 0.05,
     .high = 0.3},
    {.name = "margin",
     .type = OPTION_REAL,
     .offset = offsetof(struct bpr_settings, margin),
     .initial = "0.4",
     .min = -1,
     .max = 1,
     .help = "cosine: negatives that score less are left alone"},
    {.name = "negative_weight",
     .type = OPTION_REAL,
     .offset = offsetof(struct bpr_settings, negative_weight),
     .initial = "100",
     .min = 0,
     .max = 1e6,
     .help = "cosine: weight of all negatives together against an item that is liked"},
    {.name = "held_out",
     .type = OPTION_REAL,
     .offset = offsetof(struct bpr_settings, held_out),
     .initial = "0.5",
     .min = 0.01,
     .max = 0.99,
     .help = "share of a history to be told from the rest of it, drawn anew in each pass",
     .search = SEARCH_LINEAR,
     .low = 0.2,
     .high = 0.8},
    {.name = "history_power",
     .type = OPTION_REAL,
     .offset = offsetof(struct bpr_settings, history_power),
     .initial = "0.3",
     .min = 0,
     .max = 1,
     .help = "how far long histories are held down; 1: every user counts alike",
     .search = SEARCH_LINEAR,
     .low = 0,
     .high = 1},
    {.name = "rate",
     .type = OPTION_REAL,
     .offset = offsetof(struct bpr_settings, rate),
     .initial = "0.005",
     .min = 1e-6,
     .max = 1,
     .help = "length of Adam's steps at the start",
     .search = SEARCH_LOG,
     .low = 0.002,
     .high = 0.05},
    {.name = "batch",
     .type = OPTION_INT,
     .offset = offsetof(struct bpr_settings, batch),
     .initial = "64",
     .min = 1,
     .max = BPR_BATCH_MAX,
     .help = "users of a step"},
    {.name = "epochs",
     .type = OPTION_INT,
     .offset = offsetof(struct bpr_settings, epochs),
     .initial = "60",
     .min = 1,
     .max = 10000,
     .help = "passes over all users",
     .search = SEARCH_LOG,
     .low = 20,
     .high = 200},
};

/* ---- life cycle ---- */

void bpr_free(struct model *base)
{
    struct bpr *model = (struct bpr *)base;
    if (!model)
        return;
    for (size_t p = 0; p < BPR_PARTS; p++)
        free(model->memory[p]);
    free(model);
}

struct bpr *bpr_new(uint32_t n_users, uint32_t n_items, uint32_t d, bool owned)
{
    struct bpr *model = calloc(1, sizeof *model);
    if (!model)
        return NULL;
    model->base = (struct model){.class = &bpr_class, .n_users = n_users, .n_items = n_items};
    model->d = d;
    for (size_t p = 0; p < BPR_PARTS && owned; p++) {
        const size_t rows = p == BPR_USERS ? n_users : n_items;
        model->memory[p] = calloc(rows * d + 1, sizeof(float));
        if (!model->memory[p]) {
            bpr_free(&model->base);
            return NULL;
        }
        model->parts[p] = model->memory[p];
    }
    return model;
}

/* ---- use ---- */

void bpr_fold_in(const struct bpr *model, const struct query *query, float *out)
{
    const struct kernels *kernels = kernels_get();
    const size_t d = model->d;
    memset(out, 0, d * sizeof *out);
    for (uint32_t h = 0; h < query->n; h++) {
        const struct signal signal = query->history[h];
        if (signal.item < model->base.n_items && signal.confidence > 0)
            kernels->axpy(1, model->parts[BPR_HISTORY] + signal.item * d, out, d);
    }
    const float length = sqrtf(kernels->dot(out, out, d));
    for (size_t k = 0; k < d && length > 0; k++)
        out[k] /= length;
    out[d - 1] = 1;
}

static const float *bpr_item_vectors(const struct model *base, uint32_t *ret_d)
{
    const struct bpr *model = (const struct bpr *)base;
    *ret_d = model->d;
    return model->parts[BPR_ITEMS];
}

static enum status bpr_query_vector(const struct model *base, const struct query *query, float *out,
                                    struct arena *scratch)
{
    (void)scratch;
    const struct bpr *model = (const struct bpr *)base;
    if (query->user < base->n_users && !query->fresh)
        memcpy(out, model->parts[BPR_USERS] + (size_t)query->user * model->d,
               model->d * sizeof *out);
    else
        bpr_fold_in(model, query, out);
    return STATUS_OK;
}

static void score_items(const struct bpr *model, const float *vector, const uint32_t *items,
                        size_t n, float *out)
{
    const float *rows = model->parts[BPR_ITEMS];
    const size_t known = n < model->base.n_items ? n : model->base.n_items;
    if (!items)
        kernels_get()->scan(rows, known, model->d, vector, out);
    for (size_t i = items ? 0 : known; i < n; i++) {
        out[i] = -INFINITY;
        if (items && items[i] < model->base.n_items)
            kernels_get()->scan(rows + (size_t)items[i] * model->d, 1, model->d, vector, &out[i]);
    }
}

static enum status bpr_score(const struct model *base, const struct query *queries,
                             size_t n_queries, const uint32_t *items, size_t n_items, float *out,
                             struct arena *scratch)
{
    const struct bpr *model = (const struct bpr *)base;
    float *vector = arena_alloc(scratch, model->d * sizeof *vector);
    if (!vector)
        return STATUS_NO_MEMORY;
    for (size_t q = 0; q < n_queries; q++) {
        bpr_query_vector(base, &queries[q], vector, scratch);
        score_items(model, vector, items, n_items, out + q * n_items);
    }
    return STATUS_OK;
}

static enum status bpr_similar(const struct model *base, uint32_t item, float *out,
                               struct arena *scratch)
{
    (void)scratch;
    const struct bpr *model = (const struct bpr *)base;
    const float *rows = model->parts[BPR_ITEMS];
    const size_t d = model->d;
    const bool known = item < base->n_items && rows[item * d + d - 1] == 0;
    if (known)
        kernels_get()->scan(rows, base->n_items, d, rows + item * d, out);
    for (uint32_t i = 0; i < base->n_items; i++)
        if (!known || i == item || rows[i * d + d - 1] != 0)
            out[i] = -INFINITY;
    return STATUS_OK;
}

/* ---- files ---- */

static const char *const part_names[BPR_PARTS] = {"bpr/users", "bpr/inputs", "bpr/items"};

static void bpr_save(const struct model *base, struct sections_writer *writer)
{
    const struct bpr *model = (const struct bpr *)base;
    const uint32_t shape[] = {base->n_users, base->n_items, model->d};
    sections_add(writer, "bpr/shape", SECTION_U32, 3, 1, shape);
    for (size_t p = 0; p < BPR_PARTS; p++)
        sections_add(writer, part_names[p], SECTION_F32,
                     p == BPR_USERS ? base->n_users : base->n_items, model->d, model->parts[p]);
}

static enum status bpr_load(const struct sections *sections, struct model **ret_model,
                            struct error *reterr)
{
    const struct section *part;
    enum status status = sections_need(sections, "bpr/shape", SECTION_U32, 3, 1, &part, reterr);
    if (status != STATUS_OK)
        return status;
    const uint32_t *shape = part->data, d = shape[2];
    if (d < 2 || d > BPR_DIMENSIONS_MAX + 1)
        return error_set(reterr, STATUS_CORRUPT, "the section 'bpr/shape' says %u numbers a row",
                         d);
    struct bpr *model = bpr_new(shape[0], shape[1], d, false);
    if (!model)
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory for bpr");
    for (size_t p = 0; p < BPR_PARTS && status == STATUS_OK; p++) {
        status = sections_need(sections, part_names[p], SECTION_F32, shape[p == BPR_USERS ? 0 : 1],
                               d, &part, reterr);
        if (status == STATUS_OK)
            model->parts[p] = part->data;
    }
    if (status != STATUS_OK) {
        bpr_free(&model->base);
        return status;
    }
    *ret_model = &model->base;
    return STATUS_OK;
}

const struct model_class bpr_class = {
    .name = "bpr",
    .summary = "ranking against many sampled items by cosines (SimpleX), histories summed",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .settings_size = sizeof(struct bpr_settings),
    .fit = bpr_fit,
    .estimate = bpr_estimate,
    .score = bpr_score,
    .item_vectors = bpr_item_vectors,
    .query_vector = bpr_query_vector,
    .similar = bpr_similar,
    .save = bpr_save,
    .load = bpr_load,
    .free = bpr_free,
};
