#include "embed/skipgram.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "embed/skipgram_costs.h"
#include "linalg/kernels.h"

enum {
    STREAM_INITIAL = 0x5c1, /* of random numbers: a token's first vector, */
    STREAM_KEPT = 0x5c2,    /* what an epoch keeps, */
    STREAM_CHUNK = 0x5c3,   /* windows and negatives of a chunk */
    CHUNK_TARGETS = 32,
    BATCH_CHUNKS = 16,
    TOLD_EVERY = 16 /* batches between two looks at the observer, some milliseconds */
};

/* A batch holds about this many terms of the loss of its most frequent token, at the usual rate:
 * more steps from one place would overshoot. Where a handful of tokens fills the smallest batch
 * that is worth while with more, the rate is lowered. */
static const double frequent_terms_max = 240, usual_rate = 0.025, positions_least = 8;
static const double draw_terms_max = 128; /* of one shared negative */

/* Multiplications of a batch from which on it pays to wake other threads for it, which takes some
 * tenths of a millisecond. The bytes are the same either way. */
static const double parallel_least = 2e7;

/* What is left of the rate at the end. */
static const double rate_least = 1e-3;

struct batch_chunk {
    struct chunk_task task;
    struct chunk_step step;
};

struct fit {
    const struct sequences *sequences;
    const struct skipgram_settings *settings;
    uint64_t seed;
    struct parallel *pool;
    const struct observer *observer;
    struct vectors vectors;
    uint64_t *counts; /* [n_tokens] */
    double *noise;    /* [n_tokens] count^alpha */
    uint64_t *keep;   /* [n_tokens] of 2^32, the chance of a position */
    float *bias;      /* [n_tokens], NULL without NCE */
    struct alias alias;
    struct chunk_shape shape;
    double rate;           /* at the start */
    uint32_t batch_chunks; /* at most BATCH_CHUNKS */
    /* memory of the batch */
    struct batch_chunk chunks[BATCH_CHUNKS];
    uint32_t *tokens; /* of all steps */
    float *steps, *scratch;
    size_t scratch_floats; /* a worker's */
    uint32_t n_chunks;     /* in use */
    unsigned n_slices;     /* of the columns, when steps are added */
    /* the way through the sequences */
    struct position *stream;
    size_t n_stream, first;
    uint64_t at, sequence; /* the next token, and its sequence */
    struct rng kept;
    int64_t epoch;
    uint64_t n_batches, n_chunks_done, epoch_batch; /* epoch_batch: the epoch's first */
    struct timesheet sheet;
    double loss, pairs;
};

/* ---- the stream of kept positions ---- */

static void begin_epoch(struct fit *fit, int64_t epoch)
{
    fit->epoch = epoch;
    fit->kept = rng_seed(fit->seed, (uint64_t)STREAM_KEPT << 32 | (uint64_t)epoch);
    fit->n_stream = fit->first = 0;
    fit->at = fit->sequence = 0;
    fit->loss = fit->pairs = 0;
    fit->epoch_batch = fit->n_batches;
}

static void fill_stream(struct fit *fit, size_t wanted)
{
    const struct sequences *s = fit->sequences;
    const uint64_t end = s->starts[s->n];
    for (; fit->n_stream < wanted && fit->at < end; fit->at++) {
        while (fit->at >= s->starts[fit->sequence + 1])
            fit->sequence++;
        const uint32_t token = s->tokens[fit->at];
        const uint64_t keep = fit->keep[token];
        if (keep > UINT32_MAX || (uint32_t)(rng_next(&fit->kept) >> 32) < keep)
            fit->stream[fit->n_stream++] =
                (struct position){.token = token, .sequence = (uint32_t)fit->sequence};
    }
}

/* Leaves a window before the next targets. */
static void drop_behind(struct fit *fit, size_t n_targets)
{
    const size_t next = fit->first + n_targets, window = fit->shape.window;
    const size_t dropped = next > window ? next - window : 0;
    memmove(fit->stream, fit->stream + dropped, (fit->n_stream - dropped) * sizeof *fit->stream);
    fit->n_stream -= dropped;
    fit->first = next - dropped;
}

/* ---- a batch ---- */

static double share_done(const struct fit *fit)
{
    const double all = (double)fit->sequences->starts[fit->sequences->n];
    return ((double)(fit->epoch - 1) + (double)fit->at / all) / (double)fit->settings->epochs;
}

static bool is_loss_told(const struct fit *fit)
{
    return fit->n_batches % SKIPGRAM_LOSS_EVERY == 0;
}

static void set_task(struct fit *fit, uint32_t number, size_t first, uint32_t n, double rate)
{
    const uint64_t chunk = fit->n_chunks_done + number;
    fit->chunks[number].task = (struct chunk_task){
        .stream = fit->stream,
        .n_stream = fit->n_stream,
        .first = first,
        .n = n,
        .vectors = &fit->vectors,
        .rng = rng_seed(fit->seed, (uint64_t)STREAM_CHUNK << 48 ^ chunk),
        .rate = (float)rate,
        .measures = number == 0 && is_loss_told(fit),
    };
}

static void compute_block(void *context, size_t block, unsigned worker)
{
    struct fit *fit = context;
    struct batch_chunk *chunk = &fit->chunks[block];
    struct laps timed;
    chunk_compute(&fit->shape, &chunk->task, fit->scratch + worker * fit->scratch_floats,
                  timesheet_laps(&fit->sheet, worker, &timed), &chunk->step);
}

static void add_rows(float *table, size_t width, const uint32_t *tokens, uint32_t n,
                     const float *steps, size_t from, size_t to)
{
    for (uint32_t r = 0; r < n; r++) {
        float *row = table + tokens[r] * width;
        const float *step = steps + r * width;
        for (size_t k = from; k < to; k++)
            row[k] += step[k];
    }
}

/* One slice of the columns of all steps, chunk after chunk: the order of sums hangs on no thread.
 */
static void add_block(void *context, size_t block, unsigned worker)
{
    struct fit *fit = context;
    struct laps timed, *laps = timesheet_laps(&fit->sheet, worker, &timed);
    const size_t width = fit->vectors.width, tiles = width / TILE;
    const size_t from = block * tiles / fit->n_slices * TILE;
    const size_t to = (block + 1) * tiles / fit->n_slices * TILE;
    for (uint32_t c = 0; c < fit->n_chunks; c++) {
        const struct chunk_step *s = &fit->chunks[c].step;
        add_rows(fit->vectors.inputs, width, s->input_tokens, s->n_inputs, s->inputs, from, to);
        add_rows(fit->vectors.outputs, width, s->target_tokens, s->n_targets, s->targets, from, to);
        add_rows(fit->vectors.outputs, width, s->negative_tokens, fit->shape.shared, s->negatives,
                 from, to);
    }
    laps_end(laps, SKIPGRAM_STEPS);
}

static bool is_timed(const struct fit *fit)
{
    return observer_wants_costs(fit->observer, fit->epoch) &&
           (fit->n_batches == fit->epoch_batch || is_loss_told(fit)) &&
           fit->at < fit->sequences->starts[fit->sequences->n];
}

/* The next positions; returns how many, 0 at the end of the epoch. */
static size_t run_batch(struct fit *fit)
{
    const size_t chunk = fit->shape.targets, batch = fit->batch_chunks * chunk;
    if (is_timed(fit))
        timesheet_open(&fit->sheet);
    struct laps timed, *laps = timesheet_laps(&fit->sheet, 0, &timed);
    fill_stream(fit, fit->first + batch + fit->shape.window);
    laps_end(laps, SKIPGRAM_STREAM);
    const size_t left = fit->n_stream - fit->first, n = left < batch ? left : batch;
    const double rate = fit->rate * fmax(1 - share_done(fit), rate_least);
    fit->n_chunks = (uint32_t)((n + chunk - 1) / chunk);
    for (uint32_t c = 0; c < fit->n_chunks; c++) {
        const size_t done = c * chunk;
        set_task(fit, c, fit->first + done, (uint32_t)(n - done < chunk ? n - done : chunk), rate);
    }
    parallel_for(fit->pool, fit->n_chunks, compute_block, fit, NULL);
    if (fit->n_chunks)
        parallel_for(fit->pool, fit->n_slices, add_block, fit, NULL);
    timesheet_close(&fit->sheet);
    fit->loss += fit->chunks[0].step.loss;
    fit->pairs += fit->chunks[0].step.pairs;
    fit->n_batches++;
    fit->n_chunks_done += fit->n_chunks;
    drop_behind(fit, n);
    return n;
}

static bool are_finite(const struct vectors *v)
{
    float sum = 0; /* what is infinite stays so, or becomes no number */
    for (size_t k = 0; k < v->n * v->width; k++)
        sum += v->inputs[k] * 0 + v->outputs[k] * 0;
    return sum == 0;
}

static size_t step_rows(const struct chunk_shape *shape)
{
    return chunk_inputs(shape) + shape->targets + shape->shared;
}

static size_t stream_size(const struct fit *fit)
{
    return (size_t)fit->batch_chunks * fit->shape.targets + 2 * (size_t)fit->shape.window;
}

static void tell_costs(struct fit *fit)
{
    uint64_t bytes[SKIPGRAM_PARTS];
    const uint64_t n = fit->vectors.n, batch_rows = fit->batch_chunks * step_rows(&fit->shape);
    for (int part = 0; part < SKIPGRAM_PARTS; part++)
        bytes[part] = parallel_threads(fit->pool) *
                      chunk_part_floats(&fit->shape, (enum skipgram_part)part) * sizeof(float);
    bytes[SKIPGRAM_STREAM] =
        stream_size(fit) * sizeof *fit->stream + n * (sizeof *fit->counts + sizeof *fit->keep);
    bytes[SKIPGRAM_DRAWS] =
        n * (sizeof *fit->noise + sizeof *fit->alias.cuts + sizeof *fit->alias.others);
    bytes[SKIPGRAM_STEPS] =
        batch_rows * (fit->shape.width * sizeof *fit->steps + sizeof *fit->tokens);
    skipgram_costs_tell(fit->settings, &fit->vectors, &fit->sheet, bytes, fit->epoch,
                        fit->observer);
    timesheet_clear(&fit->sheet);
}

static enum status run_epochs(struct fit *fit, struct error *reterr)
{
    for (int64_t epoch = 1; epoch <= fit->settings->epochs; epoch++) {
        begin_epoch(fit, epoch);
        while (run_batch(fit) > 0) {
            if (fit->n_batches % TOLD_EVERY != 1)
                continue;
            if (observer_stops(fit->observer))
                return error_set(reterr, STATUS_CANCELLED,
                                 "stopped in epoch %lld of %lld, after %.0f %% of the work",
                                 (long long)epoch, (long long)fit->settings->epochs,
                                 100 * share_done(fit));
            observe_progress(fit->observer, "fitting skip-gram", share_done(fit));
        }
        if (!are_finite(&fit->vectors))
            return error_set(reterr, STATUS_OUT_OF_RANGE,
                             "the vectors grow without bound at a rate of %g; take a lower one",
                             fit->settings->rate);
        if (fit->pairs > 0)
            observe_scalar(fit->observer, "fit/loss", epoch, fit->loss / fit->pairs);
        tell_costs(fit);
    }
    return STATUS_OK;
}

/* ---- before the first epoch ---- */

static double keep_chance(const struct fit *fit, uint32_t token, double total)
{
    const double count = (double)fit->counts[token], subsample = fit->settings->subsample;
    if (!(subsample > 0) || count == 0)
        return 1;
    const double r = subsample * total / count;
    return fmin(sqrt(r) + r, 1);
}

static void init_vectors(struct fit *fit)
{
    struct vectors *v = &fit->vectors;
    for (uint32_t t = 0; t < v->n; t++) {
        struct rng rng = rng_seed(fit->seed, (uint64_t)STREAM_INITIAL << 32 | t);
        for (uint32_t k = 0; k < v->d && fit->counts[t] > 0; k++)
            v->inputs[t * v->width + k] = (float)((rng_uniform(&rng) - 0.5) / v->d);
    }
}

static double targets_of(const struct skipgram_settings *settings)
{
    return fmax(CHUNK_TARGETS, 2 * (double)settings->window);
}

/* Enough of them that the sums have little more noise than with negatives of each pair's own, and
 * that a single draw does not stand for too many of the loss' terms. */
static uint32_t shared_of(const struct skipgram_settings *settings, double targets)
{
    const double k = (double)settings->negatives, pairs = (double)settings->window + 1;
    const double least = fmax(3 * k, targets * pairs * k / draw_terms_max);
    return (uint32_t)tile_round((size_t)ceil(least));
}

static void set_shape(struct fit *fit)
{
    const struct skipgram_settings *s = fit->settings;
    fit->shape.width = tile_round((size_t)s->dimensions);
    fit->shape.window = (uint32_t)s->window;
    fit->shape.bias = fit->bias;
    fit->shape.noise = &fit->alias;
}

/* What is kept, what is drawn, and from both how large a batch may be. */
static enum status weigh_tokens(struct fit *fit)
{
    const struct sequences *s = fit->sequences;
    const double total = (double)s->starts[s->n];
    double kept_most = 0, kept_all = 0, noise = 0, noise_most = 0;
    for (uint64_t k = 0; k < s->starts[s->n]; k++)
        fit->counts[s->tokens[k]]++;
    for (uint32_t t = 0; t < s->n_tokens; t++) {
        const double count = (double)fit->counts[t], keep = keep_chance(fit, t, total);
        fit->keep[t] = (uint64_t)(keep * 0x1p32);
        kept_all += keep * count;
        kept_most = fmax(kept_most, keep * count);
        fit->noise[t] = count > 0 ? pow(count, fit->settings->alpha) : 0;
        noise += fit->noise[t];
        noise_most = fmax(noise_most, fit->noise[t]);
    }
    const double k = (double)fit->settings->negatives,
                 pairs_each = (double)fit->settings->window + 1;
    const double share =
        fmax((1 + k) * kept_most / kept_all, kept_most / kept_all + k * noise_most / noise);
    const double terms = pairs_each * share * fit->settings->rate / usual_rate;
    const double positions = fmax(frequent_terms_max / terms, positions_least);
    fit->rate = fit->settings->rate * fmin(frequent_terms_max / (terms * positions), 1);
    fit->shape.targets = (uint32_t)fmin(targets_of(fit->settings), positions);
    fit->shape.shared = shared_of(fit->settings, fit->shape.targets);
    fit->shape.per_pair = (float)k / (float)fit->shape.shared;
    fit->batch_chunks = (uint32_t)fmin(BATCH_CHUNKS, positions / fit->shape.targets);
    for (uint32_t t = 0; t < s->n_tokens && fit->bias; t++)
        if (fit->noise[t] > 0)
            fit->bias[t] = (float)log((double)fit->settings->negatives * fit->noise[t] / noise);
    return alias_new(fit->noise, s->n_tokens, &fit->alias);
}

static void choose_threads(struct fit *fit)
{
    const struct chunk_shape *shape = &fit->shape;
    const double rows = (double)(shape->targets * (shape->window + 1)) +
                        (double)(chunk_inputs(shape) * shape->shared);
    if (3 * rows * (double)shape->width * fit->batch_chunks < parallel_least)
        fit->pool = NULL;
    const size_t tiles = shape->width / TILE;
    fit->n_slices = parallel_threads(fit->pool);
    if (fit->n_slices > tiles)
        fit->n_slices = (unsigned)tiles;
}

static void lay_out_steps(struct fit *fit)
{
    const struct chunk_shape *shape = &fit->shape;
    const size_t rows = step_rows(shape), inputs = chunk_inputs(shape), width = shape->width;
    for (uint32_t c = 0; c < fit->batch_chunks; c++) {
        uint32_t *tokens = fit->tokens + c * rows;
        float *steps = fit->steps + c * rows * width;
        fit->chunks[c].step =
            (struct chunk_step){.input_tokens = tokens,
                                .target_tokens = tokens + inputs,
                                .negative_tokens = tokens + inputs + shape->targets,
                                .inputs = steps,
                                .targets = steps + inputs * width,
                                .negatives = steps + (inputs + shape->targets) * width};
    }
}

static float *floats_new(size_t n)
{
    const size_t bytes = tile_round(n + 1) * sizeof(float);
    float *floats = aligned_alloc(64, bytes);
    if (floats)
        memset(floats, 0, bytes);
    return floats;
}

static enum status prepare(struct fit *fit)
{
    const uint32_t n = fit->sequences->n_tokens;
    const struct skipgram_settings *s = fit->settings;
    fit->counts = calloc((size_t)n + 1, sizeof *fit->counts);
    fit->noise = calloc((size_t)n + 1, sizeof *fit->noise);
    fit->keep = calloc((size_t)n + 1, sizeof *fit->keep);
    fit->bias = s->loss == SKIPGRAM_NCE ? calloc((size_t)n + 1, sizeof *fit->bias) : NULL;
    if (!fit->counts || !fit->noise || !fit->keep || (s->loss == SKIPGRAM_NCE && !fit->bias))
        return STATUS_NO_MEMORY;
    set_shape(fit);
    const enum status status = weigh_tokens(fit);
    if (status != STATUS_OK)
        return status;
    choose_threads(fit);
    const size_t width = fit->shape.width, rows = fit->batch_chunks * step_rows(&fit->shape);
    fit->vectors = (struct vectors){.n = n, .d = (uint32_t)s->dimensions, .width = width};
    fit->scratch_floats = chunk_scratch_floats(&fit->shape);
    fit->vectors.inputs = floats_new(2 * n * width);
    fit->tokens = calloc(rows, sizeof *fit->tokens);
    fit->steps = floats_new(rows * width);
    fit->scratch = floats_new(parallel_threads(fit->pool) * fit->scratch_floats);
    fit->stream = calloc(stream_size(fit), sizeof *fit->stream);
    if (!fit->vectors.inputs || !fit->tokens || !fit->steps || !fit->scratch || !fit->stream)
        return STATUS_NO_MEMORY;
    fit->vectors.outputs = fit->vectors.inputs + n * width;
    lay_out_steps(fit);
    init_vectors(fit);
    if (observer_wants_costs(fit->observer, 1))
        timesheet_init(&fit->sheet, parallel_threads(fit->pool), SKIPGRAM_PARTS);
    return STATUS_OK;
}

static void release(struct fit *fit)
{
    free(fit->counts);
    free(fit->noise);
    free(fit->keep);
    free(fit->bias);
    alias_free(&fit->alias);
    free(fit->tokens);
    free(fit->steps);
    free(fit->scratch);
    free(fit->stream);
    timesheet_free(&fit->sheet);
}

enum status skipgram_fit(const struct sequences *sequences,
                         const struct skipgram_settings *settings, uint64_t seed,
                         struct parallel *pool, const struct observer *observer,
                         struct vectors *ret_vectors, struct error *reterr)
{
    assert(settings->dimensions >= 1 && settings->dimensions <= SKIPGRAM_DIMENSIONS_MAX);
    assert(settings->window >= 1 && settings->window <= SKIPGRAM_WINDOW_MAX);
    assert(settings->negatives >= 1 && settings->epochs >= 1 && settings->rate > 0);
    if (sequences->n == 0 || sequences->starts[sequences->n] == 0)
        return error_set(reterr, STATUS_OUT_OF_RANGE, "there is nothing to learn from");
    struct fit fit = {.sequences = sequences,
                      .settings = settings,
                      .seed = seed,
                      .pool = pool,
                      .observer = observer};
    skipgram_graph_observe(settings, sequences->n_tokens, observer);
    enum status status = prepare(&fit);
    if (status == STATUS_OK)
        status = run_epochs(&fit, reterr);
    else
        error_set(reterr, status, "out of memory for vectors of %u tokens", sequences->n_tokens);
    release(&fit);
    if (status == STATUS_OK || status == STATUS_CANCELLED)
        *ret_vectors = fit.vectors;
    else
        vectors_free(&fit.vectors);
    return status;
}

uint64_t skipgram_estimate(const struct skipgram_settings *s, uint32_t n_tokens, unsigned threads)
{
    const struct chunk_shape shape = {.width = tile_round((size_t)s->dimensions),
                                      .window = (uint32_t)s->window,
                                      .targets = 2 * SKIPGRAM_WINDOW_MAX,
                                      .shared = shared_of(s, targets_of(s))};
    const uint64_t batch = BATCH_CHUNKS * step_rows(&shape) * (shape.width + 1);
    const uint64_t scratch = chunk_scratch_floats(&shape) * threads;
    return 4 * (2 * (uint64_t)n_tokens * shape.width + batch + scratch) + 40 * (uint64_t)n_tokens;
}

void vectors_free(struct vectors *vectors)
{
    free(vectors->inputs);
    *vectors = (struct vectors){0};
}
