#include "base/op_graph.h"
#include "models/autorec_model.h"

struct sketch {
    const struct autorec_settings *settings;
    struct op_graph *graph;
    int64_t columns;
    bool rates;
    uint32_t encoder, means, decoder, biases; /* what is learnt */
};

static uint32_t add_encoder(struct sketch *s, uint32_t rows)
{
    static const char *const kinds[] = {
        [AUTOREC_SIGMOID] = "Sigmoid", [AUTOREC_IDENTITY] = "Identity", [AUTOREC_TANH] = "Tanh"};
    const int64_t hidden = s->settings->hidden;
    const struct op_shape shape = OP_SHAPE_2(OP_BATCH, hidden);
    s->encoder = op_add_variable(s->graph, OP_SHAPE_2(s->columns, hidden), "encoder/weights");
    s->means = op_add_variable(s->graph, OP_SHAPE_1(hidden), "encoder/biases");
    const uint32_t product =
        op_add_fed(s->graph, "SparseMatMul", shape, OP_INPUTS(rows, s->encoder), "encoder/product");
    const uint32_t sum =
        op_add_fed(s->graph, "BiasAdd", shape, OP_INPUTS(product, s->means), "encoder/sum");
    return op_add_fed(s->graph, kinds[s->settings->g], shape, OP_INPUTS(sum), "encoder/hidden");
}

static uint32_t add_decoder(struct sketch *s, uint32_t hidden)
{
    const struct op_shape shape = OP_SHAPE_2(OP_BATCH, s->columns);
    s->decoder =
        op_add_variable(s->graph, OP_SHAPE_2(s->columns, s->settings->hidden), "decoder/weights");
    s->biases = op_add_variable(s->graph, OP_SHAPE_1(s->columns), "decoder/biases");
    const uint32_t product =
        op_add_fed(s->graph, "MatMul", shape, OP_INPUTS(hidden, s->decoder), "decoder/product");
    return op_add_fed(s->graph, "BiasAdd", shape, OP_INPUTS(product, s->biases), "decoder/sum");
}

static uint32_t add_loss(struct sketch *s, uint32_t scores, uint32_t rows)
{
    const struct op_shape one = {0};
    const uint32_t fit =
        op_add_fed(s->graph, s->rates ? "ObservedSquaredError" : "SoftmaxCrossEntropy", one,
                   OP_INPUTS(scores, rows), s->rates ? "loss/squared_error" : "loss/cross_entropy");
    const uint32_t penalty = op_add_fed(s->graph, "L2Loss", one, OP_INPUTS(s->encoder, s->decoder),
                                        "loss/regularization");
    op_set(s->graph, penalty, "lambda", "%g", s->settings->lambda);
    return op_add_fed(s->graph, "AddN", one, OP_INPUTS(fit, penalty), "loss/sum");
}

void autorec_graph(const struct autorec_settings *settings, uint32_t n_columns, bool rates,
                   struct op_graph *graph)
{
    struct sketch s = {.settings = settings, .graph = graph, .columns = n_columns, .rates = rates};
    const uint32_t rows = op_add(graph, "Placeholder", OP_SHAPE_2(OP_BATCH, n_columns),
                                 rates ? "inputs/ratings" : "inputs/likes");
    const uint32_t scores = add_decoder(&s, add_encoder(&s, rows));
    const uint32_t loss = add_loss(&s, scores, rows);
    const uint32_t step =
        op_add_fed(graph, "ApplyAdam", OP_SHAPE_1(1),
                   OP_INPUTS(s.encoder, s.means, s.decoder, s.biases, loss), "train/adam");
    op_set(graph, step, "rate", "%g", settings->rate);
}

void autorec_graph_observe(const struct autorec_settings *settings, uint32_t n_columns, bool rates,
                           const struct observer *observer)
{
    struct op_graph graph = {0};
    if (!observer || !observer->graph)
        return;
    autorec_graph(settings, n_columns, rates, &graph);
    if (!graph.failed)
        observe_graph(observer, &graph);
    op_graph_free(&graph);
}
