#pragma once
/* What a network computes, described from its own layout: as the wide & deep figure has it, the
 * wide part and the deep part side by side, meeting at the logit (Cheng et al. 2016, figure 1).
 */
#include "base/observer.h"
#include "base/op_graph.h"
#include "models/network_settings.h"

/* Adds its operations, forward and learning; the layout gives the fields' names. */
void network_graph(const struct network *network, const struct feature_layout *layout,
                   const struct network_settings *settings, struct op_graph *graph);

/* Makes the graph for an observer that wants one; out of memory it does without. */
void network_graph_observe(const struct network *network, const struct feature_layout *layout,
                           const struct network_settings *settings,
                           const struct observer *observer);
