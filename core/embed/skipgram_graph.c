#include <stdio.h>

#include "base/op_graph.h"
#include "embed/skipgram.h"

struct sketch {
    const struct skipgram_settings *settings;
    struct op_graph *graph;
    uint32_t looked_up; /* u of the neighbours */
    uint32_t outputs;   /* V */
    uint32_t biases;    /* log(K q), with noise contrastive estimation */
};

/* <u, v> against one kind of outputs, and what it costs. */
static uint32_t add_side(struct sketch *s, const char *side, const char *kind, int64_t width,
                         uint32_t tokens)
{
    const struct op_shape shape = OP_SHAPE_2(OP_BATCH, width);
    char name[OP_NAME_MAX];
    snprintf(name, sizeof name, "%s/lookup", side);
    const uint32_t vectors = op_add_fed(
        s->graph, "Gather", (struct op_shape){3, {OP_BATCH, width, s->settings->dimensions}},
        OP_INPUTS(s->outputs, tokens), name);
    snprintf(name, sizeof name, "%s/product", side);
    uint32_t at =
        op_add_fed(s->graph, "BatchMatMul", shape, OP_INPUTS(s->looked_up, vectors), name);
    if (s->settings->loss == SKIPGRAM_NCE) {
        snprintf(name, sizeof name, "%s/contrast", side);
        at = op_add_fed(s->graph, "Sub", shape, OP_INPUTS(at, s->biases), name);
    }
    snprintf(name, sizeof name, "loss/%s", side);
    return op_add_fed(s->graph, kind, (struct op_shape){0}, OP_INPUTS(at), name);
}

static uint32_t add_negatives(struct sketch *s)
{
    const struct skipgram_settings *set = s->settings;
    const uint32_t noise =
        op_add(s->graph, "RandomChoice", OP_SHAPE_2(OP_BATCH, set->negatives), "inputs/negatives");
    op_set(s->graph, noise, "alpha", "%g", set->alpha);
    if (set->loss == SKIPGRAM_NCE)
        s->biases = op_add_fed(s->graph, "Log", OP_SHAPE_2(OP_BATCH, set->negatives),
                               OP_INPUTS(noise), "inputs/noise_chances");
    return noise;
}

void skipgram_graph(const struct skipgram_settings *settings, uint32_t n_tokens,
                    struct op_graph *graph)
{
    struct sketch s = {.settings = settings, .graph = graph};
    const struct op_shape table = OP_SHAPE_2(n_tokens, settings->dimensions);
    const uint32_t text = op_add(graph, "Placeholder", OP_SHAPE_1(OP_BATCH), "inputs/sequences");
    const uint32_t pairs =
        op_add_fed(graph, "Windows", OP_SHAPE_2(OP_BATCH, 2), OP_INPUTS(text), "inputs/pairs");
    op_set(graph, pairs, "window", "%lld", (long long)settings->window);
    op_set(graph, pairs, "subsample", "%g", settings->subsample);
    const uint32_t noise = add_negatives(&s);
    const uint32_t inputs = op_add_variable(graph, table, "vectors/inputs");
    s.outputs = op_add_variable(graph, table, "vectors/outputs");
    s.looked_up = op_add_fed(graph, "Gather", OP_SHAPE_2(OP_BATCH, settings->dimensions),
                             OP_INPUTS(inputs, pairs), "neighbour/lookup");
    const uint32_t near = add_side(&s, "observed", "LogSigmoid", 1, pairs);
    const uint32_t far = add_side(&s, "noise", "LogSigmoidOfMinus", settings->negatives, noise);
    const uint32_t loss =
        op_add_fed(graph, "AddN", (struct op_shape){0}, OP_INPUTS(near, far), "loss/sum");
    const uint32_t step = op_add_fed(graph, "ApplyGradientDescent", OP_SHAPE_1(1),
                                     OP_INPUTS(inputs, s.outputs, loss), "train/sgd");
    op_set(graph, step, "rate", "%g", settings->rate);
}

void skipgram_graph_observe(const struct skipgram_settings *settings, uint32_t n_tokens,
                            const struct observer *observer)
{
    struct op_graph graph = {0};
    if (!observer || !observer->graph)
        return;
    skipgram_graph(settings, n_tokens, &graph);
    if (!graph.failed)
        observe_graph(observer, &graph);
    op_graph_free(&graph);
}
