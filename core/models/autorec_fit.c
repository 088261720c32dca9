#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "models/autorec_costs.h"
#include "models/autorec_rows.h"

enum {
    STREAM_START = 0xa070, /* of random numbers: first parameters, orders */
    STREAM_ORDER = 0xa071,
    BLOCK_USERS = 64,
    BLOCKS_A_CALL = 64
};

/* Multiplications between two looks at the observer: some tens of milliseconds. */
static const double work_a_look = 2e8;

struct fit {
    const struct train_set *data;
    const struct autorec_settings *settings;
    struct parallel *pool;
    const struct observer *observer;
    bool rates, by_item;
    double work; /* since the observer was asked */
    struct autorec_rows rows;
    struct autorec_net net;
    float *parameters, *gradients, *state1, *state2, *best;
    uint32_t *order; /* [n_order] rows with entries */
    uint32_t n_order, batch_rows;
    struct autorec_batch batch;
    struct optimizer_pace pace, plain_pace;
    double *losses; /* [rows] of the validation */
    struct autorec *model;
    float *scratch; /* [workers x autorec_scratch_size] */
    struct timesheet sheet;
};

/* ---- one step ---- */

static void rows_block(void *context, size_t block, unsigned worker)
{
    const struct fit *fit = context;
    struct laps timed, *laps = timesheet_laps(&fit->sheet, worker, &timed);
    autorec_batch_block(&fit->batch, (uint32_t)block, laps);
}

static void step_slice(const struct fit *fit, const struct optimizer_pace *pace, size_t at,
                       size_t n)
{
    optimizer_step(pace, fit->parameters + at, fit->state1 + at, fit->state2 + at,
                   fit->gradients + at, n);
}

static void strip_block(void *context, size_t strip, unsigned worker)
{
    const struct fit *fit = context;
    const struct autorec_net *net = &fit->net;
    struct laps timed, *laps = timesheet_laps(&fit->sheet, worker, &timed);
    autorec_batch_strip(&fit->batch, (uint32_t)strip, fit->gradients, laps);
    const size_t first = strip * AUTOREC_STRIP, left = net->n_columns - first;
    const size_t n = left < AUTOREC_STRIP ? left : AUTOREC_STRIP;
    step_slice(fit, &fit->pace, net->encoder + first * net->width, n * net->width);
    step_slice(fit, &fit->pace, net->decoder + first * net->width, n * net->width);
    step_slice(fit, &fit->plain_pace, net->biases + first, n);
    laps_end(laps, AUTOREC_MOVE);
}

/* What is left for the thread that waited for the others. Returns the loss. */
static double end_batch(struct fit *fit)
{
    struct laps timed, *laps = timesheet_laps(&fit->sheet, 0, &timed);
    double loss = 0;
    autorec_batch_means(&fit->batch, fit->gradients, laps);
    step_slice(fit, &fit->plain_pace, fit->net.means, fit->net.width);
    laps_end(laps, AUTOREC_MOVE);
    for (uint32_t i = 0; i < fit->batch.n_rows; i++)
        loss += fit->batch.losses[i];
    laps_end(laps, AUTOREC_LOSS);
    return loss;
}

static double run_batch(struct fit *fit, uint32_t first, uint64_t step)
{
    struct autorec_batch *batch = &fit->batch;
    const struct autorec_net *net = &fit->net;
    const uint32_t left = fit->n_order - first;
    batch->rows = fit->order + first;
    batch->n_rows = left < fit->batch_rows ? left : fit->batch_rows;
    const double share = (double)batch->n_rows / fit->n_order;
    const struct optimizer adam = {.kind = OPTIMIZER_ADAM,
                                   .rate = (float)fit->settings->rate,
                                   .weight_decay = (float)(2 * fit->settings->lambda * share)};
    fit->pace = optimizer_pace(&adam, 1, step, true);
    fit->plain_pace = optimizer_pace(&adam, 1, step, false);
    const uint32_t block = autorec_block_rows(net);
    parallel_for(fit->pool, (batch->n_rows + block - 1) / block, rows_block, fit, NULL);
    parallel_for(fit->pool, (net->n_columns + AUTOREC_STRIP - 1) / AUTOREC_STRIP, strip_block, fit,
                 NULL);
    return end_batch(fit);
}

/* ---- epochs ---- */

static bool is_told_to_stop(struct fit *fit, double work)
{
    fit->work += work;
    if (fit->work < work_a_look)
        return false;
    fit->work = 0;
    return observer_stops(fit->observer);
}

/* The last full batch of a pass that is measured. */
static bool is_timed(const struct fit *fit, int64_t epoch, uint32_t first)
{
    const uint32_t left = fit->n_order - first;
    return observer_wants_costs(fit->observer, epoch) && left >= fit->batch_rows &&
           left - fit->batch_rows < fit->batch_rows;
}

static void tell_costs(struct fit *fit, int64_t epoch)
{
    autorec_costs_tell(fit->settings, &fit->batch, fit->batch_rows, &fit->sheet, epoch,
                       fit->observer);
    timesheet_clear(&fit->sheet);
}

static enum status run_epoch(struct fit *fit, int64_t epoch, uint64_t *step)
{
    struct rng rng = rng_seed(fit->data->seed ^ STREAM_ORDER, (uint64_t)epoch);
    rng_shuffle(&rng, fit->order, fit->n_order);
    autorec_rows_hide(&fit->rows, fit->settings, fit->data->seed, epoch, fit->pool);
    const double entries = fit->rates ? (double)csr_size(&fit->rows.x)
                                      : (double)fit->n_order * (double)fit->net.n_columns;
    const double batches = ceil((double)fit->n_order / fit->batch_rows);
    const double work = 5 * entries * (double)fit->net.width / batches + (double)fit->net.size;
    double loss = 0;
    if (observer_stops(fit->observer))
        return STATUS_CANCELLED;
    for (uint32_t first = 0; first < fit->n_order; first += fit->batch_rows) {
        if (is_told_to_stop(fit, work))
            return STATUS_CANCELLED;
        if (is_timed(fit, epoch, first))
            timesheet_open(&fit->sheet);
        loss += run_batch(fit, first, ++*step);
        timesheet_close(&fit->sheet);
    }
    const uint64_t n = csr_size(&fit->rows.x);
    observe_scalar(fit->observer, "fit/loss", epoch, n ? loss / (double)n : 0);
    observe_progress(fit->observer, "fitting autorec",
                     (double)epoch / (double)(fit->settings->epochs + 1));
    tell_costs(fit, epoch);
    return STATUS_OK;
}

/* Squared error of one row's ratings that were kept apart. */
static void valid_block(void *context, size_t block, unsigned worker)
{
    const struct fit *fit = context;
    const struct kernels *kernels = kernels_get();
    const struct autorec_net *net = &fit->net;
    float *h = fit->scratch + worker * autorec_scratch_size(fit->model);
    const uint64_t first = (uint64_t)block * BLOCK_USERS;
    for (uint64_t r = first; r < first + BLOCK_USERS && r < fit->rows.x.n_rows; r++) {
        fit->losses[r] = 0;
        if (fit->rows.valid.starts[r] == fit->rows.valid.starts[r + 1])
            continue;
        const uint64_t start = fit->rows.x.starts[r];
        autorec_encode(net, fit->parameters, fit->batch.hidden, fit->rows.x.columns + start,
                       fit->rows.x.values + start, (size_t)(fit->rows.x.starts[r + 1] - start), h);
        for (uint64_t k = fit->rows.valid.starts[r]; k < fit->rows.valid.starts[r + 1]; k++) {
            const uint32_t c = fit->rows.valid.columns[k];
            const float z =
                kernels->dot(fit->parameters + net->decoder + c * net->width, h, net->width) +
                fit->parameters[net->biases + c];
            const double error = (double)(z - fit->rows.valid_targets[k]);
            fit->losses[r] += error * error;
        }
    }
}

static double validate(struct fit *fit)
{
    double sum = 0;
    parallel_for(fit->pool, ((size_t)fit->rows.x.n_rows + BLOCK_USERS - 1) / BLOCK_USERS,
                 valid_block, fit, NULL);
    for (uint32_t r = 0; r < fit->rows.x.n_rows; r++)
        sum += fit->losses[r];
    return sqrt(sum / (double)csr_size(&fit->rows.valid));
}

static enum status run_epochs(struct fit *fit)
{
    const bool validates = fit->rates && csr_size(&fit->rows.valid) > 0;
    double least = INFINITY;
    uint64_t step = 0;
    int64_t waited = 0;
    for (int64_t epoch = 1; epoch <= fit->settings->epochs && fit->n_order; epoch++) {
        const enum status status = run_epoch(fit, epoch, &step);
        if (status != STATUS_OK)
            return status;
        if (!validates)
            continue;
        const double error = validate(fit);
        observe_scalar(fit->observer, "fit/validation", epoch, error);
        if (error < least) {
            least = error;
            waited = 0;
            memcpy(fit->best, fit->parameters, fit->net.size * sizeof *fit->best);
        } else if (++waited == fit->settings->patience) {
            break;
        }
    }
    if (isfinite(least))
        memcpy(fit->parameters, fit->best, fit->net.size * sizeof *fit->best);
    return observer_stops(fit->observer) ? STATUS_CANCELLED : STATUS_OK;
}

/* ---- what is served ---- */

/* Side item: hidden units from all ratings, those kept apart too; their mean for items that nobody
 * rated. */
static enum status encode_items(struct fit *fit)
{
    struct autorec *model = fit->model;
    struct csr all;
    if (csr_transpose(&fit->rows.ratings, &all) != STATUS_OK)
        return STATUS_NO_MEMORY;
    float *mean = calloc(fit->net.width, 2 * sizeof *mean);
    float *h = mean ? mean + fit->net.width : NULL;
    uint32_t n_rated = 0;
    for (int pass = 0; pass < 2 && mean; pass++)
        for (uint32_t i = 0; i < model->base.n_items; i++) {
            const uint64_t start = all.starts[i], n = all.starts[i + 1] - start;
            float *row = model->items_memory + i * model->width;
            if (pass == 0 && n) {
                autorec_encode(&fit->net, fit->parameters, model->hidden, all.columns + start,
                               all.values + start, n, h);
                memcpy(row, h, model->hidden * sizeof *row);
                kernels_get()->axpy(1, h, mean, fit->net.width);
                n_rated++;
            }
            for (uint32_t c = 0; c < model->hidden && pass == 1 && n == 0 && n_rated; c++)
                row[c] = mean[c] / (float)n_rated;
            row[model->hidden] = rating_means_item(&model->means, i);
            row[model->hidden + 1] = 1;
        }
    csr_free(&all);
    const bool has_memory = mean;
    free(mean);
    return has_memory ? STATUS_OK : STATUS_NO_MEMORY;
}

/* Side user: the decoder's rows, and the encoder for whoever asks. */
static enum status take_decoder(struct fit *fit)
{
    struct autorec *model = fit->model;
    const struct autorec_net *net = &fit->net;
    const size_t encoder_size = ((size_t)net->n_columns + 1) * net->width;
    uint8_t *touched = calloc((size_t)net->n_columns + 1, 1);
    model->encoder_memory = malloc(encoder_size * sizeof *model->encoder_memory);
    if (!touched || !model->encoder_memory) {
        free(touched);
        return STATUS_NO_MEMORY;
    }
    for (uint64_t k = 0; k < csr_size(&fit->rows.x); k++)
        touched[fit->rows.x.columns[k]] = 1;
    memcpy(model->encoder_memory, fit->parameters, encoder_size * sizeof *fit->parameters);
    model->encoder = model->encoder_memory;
    for (uint32_t i = 0; i < model->base.n_items; i++) {
        float *row = model->items_memory + i * model->width;
        if (touched[i])
            memcpy(row, fit->parameters + net->decoder + i * net->width,
                   model->hidden * sizeof *row);
        row[model->hidden] = (touched[i] || !fit->rates ? fit->parameters[net->biases + i] : 0) +
                             (fit->rates ? rating_means_item(&model->means, i) : 0);
        row[model->hidden + 1] = 1;
    }
    free(touched);
    return STATUS_OK;
}

/* ---- before and after ---- */

/* Uniform as of Glorot and Bengio 2010; a softmax begins nearly flat. */
static void init_parameters(struct fit *fit)
{
    const struct autorec_net *net = &fit->net;
    const uint32_t hidden = fit->batch.hidden;
    const double reach = sqrt(6.0 / ((double)net->n_columns + hidden));
    for (int decoder = 0; decoder < 2; decoder++) {
        float *rows = fit->parameters + (decoder ? net->decoder : net->encoder);
        struct rng rng = rng_seed(fit->data->seed ^ STREAM_START, (uint64_t)decoder);
        const double scale = decoder && !fit->rates ? reach / 10 : reach;
        for (uint32_t c = 0; c < net->n_columns; c++)
            for (uint32_t k = 0; k < hidden; k++)
                rows[c * net->width + k] = (float)(scale * (2 * rng_uniform(&rng) - 1));
    }
}

static enum status reserve_batch(struct fit *fit)
{
    struct autorec_batch *batch = &fit->batch;
    uint64_t longest = 0;
    for (uint32_t r = 0; r < fit->rows.x.n_rows; r++) {
        const uint64_t n = fit->rows.x.starts[r + 1] - fit->rows.x.starts[r];
        longest = n > longest ? n : longest;
        if (n)
            fit->order[fit->n_order++] = r;
    }
    const uint32_t most = fit->n_order / 16 + 1;
    fit->batch_rows = (uint32_t)fit->settings->batch < most ? (uint32_t)fit->settings->batch : most;
    const size_t rows = tile_round(fit->batch_rows);
    batch->error_width = fit->rates ? (size_t)longest : fit->net.n_columns;
    batch->h = calloc(rows, fit->net.width * sizeof *batch->h);
    batch->deltas = calloc(rows, fit->net.width * sizeof *batch->deltas);
    batch->turned = calloc(rows, fit->net.width * sizeof *batch->turned);
    batch->errors = calloc(rows, (batch->error_width + 1) * sizeof *batch->errors);
    batch->losses = calloc(rows, sizeof *batch->losses);
    return batch->h && batch->deltas && batch->turned && batch->errors && batch->losses
               ? STATUS_OK
               : STATUS_NO_MEMORY;
}

static enum status reserve(struct fit *fit)
{
    struct autorec *model = fit->model;
    const uint32_t hidden = (uint32_t)fit->settings->hidden;
    fit->net = autorec_net_of(fit->rows.x.n_columns, hidden, (enum autorec_g)fit->settings->g,
                              !fit->rates);
    fit->parameters = calloc(fit->net.size, sizeof *fit->parameters);
    fit->gradients = calloc(fit->net.size, sizeof *fit->gradients);
    fit->state1 = calloc(fit->net.size, sizeof *fit->state1);
    fit->state2 = calloc(fit->net.size, sizeof *fit->state2);
    fit->best = calloc(fit->net.size, sizeof *fit->best);
    fit->order = malloc(((size_t)fit->rows.x.n_rows + 1) * sizeof *fit->order);
    fit->losses = malloc(((size_t)fit->rows.x.n_rows + 1) * sizeof *fit->losses);
    fit->scratch =
        malloc(parallel_threads(fit->pool) * autorec_scratch_size(model) * sizeof *fit->scratch);
    model->items_memory = calloc((size_t)model->base.n_items + 1, model->width * sizeof(float));
    model->users_memory = calloc((size_t)model->base.n_users + 1, model->width * sizeof(float));
    if (!fit->parameters || !fit->gradients || !fit->state1 || !fit->state2 || !fit->best ||
        !fit->order || !fit->losses || !fit->scratch || !model->items_memory ||
        !model->users_memory)
        return STATUS_NO_MEMORY;
    model->items = model->items_memory;
    model->users = model->users_memory;
    fit->batch.net = &fit->net;
    fit->batch.parameters = fit->parameters;
    fit->batch.hidden = hidden;
    fit->batch.x = &fit->rows.x;
    fit->batch.targets = fit->rows.targets;
    fit->batch.inputs = fit->rows.inputs;
    if (observer_wants_costs(fit->observer, 1))
        timesheet_init(&fit->sheet, parallel_threads(fit->pool), AUTOREC_PARTS);
    return reserve_batch(fit);
}

static enum status run(struct fit *fit)
{
    enum status status =
        fit->rates ? autorec_rows_read_ratings(&fit->rows, fit->data, fit->settings, fit->by_item,
                                               fit->pool, &fit->model->means)
                   : autorec_rows_read_likes(&fit->rows, fit->data);
    if (status == STATUS_OK)
        status = autorec_rows_reserve(&fit->rows, fit->settings);
    if (status == STATUS_OK)
        status = reserve(fit);
    if (status == STATUS_OK) {
        autorec_graph_observe(fit->settings, fit->net.n_columns, fit->rates, fit->observer);
        init_parameters(fit);
        status = run_epochs(fit);
    }
    if (status == STATUS_OK)
        status = fit->by_item ? encode_items(fit) : take_decoder(fit);
    if (status != STATUS_OK)
        return status;
    const struct csr *histories = fit->rates ? &fit->rows.ratings : fit->data->by_user;
    return autorec_make_users(fit->model, histories, fit->pool, fit->observer, fit->scratch);
}

static void fit_free(struct fit *fit)
{
    autorec_rows_free(&fit->rows);
    free(fit->parameters);
    free(fit->gradients);
    free(fit->state1);
    free(fit->state2);
    free(fit->best);
    free(fit->order);
    free(fit->losses);
    free(fit->scratch);
    free(fit->batch.h);
    free(fit->batch.deltas);
    free(fit->batch.turned);
    free(fit->batch.errors);
    free(fit->batch.losses);
    timesheet_free(&fit->sheet);
}

struct autorec_settings autorec_settle(const struct autorec_settings *settings)
{
    struct autorec_settings s = *settings;
    const bool rates = s.loss == AUTOREC_RATINGS;
    if (s.g == AUTOREC_G_AUTO)
        s.g = rates ? AUTOREC_SIGMOID : AUTOREC_TANH;
    if (s.hidden == 0)
        s.hidden = rates ? 64 : 200;
    if (s.batch == 0)
        s.batch = rates ? 64 : 256;
    if (s.lambda < 0)
        s.lambda = rates ? 45 : 1;
    if (s.dropout < 0)
        s.dropout = rates ? 0 : 0.5;
    if (s.rate <= 0)
        s.rate = rates ? 0.01 : 0.002;
    return s;
}

enum status autorec_fit(const struct train_set *data, const void *settings, struct parallel *pool,
                        const struct observer *observer, struct model **ret_model,
                        struct error *reterr)
{
    const struct autorec_settings settled = autorec_settle(settings), *s = &settled;
    struct fit fit = {.data = data, .settings = s, .pool = pool, .observer = observer};
    fit.rates = s->loss == AUTOREC_RATINGS;
    fit.by_item = fit.rates && s->side != AUTOREC_USER;
    if (!fit.rates && s->side == AUTOREC_ITEM)
        return error_set(reterr, STATUS_OUT_OF_RANGE,
                         "autorec: loss=multinomial encodes users; side=item goes with "
                         "loss=ratings");
    fit.model = autorec_new(data->by_user->n_rows, data->by_user->n_columns, (uint32_t)s->hidden,
                            fit.rates, fit.by_item, (enum autorec_g)s->g);
    if (!fit.model)
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory for autorec");
    fit.model->lambda = fmax(s->lambda, 1e-3);
    const enum status status = run(&fit);
    fit_free(&fit);
    if (status != STATUS_OK) {
        autorec_free(&fit.model->base);
        return error_set(reterr, status, "autorec: %s", status_name(status));
    }
    *ret_model = &fit.model->base;
    return STATUS_OK;
}

uint64_t autorec_estimate(const void *settings, uint32_t n_users, uint32_t n_items, uint64_t size)
{
    const struct autorec_settings settled = autorec_settle(settings), *s = &settled;
    const bool rates = s->loss == AUTOREC_RATINGS;
    const bool by_item = rates && s->side != AUTOREC_USER;
    const uint64_t columns = by_item ? n_users : n_items;
    const uint64_t width = tile_round((size_t)s->hidden + 2);
    const uint64_t network = 5 * 2 * (columns + 1) * width * sizeof(float);
    const uint64_t served = 2 * ((uint64_t)n_users + n_items) * width * sizeof(float);
    const uint64_t rows = 6 * size * (sizeof(uint32_t) + sizeof(float)) +
                          5 * ((uint64_t)n_users + n_items) * sizeof(uint64_t);
    const uint64_t batch = tile_round((size_t)s->batch) * (columns + 3 * width) * sizeof(float);
    const uint64_t scratch =
        parallel_cores() * (width * width + 300 * width + 4 * (uint64_t)n_items) * sizeof(float);
    return network + served + rows + batch + scratch;
}
