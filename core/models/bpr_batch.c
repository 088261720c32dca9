#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "linalg/kernels.h"
#include "linalg/optimizer.h"
#include "models/bpr_model.h"

enum {
    STREAM_HISTORY = 0xb91, /* of random numbers: which of a history are held out, */
    STREAM_NEGATIVES = 0xb92,
    USERS_BLOCK = 8, /* of work, whatever the number of threads */
    NEGATIVES_BLOCK = 64,
    ITEMS_BLOCK = 64,
};

#define NONE UINT32_MAX

/* An item of a user's history in this batch. */
struct entry {
    uint32_t item;
    uint32_t next; /* entry of the same item and table; NONE */
    bool held_out;
};

struct slot {
    uint32_t user, n, n_held_out;
    float length; /* |h|; 0: the user is passed over */
    float weight; /* of a held-out item */
    double loss;
};

struct bpr_batch {
    const struct bpr_fit *fit;
    uint32_t n;           /* users of this batch */
    uint32_t n_negatives; /* distinct items drawn */
    size_t stride;        /* of rows of scores: negatives up to whole tiles */
    int64_t epoch;
    struct adam_step pace;
    struct slot *slots;      /* [batch] */
    struct entry *entries;   /* [batch x room] */
    uint32_t room;           /* of a user's entries */
    uint32_t *negatives;     /* [n_negatives] */
    uint32_t *negative_slot; /* [m] where in negatives, or NONE */
    uint32_t *heads;         /* [2 m] first entry by table and item, or NONE */
    uint32_t *touched;       /* table * m + item, each once */
    uint32_t n_touched;
    float *memory;
    float *users;          /* [batch x width] h / |h| */
    float *steps;          /* [batch x width] dL / dh */
    float *scores;         /* [batch x stride], then dL / ds */
    float *rows, *columns; /* [stride x width] e / |e| of the negatives, and its transpose */
    float *gradients;      /* [stride x width] dL / d(e / |e|) of them */
    float *work;           /* [workers x width] */
};

/* ---- histories ---- */

/* Each item is held out by chance; at least one is and at least one is not. */
static void hold_out(struct slot *slot, struct entry *entries, double share, struct rng *rng)
{
    slot->n_held_out = 0;
    for (uint32_t k = 0; k < slot->n; k++) {
        entries[k].held_out = rng_uniform(rng) < share;
        slot->n_held_out += entries[k].held_out;
    }
    if (slot->n_held_out > 0 && slot->n_held_out < slot->n)
        return;
    const bool all = slot->n_held_out > 0;
    entries[rng_below(rng, slot->n)].held_out = !all;
    slot->n_held_out = all ? slot->n - 1 : 1;
}

/* `room` of the history at most, each as likely (Knuth's selection sampling). */
static void draw_history(struct bpr_batch *b, struct slot *slot, struct entry *entries)
{
    const struct bpr_likes *likes = &b->fit->likes;
    const uint64_t start = likes->starts[slot->user];
    uint32_t left = (uint32_t)(likes->starts[slot->user + 1] - start);
    uint32_t wanted = left < b->room ? left : b->room;
    struct rng rng = rng_seed(b->fit->seed ^ (uint64_t)b->epoch << 32,
                              (uint64_t)STREAM_HISTORY << 32 | slot->user);
    slot->n = 0;
    for (uint64_t k = start; wanted > 0; k++, left--) {
        if (wanted < left && rng_below(&rng, left) >= wanted)
            continue;
        entries[slot->n++].item = likes->columns[k];
        wanted--;
    }
    hold_out(slot, entries, b->fit->settings->held_out, &rng);
    slot->weight = (float)pow(slot->n_held_out, -b->fit->settings->history_power);
}

static void sum_history(const struct bpr_batch *b, struct slot *slot, const struct entry *entries,
                        float *out)
{
    const struct bpr_parameters *p = &b->fit->parameters;
    const struct kernels *kernels = kernels_get();
    memset(out, 0, p->width * sizeof *out);
    for (uint32_t k = 0; k < slot->n; k++)
        if (!entries[k].held_out)
            kernels->axpy(1, p->values[BPR_INPUTS] + entries[k].item * p->width, out, p->width);
    slot->length = sqrtf(kernels->dot(out, out, p->width));
    for (size_t k = 0; k < p->width && slot->length > 0; k++)
        out[k] /= slot->length;
}

/* ---- negatives ---- */

static void draw_negatives(struct bpr_batch *b, uint64_t step)
{
    const uint32_t m = b->fit->likes.m, wanted = (uint32_t)b->fit->settings->negatives;
    struct rng rng = rng_seed(b->fit->seed ^ step << 20, STREAM_NEGATIVES);
    b->n_negatives = 0;
    for (uint32_t k = 0; k < (wanted < m ? wanted : m); k++) {
        const uint32_t item = wanted < m ? rng_below(&rng, m) : k;
        if (b->negative_slot[item] != NONE)
            continue;
        b->negative_slot[item] = b->n_negatives;
        b->negatives[b->n_negatives++] = item;
    }
    b->stride = tile_round(b->n_negatives);
}

static float length_of(const float *row, size_t width)
{
    return sqrtf(kernels_get()->dot(row, row, width));
}

/* Rows past the last are zeros. */
static void gather_block(void *context, size_t block, unsigned worker)
{
    (void)worker;
    struct bpr_batch *b = context;
    const struct bpr_parameters *p = &b->fit->parameters;
    const size_t width = p->width, first = block * NEGATIVES_BLOCK;
    const size_t last = first + NEGATIVES_BLOCK < b->stride ? first + NEGATIVES_BLOCK : b->stride;
    for (size_t r = first; r < last; r++) {
        float *row = b->rows + r * width;
        memset(row, 0, width * sizeof *row);
        if (r < b->n_negatives) {
            const float *e = p->values[BPR_OUTPUTS] + b->negatives[r] * width;
            const float length = length_of(e, width);
            kernels_get()->axpy(length > 0 ? 1 / length : 0, e, row, width);
        }
        for (size_t k = 0; k < width; k++)
            b->columns[k * b->stride + r] = row[k];
    }
}

/* ---- losses and their gradients by score ---- */

/* What the user is known to like is no negative. */
static uint32_t mask(const struct bpr_batch *b, const struct slot *slot,
                     const struct entry *entries, float *scores)
{
    uint32_t masked = 0;
    for (uint32_t k = 0; k < slot->n; k++) {
        const uint32_t at = b->negative_slot[entries[k].item];
        if (at == NONE || (entries[k].held_out && b->fit->settings->loss == BPR_SOFTMAX))
            continue;
        scores[at] = -INFINITY;
        masked++;
    }
    return masked;
}

/* In place: scores to gradients. Returns log sum exp(s / t), 0 without negatives. */
static double softmax_row(float *scores, size_t n, float temperature, float scale)
{
    float most = -INFINITY, sum = 0;
    for (size_t k = 0; k < n; k++)
        most = fmaxf(most, scores[k]);
    if (most == -INFINITY) {
        memset(scores, 0, n * sizeof *scores);
        return 0;
    }
    for (size_t k = 0; k < n; k++) {
        scores[k] = expf((scores[k] - most) / temperature);
        sum += scores[k];
    }
    for (size_t k = 0; k < n; k++)
        scores[k] *= scale / (temperature * sum);
    return (double)(most / temperature + logf(sum));
}

/* In place; returns the sum of max(0, s - m) by w / |N|. */
static double cosine_row(float *scores, size_t n, uint32_t n_unmasked, float margin,
                         float negative_weight, float scale)
{
    const float each = n_unmasked ? negative_weight / (float)n_unmasked : 0;
    double loss = 0;
    for (size_t k = 0; k < n; k++) {
        const bool counts = scores[k] > margin;
        loss += counts ? (double)(each * (scores[k] - margin)) : 0;
        scores[k] = counts ? scale * each : 0;
    }
    return loss;
}

static double negatives_loss(const struct bpr_batch *b, struct slot *slot,
                             const struct entry *entries, float *scores)
{
    const struct bpr_settings *s = b->fit->settings;
    const float scale = slot->weight * (float)slot->n_held_out;
    const uint32_t masked = mask(b, slot, entries, scores);
    for (size_t k = b->n_negatives; k < b->stride; k++)
        scores[k] = -INFINITY;
    if (s->loss == BPR_SOFTMAX)
        return softmax_row(scores, b->stride, (float)s->temperature, scale);
    return cosine_row(scores, b->stride, b->n_negatives - masked, (float)s->margin,
                      (float)s->negative_weight, scale);
}

/* dL / ds of a held-out item, and what the loss of a score is. */
static float pull(const struct bpr_settings *s)
{
    return s->loss == BPR_SOFTMAX ? (float)(1 / s->temperature) : 1;
}

/* Adds the held-out items' part to gradient[width] of h / |h|; returns the sum of their scores. */
static double add_held_out(const struct bpr_batch *b, const struct slot *slot,
                           const struct entry *entries, const float *user, float *gradient)
{
    const struct bpr_parameters *p = &b->fit->parameters;
    const struct kernels *kernels = kernels_get();
    const float by_score = -pull(b->fit->settings) * slot->weight;
    double sum = 0;
    for (uint32_t k = 0; k < slot->n; k++) {
        if (!entries[k].held_out)
            continue;
        const float *e = p->values[BPR_OUTPUTS] + entries[k].item * p->width;
        const float length = length_of(e, p->width);
        if (!(length > 0))
            continue;
        sum += (double)(kernels->dot(user, e, p->width) / length);
        kernels->axpy(by_score / length, e, gradient, p->width);
    }
    return sum;
}

/* The gradient by x of what has this one by x / |x|: its part across x, over |x|. */
static void through_length(float *gradient, const float *direction, float length, size_t width)
{
    const struct kernels *kernels = kernels_get();
    kernels->axpy(-kernels->dot(gradient, direction, width), direction, gradient, width);
    for (size_t k = 0; k < width; k++)
        gradient[k] /= length;
}

static void finish_user(struct bpr_batch *b, uint32_t at, double of_negatives)
{
    const size_t width = b->fit->parameters.width;
    struct slot *slot = &b->slots[at];
    float *gradient = b->steps + at * width;
    const double base = b->fit->settings->loss == BPR_SOFTMAX ? 0 : 1;
    if (!(slot->length > 0)) {
        memset(gradient, 0, width * sizeof *gradient);
        slot->loss = 0;
        return;
    }
    const double scores =
        add_held_out(b, slot, b->entries + (size_t)at * b->room, b->users + at * width, gradient);
    slot->loss = slot->n_held_out * (base + of_negatives) - (double)pull(b->fit->settings) * scores;
    through_length(gradient, b->users + at * width, slot->length, width);
}

static void users_block(void *context, size_t block, unsigned worker)
{
    (void)worker;
    struct bpr_batch *b = context;
    const size_t width = b->fit->parameters.width, first = block * USERS_BLOCK;
    const size_t n = b->n - first < USERS_BLOCK ? b->n - first : USERS_BLOCK;
    double losses[USERS_BLOCK];
    for (size_t k = first; k < first + n; k++) {
        draw_history(b, &b->slots[k], b->entries + k * b->room);
        sum_history(b, &b->slots[k], b->entries + k * b->room, b->users + k * width);
    }
    float *users = b->users + first * width, *scores = b->scores + first * b->stride;
    const struct gemm forward = {.a = users,
                                 .a_row = width,
                                 .a_step = 1,
                                 .b = b->columns,
                                 .b_row = b->stride,
                                 .c = scores,
                                 .c_row = b->stride,
                                 .m = n,
                                 .n = b->stride,
                                 .k = width};
    kernels_get()->gemm(&forward, false);
    for (size_t k = 0; k < n; k++)
        losses[k] = negatives_loss(b, &b->slots[first + k], b->entries + (first + k) * b->room,
                                   scores + k * b->stride);
    const struct gemm backward = {.a = scores,
                                  .a_row = b->stride,
                                  .a_step = 1,
                                  .b = b->rows,
                                  .b_row = width,
                                  .c = b->steps + first * width,
                                  .c_row = width,
                                  .m = n,
                                  .n = width,
                                  .k = b->stride};
    kernels_get()->gemm(&backward, false);
    for (size_t k = 0; k < n; k++)
        finish_user(b, (uint32_t)(first + k), losses[k]);
}

/* ---- items ---- */

static void gradients_block(void *context, size_t block, unsigned worker)
{
    (void)worker;
    struct bpr_batch *b = context;
    const size_t width = b->fit->parameters.width, first = block * NEGATIVES_BLOCK;
    const size_t left = b->n_negatives - first;
    const struct gemm product = {.a = b->scores + first,
                                 .a_row = 1,
                                 .a_step = b->stride,
                                 .b = b->users,
                                 .b_row = width,
                                 .c = b->gradients + first * width,
                                 .c_row = width,
                                 .m = left < NEGATIVES_BLOCK ? left : NEGATIVES_BLOCK,
                                 .n = width,
                                 .k = b->n};
    kernels_get()->gemm(&product, false);
}

static void touch(struct bpr_batch *b, uint32_t key, uint32_t entry)
{
    if (b->heads[key] == NONE)
        b->touched[b->n_touched++] = key;
    if (entry != NONE)
        b->entries[entry].next = b->heads[key];
    b->heads[key] = entry;
}

/* Which entries each item has in each table, and which items have any or are negatives. */
static void link_entries(struct bpr_batch *b)
{
    const uint32_t m = b->fit->likes.m;
    b->n_touched = 0;
    for (uint32_t s = 0; s < b->n; s++)
        for (uint32_t k = 0; k < b->slots[s].n && b->slots[s].length > 0; k++) {
            const uint32_t at = s * b->room + k;
            touch(b, (b->entries[at].held_out ? m : 0) + b->entries[at].item, at);
        }
    for (uint32_t k = 0; k < b->n_negatives; k++)
        if (b->heads[m + b->negatives[k]] == NONE)
            touch(b, m + b->negatives[k], NONE);
}

static void step_row(const struct bpr_batch *b, enum bpr_table table, uint32_t item,
                     const float *gradient)
{
    const struct bpr_parameters *p = &b->fit->parameters;
    const size_t at = item * p->width;
    kernels_get()->adam(p->values[table] + at, p->moments1[table] + at, p->moments2[table] + at,
                        gradient, p->width, &b->pace);
}

static void step_input(const struct bpr_batch *b, uint32_t item, float *gradient)
{
    const size_t width = b->fit->parameters.width;
    memset(gradient, 0, width * sizeof *gradient);
    for (uint32_t at = b->heads[item]; at != NONE; at = b->entries[at].next)
        kernels_get()->axpy(1, b->steps + at / b->room * width, gradient, width);
    step_row(b, BPR_INPUTS, item, gradient);
}

static void step_output(const struct bpr_batch *b, uint32_t item, float *gradient, float *unit)
{
    const struct bpr_parameters *p = &b->fit->parameters;
    const struct kernels *kernels = kernels_get();
    const size_t width = p->width;
    const uint32_t negative = b->negative_slot[item];
    const float *e = p->values[BPR_OUTPUTS] + item * width;
    const float length = length_of(e, width);
    if (!(length > 0))
        return;
    memset(gradient, 0, width * sizeof *gradient);
    if (negative != NONE)
        memcpy(gradient, b->gradients + negative * width, width * sizeof *gradient);
    for (uint32_t at = b->heads[b->fit->likes.m + item]; at != NONE; at = b->entries[at].next)
        kernels->axpy(-pull(b->fit->settings) * b->slots[at / b->room].weight,
                      b->users + at / b->room * width, gradient, width);
    for (size_t k = 0; k < width; k++)
        unit[k] = e[k] / length;
    through_length(gradient, unit, length, width);
    step_row(b, BPR_OUTPUTS, item, gradient);
}

static void items_block(void *context, size_t block, unsigned worker)
{
    struct bpr_batch *b = context;
    const uint32_t m = b->fit->likes.m, first = (uint32_t)block * ITEMS_BLOCK;
    const uint32_t left = b->n_touched - first;
    float *gradient = b->work + 2 * worker * b->fit->parameters.width;
    for (uint32_t k = first; k < first + (left < ITEMS_BLOCK ? left : ITEMS_BLOCK); k++) {
        if (b->touched[k] < m)
            step_input(b, b->touched[k], gradient);
        else
            step_output(b, b->touched[k] - m, gradient, gradient + b->fit->parameters.width);
    }
}

/* ---- the step ---- */

static void forget(struct bpr_batch *b)
{
    for (uint32_t k = 0; k < b->n_touched; k++)
        b->heads[b->touched[k]] = NONE;
    for (uint32_t k = 0; k < b->n_negatives; k++)
        b->negative_slot[b->negatives[k]] = NONE;
}

static size_t blocks(size_t n, size_t size)
{
    return (n + size - 1) / size;
}

void bpr_batch_step(struct bpr_batch *b, const uint32_t *users, uint32_t n, int64_t epoch,
                    uint64_t step, float rate_factor, double *loss, double *terms)
{
    const struct optimizer adam = {.kind = OPTIMIZER_ADAM, .rate = (float)b->fit->settings->rate};
    struct parallel *pool = b->fit->pool;
    b->pace = optimizer_pace(&adam, rate_factor, step, false).step;
    b->n = n;
    b->epoch = epoch;
    for (uint32_t k = 0; k < n; k++)
        b->slots[k].user = users[k];
    draw_negatives(b, step);
    parallel_for(pool, blocks(b->stride, NEGATIVES_BLOCK), gather_block, b, NULL);
    parallel_for(pool, blocks(n, USERS_BLOCK), users_block, b, NULL);
    parallel_for(pool, blocks(b->n_negatives, NEGATIVES_BLOCK), gradients_block, b, NULL);
    link_entries(b);
    parallel_for(pool, blocks(b->n_touched, ITEMS_BLOCK), items_block, b, NULL);
    forget(b);
    for (uint32_t k = 0; k < n; k++) {
        *loss += b->slots[k].loss;
        *terms += b->slots[k].n_held_out;
    }
}

/* ---- memory ---- */

static uint64_t floats_of(const struct bpr_settings *s, uint64_t m, unsigned workers)
{
    const uint64_t width = tile_round((size_t)s->dimensions), batch = (uint64_t)s->batch;
    const uint64_t wanted = (uint64_t)s->negatives;
    const uint64_t stride = tile_round(wanted < m ? wanted : m);
    return 2 * batch * width + batch * stride + 3 * stride * width + 2 * workers * width;
}

uint64_t bpr_batch_estimate(const struct bpr_settings *s, uint64_t m)
{
    return floats_of(s, m, parallel_cores()) * sizeof(float) +
           (uint64_t)s->batch * (BPR_HISTORY_MAX * sizeof(struct entry) + sizeof(struct slot)) +
           6 * m * sizeof(uint32_t);
}

static void lay_out(struct bpr_batch *b, size_t stride)
{
    const size_t width = b->fit->parameters.width, batch = (size_t)b->fit->settings->batch;
    b->users = b->memory;
    b->steps = b->users + batch * width;
    b->scores = b->steps + batch * width;
    b->rows = b->scores + batch * stride;
    b->columns = b->rows + stride * width;
    b->gradients = b->columns + stride * width;
    b->work = b->gradients + stride * width;
}

static uint32_t longest_history(const struct bpr_likes *likes)
{
    uint64_t most = 1;
    for (uint32_t u = 0; u < likes->n_users; u++)
        if (likes->starts[u + 1] - likes->starts[u] > most)
            most = likes->starts[u + 1] - likes->starts[u];
    return most < BPR_HISTORY_MAX ? (uint32_t)most : BPR_HISTORY_MAX;
}

struct bpr_batch *bpr_batch_new(const struct bpr_fit *fit)
{
    const struct bpr_settings *s = fit->settings;
    const size_t m = fit->likes.m, batch = (size_t)s->batch;
    struct bpr_batch *b = calloc(1, sizeof *b);
    if (!b)
        return NULL;
    b->fit = fit;
    b->room = longest_history(&fit->likes);
    b->slots = calloc(batch, sizeof *b->slots);
    b->entries = calloc(batch * b->room, sizeof *b->entries);
    b->negatives = malloc((m + 1) * sizeof *b->negatives);
    b->negative_slot = malloc((m + 1) * sizeof *b->negative_slot);
    b->heads = malloc((2 * m + 1) * sizeof *b->heads);
    b->touched = malloc((2 * m + 1) * sizeof *b->touched);
    b->memory = malloc((floats_of(s, m, parallel_threads(fit->pool)) + 1) * sizeof *b->memory);
    if (!b->slots || !b->entries || !b->negatives || !b->negative_slot || !b->heads ||
        !b->touched || !b->memory) {
        bpr_batch_free(b);
        return NULL;
    }
    memset(b->negative_slot, 0xff, (m + 1) * sizeof *b->negative_slot);
    memset(b->heads, 0xff, (2 * m + 1) * sizeof *b->heads);
    lay_out(b, tile_round((size_t)s->negatives < m ? (size_t)s->negatives : m));
    return b;
}

void bpr_batch_free(struct bpr_batch *b)
{
    if (!b)
        return;
    free(b->slots);
    free(b->entries);
    free(b->negatives);
    free(b->negative_slot);
    free(b->heads);
    free(b->touched);
    free(b->memory);
    free(b);
}
