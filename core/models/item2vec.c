#include "models/item2vec.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "embed/skipgram.h"
#include "linalg/kernels.h"

static const struct option options[] = {
    {.name = "dimensions",
     .type = OPTION_INT,
     .offset = offsetof(struct skipgram_settings, dimensions),
     .initial = "40",
     .min = 1,
     .max = SKIPGRAM_DIMENSIONS_MAX,
     .help = "length of an item's vector",
     .search = SEARCH_LOG,
     .low = 16,
     .high = 128},
    {.name = "window",
     .type = OPTION_INT,
     .offset = offsetof(struct skipgram_settings, window),
     .initial = "40",
     .min = 1,
     .max = SKIPGRAM_WINDOW_MAX,
     .help = "how far apart in a user's sequence two items may stand to be a pair",
     .search = SEARCH_LOG,
     .low = 5,
     .high = 60},
    {.name = "negatives",
     .type = OPTION_INT,
     .offset = offsetof(struct skipgram_settings, negatives),
     .initial = "5",
     .min = 1,
     .max = SKIPGRAM_NEGATIVES_MAX,
     .help = "items drawn at random against each pair",
     .search = SEARCH_LOG,
     .low = 3,
     .high = 20},
    {.name = "alpha",
     .type = OPTION_REAL,
     .offset = offsetof(struct skipgram_settings, alpha),
     .initial = "0.5",
     .min = -2,
     .max = 2,
     .help = "negatives are drawn by popularity to this power; below 0 rare items come more often",
     .search = SEARCH_LINEAR,
     .low = -0.5,
     .high = 1},
    {.name = "subsample",
     .type = OPTION_REAL,
     .offset = offsetof(struct skipgram_settings, subsample),
     .initial = "0",
     .min = 0,
     .max = 1,
     .help = "items with a larger share of the events are thinned out; 0: none"},
    {.name = "rate",
     .type = OPTION_REAL,
     .offset = offsetof(struct skipgram_settings, rate),
     .initial = "0.0125",
     .min = 1e-6,
     .max = 1,
     .help = "length of the steps at the start",
     .search = SEARCH_LOG,
     .low = 0.003,
     .high = 0.05},
    {.name = "epochs",
     .type = OPTION_INT,
     .offset = offsetof(struct skipgram_settings, epochs),
     .initial = "60",
     .min = 1,
     .max = 10000,
     .help = "passes over all sequences",
     .search = SEARCH_LOG,
     .low = 20,
     .high = 150},
};

/* Of an item that nobody likes; the others' are seldom below -15. */
static const float unliked_score = -30;

enum { USERS, INPUTS, ITEMS, N_TABLES };

struct item2vec {
    struct model base;
    uint32_t d;                  /* the dimensions and one: 1 of who asks, 0 of a liked item */
    const float *users;          /* [n_users x d] */
    const float *inputs, *items; /* [n_items x d] u / |u| and v */
    float *memory[N_TABLES];     /* of them in this order; NULL when mapped */
};

static void item2vec_free(struct model *base)
{
    struct item2vec *model = (struct item2vec *)base;
    if (!model)
        return;
    for (size_t t = 0; t < N_TABLES; t++)
        free(model->memory[t]);
    free(model);
}

static struct item2vec *model_new(uint32_t n_users, uint32_t n_items, uint32_t d, bool owned)
{
    struct item2vec *model = calloc(1, sizeof *model);
    if (!model)
        return NULL;
    model->base = (struct model){.class = &item2vec_class, .n_users = n_users, .n_items = n_items};
    model->d = d;
    for (size_t t = 0; t < N_TABLES && owned; t++) {
        model->memory[t] = calloc((size_t)(t == USERS ? n_users : n_items) * d + 1, sizeof(float));
        if (!model->memory[t]) {
            item2vec_free(&model->base);
            return NULL;
        }
    }
    model->users = model->memory[USERS];
    model->inputs = model->memory[INPUTS];
    model->items = model->memory[ITEMS];
    return model;
}

/* ---- fit ---- */

struct item_sequences {
    uint32_t *tokens;
    uint64_t *starts;
};

static bool is_liked(const struct csr *by_user, uint32_t user, uint32_t item)
{
    const uint64_t entry = csr_find(by_user, user, item);
    return entry != CSR_NONE && by_user->values[entry] > 0;
}

static void gather_sequences(const struct train_set *data, struct item_sequences *s)
{
    const struct dataset *dataset = data->dataset;
    uint64_t n = 0;
    for (uint32_t u = 0; u < dataset->n_users; u++) {
        s->starts[u] = n;
        for (uint64_t e = dataset->starts[u]; e < dataset->starts[u + 1]; e++) {
            const uint32_t item = dataset->items[e];
            const bool repeats = n > s->starts[u] && s->tokens[n - 1] == item;
            if (!(data->held && bitmap_test(data->held, (uint32_t)e)) && !repeats &&
                is_liked(data->by_user, u, item))
                s->tokens[n++] = item;
        }
    }
    s->starts[dataset->n_users] = n;
}

static void take_items(struct item2vec *model, const struct vectors *vectors)
{
    const size_t d = model->d - 1;
    for (uint32_t i = 0; i < model->base.n_items; i++) {
        const float *from = vectors->inputs + i * vectors->width;
        float *input = model->memory[INPUTS] + (size_t)i * model->d;
        float *item = model->memory[ITEMS] + (size_t)i * model->d;
        const float length = sqrtf(kernels_get()->dot(from, from, d));
        for (size_t k = 0; k < d && length > 0; k++)
            input[k] = from[k] / length;
        memcpy(item, vectors->outputs + i * vectors->width, d * sizeof *item);
        item[d] = length > 0 ? 0 : unliked_score;
    }
}

/* The mean of what is liked; items past the model's are skipped. */
static void fold_in(const struct item2vec *model, const struct query *query, float *out)
{
    const size_t d = model->d;
    float weight = 0;
    memset(out, 0, d * sizeof *out);
    for (uint32_t h = 0; h < query->n; h++) {
        const struct signal signal = query->history[h];
        if (signal.item >= model->base.n_items || !(signal.confidence > 0))
            continue;
        kernels_get()->axpy(signal.confidence, model->inputs + signal.item * d, out, d);
        weight += signal.confidence;
    }
    for (size_t k = 0; k < d && weight > 0; k++)
        out[k] /= weight;
    out[d - 1] = 1;
}

static enum status fold_users(struct item2vec *model, const struct csr *by_user)
{
    uint64_t most = 0;
    for (uint32_t u = 0; u < by_user->n_rows; u++)
        if (by_user->starts[u + 1] - by_user->starts[u] > most)
            most = by_user->starts[u + 1] - by_user->starts[u];
    struct signal *history = calloc(most + 1, sizeof *history);
    if (!history)
        return STATUS_NO_MEMORY;
    for (uint32_t u = 0; u < by_user->n_rows; u++) {
        const uint64_t start = by_user->starts[u];
        const uint32_t n = (uint32_t)(by_user->starts[u + 1] - start);
        for (uint32_t k = 0; k < n; k++)
            history[k] = (struct signal){.item = by_user->columns[start + k],
                                         .confidence = by_user->values[start + k]};
        const struct query query = {.n = n, .history = history};
        fold_in(model, &query, model->memory[USERS] + (size_t)u * model->d);
    }
    free(history);
    return STATUS_OK;
}

static enum status learn(struct item2vec *model, const struct train_set *data,
                         const struct skipgram_settings *settings, struct parallel *pool,
                         const struct observer *observer, struct item_sequences *s,
                         struct error *reterr)
{
    gather_sequences(data, s);
    const struct sequences sequences = {.n_tokens = model->base.n_items,
                                        .tokens = s->tokens,
                                        .starts = s->starts,
                                        .n = data->dataset->n_users};
    if (s->starts[sequences.n] == 0)
        return STATUS_OK; /* nobody likes a thing: all vectors are 0 */
    struct vectors vectors = {0};
    enum status status =
        skipgram_fit(&sequences, settings, data->seed, pool, observer, &vectors, reterr);
    if (status == STATUS_OK)
        take_items(model, &vectors);
    vectors_free(&vectors);
    if (status == STATUS_OK) {
        status = fold_users(model, data->by_user);
        if (status != STATUS_OK)
            error_set(reterr, status, "out of memory");
    }
    return status;
}

static enum status item2vec_fit(const struct train_set *data, const void *settings,
                                struct parallel *pool, const struct observer *observer,
                                struct model **ret_model, struct error *reterr)
{
    const struct skipgram_settings *s = settings;
    struct item_sequences sequences = {
        .tokens = calloc(data->dataset->n_events + 1, sizeof *sequences.tokens),
        .starts = calloc((size_t)data->dataset->n_users + 1, sizeof *sequences.starts)};
    struct item2vec *model = model_new(data->by_user->n_rows, data->by_user->n_columns,
                                       (uint32_t)s->dimensions + 1, true);
    struct error err = {0};
    enum status status = error_set(&err, STATUS_NO_MEMORY, "out of memory");
    if (model && sequences.tokens && sequences.starts)
        status = learn(model, data, s, pool, observer, &sequences, &err);
    free(sequences.tokens);
    free(sequences.starts);
    if (status != STATUS_OK) {
        item2vec_free((struct model *)model);
        return error_set(reterr, status, "item2vec: %s", err.text);
    }
    *ret_model = &model->base;
    return STATUS_OK;
}

static uint64_t item2vec_estimate(const void *settings, uint32_t n_users, uint32_t n_items,
                                  uint64_t size)
{
    const struct skipgram_settings *s = settings;
    const uint64_t rows =
        ((uint64_t)n_users + 2 * (uint64_t)n_items) * ((uint64_t)s->dimensions + 1);
    return skipgram_estimate(s, n_items, parallel_cores()) + 4 * rows + 8 * (uint64_t)n_users +
           4 * size;
}

/* ---- use ---- */

static const float *item2vec_item_vectors(const struct model *base, uint32_t *ret_d)
{
    const struct item2vec *model = (const struct item2vec *)base;
    *ret_d = model->d;
    return model->items;
}

static enum status item2vec_query_vector(const struct model *base, const struct query *query,
                                         float *out, struct arena *scratch)
{
    (void)scratch;
    const struct item2vec *model = (const struct item2vec *)base;
    if (query->user < base->n_users && !query->fresh)
        memcpy(out, model->users + (size_t)query->user * model->d, model->d * sizeof *out);
    else
        fold_in(model, query, out);
    return STATUS_OK;
}

static void score_items(const struct item2vec *model, const float *vector, const uint32_t *items,
                        size_t n, float *out)
{
    const size_t known = n < model->base.n_items ? n : model->base.n_items;
    if (!items)
        kernels_get()->scan(model->items, known, model->d, vector, out);
    for (size_t i = items ? 0 : known; i < n; i++) {
        out[i] = -INFINITY;
        if (items && items[i] < model->base.n_items)
            kernels_get()->scan(model->items + (size_t)items[i] * model->d, 1, model->d, vector,
                                &out[i]);
    }
}

static enum status item2vec_score(const struct model *base, const struct query *queries,
                                  size_t n_queries, const uint32_t *items, size_t n_items,
                                  float *out, struct arena *scratch)
{
    const struct item2vec *model = (const struct item2vec *)base;
    float *vector = arena_alloc(scratch, model->d * sizeof *vector);
    if (!vector)
        return STATUS_NO_MEMORY;
    for (size_t q = 0; q < n_queries; q++) {
        item2vec_query_vector(base, &queries[q], vector, scratch);
        score_items(model, vector, items, n_items, out + q * n_items);
    }
    return STATUS_OK;
}

static enum status item2vec_similar(const struct model *base, uint32_t item, float *out,
                                    struct arena *scratch)
{
    (void)scratch;
    const struct item2vec *model = (const struct item2vec *)base;
    const struct kernels *kernels = kernels_get();
    const size_t d = model->d;
    bool known = item < base->n_items;
    if (known) {
        const float *vector = model->inputs + item * d;
        known = kernels->dot(vector, vector, d) > 0;
        kernels->scan(model->inputs, base->n_items, d, vector, out);
    }
    for (uint32_t i = 0; i < base->n_items; i++) {
        const float *vector = model->inputs + i * d;
        if (!known || i == item || !(kernels->dot(vector, vector, d) > 0))
            out[i] = -INFINITY;
    }
    return STATUS_OK;
}

/* ---- files ---- */

static void item2vec_save(const struct model *base, struct sections_writer *writer)
{
    const struct item2vec *model = (const struct item2vec *)base;
    const uint32_t shape[] = {base->n_users, base->n_items, model->d};
    sections_add(writer, "item2vec/shape", SECTION_U32, 3, 1, shape);
    sections_add(writer, "item2vec/users", SECTION_F32, base->n_users, model->d, model->users);
    sections_add(writer, "item2vec/inputs", SECTION_F32, base->n_items, model->d, model->inputs);
    sections_add(writer, "item2vec/items", SECTION_F32, base->n_items, model->d, model->items);
}

static enum status item2vec_load(const struct sections *sections, struct model **ret_model,
                                 struct error *reterr)
{
    const struct section *part, *users, *inputs, *items;
    enum status status =
        sections_need(sections, "item2vec/shape", SECTION_U32, 3, 1, &part, reterr);
    if (status != STATUS_OK)
        return status;
    const uint32_t *shape = part->data, d = shape[2];
    if (d < 2 || d > SKIPGRAM_DIMENSIONS_MAX + 1)
        return error_set(reterr, STATUS_CORRUPT,
                         "the section 'item2vec/shape' says %u numbers a row", d);
    status = sections_need(sections, "item2vec/users", SECTION_F32, shape[0], d, &users, reterr);
    if (status == STATUS_OK)
        status =
            sections_need(sections, "item2vec/inputs", SECTION_F32, shape[1], d, &inputs, reterr);
    if (status == STATUS_OK)
        status =
            sections_need(sections, "item2vec/items", SECTION_F32, shape[1], d, &items, reterr);
    if (status != STATUS_OK)
        return status;
    struct item2vec *model = model_new(shape[0], shape[1], d, false);
    if (!model)
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory for item2vec");
    model->users = users->data;
    model->inputs = inputs->data;
    model->items = items->data;
    *ret_model = &model->base;
    return STATUS_OK;
}

const struct model_class item2vec_class = {
    .name = "item2vec",
    .summary = "skip-gram over users' sequences: vectors of items that follow one another",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .settings_size = sizeof(struct skipgram_settings),
    .fit = item2vec_fit,
    .estimate = item2vec_estimate,
    .score = item2vec_score,
    .item_vectors = item2vec_item_vectors,
    .query_vector = item2vec_query_vector,
    .similar = item2vec_similar,
    .save = item2vec_save,
    .load = item2vec_load,
    .free = item2vec_free,
};
