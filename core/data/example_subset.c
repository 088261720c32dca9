#include "data/example_subset.h"

enum { CHUNK = 2048 };

/* A chunk after `done` examples: it is fetched as a batch of its own behind them. */
static void fetch_chunk(const struct example_subset *subset, const uint32_t *rows, uint32_t n,
                        struct example_batch *batch, uint32_t done)
{
    uint32_t mapped[CHUNK];
    for (uint32_t i = 0; i < n; i++)
        mapped[i] = subset->rows[rows[i]];
    const uint32_t entries = done ? batch->starts[done] : 0;
    struct example_batch behind = {.starts = batch->starts + done,
                                   .features = batch->features + entries,
                                   .values = batch->values + entries,
                                   .labels = batch->labels + done,
                                   .weights = batch->weights + done};
    subset->all->fetch(subset->all->context, mapped, n, &behind);
    for (uint32_t i = 0; done && i <= n; i++)
        behind.starts[i] += entries;
}

static void fetch(const void *context, const uint32_t *rows, uint32_t n,
                  struct example_batch *batch)
{
    const struct example_subset *subset = context;
    batch->starts[0] = 0;
    for (uint32_t done = 0; done < n; done += CHUNK)
        fetch_chunk(subset, rows + done, n - done < CHUNK ? n - done : CHUNK, batch, done);
    batch->n = n;
}

void example_subset_view(const struct example_subset *subset, uint32_t n,
                         struct examples *ret_examples)
{
    *ret_examples = *subset->all;
    ret_examples->n = n;
    ret_examples->context = subset;
    ret_examples->fetch = fetch;
}
