#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/rng.h"
#include "linalg/solve.h"
#include "models/ials_model.h"

enum {
    STREAM_ITEMS = 0x1a15, /* of random numbers, one an item */
    CG_STEPS = 3,
    GRAM_PARTS = 16,   /* of the rows, each summed alone, then added up in order */
    GRAM_ROWS = 8192,  /* of a part between two looks at the observer */
    BLOCKS_A_CALL = 64 /* of rows, likewise */
};

/* Work of one block, in multiplications: about a tenth of a millisecond, so that blocks level out
 * over workers and a call of 64 of them ends in some milliseconds. */
static const double block_work = 4e6;

struct fit {
    const struct train_set *data;
    const struct ials_settings *settings;
    struct parallel *pool;
    const struct observer *observer;
    struct ials *model;
    struct ials_side user_side; /* the users, while items are solved */
    uint32_t n_active_users, n_active_items;
    float *scratch; /* [workers x scratch_size] */
    size_t scratch_size;
    float *gram;                 /* [GRAM_PARTS x spd_size] */
    double *objectives;          /* [max(n_users, n_items)] of the rows of a half-step */
    double done, total;          /* half-steps */
    int64_t part_ns[IALS_PARTS]; /* of the sweep at hand */
};

/* ---- what it costs ---- */

/* CPU time so far: of the pool's workers, or of this thread where there is none. */
static int64_t work_ns(const struct fit *fit)
{
    return fit->pool ? (int64_t)(1e9 * parallel_cpu_seconds(fit->pool)) : clock_thread_cpu_ns();
}

/* Books what was done since *since_ns, and begins anew. */
static void book(struct fit *fit, enum ials_part part, int64_t *since_ns)
{
    const int64_t now_ns = work_ns(fit);
    fit->part_ns[part] = now_ns - *since_ns;
    *since_ns = now_ns;
}

static void tell_costs(const struct fit *fit, int64_t epoch)
{
    const struct csr *by_user = fit->data->by_user;
    const uint64_t scratch = parallel_threads(fit->pool) * fit->scratch_size * sizeof(float);
    if (observer_wants_costs(fit->observer, epoch))
        ials_costs_observe(fit->settings, by_user->n_rows, by_user->n_columns, fit->part_ns,
                           scratch, epoch, fit->observer);
}

/* ---- H'H: parts that do not depend on the number of threads ---- */

struct gram_job {
    struct fit *fit;
    const struct ials_side *side;
    uint32_t part_rows, first; /* of each part, and where this call starts within it */
};

static void gram_block(void *context, size_t block, unsigned worker)
{
    const struct gram_job *job = context;
    const uint64_t end = ((uint64_t)block + 1) * job->part_rows;
    const uint64_t first = (uint64_t)block * job->part_rows + job->first, last = first + GRAM_ROWS;
    const uint64_t limit = end < job->side->n ? end : job->side->n;
    if (first < limit)
        ials_gram_add(job->side, (uint32_t)first, (uint32_t)(last < limit ? last : limit),
                      job->fit->scratch + worker * job->fit->scratch_size,
                      job->fit->gram + block * spd_size(job->side->width));
}

static void unpack_gram(const struct fit *fit, struct ials_side *side, double alpha0)
{
    const size_t size = spd_size(side->width), width = side->width;
    for (size_t i = 0; i < width; i++)
        for (size_t j = i; j < width; j++) {
            const size_t at = spd_offset(i / TILE, j / TILE) + i % TILE * TILE + j % TILE;
            float sum = 0;
            for (size_t part = 0; part < GRAM_PARTS; part++)
                sum += fit->gram[part * size + at];
            side->square[i * width + j] = side->square[j * width + i] = (float)alpha0 * sum;
        }
    ials_side_pack(side);
}

static enum status compute_gram(struct fit *fit, struct ials_side *side)
{
    struct gram_job job = {.fit = fit, .side = side};
    job.part_rows = side->n / GRAM_PARTS + 1;
    memset(fit->gram, 0, GRAM_PARTS * spd_size(side->width) * sizeof *fit->gram);
    for (; job.first < job.part_rows; job.first += GRAM_ROWS) {
        if (observer_stops(fit->observer))
            return STATUS_CANCELLED;
        parallel_for(fit->pool, GRAM_PARTS, gram_block, &job, NULL);
    }
    unpack_gram(fit, side, fit->settings->alpha0);
    return STATUS_OK;
}

/* ---- half a sweep ---- */

struct half_step {
    struct fit *fit;
    const struct csr *rows;
    const struct ials_side *side;
    float *vectors;       /* of the rows */
    uint32_t history_max; /* 0: no limit */
    bool exact;
    uint32_t starts[BLOCKS_A_CALL + 1];
};

static void solve_row(const struct half_step *step, uint32_t r, float *scratch)
{
    const struct csr *m = step->rows;
    const struct fit *fit = step->fit;
    struct ials_row row = {.columns = m->columns + m->starts[r],
                           .confidences = m->values + m->starts[r],
                           .n = (uint32_t)(m->starts[r + 1] - m->starts[r])};
    if (step->history_max)
        row = ials_row_limit(row, step->side->d, step->history_max, scratch);
    const struct ials_weights *weights = &fit->model->weights;
    float *x = step->vectors + (size_t)r * step->side->d;
    fit->objectives[r] = step->exact
                             ? ials_solve_exact(step->side, weights, row, scratch, x)
                             : ials_solve_nearly(step->side, weights, row, CG_STEPS, scratch, x);
}

static void rows_block(void *context, size_t block, unsigned worker)
{
    const struct half_step *step = context;
    float *scratch = step->fit->scratch + worker * step->fit->scratch_size;
    for (uint32_t r = step->starts[block]; r < step->starts[block + 1]; r++)
        solve_row(step, r, scratch);
}

static double work_of(const struct half_step *step, uint32_t r)
{
    const double d = (double)step->side->width,
                 n = (double)(step->rows->starts[r + 1] - step->rows->starts[r]);
    if (step->exact)
        return n * d * d / 2 + d * d * d / 6;
    return (CG_STEPS + 1) * (2 * n * d + d * d);
}

/* Cuts rows from `first` on into blocks of about equal work. Returns their number. */
static size_t cut_blocks(struct half_step *step, uint32_t first)
{
    size_t n_blocks = 0;
    double work = 0;
    step->starts[0] = first;
    for (uint32_t r = first; r < step->rows->n_rows && n_blocks < BLOCKS_A_CALL; r++) {
        work += work_of(step, r);
        if (work < block_work && r + 1 < step->rows->n_rows)
            continue;
        step->starts[++n_blocks] = r + 1;
        work = 0;
    }
    return n_blocks;
}

static enum status run_half_step(struct half_step *step)
{
    struct fit *fit = step->fit;
    for (uint32_t first = 0; first < step->rows->n_rows;) {
        if (observer_stops(fit->observer))
            return STATUS_CANCELLED;
        const size_t n_blocks = cut_blocks(step, first);
        parallel_for(fit->pool, n_blocks, rows_block, step, NULL);
        first = step->starts[n_blocks];
        const double share = (double)first / (double)step->rows->n_rows;
        observe_progress(fit->observer, "fitting ials", (fit->done + share) / fit->total);
    }
    fit->done++;
    return STATUS_OK;
}

static enum status step_users(struct fit *fit, bool exact)
{
    struct ials *model = fit->model;
    int64_t since_ns = work_ns(fit);
    enum status status = compute_gram(fit, &model->side);
    if (status != STATUS_OK)
        return status;
    book(fit, IALS_USERS_GRAM, &since_ns);
    struct half_step step = {.fit = fit,
                             .rows = fit->data->by_user,
                             .side = &model->side,
                             .vectors = model->users_memory,
                             .history_max = model->weights.history_max,
                             .exact = exact};
    status = run_half_step(&step);
    book(fit, IALS_USERS_SOLVE, &since_ns);
    return status;
}

static enum status step_items(struct fit *fit, bool exact)
{
    int64_t since_ns = work_ns(fit);
    enum status status = compute_gram(fit, &fit->user_side);
    if (status != STATUS_OK)
        return status;
    book(fit, IALS_ITEMS_GRAM, &since_ns);
    struct half_step step = {.fit = fit,
                             .rows = fit->data->by_item,
                             .side = &fit->user_side,
                             .vectors = fit->model->items_memory,
                             .exact = exact};
    status = run_half_step(&step);
    book(fit, IALS_ITEMS_SOLVE, &since_ns);
    return status;
}

/* The items' objectives hold everything but the users' regularisation. */
static double total_loss(const struct fit *fit)
{
    const struct ials_settings *s = fit->settings;
    const struct csr *by_user = fit->data->by_user;
    const size_t d = fit->model->d;
    double loss = 0;
    for (uint32_t i = 0; i < fit->model->base.n_items; i++)
        loss += fit->objectives[i];
    for (uint32_t u = 0; u < fit->model->base.n_users; u++) {
        const float *w = fit->model->users + (size_t)u * d;
        const double n = (double)(by_user->starts[u + 1] - by_user->starts[u]);
        loss += s->lambda * pow(n + s->alpha0 * fit->n_active_items, s->nu) *
                (double)kernels_get()->dot(w, w, d);
    }
    return loss;
}

static enum status run_epochs(struct fit *fit)
{
    const bool exact = fit->settings->solver == IALS_CHOLESKY;
    for (int64_t epoch = 1; epoch <= fit->settings->epochs; epoch++) {
        enum status status = step_users(fit, exact);
        if (status == STATUS_OK)
            status = step_items(fit, exact);
        if (status != STATUS_OK)
            return status;
        const int64_t since_ns = clock_thread_cpu_ns();
        const double loss = total_loss(fit);
        fit->part_ns[IALS_LOSS] = clock_thread_cpu_ns() - since_ns;
        observe_scalar(fit->observer, "fit/loss", epoch, loss);
        tell_costs(fit, epoch);
    }
    return step_users(fit, true);
}

/* ---- before the first epoch ---- */

static uint32_t count_active(const struct csr *m)
{
    uint32_t n = 0;
    for (uint32_t r = 0; r < m->n_rows; r++)
        n += m->starts[r + 1] > m->starts[r];
    return n;
}

static double mean_size(const struct csr *m)
{
    double sum = 0;
    const uint64_t size = csr_size(m);
    for (uint64_t k = 0; k < size; k++)
        sum += fabs((double)m->values[k]);
    return sum > 0 ? sum / (double)size : 1;
}

/* N(0, (0.1 / sqrt(d))^2) for items that anybody touched. */
static void init_block(void *context, size_t block, unsigned worker)
{
    (void)worker;
    const struct half_step *step = context;
    const size_t d = step->side->d;
    const double deviation = 0.1 / sqrt((double)d);
    for (uint32_t i = step->starts[block]; i < step->starts[block + 1]; i++) {
        if (step->rows->starts[i + 1] == step->rows->starts[i])
            continue;
        struct rng rng = rng_seed(step->fit->data->seed, (uint64_t)STREAM_ITEMS << 32 | i);
        for (size_t k = 0; k < d; k++)
            step->vectors[i * d + k] = (float)(deviation * rng_normal(&rng));
    }
}

static void init_items(struct fit *fit)
{
    struct half_step step = {.fit = fit,
                             .rows = fit->data->by_item,
                             .side = &fit->user_side,
                             .vectors = fit->model->items_memory};
    for (uint32_t first = 0; first < step.rows->n_rows;) {
        const size_t n_blocks = cut_blocks(&step, first);
        parallel_for(fit->pool, n_blocks, init_block, &step, NULL);
        first = step.starts[n_blocks];
    }
}

static enum status prepare(struct fit *fit)
{
    struct ials *model = fit->model;
    const struct ials_settings *s = fit->settings;
    const uint32_t n_users = model->base.n_users, n_items = model->base.n_items;
    fit->n_active_users = count_active(fit->data->by_user);
    fit->n_active_items = count_active(fit->data->by_item);
    model->weights = (struct ials_weights){.alpha0 = s->alpha0,
                                           .lambda = s->lambda,
                                           .nu = s->nu,
                                           .scale = 1 / mean_size(fit->data->by_user),
                                           .history_max = (uint32_t)s->history_max};
    model->side.n_active = fit->n_active_items;
    fit->user_side = model->side;
    fit->user_side.vectors = model->users;
    fit->user_side.n = n_users;
    fit->user_side.n_active = fit->n_active_users;
    fit->scratch_size = ials_scratch_size(model->d, model->weights.history_max);
    fit->total = 2 * (double)s->epochs + 1;
    fit->user_side.square = calloc(ials_side_size(model->d), sizeof(float));
    fit->gram = calloc(GRAM_PARTS * spd_size(model->side.width), sizeof *fit->gram);
    fit->scratch = calloc(parallel_threads(fit->pool) * fit->scratch_size, sizeof *fit->scratch);
    fit->objectives =
        calloc((size_t)(n_users > n_items ? n_users : n_items) + 1, sizeof *fit->objectives);
    if (!fit->user_side.square || !fit->gram || !fit->scratch || !fit->objectives)
        return STATUS_NO_MEMORY;
    fit->user_side.tiles = fit->user_side.square + model->side.width * model->side.width;
    return STATUS_OK;
}

enum status ials_fit(const struct train_set *data, const void *settings, struct parallel *pool,
                     const struct observer *observer, struct model **ret_model,
                     struct error *reterr)
{
    struct fit fit = {.data = data, .settings = settings, .pool = pool, .observer = observer};
    enum status status = STATUS_NO_MEMORY;
    fit.model = ials_new(data->by_user->n_rows, data->by_user->n_columns,
                         (uint32_t)fit.settings->dimensions, true);
    if (fit.model)
        status = prepare(&fit);
    if (status == STATUS_OK) {
        ials_graph_observe(fit.settings, data->by_user->n_rows, data->by_user->n_columns, observer);
        init_items(&fit);
        status = run_epochs(&fit);
    }
    free(fit.user_side.square);
    free(fit.gram);
    free(fit.scratch);
    free(fit.objectives);
    if (status != STATUS_OK) {
        model_free((struct model *)fit.model);
        return error_set(reterr, status, "ials: %s", status_name(status));
    }
    *ret_model = &fit.model->base;
    return STATUS_OK;
}
