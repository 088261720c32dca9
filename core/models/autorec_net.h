#pragma once
/* The network of AutoRec and its gradient.
 *
 *     h = g(sum_k x_k V_k + m),   z_c = <W_c, h> + b_c
 *     ratings:      L = sum_observed (z_c - t_c)^2
 *     multinomial:  L = -sum_liked log softmax(z)_c
 *
 * for each row (an item's or a user's ratings x, targets t), and lambda (|V|^2 + |W|^2) over all.
 * Of ratings only the observed outputs are computed, forward and back; a softmax needs them all.
 *
 * A batch goes in two passes: rows, then strips of columns, each of which sums its own gradient
 * over the batch's rows in their order. Neither cut hangs on the number of threads.
 */
#include <stdbool.h>

#include "base/laps.h"
#include "linalg/csr.h"
#include "linalg/kernels.h"
#include "linalg/optimizer.h"

enum { AUTOREC_STRIP = 64 /* columns */ };
enum autorec_g { AUTOREC_SIGMOID, AUTOREC_IDENTITY, AUTOREC_TANH, AUTOREC_G_AUTO };

struct autorec_net {
    uint32_t n_columns;
    size_t width; /* of a row of V and W: the hidden units, rounded up to whole tiles with zeros */
    enum autorec_g g;
    bool multinomial;
    /* slices of one allocation, and of each gradient and optimizer state */
    size_t encoder, means, decoder, biases; /* offsets: V[n_columns x width], m[width], W, b */
    size_t size;
};

struct autorec_net autorec_net_of(uint32_t n_columns, uint32_t hidden, enum autorec_g g,
                                  bool multinomial);

/* h[hidden] = g(h). */
void autorec_activate(enum autorec_g g, uint32_t hidden, float *h);

/* h[width] of one row of inputs. */
void autorec_encode(const struct autorec_net *net, const float *parameters, uint32_t hidden,
                    const uint32_t *columns, const float *inputs, size_t n, float *h);

/* One batch: rows[n_rows] of x; beside its entries inputs[csr_size(x)] and targets (NULL for
 * multinomial: every entry is liked). The scratch holds, for each row of the batch (for multinomial
 * up to whole blocks of TILE rows), h[width], deltas[width] (of what goes into g) and
 * errors[error_width]: by entry; or for multinomial, where it is n_columns, block by block
 * [n_columns x TILE], and so turned[width x TILE] too. */
struct autorec_batch {
    const struct autorec_net *net;
    const float *parameters;
    uint32_t hidden;
    const struct csr *x;
    const float *inputs, *targets;
    const uint32_t *rows;
    uint32_t n_rows;
    size_t error_width;
    float *h, *deltas, *turned, *errors;
    double *losses; /* [n_rows] */
};

/* What a step is cut into where it is timed (autorec_costs.h). */
enum autorec_part {
    AUTOREC_ENCODE,
    AUTOREC_ACTIVATE,
    AUTOREC_DECODE,
    AUTOREC_BIASES,
    AUTOREC_LOSS,
    AUTOREC_OBSERVED, /* ratings: outputs, errors and the way back */
    AUTOREC_ENTRIES,  /* of gradients of V, W and b what is done in one */
    AUTOREC_MEANS,
    AUTOREC_MOVE,
    AUTOREC_PARTS
};

/* Rows of a block: of ratings few, as they differ in length; of a softmax as many as fill a tile.
 */
static inline uint32_t autorec_block_rows(const struct autorec_net *net)
{
    return net->multinomial ? TILE : 4;
}

/* First pass: the rows block * autorec_block_rows and on, of as many. In all of these laps, of
 * AUTOREC_PARTS parts, have begun; NULL: nobody times it. */
void autorec_batch_block(const struct autorec_batch *batch, uint32_t block, struct laps *laps);

/* Second pass: dL/dV, dL/dW, dL/db of columns strip * AUTOREC_STRIP and on, into gradients (laid
 * out as the parameters). */
void autorec_batch_strip(const struct autorec_batch *batch, uint32_t strip, float *gradients,
                         struct laps *laps);

/* And dL/dm. */
void autorec_batch_means(const struct autorec_batch *batch, float *gradients, struct laps *laps);
