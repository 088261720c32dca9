#include "models/network_fit.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/phases.h"
#include "base/rng.h"
#include "linalg/auc.h"
#include "models/network_costs.h"
#include "models/network_graph.h"
#include "models/network_look.h"
#include "models/network_predict.h"
#include "models/network_step.h"

/* One call of phases_run does about so many multiplications, a few hundredths of a second; the
 * observer is asked between calls. */
static const double run_cost = 2e9;

/* A mean log loss of 100 gives the right label a chance of e^-100: it has diverged. */
static const double loss_max = 100;

/* Examples that are validated between two looks at the observer. */
enum { SLICE = 1 << 18 };

struct validation {
    const struct examples *examples; /* NULL: none */
    float *labels, *weights, *scores;
    double loss, auc;
};

struct fit {
    const struct network_settings *settings;
    const struct predictor_task *task;
    const struct observer *observer;
    struct parallel *pool;
    struct network *network;
    struct arena arena;
    struct network_step step;
    struct network_look look;
    bool looks; /* at this epoch's end */
    struct network_costs costs;
    bool measures;  /* a step of this epoch */
    bool measuring; /* the one at hand */
    struct schedule schedule;
    struct validation validation;
    uint32_t *rows; /* [n] in the epoch's order */
    float *best;    /* parameters of the best pass, or of the last good one */
    double best_score;
    double mean_weight;
    uint64_t n_steps;  /* begun since the start of the fit */
    uint32_t n;        /* training examples */
    uint32_t batch;    /* examples of a full one */
    uint32_t at;       /* examples of this epoch that are done */
    uint32_t run_rows; /* of one phases_run, at least */
    uint32_t run_end;  /* where this run ends */
    uint32_t batch_at; /* where the batch at hand begins */
    double loss;       /* of this epoch so far: weighted sum */
    double batch_loss; /* of the batch at hand */
    struct network_trail trail;
    enum { PHASE_NONE, PHASE_ROWS, PHASE_UNITS } phase;
};

/* ---- phases ---- */

static bool is_finite(const struct network *network)
{
    float sum = 0; /* of zeros, or NaN */
    for (size_t i = 0; i < network->size; i++)
        sum += network->parameters[i] * 0;
    return sum == 0;
}

/* Every batch its own dropout, whatever epoch. */
static uint64_t batch_seed(const struct fit *fit)
{
    return fit->task->seed * UINT64_C(0x9e3779b97f4a7c15) + fit->n_steps;
}

static void begin_batch(struct fit *fit, uint32_t n)
{
    struct network_step *step = &fit->step;
    fit->n_steps++;
    const float factor = schedule_factor(&fit->schedule, fit->n_steps);
    step->pace = optimizer_pace(&step->update.deep, factor, fit->n_steps, true);
    step->plain_pace = optimizer_pace(&step->update.deep, factor, fit->n_steps, false);
    step->learning.seed = batch_seed(fit);
    step->learning.scale = (float)(1 / (fit->mean_weight * n));
}

/* The next chunk of rows: of the batch at hand, or the first of the next. */
static size_t begin_chunk(struct fit *fit)
{
    const uint32_t left = fit->n - fit->batch_at;
    const uint32_t batch = left < fit->batch ? left : fit->batch;
    const uint32_t done = fit->at - fit->batch_at;
    if (done == 0)
        begin_batch(fit, batch);
    if (done == 0 && batch == left && fit->looks)
        network_look_before(&fit->look);
    if (done == 0)
        fit->measuring = fit->measures && batch == fit->batch && left - batch < fit->batch;
    if (done == 0 && fit->measuring)
        network_costs_begin(&fit->costs);
    const uint32_t rest = batch - done, n = rest < NETWORK_CHUNK ? rest : NETWORK_CHUNK;
    fit->step.learning.first_row = done;
    network_step_begin(&fit->step, fit->rows + fit->at, n, done == 0, n == rest);
    return fit->step.n_blocks;
}

/* The batch ends with its last chunk. */
static void end_chunk(struct fit *fit)
{
    if (fit->measuring)
        network_costs_chunk(&fit->costs);
    fit->at += fit->step.n_rows;
    if (fit->step.is_last)
        fit->batch_at = fit->at;
}

/* The loss of a chunk; a batch that ends, or breaks, leaves its own on the trail. */
static void note_loss(struct fit *fit, double loss)
{
    const uint32_t left = fit->n - fit->batch_at, n = left < fit->batch ? left : fit->batch;
    struct network_trail *trail = &fit->trail;
    fit->loss += loss;
    fit->batch_loss = (fit->step.is_first ? 0 : fit->batch_loss) + loss;
    if (!fit->step.is_last && isfinite(fit->loss))
        return;
    const struct network_mark mark = {fit->n_steps, fit->batch_loss / (fit->mean_weight * n)};
    trail->of[trail->n++ % NETWORK_TRAIL] = mark;
    if (trail->worst.step == 0 || !(mark.loss <= trail->worst.loss))
        trail->worst = mark;
}

/* Rows, then units, then the next rows. A run ends between chunks, when its share is done, or where
 * the loss is no number any more. */
static size_t begin_phase(void *context)
{
    struct fit *fit = context;
    if (fit->phase == PHASE_ROWS) {
        note_loss(fit, network_step_loss(&fit->step));
        fit->phase = isfinite(fit->loss) ? PHASE_UNITS : PHASE_NONE;
        return fit->phase == PHASE_UNITS ? fit->step.n_units : 0;
    }
    if (fit->phase == PHASE_UNITS) {
        if (fit->observer && fit->observer->numerics && !is_finite(fit->network)) {
            fit->loss = NAN; /* and the batch stays at hand */
            fit->phase = PHASE_NONE;
            return 0;
        }
        end_chunk(fit);
    }
    fit->phase = fit->at < fit->run_end ? PHASE_ROWS : PHASE_NONE;
    return fit->phase == PHASE_ROWS ? begin_chunk(fit) : 0;
}

static void run_piece(void *context, size_t piece, unsigned worker)
{
    (void)worker;
    struct fit *fit = context;
    if (fit->phase == PHASE_ROWS)
        network_step_block(&fit->step, (uint32_t)piece);
    else
        network_step_unit(&fit->step, (uint32_t)piece, true);
}

/* ---- epochs ---- */

static enum status cancelled(const struct fit *fit, struct error *reterr)
{
    return error_set(reterr, STATUS_CANCELLED, "%s: cancelled", fit->network->base.class->name);
}

static void observe_share(const struct fit *fit, uint32_t epoch)
{
    const double share =
        ((double)(epoch - 1) + (double)fit->at / fit->n) / (double)fit->settings->epochs;
    observe_progress(fit->observer, "fitting", share);
}

/* One pass over the training part; ends early at a loss that is no number. */
static enum status run_epoch(struct fit *fit, uint32_t epoch, struct error *reterr)
{
    struct rng rng = rng_seed(fit->task->seed, UINT64_C(1000000) + epoch);
    rng_shuffle(&rng, fit->rows, fit->n);
    fit->at = fit->batch_at = 0;
    fit->loss = 0;
    fit->trail.worst.step = 0;
    fit->looks = network_look_is_due(&fit->look, epoch);
    fit->measures = network_costs_are_due(&fit->costs, epoch);
    fit->measuring = false;
    while (fit->at < fit->n && isfinite(fit->loss)) {
        if (observer_stops(fit->observer))
            return cancelled(fit, reterr);
        const uint32_t left = fit->n - fit->at;
        fit->run_end = left > fit->run_rows ? fit->at + fit->run_rows : fit->n;
        phases_run(fit->pool, begin_phase, run_piece, fit);
        observe_share(fit, epoch);
    }
    return STATUS_OK;
}

/* ---- validation ---- */

static double mean_loss(const struct validation *v)
{
    double sum = 0, weights = 0;
    for (uint32_t i = 0; i < v->examples->n; i++) {
        const double p = fmin(fmax((double)v->scores[i], 1e-12), 1 - 1e-12);
        const double label = (double)v->labels[i];
        sum -= (double)v->weights[i] * (label * log(p) + (1 - label) * log1p(-p));
        weights += (double)v->weights[i];
    }
    return sum / weights;
}

static enum status predict_all(struct fit *fit, struct arena *scratch, struct error *reterr)
{
    struct validation *v = &fit->validation;
    for (uint32_t at = 0; at < v->examples->n;) {
        const uint32_t left = v->examples->n - at, n = left < SLICE ? left : SLICE;
        if (observer_stops(fit->observer))
            return cancelled(fit, reterr);
        const enum status status = network_predict_some(fit->network, v->examples, at, n, fit->pool,
                                                        v->scores + at, scratch);
        if (status != STATUS_OK)
            return error_set(reterr, status, "out of memory to validate");
        arena_reset(scratch);
        at += n;
    }
    return STATUS_OK;
}

static enum status validate(struct fit *fit, struct error *reterr)
{
    struct validation *v = &fit->validation;
    struct arena scratch = {0};
    enum status status = predict_all(fit, &scratch, reterr);
    arena_free(&scratch);
    if (status != STATUS_OK)
        return status;
    if (auc_roc(v->scores, v->labels, v->weights, v->examples->n, &v->auc) != STATUS_OK)
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory to validate");
    v->loss = mean_loss(v);
    return STATUS_OK;
}

/* A validation without one of the labels has no AUC: it goes by the loss. */
static double validation_score(const struct fit *fit)
{
    const struct validation *v = &fit->validation;
    const bool by_auc = fit->settings->stop_by == NETWORK_STOP_AUC && isfinite(v->auc);
    return by_auc ? v->auc : -v->loss;
}

/* ---- the passes ---- */

static void keep(struct fit *fit, uint32_t epoch, double train_loss)
{
    struct predictor_report *report = &fit->network->report;
    const struct validation *v = &fit->validation;
    memcpy(fit->best, fit->network->parameters, fit->network->size * sizeof *fit->best);
    report->best_epoch = epoch;
    report->train_loss = train_loss;
    if (!v->examples)
        return;
    fit->best_score = validation_score(fit);
    report->valid_loss = v->loss;
    report->valid_auc = v->auc;
}

static void observe_epoch(const struct fit *fit, uint32_t epoch, double train_loss)
{
    const struct observer *o = fit->observer;
    const struct validation *v = &fit->validation;
    observe_scalar(o, "train/loss", epoch, train_loss);
    if (fit->network->shape.deep)
        observe_scalar(o, "train/rate", epoch,
                       fit->settings->deep_rate *
                           (double)schedule_factor(&fit->schedule, fit->n_steps));
    if (fit->network->n_wide) {
        network_count(fit->network);
        observe_scalar(o, "wide/zero_share", epoch,
                       (double)fit->network->report.wide_zero / fit->network->n_wide);
    }
    if (!v->examples)
        return;
    observe_scalar(o, "eval/loss", epoch, v->loss);
    if (isfinite(v->auc))
        observe_scalar(o, "eval/auc", epoch, v->auc);
    observe_scores(o, "eval/pr", epoch, v->scores, v->labels, v->weights, v->examples->n);
}

/* What to do about a loss that runs away, and which pass it was. */
static enum status diverged(struct fit *fit, uint32_t epoch, double loss, struct error *reterr)
{
    struct predictor_report *report = &fit->network->report;
    report->diverged_epoch = epoch;
    report->diverged_loss = loss;
    const uint32_t row = fit->batch_at < fit->n ? fit->batch_at : fit->n - 1;
    fit->trail.epoch = epoch;
    fit->trail.step = fit->n_steps;
    fit->trail.batch = row / fit->batch + 1;
    network_look_broken(fit->network, &fit->trail, loss, fit->observer);
    if (fit->look.before)
        network_look_after(&fit->look, epoch);
    if (report->best_epoch > 0)
        return STATUS_OK;
    char where[NETWORK_WHERE_MAX];
    network_look_where(fit->network, fit->n_steps, fit->trail.batch, where);
    const bool wide = fit->network->shape.wide, deep = fit->network->shape.deep;
    return error_set(reterr, STATUS_OUT_OF_RANGE,
                     "%s: the loss diverged in epoch %" PRIu32 " (%g)%s; lower %s, or scale "
                     "numeric columns (normalize)",
                     fit->network->base.class->name, epoch, loss, where,
                     !deep  ? "wide_rate"
                     : wide ? "deep_rate or wide_rate"
                            : "deep_rate");
}

/* One pass and what follows; *ret_ends when there should be no further one. */
static enum status pass_once(struct fit *fit, uint32_t epoch, bool *ret_ends, struct error *reterr)
{
    struct predictor_report *report = &fit->network->report;
    enum status status = run_epoch(fit, epoch, reterr);
    if (status != STATUS_OK)
        return status;
    const double loss = fit->loss / (fit->mean_weight * fit->n);
    bool good = loss <= loss_max && is_finite(fit->network);
    if (good && fit->validation.examples) {
        status = validate(fit, reterr);
        good = isfinite(fit->validation.loss);
    }
    if (status != STATUS_OK)
        return status;
    report->epochs = epoch;
    if (!good) {
        *ret_ends = true;
        return diverged(fit, epoch, loss, reterr);
    }
    observe_epoch(fit, epoch, loss);
    network_costs_tell(&fit->costs, epoch);
    if (fit->looks)
        network_look_after(&fit->look, epoch);
    if (report->best_epoch == 0 || !fit->validation.examples ||
        validation_score(fit) > fit->best_score)
        keep(fit, epoch, loss);
    const int64_t patience = fit->settings->patience;
    *ret_ends = patience > 0 && epoch - report->best_epoch >= patience;
    return STATUS_OK;
}

static enum status pass_all(struct fit *fit, struct error *reterr)
{
    bool ends = false;
    enum status status = STATUS_OK;
    for (uint32_t epoch = 1; epoch <= fit->settings->epochs && !ends && status == STATUS_OK;
         epoch++)
        status = pass_once(fit, epoch, &ends, reterr);
    if (status != STATUS_OK)
        return status;
    memcpy(fit->network->parameters, fit->best, fit->network->size * sizeof *fit->best);
    network_count(fit->network);
    observe_progress(fit->observer, "fitting", 1);
    return STATUS_OK;
}

/* ---- before ---- */

static enum status prepare_validation(struct fit *fit, struct error *reterr)
{
    const struct examples *examples = fit->task->valid;
    struct validation *v = &fit->validation;
    if (!examples)
        return STATUS_OK;
    struct label_sums sums;
    const enum status status =
        labels_check(examples, "the validation part", fit->observer, &sums, reterr);
    if (status != STATUS_OK)
        return status;
    v->labels = arena_alloc(&fit->arena, examples->n * sizeof *v->labels);
    v->weights = arena_alloc(&fit->arena, examples->n * sizeof *v->weights);
    v->scores = arena_alloc(&fit->arena, examples->n * sizeof *v->scores);
    if (!v->labels || !v->weights || !v->scores ||
        labels_read(examples, v->labels, v->weights) != STATUS_OK)
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory to validate");
    v->examples = examples;
    return STATUS_OK;
}

/* Multiplications for one example, there and back. */
static double example_cost(const struct network *network)
{
    double cost = 1000;
    for (uint32_t i = 0; i < network->n_layers; i++)
        cost += 3.0 * network->layers[i].in * network->layers[i].width;
    return cost;
}

static void prepare_counts(struct fit *fit, const struct label_sums *labels)
{
    const struct network_settings *s = fit->settings;
    const double more = labels->positive_weight * (s->positive_weight - 1);
    fit->n = fit->task->train->n;
    fit->mean_weight = (labels->weight + more) / fit->n;
    fit->batch = s->batch < fit->n ? (uint32_t)s->batch : fit->n;
    const double rows = run_cost / example_cost(fit->network);
    fit->run_rows = rows < NETWORK_CHUNK ? NETWORK_CHUNK : rows > 1e6 ? 1000000 : (uint32_t)rows;
    const uint64_t steps = (uint64_t)s->epochs * ((fit->n + (uint64_t)fit->batch - 1) / fit->batch);
    fit->schedule = (struct schedule){
        .kind = (enum schedule_kind)s->schedule,
        .steps = steps,
        .warmup_steps = (uint64_t)(s->warmup * (double)steps),
    };
}

static struct network_update update_of(const struct network_settings *s)
{
    return (struct network_update){
        .deep = {.kind = (enum optimizer_kind)s->optimizer,
                 .rate = (float)s->deep_rate,
                 .weight_decay = (float)s->weight_decay,
                 .initial_sum = (float)s->adagrad_start},
        .wide = {.alpha = (float)s->wide_rate,
                 .beta = (float)s->wide_beta,
                 .l1 = (float)s->l1,
                 .l2 = (float)s->l2,
                 .initial_sum = 0.1f},
    };
}

static enum status prepare_step(struct fit *fit, struct error *reterr)
{
    const struct network_update update = update_of(fit->settings);
    const uint32_t chunk = fit->batch < NETWORK_CHUNK ? fit->batch : NETWORK_CHUNK;
    fit->rows = arena_alloc(&fit->arena, fit->n * sizeof *fit->rows);
    fit->best = arena_alloc(&fit->arena, fit->network->size * sizeof *fit->best);
    if (!fit->rows || !fit->best ||
        network_step_init(fit->network, fit->task->train, &update, chunk, &fit->arena,
                          &fit->step) != STATUS_OK)
        return error_set(reterr, STATUS_NO_MEMORY, "%s: out of memory for the fit",
                         fit->network->base.class->name);
    for (uint32_t i = 0; i < fit->n; i++)
        fit->rows[i] = i;
    fit->step.learning.dropout = (float)fit->settings->dropout;
    fit->step.learning.positive_weight = (float)fit->settings->positive_weight;
    const struct feature_layout *layout = fit->task->train->layout;
    if (network_look_init(&fit->step, layout, fit->rows, fit->observer, &fit->arena, &fit->look) !=
            STATUS_OK ||
        network_costs_init(&fit->step, layout, fit->settings, fit->observer, &fit->arena,
                           &fit->costs) != STATUS_OK)
        return error_set(reterr, STATUS_NO_MEMORY, "%s: out of memory to watch the fit",
                         fit->network->base.class->name);
    return STATUS_OK;
}

static enum status prepare(struct fit *fit, const struct label_sums *labels, struct error *reterr)
{
    const struct predictor_task *task = fit->task;
    enum status status = network_take_parameters(fit->network, reterr);
    if (status != STATUS_OK)
        return status;
    network_init(fit->network, labels, fit->settings->embedding_scale, task->seed);
    if (task->warm)
        status = network_warm(fit->network, (const struct network *)task->warm, task->warm_features,
                              reterr);
    if (status == STATUS_OK)
        status = prepare_validation(fit, reterr);
    if (status != STATUS_OK)
        return status;
    prepare_counts(fit, labels);
    return prepare_step(fit, reterr);
}

enum status network_fit(const struct predictor_class *class, bool wide, bool deep,
                        const struct predictor_task *task, const struct network_settings *settings,
                        struct parallel *pool, const struct observer *observer,
                        struct predictor **ret_predictor, struct error *reterr)
{
    struct fit fit = {.settings = settings, .task = task, .observer = observer, .pool = pool};
    struct network_shape shape = {.wide = wide, .deep = deep};
    struct label_sums labels;
    enum status status = STATUS_OK;
    if (deep) {
        shape.layer_norm = settings->layer_norm;
        shape.n_cross = (uint32_t)settings->cross_layers;
        status = network_hidden_parse(settings->hidden, &shape, reterr);
    }
    if (status == STATUS_OK)
        status = labels_check(task->train, "the training part", observer, &labels, reterr);
    if (status == STATUS_OK)
        status = network_new(class, task->train->layout, &shape, &fit.network, reterr);
    if (status == STATUS_OK)
        status = prepare(&fit, &labels, reterr);
    if (status == STATUS_OK) {
        network_graph_observe(fit.network, task->train->layout, settings, observer);
        status = pass_all(&fit, reterr);
    }
    arena_free(&fit.arena);
    if (status != STATUS_OK) {
        network_free((struct predictor *)fit.network);
        return status;
    }
    *ret_predictor = &fit.network->base;
    return STATUS_OK;
}
