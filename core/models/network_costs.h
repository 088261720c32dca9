#pragma once
/* What each operation of one step of a network's learning costs, for the graph that shows it
 * (network_graph.h): CPU time, of all threads together, and memory.
 *
 * A step does not do one operation after the other. Blocks of rows go through all layers and back,
 * then units of parameters sum their gradients and step, all of it on several threads; some
 * operations are one loop. Each piece takes its own thread's CPU time (base/laps.h), and it is
 * booked so:
 *
 *     features/<field>, crosses/<field>   the reading of rows, shared out by the entries of fields
 *     wide/<field>/product                the sum of wide weights, shared out likewise; and the
 *                                         gradient of the field's weights
 *     deep/embeddings/<field>/mean        the input's filling, by the columns that are the field's;
 *                                         and the gradient of its vectors, by the entries of those
 *                                         that share them
 *     deep/input                          the rest of the filling
 *     …/product                           x W + b with the biases, and the way back: the gradient
 *                                         of the input and of the weights
 *     …/sum                               the gradient of the biases
 *     …/norm, …/relu, …/crossed           there and back; relu with its dropout, crossed with the
 *                                         residual
 *     logit/sum                           the gradient of the bias
 *     loss/log_loss                       the loss and its derivative
 *     train/ftrl, train/<optimizer>       the steps of their parameters
 *
 * Memory is what the fit holds for the operation: what it gives and the loss by that, for the rows
 * of a chunk; a variable's numbers and gradients; an optimizer's state. What is measured is the
 * last full batch of a pass. Measuring reads clocks and changes nothing that is learnt.
 */
#include "base/observer.h"
#include "models/network_graph.h"
#include "models/network_step.h"

struct network_costs {
    struct network_step *step;
    const struct feature_layout *layout;
    const struct network_settings *settings;
    const struct observer *observer;
    int64_t *block_ns, *unit_ns; /* as in struct network_step; NULL: the observer wants none */
    uint64_t *entries;           /* [n_fields] of the rows measured */
    bool measured;               /* a step since the last telling */
};

/* Memory from the arena where the observer wants costs. Everything is borrowed. NO_MEMORY. */
enum status network_costs_init(struct network_step *step, const struct feature_layout *layout,
                               const struct network_settings *settings,
                               const struct observer *observer, struct arena *arena,
                               struct network_costs *ret_costs);

bool network_costs_are_due(const struct network_costs *costs, uint32_t epoch);

/* Around the step that is measured: before its first chunk, and after each of its chunks. From any
 * worker, while no piece runs. */
void network_costs_begin(struct network_costs *costs);
void network_costs_chunk(struct network_costs *costs);

/* After the pass: tells what was measured, if anything was; out of memory it does without. */
void network_costs_tell(struct network_costs *costs, uint32_t epoch);
