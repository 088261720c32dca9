#include "models/autorec_net.h"

#include <math.h>
#include <string.h>

#include "linalg/kernels.h"
#include "linalg/layers.h"
#include "linalg/sigmoids.h"

struct autorec_net autorec_net_of(uint32_t n_columns, uint32_t hidden, enum autorec_g g,
                                  bool multinomial)
{
    struct autorec_net net = {
        .n_columns = n_columns, .width = tile_round(hidden), .g = g, .multinomial = multinomial};
    net.means = (size_t)n_columns * net.width;
    net.decoder = net.means + net.width;
    net.biases = net.decoder + (size_t)n_columns * net.width;
    net.size = net.biases + n_columns;
    return net;
}

static void add_inputs(const struct autorec_net *net, const float *parameters,
                       const uint32_t *columns, const float *inputs, size_t n, float *h)
{
    const struct kernels *kernels = kernels_get();
    memcpy(h, parameters + net->means, net->width * sizeof *h);
    for (size_t k = 0; k < n; k++)
        kernels->axpy(inputs[k], parameters + net->encoder + columns[k] * net->width, h,
                      net->width);
}

void autorec_activate(enum autorec_g g, uint32_t hidden, float *h)
{
    for (size_t k = 0; k < hidden && g != AUTOREC_IDENTITY; k++)
        h[k] = g == AUTOREC_TANH ? tanhf(h[k]) : sigmoid(h[k]);
}

/* dh[hidden] of what comes out of g becomes that of what went in. */
static void activate_back(enum autorec_g g, uint32_t hidden, const float *h, float *dh)
{
    for (size_t k = 0; k < hidden && g != AUTOREC_IDENTITY; k++)
        dh[k] *= g == AUTOREC_TANH ? 1 - h[k] * h[k] : h[k] * (1 - h[k]);
}

void autorec_encode(const struct autorec_net *net, const float *parameters, uint32_t hidden,
                    const uint32_t *columns, const float *inputs, size_t n, float *h)
{
    add_inputs(net, parameters, columns, inputs, n, h);
    autorec_activate(net->g, hidden, h);
}

/* ---- rows ---- */

/* errors[n] = 2 (z - t) and dh += errors W, for the observed outputs. */
static double observed_errors(const struct autorec_batch *batch, uint64_t start, size_t n,
                              const float *h, float *errors, float *dh, struct laps *laps)
{
    const struct kernels *kernels = kernels_get();
    const struct autorec_net *net = batch->net;
    double loss = 0;
    for (size_t k = 0; k < n; k++) {
        const uint32_t column = batch->x->columns[start + k];
        const float *w = batch->parameters + net->decoder + column * net->width;
        const float z = kernels->dot(w, h, net->width) + batch->parameters[net->biases + column];
        const float error = z - batch->targets[start + k];
        loss += (double)error * (double)error;
        errors[k] = 2 * error;
        kernels->axpy(errors[k], w, dh, net->width);
    }
    laps_end(laps, AUTOREC_OBSERVED);
    return loss;
}

static void encode_row(const struct autorec_batch *batch, uint32_t index, struct laps *laps)
{
    const struct autorec_net *net = batch->net;
    const uint64_t start = batch->x->starts[batch->rows[index]];
    const size_t n = (size_t)(batch->x->starts[batch->rows[index] + 1] - start);
    float *h = batch->h + index * net->width;
    add_inputs(net, batch->parameters, batch->x->columns + start, batch->inputs + start, n, h);
    laps_end(laps, AUTOREC_ENCODE);
    autorec_activate(net->g, batch->hidden, h);
    laps_end(laps, AUTOREC_ACTIVATE);
}

static void ratings_row(const struct autorec_batch *batch, uint32_t index, struct laps *laps)
{
    const struct autorec_net *net = batch->net;
    const uint64_t start = batch->x->starts[batch->rows[index]];
    const size_t n = (size_t)(batch->x->starts[batch->rows[index] + 1] - start);
    const float *h = batch->h + index * net->width;
    float *dh = batch->deltas + index * net->width;
    encode_row(batch, index, laps);
    memset(dh, 0, net->width * sizeof *dh);
    batch->losses[index] =
        observed_errors(batch, start, n, h, batch->errors + index * batch->error_width, dh, laps);
    activate_back(net->g, batch->hidden, h, dh);
    laps_end(laps, AUTOREC_ACTIVATE);
}

/* ---- rows with a softmax ---- */

/* A block of rows: what they give lies turned, a column's values of all rows together. */
struct block {
    const struct autorec_batch *batch;
    uint32_t first, n;      /* rows of the batch; up to TILE */
    float *h, *dh, *turned; /* [TILE x width], [width x TILE] */
    float *errors;          /* [n_columns x TILE] */
    float highest[TILE];
};

static uint64_t row_start(const struct block *block, uint32_t lane)
{
    return block->batch->x->starts[block->batch->rows[block->first + lane]];
}

static uint64_t row_end(const struct block *block, uint32_t lane)
{
    return block->batch->x->starts[block->batch->rows[block->first + lane] + 1];
}

static float *error_of(const struct block *block, uint64_t entry, uint32_t lane)
{
    return block->errors + (size_t)block->batch->x->columns[entry] * TILE + lane;
}

/* errors = W h + b, and the highest of each row. */
static void decode_block(struct block *block, struct laps *laps)
{
    const struct autorec_net *net = block->batch->net;
    const float *parameters = block->batch->parameters, *biases = parameters + net->biases;
    for (size_t k = 0; k < net->width; k++)
        for (size_t lane = 0; lane < TILE; lane++)
            block->turned[k * TILE + lane] = lane < block->n ? block->h[lane * net->width + k] : 0;
    const struct gemm product = {.a = parameters + net->decoder,
                                 .a_row = net->width,
                                 .a_step = 1,
                                 .b = block->turned,
                                 .b_row = TILE,
                                 .c = block->errors,
                                 .c_row = TILE,
                                 .m = net->n_columns,
                                 .n = TILE,
                                 .k = net->width};
    kernels_get()->gemm(&product, false);
    laps_end(laps, AUTOREC_DECODE);
    float *highest = block->highest;
    for (size_t lane = 0; lane < TILE; lane++)
        highest[lane] = -INFINITY;
    for (size_t c = 0; c < net->n_columns; c++)
        for (size_t lane = 0; lane < TILE; lane++) {
            float *z = block->errors + c * TILE + lane;
            *z += biases[c];
            highest[lane] = *z > highest[lane] ? *z : highest[lane];
        }
    laps_end(laps, AUTOREC_BIASES);
}

/* errors = n softmax(z) - liked; the losses. */
static void softmax_block(struct block *block, struct laps *laps)
{
    const uint32_t n_columns = block->batch->net->n_columns;
    float scales[TILE] = {0};
    double sums[TILE] = {0};
    for (uint32_t lane = 0; lane < block->n; lane++) {
        double loss = 0;
        for (uint64_t k = row_start(block, lane); k < row_end(block, lane); k++)
            loss -= (double)(*error_of(block, k, lane) - block->highest[lane]);
        block->batch->losses[block->first + lane] = loss;
    }
    for (size_t c = 0; c < n_columns; c++) {
        float *errors = block->errors + c * TILE;
        for (size_t lane = 0; lane < TILE; lane++)
            errors[lane] -= block->highest[lane];
        exponentials(errors, TILE);
        for (size_t lane = 0; lane < TILE; lane++)
            sums[lane] += (double)errors[lane];
    }
    for (uint32_t lane = 0; lane < block->n; lane++) {
        const double n = (double)(row_end(block, lane) - row_start(block, lane));
        scales[lane] = (float)(n / sums[lane]);
        block->batch->losses[block->first + lane] += n * log(sums[lane]);
    }
    for (size_t c = 0; c < n_columns; c++)
        for (size_t lane = 0; lane < TILE; lane++)
            block->errors[c * TILE + lane] *= scales[lane];
    for (uint32_t lane = 0; lane < block->n; lane++)
        for (uint64_t k = row_start(block, lane); k < row_end(block, lane); k++)
            *error_of(block, k, lane) -= 1;
    laps_end(laps, AUTOREC_LOSS);
}

/* dh = errors' W; rows that are not there have no errors. */
static void back_block(struct block *block, struct laps *laps)
{
    const struct autorec_net *net = block->batch->net;
    const struct gemm product = {.a = block->errors,
                                 .a_row = 1,
                                 .a_step = TILE,
                                 .b = block->batch->parameters + net->decoder,
                                 .b_row = net->width,
                                 .c = block->dh,
                                 .c_row = net->width,
                                 .m = TILE,
                                 .n = net->width,
                                 .k = net->n_columns};
    kernels_get()->gemm(&product, false);
    laps_end(laps, AUTOREC_DECODE);
    for (uint32_t lane = 0; lane < block->n; lane++)
        activate_back(net->g, block->batch->hidden, block->h + lane * net->width,
                      block->dh + lane * net->width);
    laps_end(laps, AUTOREC_ACTIVATE);
}

static void likes_block(const struct autorec_batch *batch, uint32_t number, struct laps *laps)
{
    const size_t width = batch->net->width, first = (size_t)number * TILE;
    struct block block = {.batch = batch,
                          .first = number * TILE,
                          .n = batch->n_rows - number * TILE,
                          .h = batch->h + first * width,
                          .dh = batch->deltas + first * width,
                          .turned = batch->turned + first * width,
                          .errors = batch->errors + first * batch->error_width};
    block.n = block.n < TILE ? block.n : TILE;
    for (uint32_t lane = 0; lane < block.n; lane++)
        encode_row(batch, block.first + lane, laps);
    decode_block(&block, laps);
    softmax_block(&block, laps);
    back_block(&block, laps);
}

void autorec_batch_block(const struct autorec_batch *batch, uint32_t block, struct laps *laps)
{
    const uint32_t n = autorec_block_rows(batch->net), first = block * n;
    if (batch->net->multinomial) {
        likes_block(batch, block, laps);
        return;
    }
    for (uint32_t i = first; i < batch->n_rows && i < first + n; i++)
        ratings_row(batch, i, laps);
}

/* ---- columns ---- */

/* The sparse part: V, and for ratings W and b. */
static void add_entries(const struct autorec_batch *batch, uint32_t first, uint32_t end,
                        float *gradients)
{
    const struct kernels *kernels = kernels_get();
    const struct autorec_net *net = batch->net;
    const struct csr *x = batch->x;
    for (uint32_t i = 0; i < batch->n_rows; i++) {
        const uint32_t row = batch->rows[i];
        const float *h = batch->h + i * net->width, *delta = batch->deltas + i * net->width;
        const float *errors = batch->errors + i * batch->error_width; /* of ratings */
        for (uint64_t k = csr_first_from(x, row, first);
             k < x->starts[row + 1] && x->columns[k] < end; k++) {
            const size_t at = x->columns[k] * net->width;
            kernels->axpy(batch->inputs[k], delta, gradients + net->encoder + at, net->width);
            if (net->multinomial)
                continue;
            const float error = errors[k - x->starts[row]];
            kernels->axpy(error, h, gradients + net->decoder + at, net->width);
            gradients[net->biases + x->columns[k]] += error;
        }
    }
}

/* W and b, block by block of rows. */
static void add_softmax(const struct autorec_batch *batch, uint32_t first, uint32_t end,
                        float *gradients, struct laps *laps)
{
    const struct autorec_net *net = batch->net;
    for (size_t row = 0; row < batch->n_rows; row += TILE) {
        const float *errors = batch->errors + row * batch->error_width + (size_t)first * TILE;
        const size_t left = batch->n_rows - row;
        const struct gemm product = {.a = errors,
                                     .a_row = TILE,
                                     .a_step = 1,
                                     .b = batch->h + row * net->width,
                                     .b_row = net->width,
                                     .c = gradients + net->decoder + first * net->width,
                                     .c_row = net->width,
                                     .m = end - first,
                                     .n = net->width,
                                     .k = left < TILE ? left : TILE};
        kernels_get()->gemm(&product, row > 0);
        laps_end(laps, AUTOREC_DECODE);
        for (uint32_t c = 0; c < end - first; c++)
            for (size_t lane = 0; lane < TILE; lane++)
                gradients[net->biases + first + c] += errors[c * TILE + lane];
        laps_end(laps, AUTOREC_BIASES);
    }
}

void autorec_batch_strip(const struct autorec_batch *batch, uint32_t strip, float *gradients,
                         struct laps *laps)
{
    const struct autorec_net *net = batch->net;
    const uint32_t first = strip * AUTOREC_STRIP, left = net->n_columns - first;
    const uint32_t n = left < AUTOREC_STRIP ? left : AUTOREC_STRIP;
    const size_t bytes = n * net->width * sizeof *gradients;
    memset(gradients + net->encoder + first * net->width, 0, bytes);
    memset(gradients + net->decoder + first * net->width, 0, bytes);
    memset(gradients + net->biases + first, 0, n * sizeof *gradients);
    laps_end(laps, AUTOREC_ENTRIES);
    if (net->multinomial)
        add_softmax(batch, first, first + n, gradients, laps);
    add_entries(batch, first, first + n, gradients);
    laps_end(laps, net->multinomial ? AUTOREC_ENCODE : AUTOREC_ENTRIES);
}

void autorec_batch_means(const struct autorec_batch *batch, float *gradients, struct laps *laps)
{
    column_sums(batch->deltas, gradients + batch->net->means, batch->n_rows, batch->net->width,
                false);
    laps_end(laps, AUTOREC_MEANS);
}
