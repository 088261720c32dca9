#pragma once
/* A network's way forward and back for the rows of one chunk of examples, a block of rows at a
 * time. Blocks touch their own rows only, so that several may run at once; what a row gets does not
 * depend on its block. The gradients of the parameters follow from what both ways leave behind, for
 * all rows together (network_step.h).
 */
#include "base/laps.h"
#include "linalg/layers.h"
#include "models/network.h"

/* Arrays over the rows of a chunk; all widths are multiples of TILE. Those of the way back are NULL
 * in a pass that only predicts. */
struct network_pass {
    const struct network *network;
    uint32_t capacity;       /* rows */
    uint32_t entries_max;    /* of one example */
    uint32_t *starts;        /* [2 capacity]: of blocks, see network_pass_batch */
    uint32_t *features;      /* [capacity x entries_max] */
    float *values;           /* the same */
    float *labels, *weights; /* [capacity] */
    uint32_t *places;        /* [capacity x (n_fields + 1)]: where each field's entries begin */
    const uint32_t **row_features; /* [capacity]: a row's entries are row_features[r][places…] */
    const float **row_values;
    float *logits;                           /* [capacity] */
    float *input;                            /* [capacity x input_width] */
    float *outputs[NETWORK_LAYERS_MAX];      /* [capacity x width] of each layer */
    float *products[NETWORK_CROSS_MAX];      /* u of each cross layer */
    float *normals[NETWORK_LAYERS_MAX];      /* with layer normalisation */
    float *inverses[NETWORK_LAYERS_MAX];     /* [capacity] */
    float *deltas;                           /* [capacity]: loss by logit */
    float *layer_deltas[NETWORK_LAYERS_MAX]; /* loss by x w + b of each layer */
    float *gain_deltas[NETWORK_LAYERS_MAX];  /* with layer normalisation */
    float *shift_deltas[NETWORK_LAYERS_MAX];
    float *input_deltas, *cross_deltas; /* [capacity x input_width] */
};

/* The parts of a block's way, for those who time it; those of layer i begin at
 * SPOT_LAYERS + i * LAYER_SPOTS. */
enum network_spot { SPOT_FETCH, SPOT_WIDE, SPOT_INPUT, SPOT_OUTPUT, SPOT_LOSS, SPOT_LAYERS };
enum layer_spot { SPOT_PRODUCT, SPOT_NORM, SPOT_ACTIVATION, LAYER_SPOTS };
enum { NETWORK_SPOTS_MAX = SPOT_LAYERS + NETWORK_LAYERS_MAX * LAYER_SPOTS };

/* What learning adds to the way forward. */
struct network_learning {
    float dropout;
    uint64_t seed;                               /* of this batch */
    uint32_t first_row;                          /* of the chunk within the batch */
    float positive_weight;                       /* factor for label 1 */
    float scale;                                 /* of every row's loss in the batch's mean */
    const float *transposed[NETWORK_LAYERS_MAX]; /* each layer's weights' transpose */
    struct laps *laps; /* of NETWORK_SPOTS_MAX parts, for this block; NULL: nobody times it */
};

/* Memory from the arena. NO_MEMORY. */
enum status network_pass_init(const struct network *network, uint32_t entries_max,
                              uint32_t capacity, bool learns, struct arena *arena,
                              struct network_pass *ret_pass);

/* Room for the examples of block number `block`, which begins at row `first` of the pass; blocks
 * are numbered in the order of their rows. */
struct example_batch network_pass_batch(const struct network_pass *pass, uint32_t block,
                                        uint32_t first);

/* Logits of the rows first .. first + batch->n - 1. learning NULL: predict, without dropout. */
void network_forward(struct network_pass *pass, const struct example_batch *batch, uint32_t first,
                     const struct network_learning *learning);

/* The way back of n rows; returns the sum of their weighted losses (weight times log loss). */
double network_backward(struct network_pass *pass, uint32_t first, uint32_t n,
                        const struct network_learning *learning);
