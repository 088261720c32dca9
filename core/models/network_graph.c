#include "models/network_graph.h"

#include <inttypes.h>
#include <stdio.h>

enum { NAME_SHOWN = 80 };

struct sketch {
    const struct network *network;
    const struct feature_layout *layout;
    const struct network_settings *settings;
    struct op_graph *graph;
    struct network_ops ops;
};

/* A variable of the deep or of the wide part, which that part's optimizer moves. */
static uint32_t learnt(struct sketch *s, bool wide, struct op_shape shape, const char *scope,
                       const char *name)
{
    const uint32_t op = op_add_variable(s->graph, shape, "%s/%s", scope, name);
    op_feed(s->graph, wide ? s->ops.wide_step : s->ops.deep_step, op);
    return op;
}

static uint32_t combine(struct sketch *s, const char *kind, struct op_shape shape, uint32_t a,
                        uint32_t b, const char *scope, const char *name)
{
    const uint32_t op = op_add(s->graph, kind, shape, "%s/%s", scope, name);
    op_feed(s->graph, op, a);
    op_feed(s->graph, op, b);
    return op;
}

static uint32_t follow(struct sketch *s, const char *kind, struct op_shape shape, uint32_t from,
                       const char *scope, const char *name)
{
    const uint32_t op = op_add(s->graph, kind, shape, "%s/%s", scope, name);
    op_feed(s->graph, op, from);
    return op;
}

static uint32_t *new_numbers(struct sketch *s)
{
    const size_t n = (size_t)s->network->n_fields + 1;
    uint32_t *numbers = arena_alloc(&s->graph->arena, n * sizeof *numbers);
    s->graph->failed |= !numbers;
    for (size_t i = 0; numbers && i < n; i++)
        numbers[i] = OP_NONE;
    return numbers;
}

static void begin(struct sketch *s)
{
    struct network_ops *ops = &s->ops;
    ops->inputs = new_numbers(s);
    ops->products = new_numbers(s);
    ops->wide_weights = new_numbers(s);
    ops->means = new_numbers(s);
    ops->vectors = new_numbers(s);
    ops->input = ops->output = ops->output_weights = OP_NONE;
    ops->wide_step = ops->deep_step = OP_NONE;
    for (uint32_t i = 0; i < NETWORK_LAYERS_MAX; i++)
        ops->layers[i].gains = ops->layers[i].shifts = ops->layers[i].norm = OP_NONE;
}

static void add_inputs(struct sketch *s)
{
    for (uint32_t f = 0; f < s->network->n_fields; f++) {
        const struct field *field = &s->layout->fields[f];
        s->ops.inputs[f] = op_add(s->graph, field->crossed ? "CrossedFeatures" : "Features",
                                  OP_SHAPE_2(OP_BATCH, field->size), "%s/%.*s",
                                  field->crossed ? "crosses" : "features", NAME_SHOWN, field->name);
    }
}

/* ---- the optimizers, which every variable feeds ---- */

static void add_optimizers(struct sketch *s)
{
    const struct network_settings *set = s->settings;
    if (s->network->shape.wide) {
        s->ops.wide_step =
            op_add(s->graph, "ApplyFtrl", OP_SHAPE_1(s->network->n_wide), "train/ftrl");
        op_set(s->graph, s->ops.wide_step, "rate", "%g", set->wide_rate);
        op_set(s->graph, s->ops.wide_step, "l1", "%g", set->l1);
        op_set(s->graph, s->ops.wide_step, "l2", "%g", set->l2);
    }
    if (s->network->shape.deep) {
        const char *name = network_optimizer_names[set->optimizer];
        s->ops.deep_step = op_add(s->graph, "ApplyGradients", OP_SHAPE_1(1), "train/%s", name);
        op_set(s->graph, s->ops.deep_step, "optimizer", "%s", name);
        op_set(s->graph, s->ops.deep_step, "rate", "%g", set->deep_rate);
        op_set(s->graph, s->ops.deep_step, "schedule", "%s", network_schedule_names[set->schedule]);
        op_set(s->graph, s->ops.deep_step, "weight_decay", "%g", set->weight_decay);
    }
}

/* ---- the wide part ---- */

static uint32_t add_wide(struct sketch *s)
{
    const uint32_t sum = op_add(s->graph, "AddN", OP_SHAPE_1(OP_BATCH), "wide/sum");
    for (uint32_t f = 0; f < s->network->n_fields; f++) {
        const struct network_field *field = &s->network->fields[f];
        if (!field->wide)
            continue;
        char scope[OP_NAME_MAX];
        snprintf(scope, sizeof scope, "wide/%.*s", NAME_SHOWN, s->layout->fields[f].name);
        const uint32_t weights = learnt(s, true, OP_SHAPE_1(field->size), scope, "weights");
        s->ops.wide_weights[f] = weights;
        s->ops.products[f] = combine(s, "SparseMatMul", OP_SHAPE_1(OP_BATCH), s->ops.inputs[f],
                                     weights, scope, "product");
        op_feed(s->graph, sum, s->ops.products[f]);
    }
    return sum;
}

/* ---- the deep part ---- */

/* A field that shares another's vectors comes after it. */
static void add_embedding(struct sketch *s, uint32_t f)
{
    const struct network_field *field = &s->network->fields[f];
    char scope[OP_NAME_MAX];
    snprintf(scope, sizeof scope, "deep/embeddings/%.*s", NAME_SHOWN, s->layout->fields[f].name);
    if (field->shared == f)
        s->ops.vectors[f] =
            learnt(s, false, OP_SHAPE_2(field->size, field->dimension), scope, "vectors");
    s->ops.means[f] = combine(s, "EmbeddingBag", OP_SHAPE_2(OP_BATCH, field->dimension),
                              s->ops.inputs[f], s->ops.vectors[field->shared], scope, "mean");
    op_feed(s->graph, s->ops.input, s->ops.means[f]);
}

static uint32_t add_input(struct sketch *s)
{
    const struct network *network = s->network;
    const uint32_t input =
        op_add(s->graph, "Concat", OP_SHAPE_2(OP_BATCH, network->input), "deep/input");
    s->ops.input = input;
    for (uint32_t f = 0; f < network->n_fields; f++)
        if (network->fields[f].deep == FIELD_EMBEDDED)
            add_embedding(s, f);
    for (uint32_t f = 0; f < network->n_fields; f++)
        if (network->fields[f].deep == FIELD_DENSE)
            op_feed(s->graph, input, s->ops.inputs[f]);
    return input;
}

static uint32_t add_linear(struct sketch *s, const struct network_layer *layer, uint32_t from,
                           const char *scope, struct network_layer_ops *ops)
{
    const struct op_shape shape = OP_SHAPE_2(OP_BATCH, layer->out);
    ops->weights = learnt(s, false, OP_SHAPE_2(layer->in, layer->out), scope, "weights");
    ops->biases = learnt(s, false, OP_SHAPE_1(layer->out), scope, "biases");
    ops->product = combine(s, "MatMul", shape, from, ops->weights, scope, "product");
    ops->sum = combine(s, "BiasAdd", shape, ops->product, ops->biases, scope, "sum");
    return ops->sum;
}

/* x0 * (W x + b) + x, element by element (Wang et al. 2021, equation 1). */
static uint32_t add_cross(struct sketch *s, const struct network_layer *layer, uint32_t input,
                          uint32_t from, const char *scope, struct network_layer_ops *ops)
{
    const struct op_shape shape = OP_SHAPE_2(OP_BATCH, layer->out);
    const uint32_t sum = add_linear(s, layer, from, scope, ops);
    ops->activation = combine(s, "Mul", shape, input, sum, scope, "crossed");
    return combine(s, "Add", shape, ops->activation, from, scope, "residual");
}

static uint32_t add_hidden(struct sketch *s, const struct network_layer *layer, uint32_t from,
                           const char *scope, struct network_layer_ops *ops)
{
    const struct op_shape shape = OP_SHAPE_2(OP_BATCH, layer->out);
    uint32_t at = add_linear(s, layer, from, scope, ops);
    if (s->network->shape.layer_norm) {
        ops->gains = learnt(s, false, OP_SHAPE_1(layer->out), scope, "gains");
        ops->shifts = learnt(s, false, OP_SHAPE_1(layer->out), scope, "shifts");
        at = ops->norm = combine(s, "LayerNorm", shape, at, ops->gains, scope, "norm");
        op_feed(s->graph, at, ops->shifts);
    }
    at = ops->activation = follow(s, "Relu", shape, at, scope, "relu");
    if (s->settings->dropout > 0) {
        at = follow(s, "Dropout", shape, at, scope, "dropout");
        op_set(s->graph, at, "share", "%g", s->settings->dropout);
    }
    return at;
}

static uint32_t add_deep(struct sketch *s)
{
    const struct network *network = s->network;
    const uint32_t input = add_input(s);
    uint32_t at = input;
    for (uint32_t i = 0; i < network->n_layers; i++) {
        const struct network_layer *layer = &network->layers[i];
        char scope[OP_NAME_MAX];
        snprintf(scope, sizeof scope, "deep/%s_%" PRIu32, layer->cross ? "cross" : "layer", i);
        struct network_layer_ops *ops = &s->ops.layers[i];
        at = layer->cross ? add_cross(s, layer, input, at, scope, ops)
                          : add_hidden(s, layer, at, scope, ops);
    }
    const uint32_t width = network->layers[network->n_layers - 1].out;
    s->ops.output_weights = learnt(s, false, OP_SHAPE_2(width, 1), "deep/output", "weights");
    s->ops.output = combine(s, "MatMul", OP_SHAPE_1(OP_BATCH), at, s->ops.output_weights,
                            "deep/output", "product");
    return s->ops.output;
}

/* ---- the whole ---- */

void network_graph(const struct network *network, const struct feature_layout *layout,
                   const struct network_settings *settings, struct op_graph *graph,
                   struct network_ops *ret_ops)
{
    struct sketch s = {network, layout, settings, graph, {0}};
    struct network_ops *ops = &s.ops;
    const bool wide = network->shape.wide, deep = network->shape.deep;
    begin(&s);
    if (graph->failed)
        return;
    add_inputs(&s);
    add_optimizers(&s);
    ops->bias = learnt(&s, wide, OP_SHAPE_1(1), "logit", "bias");
    ops->logit = op_add(graph, "AddN", OP_SHAPE_1(OP_BATCH), "logit/sum");
    if (wide)
        op_feed(graph, ops->logit, add_wide(&s));
    if (deep)
        op_feed(graph, ops->logit, add_deep(&s));
    op_feed(graph, ops->logit, ops->bias);
    follow(&s, "Sigmoid", OP_SHAPE_1(OP_BATCH), ops->logit, "prediction", "probability");
    const uint32_t labels = op_add(graph, "Placeholder", OP_SHAPE_1(OP_BATCH), "labels");
    ops->loss =
        combine(&s, "LogLoss", (struct op_shape){0}, ops->logit, labels, "loss", "log_loss");
    if (wide)
        op_feed(graph, ops->wide_step, ops->loss);
    if (deep)
        op_feed(graph, ops->deep_step, ops->loss);
    *ret_ops = *ops;
}

void network_graph_observe(const struct network *network, const struct feature_layout *layout,
                           const struct network_settings *settings, const struct observer *observer)
{
    struct op_graph graph = {0};
    struct network_ops ops;
    if (!observer || !observer->graph)
        return;
    network_graph(network, layout, settings, &graph, &ops);
    if (!graph.failed)
        observe_graph(observer, &graph);
    op_graph_free(&graph);
}
