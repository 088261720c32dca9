#include "support/csr_examples.h"

#include <stddef.h>

static void fetch(const void *context, const uint32_t *rows, uint32_t n,
                  struct example_batch *batch)
{
    const struct csr_examples *source = context;
    uint32_t at = 0;
    batch->n = n;
    batch->starts[0] = 0;
    for (uint32_t i = 0; i < n; i++) {
        for (uint64_t k = source->matrix->starts[rows[i]]; k < source->matrix->starts[rows[i] + 1];
             k++, at++) {
            batch->features[at] = source->matrix->columns[k];
            batch->values[at] = source->matrix->values[k];
        }
        batch->starts[i + 1] = at;
        if (source->labels)
            batch->labels[i] = source->labels[rows[i]];
        batch->weights[i] = source->weights ? source->weights[rows[i]] : 1;
    }
}

struct examples csr_examples(const struct csr_examples *source, const struct feature_layout *layout)
{
    uint32_t entries_max = 0;
    for (uint32_t r = 0; r < source->matrix->n_rows; r++) {
        const uint64_t n = source->matrix->starts[r + 1] - source->matrix->starts[r];
        entries_max = n > entries_max ? (uint32_t)n : entries_max;
    }
    return (struct examples){.layout = layout,
                             .n = source->matrix->n_rows,
                             .entries_max = entries_max,
                             .labelled = source->labels != NULL,
                             .context = source,
                             .fetch = fetch};
}
