#include "embed/skipgram_chunk.h"

#include <math.h>
#include <string.h>

#include "linalg/kernels.h"
#include "linalg/layers.h"
#include "linalg/sigmoids.h"

/* Input p of a chunk stands at the position of target p - before; target i pairs with the inputs
 * from first[i] to last[i], but for itself. */
struct work {
    const struct chunk_shape *shape;
    const struct chunk_task *task;
    struct chunk_step *step;
    const struct kernels *kernels;
    struct laps *laps;
    uint32_t n, n_inputs, before, band;
    float *inputs, *targets, *negatives; /* rows as they are */
    float *transposed;                   /* [width x shared] */
    float *scores;                       /* [inputs x shared] */
    float *along;           /* [targets x band] of target i, input p at p - (i + before) + window */
    float *across;          /* [inputs x band] of input p, target i likewise */
    float *counts;          /* [inputs] pairs */
    float *own;             /* [inputs] pairs whose output is the negative at hand */
    uint32_t *first, *last; /* [targets] */
};

static float *carve(float **scratch, size_t floats)
{
    float *part = *scratch;
    *scratch += tile_round(floats);
    return part;
}

static void lay_out(struct work *w, float *scratch)
{
    const struct chunk_shape *s = w->shape;
    const size_t inputs = chunk_inputs(s), band = 2 * (size_t)s->window + 1;
    w->inputs = carve(&scratch, inputs * s->width);
    w->targets = carve(&scratch, s->targets * s->width);
    w->negatives = carve(&scratch, s->shared * s->width);
    w->transposed = carve(&scratch, s->shared * s->width);
    w->scores = carve(&scratch, inputs * s->shared);
    w->along = carve(&scratch, s->targets * band);
    w->across = carve(&scratch, inputs * band);
    w->counts = carve(&scratch, inputs);
    w->own = carve(&scratch, inputs);
    w->first = (uint32_t *)carve(&scratch, s->targets);
    w->last = (uint32_t *)carve(&scratch, s->targets);
    w->band = (uint32_t)band;
}

/* As lay_out carves them. */
size_t chunk_part_floats(const struct chunk_shape *s, enum skipgram_part part)
{
    const size_t inputs = chunk_inputs(s), band = 2 * (size_t)s->window + 1, targets = s->targets;
    if (part == SKIPGRAM_WINDOWS)
        return tile_round(inputs) + 2 * tile_round(targets);
    if (part == SKIPGRAM_NEIGHBOUR_LOOKUP)
        return tile_round(inputs * s->width);
    if (part == SKIPGRAM_OBSERVED_LOOKUP)
        return tile_round(targets * s->width);
    if (part == SKIPGRAM_NOISE_LOOKUP)
        return tile_round(s->shared * s->width);
    if (part == SKIPGRAM_OBSERVED_PRODUCT)
        return tile_round(targets * band) + tile_round(inputs * band);
    if (part == SKIPGRAM_NOISE_PRODUCT)
        return tile_round(s->shared * s->width) + tile_round(inputs * s->shared);
    return part == SKIPGRAM_NOISE_LOSS ? tile_round(inputs) : 0;
}

size_t chunk_scratch_floats(const struct chunk_shape *shape)
{
    size_t sum = 0;
    for (int part = 0; part < SKIPGRAM_PARTS; part++)
        sum += chunk_part_floats(shape, (enum skipgram_part)part);
    return sum;
}

/* ---- what belongs together ---- */

static void lay_windows(struct work *w, struct rng *rng)
{
    const struct chunk_task *task = w->task;
    memset(w->counts, 0, w->n_inputs * sizeof *w->counts);
    for (uint32_t i = 0; i < w->n; i++) {
        const uint32_t reach = 1 + rng_below(rng, w->shape->window), at = i + w->before;
        const struct position *here = task->stream + task->first + i;
        uint32_t first = at, last = at;
        while (first > 0 && at - first < reach &&
               here[-(ptrdiff_t)(at - first) - 1].sequence == here->sequence)
            first--;
        while (last + 1 < w->n_inputs && last - at < reach &&
               here[last - at + 1].sequence == here->sequence)
            last++;
        w->first[i] = first;
        w->last[i] = last;
        for (uint32_t p = first; p <= last; p++)
            w->counts[p] += p != at;
    }
    laps_end(w->laps, SKIPGRAM_WINDOWS);
}

static void draw_negatives(struct work *w, struct rng *rng)
{
    for (uint32_t k = 0; k < w->shape->shared; k++)
        w->step->negative_tokens[k] = alias_draw(w->shape->noise, rng);
    laps_end(w->laps, SKIPGRAM_DRAWS);
}

static void gather(const float *table, size_t width, const uint32_t *tokens, uint32_t n, float *out)
{
    for (uint32_t i = 0; i < n; i++)
        memcpy(out + i * width, table + tokens[i] * width, width * sizeof *out);
}

static void gather_all(struct work *w)
{
    const struct chunk_task *task = w->task;
    struct chunk_step *step = w->step;
    const size_t width = w->shape->width;
    const struct position *inputs = task->stream + task->first - w->before;
    for (uint32_t p = 0; p < w->n_inputs; p++)
        step->input_tokens[p] = inputs[p].token;
    memcpy(step->target_tokens, step->input_tokens + w->before, w->n * sizeof(uint32_t));
    gather(task->vectors->inputs, width, step->input_tokens, w->n_inputs, w->inputs);
    laps_end(w->laps, SKIPGRAM_NEIGHBOUR_LOOKUP);
    gather(task->vectors->outputs, width, step->target_tokens, w->n, w->targets);
    laps_end(w->laps, SKIPGRAM_OBSERVED_LOOKUP);
    gather(task->vectors->outputs, width, step->negative_tokens, w->shape->shared, w->negatives);
    laps_end(w->laps, SKIPGRAM_NOISE_LOOKUP);
}

/* ---- pairs of a window ---- */

static size_t band_at(const struct work *w, uint32_t i, uint32_t p)
{
    return p + w->shape->window - i - w->before;
}

static void contrast_pairs(struct work *w)
{
    for (uint32_t i = 0; i < w->n; i++) {
        const float bias = w->shape->bias[w->step->target_tokens[i]];
        for (uint32_t p = w->first[i]; p <= w->last[i]; p++)
            w->along[i * w->band + band_at(w, i, p)] -= bias;
    }
    laps_end(w->laps, SKIPGRAM_OBSERVED_CONTRAST);
}

static void score_pairs(struct work *w)
{
    const size_t width = w->shape->width;
    memset(w->along, 0, w->n * w->band * sizeof *w->along);
    for (uint32_t i = 0; i < w->n; i++) {
        const uint32_t first = w->first[i], n = w->last[i] - first + 1;
        float *scores = w->along + i * w->band + band_at(w, i, first);
        w->kernels->scan(w->inputs + first * width, n, width, w->targets + i * width, scores);
    }
    laps_end(w->laps, SKIPGRAM_OBSERVED_PRODUCT);
    if (w->shape->bias)
        contrast_pairs(w);
    sigmoids(w->along, w->n * w->band);
    laps_end(w->laps, SKIPGRAM_OBSERVED_LOSS);
}

/* Scores become steps, rate (1 - s(f)), kept by target and by input; 0 outside of the window. */
static void weigh_pairs(struct work *w)
{
    memset(w->across, 0, w->n_inputs * w->band * sizeof *w->across);
    for (uint32_t i = 0; i < w->n; i++) {
        float *row = w->along + i * w->band;
        for (uint32_t p = w->first[i]; p <= w->last[i]; p++) {
            const size_t k = band_at(w, i, p);
            row[k] = p == i + w->before ? 0 : w->task->rate * (1 - row[k]);
            w->across[p * w->band + (w->band - 1 - k)] = row[k];
        }
    }
    laps_end(w->laps, SKIPGRAM_OBSERVED_LOSS);
}

static void step_pairs(struct work *w)
{
    const size_t width = w->shape->width;
    const uint32_t window = w->shape->window;
    memset(w->step->targets, 0, w->n * width * sizeof(float));
    memset(w->step->inputs, 0, w->n_inputs * width * sizeof(float));
    for (uint32_t i = 0; i < w->n; i++) {
        const uint32_t first = w->first[i], n = w->last[i] - first + 1;
        w->kernels->combine(w->inputs + first * width, n, width,
                            w->along + i * w->band + band_at(w, i, first),
                            w->step->targets + i * width);
    }
    for (uint32_t p = 0; p < w->n_inputs; p++) {
        const uint32_t low = window + w->before; /* target i stands in column i + low - p */
        const uint32_t first = p > low ? p - low : 0;
        const uint32_t end = p + window + 1 > w->before ? p + window + 1 - w->before : 0;
        const uint32_t last = end < w->n ? end : w->n;
        if (first < last)
            w->kernels->combine(w->targets + first * width, last - first, width,
                                w->across + p * w->band + (first + low - p),
                                w->step->inputs + p * width);
    }
    laps_end(w->laps, SKIPGRAM_OBSERVED_PRODUCT);
}

/* ---- negatives ---- */

static void contrast_negatives(struct work *w)
{
    const size_t shared = w->shape->shared;
    for (uint32_t p = 0; p < w->n_inputs; p++)
        for (size_t k = 0; k < shared; k++)
            w->scores[p * shared + k] -= w->shape->bias[w->step->negative_tokens[k]];
    laps_end(w->laps, SKIPGRAM_NOISE_CONTRAST);
}

static void score_negatives(struct work *w)
{
    const size_t width = w->shape->width, shared = w->shape->shared;
    matrix_transpose(w->negatives, width, w->transposed, shared, shared, width);
    const struct gemm product = {.a = w->inputs,
                                 .a_row = width,
                                 .a_step = 1,
                                 .b = w->transposed,
                                 .b_row = shared,
                                 .c = w->scores,
                                 .c_row = shared,
                                 .m = w->n_inputs,
                                 .n = shared,
                                 .k = width};
    w->kernels->gemm(&product, false);
    laps_end(w->laps, SKIPGRAM_NOISE_PRODUCT);
    if (w->shape->bias)
        contrast_negatives(w);
    sigmoids(w->scores, w->n_inputs * shared);
    laps_end(w->laps, SKIPGRAM_NOISE_LOSS);
}

/* Takes out of column k what its token would do to pairs that it is itself the output of. */
static void spare_own(struct work *w, size_t k)
{
    const uint32_t token = w->step->negative_tokens[k];
    const size_t shared = w->shape->shared;
    bool any = false;
    for (uint32_t i = 0; i < w->n; i++)
        any |= w->step->target_tokens[i] == token;
    if (!any)
        return;
    memset(w->own, 0, w->n_inputs * sizeof *w->own);
    for (uint32_t i = 0; i < w->n; i++)
        if (w->step->target_tokens[i] == token)
            for (uint32_t p = w->first[i]; p <= w->last[i]; p++)
                w->own[p] += p != i + w->before;
    for (uint32_t p = 0; p < w->n_inputs; p++)
        if (w->own[p] > 0)
            w->scores[p * shared + k] *= (w->counts[p] - w->own[p]) / w->counts[p];
}

static void weigh_negatives(struct work *w)
{
    const size_t shared = w->shape->shared;
    for (size_t k = 0; k < shared; k++)
        spare_own(w, k);
    for (uint32_t p = 0; p < w->n_inputs; p++) {
        const float weight = -w->task->rate * w->shape->per_pair * w->counts[p];
        for (size_t k = 0; k < shared; k++)
            w->scores[p * shared + k] *= weight;
    }
    laps_end(w->laps, SKIPGRAM_NOISE_LOSS);
}

static void step_negatives(struct work *w)
{
    const size_t width = w->shape->width, shared = w->shape->shared;
    const struct gemm to_inputs = {.a = w->scores,
                                   .a_row = shared,
                                   .a_step = 1,
                                   .b = w->negatives,
                                   .b_row = width,
                                   .c = w->step->inputs,
                                   .c_row = width,
                                   .m = w->n_inputs,
                                   .n = width,
                                   .k = shared};
    w->kernels->gemm(&to_inputs, true);
    const struct gemm to_negatives = {.a = w->scores,
                                      .a_row = 1,
                                      .a_step = shared,
                                      .b = w->inputs,
                                      .b_row = width,
                                      .c = w->step->negatives,
                                      .c_row = width,
                                      .m = shared,
                                      .n = width,
                                      .k = w->n_inputs};
    w->kernels->gemm(&to_negatives, false);
    laps_end(w->laps, SKIPGRAM_NOISE_PRODUCT);
}

/* ---- the whole ---- */

/* Of scores that are probabilities already. -log(1 - p) of p that was rounded to 1 is bounded. */
static void measure(struct work *w)
{
    double loss = 0, pairs = 0;
    for (uint32_t i = 0; i < w->n; i++)
        for (uint32_t p = w->first[i]; p <= w->last[i]; p++)
            if (p != i + w->before)
                loss -= log((double)w->along[i * w->band + band_at(w, i, p)]);
    for (uint32_t p = 0; p < w->n_inputs; p++) {
        double row = 0;
        for (size_t k = 0; k < w->shape->shared; k++)
            row -= log(fmax(1 - (double)w->scores[p * w->shape->shared + k], 1e-7));
        loss += row * (double)(w->shape->per_pair * w->counts[p]);
        pairs += (double)w->counts[p];
    }
    w->step->loss = loss;
    w->step->pairs = pairs;
    laps_end(w->laps, SKIPGRAM_LOSS);
}

void chunk_compute(const struct chunk_shape *shape, const struct chunk_task *task, float *scratch,
                   struct laps *laps, struct chunk_step *step)
{
    struct rng rng = task->rng;
    const size_t ahead = task->n_stream - task->first - task->n;
    struct work w = {.shape = shape,
                     .task = task,
                     .step = step,
                     .kernels = kernels_get(),
                     .laps = laps,
                     .n = task->n,
                     .before = task->first < shape->window ? (uint32_t)task->first : shape->window};
    w.n_inputs = w.before + w.n + (ahead < shape->window ? (uint32_t)ahead : shape->window);
    step->n_inputs = w.n_inputs;
    step->n_targets = w.n;
    step->loss = step->pairs = 0;
    lay_out(&w, scratch);
    lay_windows(&w, &rng);
    draw_negatives(&w, &rng);
    gather_all(&w);
    score_pairs(&w);
    score_negatives(&w);
    if (task->measures)
        measure(&w);
    weigh_pairs(&w);
    step_pairs(&w);
    weigh_negatives(&w);
    step_negatives(&w);
}
