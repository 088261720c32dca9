#include "models/network_pass.h"

#include <assert.h>
#include <string.h>

#include "linalg/kernels.h"

static float *take(struct arena *arena, size_t rows, size_t width, bool *ret_failed)
{
    /* Rows begin at cache lines, so that no load spans two. */
    char *memory = arena_zalloc(arena, rows * width + TILE, sizeof(float));
    if (!memory) {
        *ret_failed = true;
        return NULL;
    }
    return (float *)(memory + (64 - (uintptr_t)memory % 64) % 64);
}

static void take_layer(struct network_pass *pass, uint32_t i, bool learns, struct arena *arena,
                       bool *failed)
{
    const struct network_layer *layer = &pass->network->layers[i];
    const size_t rows = pass->capacity;
    pass->outputs[i] = take(arena, rows, layer->width, failed);
    if (layer->cross)
        pass->products[i] = take(arena, rows, layer->width, failed);
    if (learns)
        pass->layer_deltas[i] = take(arena, rows, layer->width, failed);
    if (!layer->gains)
        return;
    pass->normals[i] = take(arena, rows, layer->width, failed);
    pass->inverses[i] = take(arena, rows, 1, failed);
    if (learns) {
        pass->gain_deltas[i] = take(arena, rows, layer->width, failed);
        pass->shift_deltas[i] = take(arena, rows, layer->width, failed);
    }
}

enum status network_pass_init(const struct network *network, uint32_t entries_max,
                              uint32_t capacity, bool learns, struct arena *arena,
                              struct network_pass *ret_pass)
{
    const size_t rows = capacity, entries = rows * entries_max;
    struct network_pass pass = {
        .network = network,
        .capacity = capacity,
        .entries_max = entries_max,
        .starts = arena_alloc(arena, 2 * rows * sizeof *pass.starts),
        .features = arena_alloc(arena, entries * sizeof *pass.features),
        .values = arena_alloc(arena, entries * sizeof *pass.values),
        .places = arena_alloc(arena, rows * (network->n_fields + 1) * sizeof *pass.places),
        .row_features = arena_alloc(arena, rows * sizeof *pass.row_features),
        .row_values = arena_alloc(arena, rows * sizeof *pass.row_values),
    };
    bool failed = !pass.starts || !pass.features || !pass.values || !pass.places ||
                  !pass.row_features || !pass.row_values;
    pass.labels = take(arena, rows, 1, &failed);
    pass.weights = take(arena, rows, 1, &failed);
    pass.logits = take(arena, rows, 1, &failed);
    pass.deltas = take(arena, rows, 1, &failed);
    if (network->shape.deep)
        pass.input = take(arena, rows, network->input_width, &failed);
    if (network->shape.deep && learns)
        pass.input_deltas = take(arena, rows, network->input_width, &failed);
    if (network->shape.n_cross && learns)
        pass.cross_deltas = take(arena, rows, network->input_width, &failed);
    for (uint32_t i = 0; i < network->n_layers; i++)
        take_layer(&pass, i, learns, arena, &failed);
    if (failed)
        return STATUS_NO_MEMORY;
    *ret_pass = pass;
    return STATUS_OK;
}

struct example_batch network_pass_batch(const struct network_pass *pass, uint32_t block,
                                        uint32_t first)
{
    assert(first >= block);
    return (struct example_batch){.starts = pass->starts + first + block,
                                  .features = pass->features + (size_t)first * pass->entries_max,
                                  .values = pass->values + (size_t)first * pass->entries_max,
                                  .labels = pass->labels + first,
                                  .weights = pass->weights + first};
}

/* ---- forward ---- */

/* Entries and fields both stand in the order of features. What comes after the last field is not
 * the network's. */
static void find_places(const struct network *network, const struct example_batch *batch,
                        uint32_t row, uint32_t *places)
{
    const uint32_t *features = batch->features;
    uint32_t k = batch->starts[row];
    const uint32_t end = batch->starts[row + 1];
    for (uint32_t f = 0; f < network->n_fields; f++) {
        const uint32_t last = network->fields[f].first + network->fields[f].size;
        places[f] = k;
        while (k < end && features[k] < last)
            k++;
    }
    places[network->n_fields] = k;
}

static float wide_logit(const struct network *network, const struct example_batch *batch,
                        const uint32_t *places)
{
    const float *weights = network->parameters + network->wide, *values = batch->values;
    const uint32_t *features = batch->features;
    float sum = 0;
    for (uint32_t f = 0; f < network->n_fields; f++) {
        const struct network_field *field = &network->fields[f];
        if (!field->wide)
            continue;
        const uint32_t first = field->first, end = places[f + 1];
        for (uint32_t k = places[f]; k < end; k++)
            sum += weights[field->wide_at + features[k] - first] * values[k];
    }
    return sum;
}

/* Do two places have the same n entries? */
static bool are_same(const struct example_batch *batch, uint32_t a, uint32_t b, uint32_t n)
{
    return memcmp(batch->features + a, batch->features + b, n * sizeof *batch->features) == 0 &&
           memcmp(batch->values + a, batch->values + b, n * sizeof *batch->values) == 0;
}

/* One field's vector to out[dimension]. Candidates of one answer have the same history: what the
 * row before made of the same several entries is taken over. before: its places, NULL for the
 * batch's first row. */
static void fill_bag(const struct network *network, uint32_t f, const struct example_batch *batch,
                     const uint32_t *places, const uint32_t *before, float *out)
{
    const struct network_field *field = &network->fields[f];
    const struct network_table *table = &network->tables[field->table];
    const uint32_t first = places[f], n = places[f + 1] - first;
    if (before && n > 1 && before[f + 1] - before[f] == n && are_same(batch, first, before[f], n))
        memcpy(out, out - network->input_width, table->width * sizeof *out);
    else
        bag_forward(network->parameters + table->at, table->width, field->first,
                    batch->features + first, batch->values + first, n, out);
}

static void fill_dense(const struct network_field *field, const struct example_batch *batch,
                       uint32_t first, uint32_t end, float *out)
{
    const uint32_t *features = batch->features;
    const float *values = batch->values;
    for (uint32_t k = first; k < end; k++)
        out[features[k] - field->first] = values[k];
}

/* One row of the input, and before it that of the row before. */
static void fill_input(const struct network *network, const struct example_batch *batch,
                       const uint32_t *places, const uint32_t *before, float *input)
{
    for (uint32_t i = network->embedded; i < network->input; i++)
        input[i] = 0;
    for (uint32_t f = 0; f < network->n_fields; f++) {
        const struct network_field *field = &network->fields[f];
        if (field->deep == FIELD_EMBEDDED)
            fill_bag(network, f, batch, places, before, input + field->input_at);
        else if (field->deep == FIELD_DENSE)
            fill_dense(field, batch, places[f], places[f + 1], input + field->input_at);
    }
}

static size_t layer_spot(uint32_t layer, enum layer_spot spot)
{
    return SPOT_LAYERS + (size_t)layer * LAYER_SPOTS + spot;
}

static uint64_t dropout_seed(const struct network_learning *learning, uint32_t layer)
{
    return learning->seed ^ (layer + 1) * UINT64_C(0xd6e8feb86659fd93);
}

static void hidden_forward(struct network_pass *pass, uint32_t i, const float *x, size_t x_width,
                           uint32_t first, uint32_t n, const struct network_learning *learning)
{
    const struct network_layer *layer = &pass->network->layers[i];
    const float *parameters = pass->network->parameters;
    const size_t width = layer->width;
    float *y = pass->outputs[i] + first * width;
    struct laps *laps = learning ? learning->laps : NULL;
    dense_forward(x, x_width, parameters + layer->weights, parameters + layer->biases, y, n,
                  layer->in, width);
    laps_end(laps, layer_spot(i, SPOT_PRODUCT));
    if (layer->gains)
        layer_norm_forward(y, pass->normals[i] + first * width, pass->inverses[i] + first,
                           parameters + layer->gains, parameters + layer->shifts, n, layer->out,
                           width);
    laps_end(laps, layer_spot(i, SPOT_NORM));
    struct dropout dropout = {0};
    if (learning)
        dropout = (struct dropout){learning->dropout, dropout_seed(learning, i)};
    relu_forward(y, n, width, dropout, learning ? learning->first_row + first : 0);
    laps_end(laps, layer_spot(i, SPOT_ACTIVATION));
}

static void cross_layer_forward(struct network_pass *pass, uint32_t i, const float *x,
                                uint32_t first, uint32_t n, struct laps *laps)
{
    const struct network_layer *layer = &pass->network->layers[i];
    const float *parameters = pass->network->parameters;
    const size_t at = (size_t)first * layer->width;
    dense_forward(x, layer->width, parameters + layer->weights, parameters + layer->biases,
                  pass->products[i] + at, n, layer->in, layer->width);
    laps_end(laps, layer_spot(i, SPOT_PRODUCT));
    cross_forward(pass->input + at, pass->products[i] + at, x, pass->outputs[i] + at,
                  (size_t)n * layer->width);
    laps_end(laps, layer_spot(i, SPOT_ACTIVATION));
}

static void deep_forward(struct network_pass *pass, uint32_t first, uint32_t n,
                         const struct network_learning *learning)
{
    const struct network *network = pass->network;
    const float *x = pass->input + (size_t)first * network->input_width;
    struct laps *laps = learning ? learning->laps : NULL;
    size_t width = network->input_width;
    for (uint32_t i = 0; i < network->n_layers; i++) {
        if (network->layers[i].cross)
            cross_layer_forward(pass, i, x, first, n, laps);
        else
            hidden_forward(pass, i, x, width, first, n, learning);
        width = network->layers[i].width;
        x = pass->outputs[i] + first * width;
    }
    for (uint32_t r = 0; r < n; r++)
        pass->logits[first + r] +=
            kernels_get()->dot(x + r * width, network->parameters + network->output, width);
    laps_end(laps, SPOT_OUTPUT);
}

void network_forward(struct network_pass *pass, const struct example_batch *batch, uint32_t first,
                     const struct network_learning *learning)
{
    const struct network *network = pass->network;
    const size_t n_places = network->n_fields + 1;
    struct laps *laps = learning ? learning->laps : NULL;
    for (uint32_t r = 0; r < batch->n; r++) {
        const size_t row = first + r;
        uint32_t *places = pass->places + row * n_places;
        find_places(network, batch, r, places);
        pass->row_features[row] = batch->features;
        pass->row_values[row] = batch->values;
    }
    laps_end(laps, SPOT_FETCH);
    for (uint32_t r = 0; r < batch->n; r++) {
        const size_t row = first + r;
        pass->logits[row] = network->parameters[network->bias];
        if (network->n_wide)
            pass->logits[row] += wide_logit(network, batch, pass->places + row * n_places);
    }
    laps_end(laps, SPOT_WIDE);
    for (uint32_t r = 0; r < batch->n && network->shape.deep; r++) {
        const uint32_t *places = pass->places + (first + r) * n_places;
        fill_input(network, batch, places, r ? places - n_places : NULL,
                   pass->input + (first + r) * (size_t)network->input_width);
    }
    laps_end(laps, SPOT_INPUT);
    if (network->shape.deep)
        deep_forward(pass, first, batch->n, learning);
}

/* ---- back ---- */

static double loss_backward(struct network_pass *pass, uint32_t first, uint32_t n,
                            const struct network_learning *learning)
{
    double sum = 0;
    for (uint32_t r = first; r < first + n; r++) {
        const float label = pass->labels[r];
        const float weight = pass->weights[r] * (1 + label * (learning->positive_weight - 1));
        float delta;
        sum += (double)weight * cross_entropy(pass->logits[r], label, &delta);
        pass->deltas[r] = weight * learning->scale * delta;
    }
    laps_end(learning->laps, SPOT_LOSS);
    return sum;
}

/* The gradient by a hidden layer's output, in layer_deltas, becomes that by x w + b. */
static void hidden_backward(struct network_pass *pass, uint32_t i, uint32_t first, uint32_t n,
                            const struct network_learning *learning)
{
    const struct network_layer *layer = &pass->network->layers[i];
    const size_t at = (size_t)first * layer->width;
    float *delta = pass->layer_deltas[i] + at;
    relu_backward(pass->outputs[i] + at, delta, n, layer->width, learning->dropout);
    laps_end(learning->laps, layer_spot(i, SPOT_ACTIVATION));
    if (!layer->gains)
        return;
    memcpy(pass->shift_deltas[i] + at, delta, n * layer->width * sizeof *delta);
    layer_norm_backward(delta, pass->normals[i] + at, pass->inverses[i] + first,
                        pass->network->parameters + layer->gains, pass->gain_deltas[i] + at, n,
                        layer->out, layer->width);
    laps_end(learning->laps, layer_spot(i, SPOT_NORM));
}

/* Cross layers: the gradient by the last one's output is in input_deltas; what each takes from x0
 * directly gathers in cross_deltas. */
static void cross_layers_backward(struct network_pass *pass, uint32_t first, uint32_t n,
                                  const struct network_learning *learning)
{
    const struct network *network = pass->network;
    const size_t width = network->input_width, at = first * width;
    float *delta = pass->input_deltas + at, *direct = pass->cross_deltas + at;
    memset(direct, 0, n * width * sizeof *direct);
    for (uint32_t i = network->shape.n_cross; i-- > 0;) {
        cross_backward(pass->input + at, pass->products[i] + at, delta, pass->layer_deltas[i] + at,
                       direct, n * width);
        laps_end(learning->laps, layer_spot(i, SPOT_ACTIVATION));
        dense_backward_input(pass->layer_deltas[i] + at, width, learning->transposed[i], delta,
                             width, n, network->input, width, true);
        laps_end(learning->laps, layer_spot(i, SPOT_PRODUCT));
    }
    for (size_t k = 0; k < n * width; k++)
        delta[k] += direct[k];
    laps_end(learning->laps, SPOT_INPUT);
}

static void deep_backward(struct network_pass *pass, uint32_t first, uint32_t n,
                          const struct network_learning *learning)
{
    const struct network *network = pass->network;
    const uint32_t n_cross = network->shape.n_cross;
    const struct network_layer *layer = &network->layers[network->n_layers - 1];
    float *delta = pass->layer_deltas[network->n_layers - 1] + (size_t)first * layer->width;
    for (uint32_t r = 0; r < n; r++)
        for (uint32_t k = 0; k < layer->width; k++)
            delta[r * layer->width + k] =
                pass->deltas[first + r] * network->parameters[network->output + k];
    laps_end(learning->laps, SPOT_OUTPUT);
    for (uint32_t i = network->n_layers; i-- > n_cross;) {
        hidden_backward(pass, i, first, n, learning);
        layer = &network->layers[i];
        delta = pass->layer_deltas[i] + (size_t)first * layer->width;
        const bool last = i == n_cross;
        const size_t x_width = last ? network->input_width : network->layers[i - 1].width;
        float *below = last ? pass->input_deltas : pass->layer_deltas[i - 1];
        /* Of the input only what goes on: to the embeddings, or through cross layers. */
        const size_t columns = last && n_cross == 0 ? tile_round(network->embedded) : x_width;
        dense_backward_input(delta, layer->width, learning->transposed[i], below + first * x_width,
                             x_width, n, layer->out, columns, false);
        laps_end(learning->laps, layer_spot(i, SPOT_PRODUCT));
    }
    if (n_cross)
        cross_layers_backward(pass, first, n, learning);
}

double network_backward(struct network_pass *pass, uint32_t first, uint32_t n,
                        const struct network_learning *learning)
{
    const double loss = loss_backward(pass, first, n, learning);
    if (pass->network->shape.deep)
        deep_backward(pass, first, n, learning);
    return loss;
}
