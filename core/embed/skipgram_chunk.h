#pragma once
/* The gradient of one chunk of positions, for skipgram.c and its test: pairs of a window along a
 * band, and all inputs against the chunk's negatives as small GEMMs. */
#include <stddef.h>

#include "base/laps.h"
#include "embed/alias.h"
#include "embed/skipgram.h"

/* What the work on a batch is cut into where it is timed (skipgram_costs.h). All but the first and
 * the last are a chunk's. */
enum skipgram_part {
    SKIPGRAM_STREAM,
    SKIPGRAM_WINDOWS,
    SKIPGRAM_DRAWS,
    SKIPGRAM_NEIGHBOUR_LOOKUP,
    SKIPGRAM_OBSERVED_LOOKUP,
    SKIPGRAM_NOISE_LOOKUP,
    SKIPGRAM_OBSERVED_PRODUCT,
    SKIPGRAM_OBSERVED_CONTRAST,
    SKIPGRAM_OBSERVED_LOSS,
    SKIPGRAM_NOISE_PRODUCT,
    SKIPGRAM_NOISE_CONTRAST,
    SKIPGRAM_NOISE_LOSS,
    SKIPGRAM_LOSS,
    SKIPGRAM_STEPS,
    SKIPGRAM_PARTS
};

struct position {
    uint32_t token, sequence; /* pairs are formed within a sequence */
};

/* What all chunks of a fit share. */
struct chunk_shape {
    size_t width;      /* of a vector, whole tiles */
    uint32_t window;   /* the largest */
    uint32_t targets;  /* positions of a chunk */
    uint32_t shared;   /* negatives of a chunk, whole tiles */
    float per_pair;    /* K / shared: what a shared negative counts for a pair */
    const float *bias; /* [n_tokens] log(K q), taken from a score; NULL: negative sampling */
    const struct alias *noise;
};

static inline size_t chunk_inputs(const struct chunk_shape *shape)
{
    return (size_t)shape->targets + 2 * (size_t)shape->window;
}

/* The work: targets at stream[first .. first + n), with up to a window of what stands before and
 * after them. */
struct chunk_task {
    const struct position *stream; /* [n_stream] */
    size_t n_stream, first;
    uint32_t n;
    const struct vectors *vectors;
    struct rng rng;
    float rate;
    bool measures; /* its loss */
};

/* What a chunk adds to the parameters; arrays of the caller. */
struct chunk_step {
    uint32_t n_inputs, n_targets;
    uint32_t *input_tokens;     /* [chunk_inputs] */
    uint32_t *target_tokens;    /* [targets] */
    uint32_t *negative_tokens;  /* [shared] */
    float *inputs;              /* [chunk_inputs x width] */
    float *targets, *negatives; /* [targets x width], [shared x width] */
    double loss, pairs;         /* of all pairs, where it measures */
};

/* Floats that chunk_compute works with: those for a part, and of all parts. */
size_t chunk_part_floats(const struct chunk_shape *shape, enum skipgram_part part);
size_t chunk_scratch_floats(const struct chunk_shape *shape);

/* scratch: chunk_scratch_floats(shape) floats aligned to 64 bytes. laps, of SKIPGRAM_PARTS parts,
 * have begun; NULL: nobody times it. The same bits whatever thread. */
void chunk_compute(const struct chunk_shape *shape, const struct chunk_task *task, float *scratch,
                   struct laps *laps, struct chunk_step *step);
