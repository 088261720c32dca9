#include "models/network.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "linalg/kernels.h"

/* ---- the layout ---- */

/* Takes `rows` x `columns` floats, each slice at a multiple of TILE, and names them. */
static size_t slice_add(struct network *network, uint32_t rows, uint32_t columns,
                        uint32_t used_columns, const char *what, uint32_t number)
{
    struct network_slice *slice = &network->slices[network->n_slices++];
    *slice = (struct network_slice){
        .at = network->size, .rows = rows, .columns = columns, .used_columns = used_columns};
    snprintf(slice->name, sizeof slice->name, what, number);
    network->size += tile_round((size_t)rows * columns);
    return slice->at;
}

/* Embedded fields stand first in the input, so that its gradient is needed there only. */
static void place_fields(struct network *network, const struct feature_layout *layout)
{
    for (uint32_t f = 0; f < layout->n_fields; f++) {
        const struct field *from = &layout->fields[f];
        struct network_field *field = &network->fields[f];
        *field = (struct network_field){.first = from->first,
                                        .size = from->size,
                                        .wide = network->shape.wide && from->wide,
                                        .wide_at = network->n_wide,
                                        .deep = network->shape.deep ? from->deep : FIELD_NOT_DEEP,
                                        .dimension = from->dimension,
                                        .shared = from->shared};
        if (field->wide)
            network->n_wide += field->size;
        if (field->deep != FIELD_EMBEDDED)
            continue;
        field->input_at = network->embedded;
        network->embedded += field->dimension;
        field->table =
            from->shared == f ? network->n_tables++ : network->fields[from->shared].table;
    }
    network->input = network->embedded;
    for (uint32_t f = 0; f < layout->n_fields; f++)
        if (network->fields[f].deep == FIELD_DENSE) {
            network->fields[f].input_at = network->input;
            network->input += network->fields[f].size;
        }
    network->input_width = (uint32_t)tile_round(network->input);
}

static void place_layer(struct network *network, uint32_t in, uint32_t out, bool cross)
{
    const uint32_t number = network->n_layers, width = (uint32_t)tile_round(out);
    struct network_layer *layer = &network->layers[network->n_layers++];
    *layer = (struct network_layer){.in = in, .out = out, .width = width, .cross = cross};
    layer->weights = slice_add(network, in, width, out, "layer_%" PRIu32 "_weights", number);
    network->size = layer->weights + tile_round(in) * width; /* whole tiles can be transposed */
    layer->biases = slice_add(network, 1, width, out, "layer_%" PRIu32 "_biases", number);
    if (cross || !network->shape.layer_norm)
        return;
    layer->gains = slice_add(network, 1, width, out, "layer_%" PRIu32 "_gains", number);
    layer->shifts = slice_add(network, 1, width, out, "layer_%" PRIu32 "_shifts", number);
}

static void place_slices(struct network *network)
{
    network->bias = slice_add(network, 1, 1, 1, "bias", 0);
    if (network->n_wide)
        network->wide = slice_add(network, network->n_wide, 1, 1, "wide", 0);
    uint32_t placed = 0;
    for (uint32_t f = 0; f < network->n_fields; f++) {
        const struct network_field *field = &network->fields[f];
        if (field->deep != FIELD_EMBEDDED || field->table != placed)
            continue;
        struct network_table *table = &network->tables[placed++];
        *table = (struct network_table){.rows = field->size, .width = field->dimension};
        table->at = slice_add(network, table->rows, table->width, table->width,
                              "embedding_%" PRIu32, field->table);
    }
    if (!network->shape.deep)
        return;
    for (uint32_t i = 0; i < network->shape.n_cross; i++)
        place_layer(network, network->input, network->input, true);
    uint32_t in = network->input;
    for (uint32_t i = 0; i < network->shape.n_hidden; i++) {
        place_layer(network, in, network->shape.hidden[i], false);
        in = network->shape.hidden[i];
    }
    const uint32_t width = (uint32_t)tile_round(in);
    network->output = slice_add(network, 1, width, in, "output", 0);
}

/* ---- life cycle ---- */

static enum status check_layout(const struct feature_layout *layout,
                                const struct network_shape *shape, struct error *reterr)
{
    uint64_t wide = 0, input = 0;
    if (layout->n_fields > NETWORK_FIELDS_MAX)
        return error_set(reterr, STATUS_OUT_OF_RANGE,
                         "the model gets %" PRIu32 " columns; it takes at most %d",
                         layout->n_fields, NETWORK_FIELDS_MAX);
    for (uint32_t f = 0; f < layout->n_fields; f++) {
        const struct field *field = &layout->fields[f];
        wide += field->wide ? field->size : 0;
        input += field->deep == FIELD_DENSE      ? field->size
                 : field->deep == FIELD_EMBEDDED ? field->dimension
                                                 : 0;
    }
    if (shape->wide && wide == 0)
        return error_set(reterr, STATUS_OUT_OF_RANGE,
                         "no column feeds the wide part; mark some as wide");
    if (shape->deep && input == 0)
        return error_set(reterr, STATUS_OUT_OF_RANGE,
                         "no column feeds the deep part; embed some or give it numeric ones");
    if (shape->deep && input > NETWORK_INPUT_MAX)
        return error_set(reterr, STATUS_OUT_OF_RANGE,
                         "the deep part would get %" PRIu64
                         " inputs; it takes at most %d: embed large columns",
                         input, NETWORK_INPUT_MAX);
    return STATUS_OK;
}

static bool take_memory(struct network *network)
{
    const uint32_t slices = 3 + network->n_fields + 4 * NETWORK_LAYERS_MAX;
    network->fields = arena_zalloc(&network->arena, network->n_fields + 1, sizeof *network->fields);
    network->tables = arena_zalloc(&network->arena, network->n_fields + 1, sizeof *network->tables);
    network->slices = arena_zalloc(&network->arena, slices, sizeof *network->slices);
    return network->fields && network->tables && network->slices;
}

enum status network_take_parameters(struct network *network, struct error *reterr)
{
    const size_t bytes = network->size * sizeof *network->parameters; /* of whole tiles */
    network->parameters = aligned_alloc(64, bytes);
    if (!network->parameters)
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory for %zu MB of parameters",
                         bytes >> 20);
    memset(network->parameters, 0, bytes);
    return STATUS_OK;
}

enum status network_new(const struct predictor_class *class, const struct feature_layout *layout,
                        const struct network_shape *shape, struct network **ret_network,
                        struct error *reterr)
{
    const enum status status = check_layout(layout, shape, reterr);
    if (status != STATUS_OK)
        return status;
    struct network *network = calloc(1, sizeof *network);
    if (!network)
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory for the network");
    network->base = (struct predictor){.class = class, .n_features = layout->n_features};
    network->shape = *shape;
    network->n_fields = layout->n_fields;
    network->report =
        (struct predictor_report){.train_loss = NAN, .valid_loss = NAN, .valid_auc = NAN};
    if (!take_memory(network)) {
        network_free(&network->base);
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory for the network");
    }
    place_fields(network, layout);
    place_slices(network);
    *ret_network = network;
    return STATUS_OK;
}

void network_free(struct predictor *predictor)
{
    struct network *network = (struct network *)predictor;
    if (!network)
        return;
    arena_free(&network->arena);
    free(network->parameters);
    free(network);
}

/* ---- fresh parameters ---- */

static void init_layer(struct network *network, uint32_t number, uint64_t seed)
{
    const struct network_layer *layer = &network->layers[number];
    struct rng rng = rng_seed(seed, 100 + number);
    const double limit = sqrt(6.0 / (layer->in + layer->out));
    for (uint32_t i = 0; i < layer->in; i++)
        for (uint32_t j = 0; j < layer->out; j++)
            network->parameters[layer->weights + (size_t)i * layer->width + j] =
                (float)(limit * (2 * rng_uniform(&rng) - 1));
    for (uint32_t j = 0; j < layer->out && layer->gains; j++)
        network->parameters[layer->gains + j] = 1;
}

void network_init(struct network *network, const struct label_sums *labels, double embedding_scale,
                  uint64_t seed)
{
    const double least = 0.5 / (labels->weight + 1); /* finite where all labels are alike */
    const double mean = fmin(1 - least, fmax(least, labels->positive_weight / labels->weight));
    network->parameters[network->bias] = (float)log(mean / (1 - mean));
    for (uint32_t t = 0; t < network->n_tables; t++) {
        const struct network_table *table = &network->tables[t];
        struct rng rng = rng_seed(seed, 1000 + t);
        for (size_t i = 0; i < (size_t)table->rows * table->width; i++)
            network->parameters[table->at + i] = (float)(embedding_scale * rng_normal(&rng));
    }
    if (!network->shape.deep)
        return;
    for (uint32_t i = 0; i < network->n_layers; i++)
        init_layer(network, i, seed);
    const uint32_t last = network->layers[network->n_layers - 1].out;
    struct rng rng = rng_seed(seed, 99);
    for (uint32_t j = 0; j < last; j++)
        network->parameters[network->output + j] =
            (float)(sqrt(6.0 / (last + 1)) * (2 * rng_uniform(&rng) - 1));
}

/* ---- what there is to tell ---- */

void network_count(struct network *network)
{
    struct predictor_report *report = &network->report;
    report->parameters = report->wide_zero = 0;
    for (uint32_t i = 0; i < network->n_slices; i++)
        report->parameters += (uint64_t)network->slices[i].rows * network->slices[i].used_columns;
    report->wide_weights = network->n_wide;
    for (uint32_t i = 0; i < network->n_wide; i++)
        report->wide_zero += network->parameters[network->wide + i] == 0;
}

void network_describe(const struct predictor *predictor, struct predictor_report *ret_report)
{
    *ret_report = ((const struct network *)predictor)->report;
}
