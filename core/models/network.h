#pragma once
/* The network behind wide, deep and wide & deep: what it looks like and where its parameters lie.
 *
 *     logit = bias + sum_i wide[i] v[i] + output' a_L            (Cheng et al. 2016, eq. 3)
 *     a_0   = the embedded fields' vectors, then the dense fields' values
 *     a_l   = dropout(relu(norm(W_l a_(l-1) + b_l)))             hidden layers
 *
 * with cross layers (DCN-v2) between a_0 and the first hidden one where there are any. The sum runs
 * over the features of wide fields. All parameters lie in one allocation, cut into slices; the
 * width of a slice's row is a multiple of TILE, filled with zeros, except for embeddings.
 *
 * Const after fit: any number of threads may predict.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "models/predictor.h"

enum {
    NETWORK_HIDDEN_MAX = 8,
    NETWORK_CROSS_MAX = 4,
    NETWORK_LAYERS_MAX = NETWORK_CROSS_MAX + NETWORK_HIDDEN_MAX,
    NETWORK_WIDTH_MAX = 4096, /* units of a layer */
    NETWORK_FIELDS_MAX = 1000,
    NETWORK_INPUT_MAX = 65536
};

struct network_shape {
    bool wide, deep, layer_norm;
    uint32_t n_cross, n_hidden;
    uint32_t hidden[NETWORK_HIDDEN_MAX];
};

struct network_field {
    uint32_t first, size; /* features */
    bool wide;
    uint32_t wide_at; /* of its first feature among the wide weights */
    enum field_deep deep;
    uint32_t dimension, shared, table; /* FIELD_EMBEDDED; shared as in struct field */
    uint32_t input_at;                 /* its first column of the input */
};

struct network_table {
    size_t at; /* rows x width */
    uint32_t rows, width;
};

/* A cross layer or a hidden one. */
struct network_layer {
    size_t weights;       /* tile_round(in) x width */
    size_t biases;        /* width */
    size_t gains, shifts; /* width, with layer normalisation */
    uint32_t in, out, width;
    bool cross;
};

struct network_slice {
    char name[40];
    size_t at;
    uint32_t rows, columns; /* as stored */
    uint32_t used_columns;  /* that are learnt */
};

struct network {
    struct predictor base;
    struct network_shape shape;
    struct predictor_report report;
    struct arena arena; /* of the tables below */
    struct network_field *fields;
    struct network_table *tables;
    struct network_slice *slices;
    uint32_t n_fields, n_tables, n_slices;
    uint32_t n_wide;   /* wide weights */
    uint32_t embedded; /* columns of the input that come from tables; they are the first */
    uint32_t input, input_width;
    uint32_t n_layers; /* the cross layers, then the hidden ones */
    struct network_layer layers[NETWORK_LAYERS_MAX];
    size_t bias, wide, output; /* where they lie: 1, n_wide, width of the last layer */
    size_t size;               /* floats in all */
    float *parameters;         /* [size], 64-byte aligned; NULL before network_take_parameters */
};

/* Its slices, without memory for them yet. OUT_OF_RANGE where the layout does not give what the
 * shape needs (no wide field, no input) or is past the limits, NO_MEMORY. */
enum status network_new(const struct predictor_class *class, const struct feature_layout *layout,
                        const struct network_shape *shape, struct network **ret_network,
                        struct error *reterr);

/* Memory for the parameters, zeros. NO_MEMORY. */
enum status network_take_parameters(struct network *network, struct error *reterr);

/* Fresh parameters: the bias at the log odds of the labels, layers uniform within
 * sqrt(6 / (in + out)) (Glorot and Bengio 2010), embeddings normal with deviation
 * embedding_scale, the rest 0. The draws of a row hang on the seed, its slice and itself. */
void network_init(struct network *network, const struct label_sums *labels, double embedding_scale,
                  uint64_t seed);

/* Takes over what `old` knows: the bias and hidden layers, and of wide weights, vectors and inputs
 * those of features that it has; `features` as in predictor_task. OUT_OF_RANGE when hidden layers
 * or the dimension of an embedding differ. */
enum status network_warm(struct network *network, const struct network *old,
                         const uint32_t *features, struct error *reterr);

/* Counts the report's parameters and zeros. */
void network_count(struct network *network);

void network_describe(const struct predictor *predictor, struct predictor_report *ret_report);
void network_save(const struct predictor *predictor, struct sections_writer *writer);
enum status network_load(const struct predictor_class *class, const struct sections *sections,
                         struct predictor **ret_predictor, struct error *reterr);
void network_free(struct predictor *predictor);
