#include "models/autorec.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "linalg/solve.h"
#include "models/autorec_model.h"

enum { PANEL_ROWS = 256 };

static const char *const losses[] = {"multinomial", "ratings", NULL};
static const char *const sides[] = {"auto", "item", "user", NULL};
static const char *const activations[] = {"sigmoid", "identity", "tanh", "auto", NULL};

#define AT(member) offsetof(struct autorec_settings, member)

static const struct option options[] = {
    {"loss", OPTION_CHOICE, AT(loss), "multinomial", 0, 0, losses,
     "ratings: predicts them; multinomial: ranks by what people did"},
    {"side", OPTION_CHOICE, AT(side), "auto", 0, 0, sides,
     "whose rows are encoded; auto: items for ratings, users for multinomial"},
    {"g", OPTION_CHOICE, AT(g), "auto", 0, 0, activations,
     "activation of the hidden units; auto: sigmoid for ratings, tanh for multinomial"},
    {.name = "hidden",
     .type = OPTION_INT,
     .offset = AT(hidden),
     .initial = "0",
     .min = 0,
     .max = AUTOREC_HIDDEN_MAX,
     .help = "hidden units; 0: 64 for ratings, 200 for multinomial",
     .search = SEARCH_LOG,
     .low = 50,
     .high = 400},
    {.name = "lambda",
     .type = OPTION_REAL,
     .offset = AT(lambda),
     .initial = "-1",
     .min = -1,
     .max = 1e6,
     .help = "strength of the regularisation; -1: 45 for ratings, 1 for multinomial",
     .search = SEARCH_LOG,
     .low = 0.1,
     .high = 10},
    {.name = "dropout",
     .type = OPTION_REAL,
     .offset = AT(dropout),
     .initial = "-1",
     .min = -1,
     .max = 0.95,
     .help = "share of each row's entries that an epoch hides from the encoder; -1: 0 for ratings, "
             "0.5 for multinomial",
     .search = SEARCH_LINEAR,
     .low = 0.2,
     .high = 0.8},
    {"epochs", OPTION_INT, AT(epochs), "30", 1, 10000, NULL, "passes over the data, at most"},
    {"batch", OPTION_INT, AT(batch), "0", 0, 4096, NULL,
     "rows of one step, but at most a sixteenth of all; 0: 64 for ratings, 256 for multinomial"},
    {.name = "rate",
     .type = OPTION_REAL,
     .offset = AT(rate),
     .initial = "0",
     .min = 0,
     .max = 1,
     .help = "learning rate of Adam; 0: 0.01 for ratings, 0.002 for multinomial",
     .search = SEARCH_LOG,
     .low = 0.0007,
     .high = 0.007},
    {"validation", OPTION_REAL, AT(validation), "0.1", 0, 0.5, NULL,
     "share of the training ratings that tells when to stop; 0: after `epochs`"},
    {"patience", OPTION_INT, AT(patience), "3", 1, 1000, NULL,
     "epochs without a better validation error before it stops"},
};

/* ---- life cycle ---- */

struct autorec *autorec_new(uint32_t n_users, uint32_t n_items, uint32_t hidden, bool rates,
                            bool by_item, enum autorec_g g)
{
    struct autorec *model = calloc(1, sizeof *model);
    if (!model)
        return NULL;
    model->base = (struct model){.class = &autorec_class, .n_users = n_users, .n_items = n_items};
    model->rates = rates;
    model->by_item = by_item;
    model->hidden = hidden;
    model->width = tile_round((size_t)hidden + 2);
    model->net = autorec_net_of(n_items, hidden, g, !rates);
    model->means = (struct rating_means){.low = 1};
    return model;
}

void autorec_free(struct model *model)
{
    struct autorec *autorec = (struct autorec *)model;
    if (!autorec)
        return;
    rating_means_free(&autorec->means);
    free(autorec->items_memory);
    free(autorec->users_memory);
    free(autorec->encoder_memory);
    free(autorec);
}

/* ---- the vector of who asks ---- */

size_t autorec_scratch_size(const struct autorec *model)
{
    const size_t width = tile_round(model->hidden);
    return spd_size(width) + PANEL_ROWS * width + 3 * width;
}

/* Rows of the items rated, in strips of TILE columns, and sum residual * row. Returns how many of
 * the ratings from *k on were of items the model knows. */
static size_t gather(const struct autorec *model, const struct query *query, float user,
                     uint32_t *k, float *panel, float *sums)
{
    const size_t width = tile_round(model->hidden);
    size_t n = 0;
    for (; *k < query->n_ratings && n < PANEL_ROWS; ++*k) {
        const struct rating rating = query->ratings[*k];
        if (rating.item >= model->base.n_items)
            continue;
        const float *row = model->items + rating.item * model->width;
        const float residual = rating.value - model->means.mean - user - row[model->hidden];
        for (size_t c = 0; c < width; c++) {
            const float value = c < model->hidden ? row[c] : 0;
            panel[c / TILE * PANEL_ROWS * TILE + n * TILE + c % TILE] = value;
            sums[c] += residual * value;
        }
        n++;
    }
    return n;
}

/* x = (H'H + lambda I)^-1 H' residual over the items rated. */
static void solve_user(const struct autorec *model, const struct query *query, float user,
                       float *scratch, float *x)
{
    const size_t width = tile_round(model->hidden);
    float *matrix = scratch, *panel = matrix + spd_size(width), *sums = panel + PANEL_ROWS * width;
    float *inverses = sums + width, *spare = inverses + width;
    memset(matrix, 0, spd_size(width) * sizeof *matrix);
    memset(sums, 0, width * sizeof *sums);
    for (uint32_t k = 0; k < query->n_ratings;) {
        const size_t n = gather(model, query, user, &k, panel, sums);
        spd_add_panel(matrix, width, panel, PANEL_ROWS * TILE, n);
    }
    spd_add_diagonal(matrix, 0, width, (float)model->lambda);
    if (spd_factor(matrix, width, inverses))
        spd_solve(matrix, width, inverses, sums, spare);
    else
        memset(sums, 0, width * sizeof *sums);
    memcpy(x, sums, model->hidden * sizeof *x);
}

/* V' r + m, then g; liked items count 1 / sqrt(how many) for multinomial. */
static void encode_user(const struct autorec *model, const struct query *query, float *x)
{
    const struct kernels *kernels = kernels_get();
    const size_t width = model->net.width;
    const float *means = model->encoder + (size_t)model->base.n_items * width;
    uint32_t liked = 0;
    for (uint32_t k = 0; k < query->n && !model->rates; k++)
        liked += query->history[k].item < model->base.n_items && query->history[k].confidence > 0;
    memcpy(x, means, model->hidden * sizeof *x);
    for (uint32_t k = 0; k < (model->rates ? query->n_ratings : query->n); k++) {
        const uint32_t item = model->rates ? query->ratings[k].item : query->history[k].item;
        if (item >= model->base.n_items || (!model->rates && !(query->history[k].confidence > 0)))
            continue;
        const float input = model->rates ? query->ratings[k].value : 1 / sqrtf((float)liked);
        kernels->axpy(input, model->encoder + item * width, x, model->hidden);
    }
    autorec_activate(model->net.g, model->hidden, x);
}

void autorec_vector(const struct autorec *model, const struct query *query, float *scratch,
                    float *out)
{
    memset(out, 0, model->width * sizeof *out);
    const float user =
        model->rates ? rating_means_user(&model->means, query->ratings, query->n_ratings) : 0;
    if (model->by_item)
        solve_user(model, query, user, scratch, out);
    else
        encode_user(model, query, out);
    out[model->hidden] = 1;
    out[model->hidden + 1] = model->rates ? model->means.mean + user : 0;
}

/* ---- use ---- */

static const float *autorec_item_vectors(const struct model *model, uint32_t *ret_d)
{
    const struct autorec *autorec = (const struct autorec *)model;
    *ret_d = (uint32_t)autorec->width;
    return autorec->items;
}

static enum status autorec_query_vector(const struct model *model, const struct query *query,
                                        float *out, struct arena *scratch)
{
    const struct autorec *autorec = (const struct autorec *)model;
    if (query->user < model->n_users && !query->fresh) {
        memcpy(out, autorec->users + (size_t)query->user * autorec->width,
               autorec->width * sizeof *out);
        return STATUS_OK;
    }
    float *room = arena_alloc(scratch, autorec_scratch_size(autorec) * sizeof *room);
    if (!room)
        return STATUS_NO_MEMORY;
    autorec_vector(autorec, query, room, out);
    return STATUS_OK;
}

static enum status autorec_score(const struct model *model, const struct query *queries,
                                 size_t n_queries, const uint32_t *items, size_t n_items,
                                 float *out, struct arena *scratch)
{
    const struct autorec *autorec = (const struct autorec *)model;
    const struct kernels *kernels = kernels_get();
    float *vector = arena_alloc(scratch, autorec->width * sizeof *vector);
    if (!vector)
        return STATUS_NO_MEMORY;
    for (size_t q = 0; q < n_queries; q++) {
        const enum status status = autorec_query_vector(model, &queries[q], vector, scratch);
        if (status != STATUS_OK)
            return status;
        for (size_t i = 0; i < n_items; i++) {
            const size_t item = items ? items[i] : i;
            float *score = &out[q * n_items + i];
            if (item < model->n_items)
                kernels->scan(autorec->items + item * autorec->width, 1, autorec->width, vector,
                              score);
            else
                *score = -INFINITY;
        }
    }
    return STATUS_OK;
}

static bool autorec_scale(const struct model *model, struct rating_scale *ret_scale)
{
    const struct autorec *autorec = (const struct autorec *)model;
    *ret_scale = (struct rating_scale){autorec->means.low, autorec->means.high};
    return autorec->rates && rating_means_any(&autorec->means);
}

static enum status autorec_predict(const struct model *model, const struct query *query,
                                   const uint32_t *items, size_t n, float *out,
                                   struct arena *scratch)
{
    const struct autorec *autorec = (const struct autorec *)model;
    float *vector = arena_alloc(scratch, autorec->width * sizeof *vector);
    if (!vector)
        return STATUS_NO_MEMORY;
    enum status status = autorec_query_vector(model, query, vector, scratch);
    if (status == STATUS_OK)
        status = autorec_score(model, query, 1, items, n, out, scratch);
    for (size_t i = 0; i < n && status == STATUS_OK; i++) {
        const float rating = items[i] < model->n_items ? out[i] : vector[autorec->hidden + 1];
        out[i] = rating_means_clip(&autorec->means, rating);
    }
    return status;
}

/* Cosine of what the rows are beyond their mean. Items nobody touched have a row of zeros. */
static enum status autorec_similar(const struct model *model, uint32_t item, float *out,
                                   struct arena *scratch)
{
    const struct autorec *autorec = (const struct autorec *)model;
    const struct kernels *kernels = kernels_get();
    const size_t d = autorec->hidden, width = autorec->width;
    float *mean = arena_zalloc(scratch, 2 * d, sizeof *mean), *row = mean ? mean + d : NULL;
    float *own = arena_alloc(scratch, d * sizeof *own);
    if (!mean || !own)
        return STATUS_NO_MEMORY;
    uint32_t n = 0;
    for (uint32_t i = 0; i < model->n_items; i++) {
        const float *v = autorec->items + i * width;
        out[i] = kernels->dot(v, v, d) > 0 ? 0 : -INFINITY;
        n += out[i] == 0;
        kernels->axpy(1, v, mean, d);
    }
    const bool known = item < model->n_items && out[item] == 0;
    for (size_t c = 0; c < d && known; c++) {
        mean[c] /= (float)n;
        own[c] = autorec->items[item * width + c] - mean[c];
    }
    for (uint32_t i = 0; i < model->n_items; i++) {
        if (!known || i == item)
            out[i] = -INFINITY;
        if (out[i] < 0)
            continue;
        for (size_t c = 0; c < d; c++)
            row[c] = autorec->items[i * width + c] - mean[c];
        const float size = kernels->dot(row, row, d) * kernels->dot(own, own, d);
        out[i] = size > 0 ? kernels->dot(row, own, d) / sqrtf(size) : 0;
    }
    return STATUS_OK;
}

/* ---- files ---- */

enum { SHAPE_SIZE = 6 };

static void autorec_save(const struct model *model, struct sections_writer *writer)
{
    const struct autorec *a = (const struct autorec *)model;
    const uint32_t shape[SHAPE_SIZE] = {model->n_users, model->n_items, a->hidden,
                                        a->rates,       a->by_item,     (uint32_t)a->net.g};
    sections_add(writer, "autorec/shape", SECTION_U32, SHAPE_SIZE, 1, shape);
    sections_add(writer, "autorec/lambda", SECTION_F64, 1, 1, &a->lambda);
    sections_add(writer, "autorec/items", SECTION_F32, model->n_items, a->width, a->items);
    sections_add(writer, "autorec/users", SECTION_F32, model->n_users, a->width, a->users);
    if (!a->by_item)
        sections_add(writer, "autorec/encoder", SECTION_F32, (uint64_t)model->n_items + 1,
                     a->net.width, a->encoder);
    if (a->rates)
        rating_means_save(&a->means, "autorec/ratings", writer);
}

static enum status load_parts(const struct sections *sections, struct autorec *a,
                              struct error *reterr)
{
    const struct section *items = NULL, *users = NULL, *encoder = NULL, *lambda = NULL;
    enum status status =
        sections_need(sections, "autorec/lambda", SECTION_F64, 1, 1, &lambda, reterr);
    if (status == STATUS_OK)
        status = sections_need(sections, "autorec/items", SECTION_F32, a->base.n_items, a->width,
                               &items, reterr);
    if (status == STATUS_OK)
        status = sections_need(sections, "autorec/users", SECTION_F32, a->base.n_users, a->width,
                               &users, reterr);
    if (status == STATUS_OK && !a->by_item)
        status = sections_need(sections, "autorec/encoder", SECTION_F32,
                               (uint64_t)a->base.n_items + 1, a->net.width, &encoder, reterr);
    if (status == STATUS_OK && a->rates)
        status = rating_means_load(sections, "autorec/ratings", a->base.n_items, &a->means, reterr);
    if (status != STATUS_OK)
        return status;
    a->lambda = *(const double *)lambda->data;
    if (!(a->lambda >= 0 && a->lambda <= 1e6))
        return error_set(reterr, STATUS_CORRUPT, "the section 'autorec/lambda' holds %g",
                         a->lambda);
    a->items = items->data;
    a->users = users->data;
    a->encoder = encoder ? encoder->data : NULL;
    return STATUS_OK;
}

static enum status autorec_load(const struct sections *sections, struct model **ret_model,
                                struct error *reterr)
{
    const struct section *section = NULL;
    enum status status =
        sections_need(sections, "autorec/shape", SECTION_U32, SHAPE_SIZE, 1, &section, reterr);
    if (status != STATUS_OK)
        return status;
    const uint32_t *s = section->data;
    if (s[2] < 1 || s[2] > AUTOREC_HIDDEN_MAX || s[3] > 1 || s[4] > 1 || s[5] > AUTOREC_TANH ||
        (s[4] && !s[3]))
        return error_set(reterr, STATUS_CORRUPT,
                         "the section 'autorec/shape' holds a value that cannot be");
    struct autorec *model = autorec_new(s[0], s[1], s[2], s[3], s[4], (enum autorec_g)s[5]);
    if (!model)
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory for autorec");
    status = load_parts(sections, model, reterr);
    if (status != STATUS_OK) {
        autorec_free(&model->base);
        return status;
    }
    *ret_model = &model->base;
    return STATUS_OK;
}

const struct model_class autorec_class = {
    .name = "autorec",
    .summary = "an autoencoder: predicts ratings (loss=ratings), or ranks",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .settings_size = sizeof(struct autorec_settings),
    .fit = autorec_fit,
    .estimate = autorec_estimate,
    .score = autorec_score,
    .item_vectors = autorec_item_vectors,
    .query_vector = autorec_query_vector,
    .rating_scale = autorec_scale,
    .predict = autorec_predict,
    .similar = autorec_similar,
    .save = autorec_save,
    .load = autorec_load,
    .free = autorec_free,
};
