#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "linalg/kernels.h"
#include "linalg/optimizer.h"
#include "models/bpr_model.h"

enum {
    STREAM_INITIAL = 0xb90, /* of random numbers: an item's first vectors, */
    STREAM_ORDER = 0xb93,   /* of users in an epoch */
};

/* Of an item that nobody likes; a cosine is above -1. */
static const float unliked_score = -2;

/* ---- what is liked ---- */

static void likes_free(struct bpr_likes *likes)
{
    free(likes->items);
    free(likes->starts);
    free(likes->columns);
    free(likes->users);
    *likes = (struct bpr_likes){0};
}

/* places[n_items]: where an item lies among the liked ones. */
static void number_items(const struct csr *by_item, struct bpr_likes *likes, uint32_t *places)
{
    for (uint32_t i = 0; i < by_item->n_rows; i++) {
        bool liked = false;
        for (uint64_t k = by_item->starts[i]; k < by_item->starts[i + 1] && !liked; k++)
            liked = by_item->values[k] > 0;
        places[i] = likes->m;
        if (liked)
            likes->items[likes->m++] = i;
    }
}

static void gather_likes(const struct csr *by_user, const uint32_t *places, struct bpr_likes *likes)
{
    uint64_t n = 0;
    for (uint32_t u = 0; u < by_user->n_rows; u++) {
        likes->starts[u] = n;
        for (uint64_t k = by_user->starts[u]; k < by_user->starts[u + 1]; k++)
            if (by_user->values[k] > 0)
                likes->columns[n++] = places[by_user->columns[k]];
        if (n >= likes->starts[u] + 2)
            likes->users[likes->n_active++] = u;
    }
    likes->starts[by_user->n_rows] = n;
}

static enum status likes_new(const struct train_set *data, struct bpr_likes *ret_likes)
{
    const size_t n_users = data->by_user->n_rows, n_items = data->by_item->n_rows;
    struct bpr_likes likes = {.n_users = data->by_user->n_rows,
                              .items = malloc((n_items + 1) * sizeof *likes.items),
                              .starts = malloc((n_users + 1) * sizeof *likes.starts),
                              .columns =
                                  malloc((csr_size(data->by_user) + 1) * sizeof *likes.columns),
                              .users = malloc((n_users + 1) * sizeof *likes.users)};
    uint32_t *places = malloc((n_items + 1) * sizeof *places);
    if (!likes.items || !likes.starts || !likes.columns || !likes.users || !places) {
        likes_free(&likes);
        free(places);
        return STATUS_NO_MEMORY;
    }
    number_items(data->by_item, &likes, places);
    gather_likes(data->by_user, places, &likes);
    free(places);
    *ret_likes = likes;
    return STATUS_OK;
}

/* ---- parameters ---- */

/* Of length about 1, so that the rate means the same for any number of dimensions. */
static enum status parameters_new(const struct bpr_fit *fit, struct bpr_parameters *ret_parameters)
{
    const size_t d = (size_t)fit->settings->dimensions, m = fit->likes.m;
    struct bpr_parameters p = {.width = tile_round(d)};
    const size_t size = m * p.width;
    p.memory = calloc(3 * BPR_TABLES * size + 1, sizeof *p.memory);
    if (!p.memory)
        return STATUS_NO_MEMORY;
    for (size_t t = 0; t < BPR_TABLES; t++) {
        p.values[t] = p.memory + 3 * t * size;
        p.moments1[t] = p.values[t] + size;
        p.moments2[t] = p.moments1[t] + size;
        for (uint32_t i = 0; i < m; i++) {
            struct rng rng = rng_seed(fit->seed, (uint64_t)STREAM_INITIAL << 40 |
                                                     (uint64_t)t << 32 | fit->likes.items[i]);
            for (size_t k = 0; k < d; k++)
                p.values[t][i * p.width + k] = (float)(rng_normal(&rng) / sqrt((double)d));
        }
    }
    *ret_parameters = p;
    return STATUS_OK;
}

/* ---- passes ---- */

struct pass {
    int64_t epoch;
    uint64_t step, steps; /* of the whole fit */
    double loss, terms;
};

static enum status run_epoch(struct bpr_fit *fit, struct bpr_batch *batch, struct pass *pass,
                             const struct observer *observer)
{
    const struct schedule schedule = {.kind = SCHEDULE_COSINE, .steps = pass->steps};
    const uint32_t n = fit->likes.n_active, size = (uint32_t)fit->settings->batch;
    struct rng rng = rng_seed(fit->seed, (uint64_t)STREAM_ORDER << 32 | (uint64_t)pass->epoch);
    rng_shuffle(&rng, fit->likes.users, n);
    for (uint32_t first = 0; first < n; first += size) {
        if (observer_stops(observer))
            return STATUS_CANCELLED;
        pass->step++;
        bpr_batch_step(batch, fit->likes.users + first, n - first < size ? n - first : size,
                       pass->epoch, pass->step, schedule_factor(&schedule, pass->step), &pass->loss,
                       &pass->terms);
        observe_progress(observer, "fitting bpr", (double)pass->step / (double)pass->steps);
    }
    return STATUS_OK;
}

static enum status run_epochs(struct bpr_fit *fit, const struct observer *observer,
                              struct error *reterr)
{
    const uint64_t size = (uint64_t)fit->settings->batch;
    const uint64_t an_epoch = (fit->likes.n_active + size - 1) / size;
    struct bpr_batch *batch = bpr_batch_new(fit);
    if (!batch)
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory");
    struct pass pass = {.steps = an_epoch * (uint64_t)fit->settings->epochs};
    enum status status = STATUS_OK;
    for (pass.epoch = 1; status == STATUS_OK && pass.epoch <= fit->settings->epochs; pass.epoch++) {
        pass.loss = pass.terms = 0;
        status = run_epoch(fit, batch, &pass, observer);
        if (status == STATUS_OK)
            observe_scalar(observer, "fit/loss", pass.epoch, pass.loss / pass.terms);
        else
            error_set(reterr, status, "stopped in epoch %lld of %lld", (long long)pass.epoch,
                      (long long)fit->settings->epochs);
    }
    bpr_batch_free(batch);
    return status;
}

/* ---- the model ---- */

static void take_items(struct bpr *model, const struct bpr_fit *fit)
{
    const struct bpr_parameters *p = &fit->parameters;
    const size_t d = model->d - 1;
    for (uint32_t i = 0; i < model->base.n_items; i++)
        model->memory[BPR_ITEMS][(size_t)i * model->d + d] = unliked_score;
    for (uint32_t k = 0; k < fit->likes.m; k++) {
        const size_t at = (size_t)fit->likes.items[k] * model->d;
        const float *e = p->values[BPR_OUTPUTS] + k * p->width;
        const float length = sqrtf(kernels_get()->dot(e, e, d));
        memcpy(model->memory[BPR_HISTORY] + at, p->values[BPR_INPUTS] + k * p->width,
               d * sizeof(float));
        for (size_t c = 0; c < d && length > 0; c++)
            model->memory[BPR_ITEMS][at + c] = e[c] / length;
        model->memory[BPR_ITEMS][at + d] = 0;
    }
}

static enum status fold_users(struct bpr *model, const struct csr *by_user)
{
    uint64_t most = 0;
    for (uint32_t u = 0; u < by_user->n_rows; u++)
        if (by_user->starts[u + 1] - by_user->starts[u] > most)
            most = by_user->starts[u + 1] - by_user->starts[u];
    struct signal *history = malloc((most + 1) * sizeof *history);
    if (!history)
        return STATUS_NO_MEMORY;
    for (uint32_t u = 0; u < by_user->n_rows; u++) {
        struct query query = {.history = history};
        for (uint64_t k = by_user->starts[u]; k < by_user->starts[u + 1]; k++)
            history[query.n++] =
                (struct signal){.item = by_user->columns[k], .confidence = by_user->values[k]};
        bpr_fold_in(model, &query, model->memory[BPR_USERS] + (size_t)u * model->d);
    }
    free(history);
    return STATUS_OK;
}

/* Without anybody who likes two items the vectors stay as they were drawn. */
static enum status learn(struct bpr_fit *fit, const struct train_set *data,
                         const struct observer *observer, struct bpr *model, struct error *reterr)
{
    enum status status = likes_new(data, &fit->likes);
    if (status == STATUS_OK)
        status = parameters_new(fit, &fit->parameters);
    if (status != STATUS_OK)
        return error_set(reterr, status, "out of memory");
    if (observer_stops(observer))
        return error_set(reterr, STATUS_CANCELLED, "stopped before the first epoch");
    if (fit->likes.n_active > 0)
        status = run_epochs(fit, observer, reterr);
    if (status != STATUS_OK)
        return status;
    take_items(model, fit);
    status = fold_users(model, data->by_user);
    return status == STATUS_OK ? status : error_set(reterr, status, "out of memory");
}

enum status bpr_fit(const struct train_set *data, const void *settings, struct parallel *pool,
                    const struct observer *observer, struct model **ret_model, struct error *reterr)
{
    struct bpr_fit fit = {.settings = settings, .seed = data->seed, .pool = pool};
    struct bpr *model = bpr_new(data->by_user->n_rows, data->by_item->n_rows,
                                (uint32_t)fit.settings->dimensions + 1, true);
    struct error err = {0};
    enum status status = error_set(&err, STATUS_NO_MEMORY, "out of memory");
    if (model)
        status = learn(&fit, data, observer, model, &err);
    free(fit.parameters.memory);
    likes_free(&fit.likes);
    if (status != STATUS_OK) {
        bpr_free((struct model *)model);
        return error_set(reterr, status, "bpr: %s", err.text);
    }
    *ret_model = &model->base;
    return STATUS_OK;
}

uint64_t bpr_estimate(const void *settings, uint32_t n_users, uint32_t n_items, uint64_t size)
{
    const struct bpr_settings *s = settings;
    const uint64_t width = tile_round((size_t)s->dimensions);
    const uint64_t rows = ((uint64_t)n_users + 2 * (uint64_t)n_items) * (width + 1);
    return bpr_batch_estimate(s, n_items) +
           (rows + 3 * BPR_TABLES * n_items * width) * sizeof(float) + 4 * size +
           12 * (uint64_t)n_users + 8 * (uint64_t)n_items;
}
