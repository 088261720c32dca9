#include "models/network_graph.h"

#include <inttypes.h>
#include <stdio.h>

enum { NAME_SHOWN = 80 };

struct sketch {
    const struct network *network;
    const struct feature_layout *layout;
    const struct network_settings *settings;
    struct op_graph *graph;
    uint32_t first_input; /* operation of field 0; the others follow */
    uint32_t wide_step, deep_step;
};

/* A variable of the deep or of the wide part, which that part's optimizer moves. */
static uint32_t learnt(struct sketch *s, bool wide, struct op_shape shape, const char *scope,
                       const char *name)
{
    const uint32_t op = op_add_variable(s->graph, shape, "%s/%s", scope, name);
    op_feed(s->graph, wide ? s->wide_step : s->deep_step, op);
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

static void add_inputs(struct sketch *s)
{
    for (uint32_t f = 0; f < s->network->n_fields; f++) {
        const struct field *field = &s->layout->fields[f];
        const uint32_t op =
            op_add(s->graph, field->crossed ? "CrossedFeatures" : "Features",
                   OP_SHAPE_2(OP_BATCH, field->size), "%s/%.*s",
                   field->crossed ? "crosses" : "features", NAME_SHOWN, field->name);
        if (f == 0)
            s->first_input = op;
    }
}

/* ---- the optimizers, which every variable feeds ---- */

static void add_optimizers(struct sketch *s)
{
    const struct network_settings *set = s->settings;
    if (s->network->shape.wide) {
        s->wide_step = op_add(s->graph, "ApplyFtrl", OP_SHAPE_1(s->network->n_wide), "train/ftrl");
        op_set(s->graph, s->wide_step, "rate", "%g", set->wide_rate);
        op_set(s->graph, s->wide_step, "l1", "%g", set->l1);
        op_set(s->graph, s->wide_step, "l2", "%g", set->l2);
    }
    if (s->network->shape.deep) {
        const char *name = network_optimizer_names[set->optimizer];
        s->deep_step = op_add(s->graph, "ApplyGradients", OP_SHAPE_1(1), "train/%s", name);
        op_set(s->graph, s->deep_step, "optimizer", "%s", name);
        op_set(s->graph, s->deep_step, "rate", "%g", set->deep_rate);
        op_set(s->graph, s->deep_step, "schedule", "%s", network_schedule_names[set->schedule]);
        op_set(s->graph, s->deep_step, "weight_decay", "%g", set->weight_decay);
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
        op_feed(s->graph, sum,
                combine(s, "SparseMatMul", OP_SHAPE_1(OP_BATCH), s->first_input + f, weights, scope,
                        "product"));
    }
    return sum;
}

/* ---- the deep part ---- */

/* A field that shares another's vectors comes after it. */
static void add_embedding(struct sketch *s, uint32_t f, uint32_t *tables, uint32_t input)
{
    const struct network_field *field = &s->network->fields[f];
    char scope[OP_NAME_MAX];
    snprintf(scope, sizeof scope, "deep/embeddings/%.*s", NAME_SHOWN, s->layout->fields[f].name);
    if (field->shared == f)
        tables[field->table] =
            learnt(s, false, OP_SHAPE_2(field->size, field->dimension), scope, "vectors");
    op_feed(s->graph, input,
            combine(s, "EmbeddingBag", OP_SHAPE_2(OP_BATCH, field->dimension), s->first_input + f,
                    tables[field->table], scope, "mean"));
}

static uint32_t add_input(struct sketch *s)
{
    const struct network *network = s->network;
    const uint32_t input =
        op_add(s->graph, "Concat", OP_SHAPE_2(OP_BATCH, network->input), "deep/input");
    uint32_t *tables = arena_zalloc(&s->graph->arena, network->n_tables + 1, sizeof *tables);
    s->graph->failed |= !tables;
    for (uint32_t f = 0; f < network->n_fields && tables; f++)
        if (network->fields[f].deep == FIELD_EMBEDDED)
            add_embedding(s, f, tables, input);
    for (uint32_t f = 0; f < network->n_fields; f++)
        if (network->fields[f].deep == FIELD_DENSE)
            op_feed(s->graph, input, s->first_input + f);
    return input;
}

static uint32_t add_linear(struct sketch *s, const struct network_layer *layer, uint32_t from,
                           const char *scope)
{
    const struct op_shape shape = OP_SHAPE_2(OP_BATCH, layer->out);
    const uint32_t weights = learnt(s, false, OP_SHAPE_2(layer->in, layer->out), scope, "weights");
    const uint32_t biases = learnt(s, false, OP_SHAPE_1(layer->out), scope, "biases");
    const uint32_t product = combine(s, "MatMul", shape, from, weights, scope, "product");
    return combine(s, "BiasAdd", shape, product, biases, scope, "sum");
}

/* x0 * (W x + b) + x, element by element (Wang et al. 2021, equation 1). */
static uint32_t add_cross(struct sketch *s, const struct network_layer *layer, uint32_t input,
                          uint32_t from, const char *scope)
{
    const struct op_shape shape = OP_SHAPE_2(OP_BATCH, layer->out);
    const uint32_t sum = add_linear(s, layer, from, scope);
    const uint32_t crossed = combine(s, "Mul", shape, input, sum, scope, "crossed");
    return combine(s, "Add", shape, crossed, from, scope, "residual");
}

static uint32_t add_hidden(struct sketch *s, const struct network_layer *layer, uint32_t from,
                           const char *scope)
{
    const struct op_shape shape = OP_SHAPE_2(OP_BATCH, layer->out);
    uint32_t at = add_linear(s, layer, from, scope);
    if (s->network->shape.layer_norm) {
        const uint32_t gains = learnt(s, false, OP_SHAPE_1(layer->out), scope, "gains");
        const uint32_t shifts = learnt(s, false, OP_SHAPE_1(layer->out), scope, "shifts");
        at = combine(s, "LayerNorm", shape, at, gains, scope, "norm");
        op_feed(s->graph, at, shifts);
    }
    at = follow(s, "Relu", shape, at, scope, "relu");
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
        at = layer->cross ? add_cross(s, layer, input, at, scope) : add_hidden(s, layer, at, scope);
    }
    const uint32_t width = network->layers[network->n_layers - 1].out;
    const uint32_t weights = learnt(s, false, OP_SHAPE_2(width, 1), "deep/output", "weights");
    return combine(s, "MatMul", OP_SHAPE_1(OP_BATCH), at, weights, "deep/output", "product");
}

/* ---- the whole ---- */

void network_graph(const struct network *network, const struct feature_layout *layout,
                   const struct network_settings *settings, struct op_graph *graph)
{
    struct sketch s = {network, layout, settings, graph, 0, 0, 0};
    const bool wide = network->shape.wide, deep = network->shape.deep;
    add_inputs(&s);
    add_optimizers(&s);
    const uint32_t bias = learnt(&s, wide, OP_SHAPE_1(1), "logit", "bias");
    const uint32_t logit = op_add(graph, "AddN", OP_SHAPE_1(OP_BATCH), "logit/sum");
    if (wide)
        op_feed(graph, logit, add_wide(&s));
    if (deep)
        op_feed(graph, logit, add_deep(&s));
    op_feed(graph, logit, bias);
    follow(&s, "Sigmoid", OP_SHAPE_1(OP_BATCH), logit, "prediction", "probability");
    const uint32_t labels = op_add(graph, "Placeholder", OP_SHAPE_1(OP_BATCH), "labels");
    const uint32_t loss =
        combine(&s, "LogLoss", (struct op_shape){0}, logit, labels, "loss", "log_loss");
    if (wide)
        op_feed(graph, s.wide_step, loss);
    if (deep)
        op_feed(graph, s.deep_step, loss);
}

void network_graph_observe(const struct network *network, const struct feature_layout *layout,
                           const struct network_settings *settings, const struct observer *observer)
{
    struct op_graph graph = {0};
    if (!observer || !observer->graph)
        return;
    network_graph(network, layout, settings, &graph);
    if (!graph.failed)
        observe_graph(observer, &graph);
    op_graph_free(&graph);
}
