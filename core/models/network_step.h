#pragma once
/* One step of learning: gradients of a batch, and what the optimizers make of them.
 *
 * A batch is cut into chunks, a chunk into blocks of rows; blocks go forward and back
 * (network_pass.h), then the parameters are cut into units, each of which sums its own gradient
 * over all rows of the chunk, in their order, and after the batch's last chunk steps. Neither cut
 * depends on the number of threads, and no two pieces write the same place, so that pieces of one
 * kind may run at once and the result has the same bits.
 */
#include "linalg/optimizer.h"
#include "models/network_pass.h"

enum { NETWORK_CHUNK = 1024, NETWORK_BLOCK = 32 };

struct network_update {
    struct optimizer deep;
    struct ftrl wide;
};

/* A piece of the parameters. */
enum unit_kind { UNIT_STRIP, UNIT_VECTORS, UNIT_OUTPUT, UNIT_BIAS, UNIT_WIDE, UNIT_TABLE };

struct network_unit {
    enum unit_kind kind;
    uint32_t number;     /* of the layer, field or table */
    uint32_t first, end; /* UNIT_STRIP: inputs */
};

/* The parts of a unit's work, for those who time it. */
enum unit_spot { SPOT_GRADIENT, SPOT_NORM_GRADIENT, SPOT_MOVE, UNIT_SPOTS };

/* Rows of a table or weights of a field that the batch has met. */
struct touched {
    uint32_t n;
    uint32_t *rows; /* [size] in the order met */
    uint8_t *met;   /* [size] */
};

struct network_step {
    struct network *network;
    const struct examples *examples;
    struct network_update update;
    struct network_pass pass;
    struct network_learning learning;
    float *state1, *state2, *gradients; /* [network->size] in the same order */
    float *transposed[NETWORK_LAYERS_MAX];
    struct network_unit *units;
    uint32_t n_units;
    struct touched *wide, *tables;          /* by field, by table */
    struct optimizer_pace pace, plain_pace; /* of this step; without decay */
    double *losses;                         /* [blocks] */
    /* the chunk at hand */
    const uint32_t *rows;
    uint32_t n_rows, n_blocks;
    bool is_first, is_last; /* of its batch */
    /* Where pieces book their CPU time (base/laps.h), each in a place of its own; NULL: nowhere. */
    int64_t *block_ns; /* [blocks x NETWORK_SPOTS_MAX] */
    int64_t *unit_ns;  /* [n_units x UNIT_SPOTS] */
};

/* Memory from the arena for chunks of at most `chunk` rows; states as for fresh optimizers.
 * NO_MEMORY. */
enum status network_step_init(struct network *network, const struct examples *examples,
                              const struct network_update *update, uint32_t chunk,
                              struct arena *arena, struct network_step *ret_step);

/* Before the blocks of a chunk: rows[n], borrowed until the chunk is done. */
void network_step_begin(struct network_step *step, const uint32_t *rows, uint32_t n, bool is_first,
                        bool is_last);
void network_step_block(struct network_step *step, uint32_t block);

/* The sum of the chunk's weighted losses, in a fixed order. */
double network_step_loss(const struct network_step *step);

/* Adds unit number `unit`'s gradient; with `moves` and at the last chunk, steps and clears it. */
void network_step_unit(struct network_step *step, uint32_t unit, bool moves);
