#include "models/network_predict.h"

#include "models/network_pass.h"

enum { BLOCK = 64 };

struct prediction {
    const struct examples *examples;
    struct network_pass *passes; /* by worker */
    uint32_t first, end;         /* examples */
    float *out;                  /* from `first` on */
};

static void predict_block(void *context, size_t block, unsigned worker)
{
    const struct prediction *p = context;
    struct network_pass *pass = &p->passes[worker];
    const uint32_t at = (uint32_t)block * BLOCK, first = p->first + at, left = p->end - first;
    uint32_t rows[BLOCK];
    for (uint32_t i = 0; i < BLOCK; i++)
        rows[i] = first + i;
    struct example_batch batch = network_pass_batch(pass, 0, 0);
    p->examples->fetch(p->examples->context, rows, left < BLOCK ? left : BLOCK, &batch);
    network_forward(pass, &batch, 0, NULL);
    for (uint32_t i = 0; i < batch.n; i++)
        p->out[at + i] = sigmoid(pass->logits[i]);
}

enum status network_predict_some(const struct network *network, const struct examples *examples,
                                 uint32_t first, uint32_t n, struct parallel *pool, float *out,
                                 struct arena *scratch)
{
    const unsigned workers = parallel_threads(pool);
    struct prediction p = {.examples = examples, .first = first, .end = first + n, .out = out};
    p.passes = arena_alloc(scratch, workers * sizeof *p.passes);
    enum status status = p.passes ? STATUS_OK : STATUS_NO_MEMORY;
    for (unsigned w = 0; w < workers && status == STATUS_OK; w++)
        status =
            network_pass_init(network, examples->entries_max, BLOCK, false, scratch, &p.passes[w]);
    if (status == STATUS_OK)
        parallel_for(pool, ((size_t)n + BLOCK - 1) / BLOCK, predict_block, &p, NULL);
    return status;
}

enum status network_predict(const struct predictor *predictor, const struct examples *examples,
                            struct parallel *pool, float *out, struct arena *scratch)
{
    return network_predict_some((const struct network *)predictor, examples, 0, examples->n, pool,
                                out, scratch);
}
