#include "models/autorec_net.h"

#include <math.h>
#include <string.h>

#include "linalg/kernels.h"
#include "linalg/layers.h"

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

static void activate(const struct autorec_net *net, uint32_t hidden, float *h)
{
    for (size_t k = 0; k < hidden && net->g == AUTOREC_SIGMOID; k++)
        h[k] = sigmoid(h[k]);
}

void autorec_encode(const struct autorec_net *net, const float *parameters, uint32_t hidden,
                    const uint32_t *columns, const float *inputs, size_t n, float *h)
{
    add_inputs(net, parameters, columns, inputs, n, h);
    activate(net, hidden, h);
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

/* errors[n_columns] = n softmax(z) - liked. */
static double softmax_errors(const struct autorec_batch *batch, uint64_t start, size_t n,
                             const float *h, float *errors, float *dh, struct laps *laps)
{
    const struct kernels *kernels = kernels_get();
    const struct autorec_net *net = batch->net;
    const float *w = batch->parameters + net->decoder, *b = batch->parameters + net->biases;
    kernels->scan(w, net->n_columns, net->width, h, errors);
    laps_end(laps, AUTOREC_DECODE);
    float highest = -INFINITY;
    double loss = 0, sum = 0;
    for (uint32_t c = 0; c < net->n_columns; c++) {
        errors[c] += b[c];
        highest = fmaxf(highest, errors[c]);
    }
    laps_end(laps, AUTOREC_BIASES);
    for (size_t k = 0; k < n; k++)
        loss -= (double)(errors[batch->x->columns[start + k]] - highest);
    for (uint32_t c = 0; c < net->n_columns; c++) {
        errors[c] = expf(errors[c] - highest);
        sum += (double)errors[c];
    }
    const float scale = (float)((double)n / sum);
    for (uint32_t c = 0; c < net->n_columns; c++)
        errors[c] *= scale;
    for (size_t k = 0; k < n; k++)
        errors[batch->x->columns[start + k]] -= 1;
    laps_end(laps, AUTOREC_LOSS);
    kernels->combine(w, net->n_columns, net->width, errors, dh);
    laps_end(laps, AUTOREC_DECODE);
    return loss + (double)n * log(sum);
}

void autorec_batch_row(const struct autorec_batch *batch, uint32_t index, struct laps *laps)
{
    const struct autorec_net *net = batch->net;
    const uint64_t start = batch->x->starts[batch->rows[index]];
    const size_t n = (size_t)(batch->x->starts[batch->rows[index] + 1] - start);
    float *h = batch->h + index * net->width, *dh = batch->deltas + index * net->width;
    float *errors = batch->errors + index * batch->error_width;
    add_inputs(net, batch->parameters, batch->x->columns + start, batch->x->values + start, n, h);
    laps_end(laps, AUTOREC_ENCODE);
    activate(net, batch->hidden, h);
    laps_end(laps, AUTOREC_ACTIVATE);
    memset(dh, 0, net->width * sizeof *dh);
    batch->losses[index] = net->multinomial ? softmax_errors(batch, start, n, h, errors, dh, laps)
                                            : observed_errors(batch, start, n, h, errors, dh, laps);
    for (size_t k = 0; k < batch->hidden && net->g == AUTOREC_SIGMOID; k++)
        dh[k] *= h[k] * (1 - h[k]);
    laps_end(laps, AUTOREC_ACTIVATE);
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
        const float *errors = batch->errors + i * batch->error_width;
        for (uint64_t k = csr_first_from(x, row, first);
             k < x->starts[row + 1] && x->columns[k] < end; k++) {
            const size_t at = x->columns[k] * net->width;
            kernels->axpy(x->values[k], delta, gradients + net->encoder + at, net->width);
            if (net->multinomial)
                continue;
            const float error = errors[k - x->starts[row]];
            kernels->axpy(error, h, gradients + net->decoder + at, net->width);
            gradients[net->biases + x->columns[k]] += error;
        }
    }
}

static void add_softmax(const struct autorec_batch *batch, uint32_t first, uint32_t end,
                        float *gradients, struct laps *laps)
{
    const struct autorec_net *net = batch->net;
    const struct gemm product = {.a = batch->errors + first,
                                 .a_row = 1,
                                 .a_step = batch->error_width,
                                 .b = batch->h,
                                 .b_row = net->width,
                                 .c = gradients + net->decoder + first * net->width,
                                 .c_row = net->width,
                                 .m = end - first,
                                 .n = net->width,
                                 .k = batch->n_rows};
    kernels_get()->gemm(&product, false);
    laps_end(laps, AUTOREC_DECODE);
    for (uint32_t i = 0; i < batch->n_rows; i++)
        for (uint32_t c = first; c < end; c++)
            gradients[net->biases + c] += batch->errors[i * batch->error_width + c];
    laps_end(laps, AUTOREC_BIASES);
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
