#pragma once
/* What a network computes, described from its own layout: as the wide & deep figure has it, the
 * wide part and the deep part side by side, meeting at the logit (Cheng et al. 2016, figure 1).
 */
#include "base/observer.h"
#include "base/op_graph.h"
#include "models/network_settings.h"

/* Which operation of the graph is what; OP_NONE where there is none. */
struct network_ops {
    uint32_t *inputs, *products, *wide_weights, *means, *vectors; /* [n_fields] */
    uint32_t input, output, output_weights, bias, logit, loss, wide_step, deep_step;
    struct network_layer_ops {
        uint32_t weights, biases, gains, shifts, product, sum, norm, activation;
    } layers[NETWORK_LAYERS_MAX];
};

/* Adds its operations, forward and learning; the layout gives the fields' names. What *ret_ops
 * points to lies in the graph's arena; where the graph fails it is of no use. */
void network_graph(const struct network *network, const struct feature_layout *layout,
                   const struct network_settings *settings, struct op_graph *graph,
                   struct network_ops *ret_ops);

/* Makes the graph for an observer that wants one; out of memory it does without. */
void network_graph_observe(const struct network *network, const struct feature_layout *layout,
                           const struct network_settings *settings,
                           const struct observer *observer);
