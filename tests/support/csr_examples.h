#pragma once
/* Examples from a matrix in memory, for tests of what learns from them. */
#include "data/examples.h"
#include "linalg/csr.h"

/* All borrowed. */
struct csr_examples {
    const struct csr *matrix; /* examples x features */
    const float *labels;      /* NULL: none */
    const float *weights;     /* NULL: all 1 */
};

struct examples csr_examples(const struct csr_examples *source,
                             const struct feature_layout *layout);
