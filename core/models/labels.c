#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "models/predictor.h"

enum { CHUNK = 4096 };

static enum status check_example(const char *what, float label, float weight, uint32_t row,
                                 struct error *reterr)
{
    if (!(label >= 0 && label <= 1))
        return error_set(reterr, STATUS_OUT_OF_RANGE,
                         "%s: the label of example %" PRIu32 " is %g; it must be from 0 to 1", what,
                         row, (double)label);
    if (!(weight > 0) || !isfinite(weight))
        return error_set(reterr, STATUS_OUT_OF_RANGE,
                         "%s: the weight of example %" PRIu32 " is %g; it must be above 0", what,
                         row, (double)weight);
    return STATUS_OK;
}

enum status example_batch_init(const struct examples *examples, uint32_t capacity,
                               struct arena *arena, struct example_batch *ret_batch)
{
    const size_t entries = (size_t)capacity * examples->entries_max;
    const struct example_batch batch = {
        .starts = arena_alloc(arena, ((size_t)capacity + 1) * sizeof *batch.starts),
        .features = arena_alloc(arena, entries * sizeof *batch.features),
        .values = arena_alloc(arena, entries * sizeof *batch.values),
        .labels = arena_alloc(arena, capacity * sizeof *batch.labels),
        .weights = arena_alloc(arena, capacity * sizeof *batch.weights),
    };
    if (!batch.starts || !batch.features || !batch.values || !batch.labels || !batch.weights)
        return STATUS_NO_MEMORY;
    *ret_batch = batch;
    return STATUS_OK;
}

static enum status check_chunk(const struct examples *examples, const char *what, uint32_t first,
                               struct example_batch *batch, struct label_sums *sums,
                               struct error *reterr)
{
    uint32_t rows[CHUNK];
    for (uint32_t i = 0; i < CHUNK; i++)
        rows[i] = first + i;
    const uint32_t n = examples->n - first < CHUNK ? examples->n - first : CHUNK;
    examples->fetch(examples->context, rows, n, batch);
    for (uint32_t i = 0; i < n; i++) {
        const float label = batch->labels[i], weight = batch->weights[i];
        const enum status status = check_example(what, label, weight, first + i, reterr);
        if (status != STATUS_OK)
            return status;
        sums->weight += (double)weight;
        sums->positive_weight += (double)weight * (double)label;
    }
    return STATUS_OK;
}

enum status labels_check(const struct examples *examples, const char *what,
                         const struct observer *observer, struct label_sums *ret_sums,
                         struct error *reterr)
{
    if (examples->n == 0)
        return error_set(reterr, STATUS_OUT_OF_RANGE, "%s has no examples", what);
    struct arena arena = {0};
    struct example_batch batch;
    struct label_sums sums = {0};
    enum status status = example_batch_init(examples, CHUNK, &arena, &batch);
    if (status != STATUS_OK)
        error_set(reterr, status, "out of memory to read %s", what);
    for (uint32_t first = 0; first < examples->n && status == STATUS_OK; first += CHUNK) {
        status = check_chunk(examples, what, first, &batch, &sums, reterr);
        if (status == STATUS_OK && observer_stops(observer))
            status = error_set(reterr, STATUS_CANCELLED, "cancelled");
        if (examples->n - first <= CHUNK)
            break; /* the sum of both could pass the type */
    }
    arena_free(&arena);
    if (status == STATUS_OK)
        *ret_sums = sums;
    return status;
}

enum status labels_read(const struct examples *examples, float *labels, float *weights)
{
    struct arena arena = {0};
    struct example_batch batch;
    const enum status status = example_batch_init(examples, CHUNK, &arena, &batch);
    for (uint32_t first = 0; first < examples->n && status == STATUS_OK;) {
        const uint32_t left = examples->n - first, n = left < CHUNK ? left : CHUNK;
        uint32_t rows[CHUNK];
        for (uint32_t i = 0; i < CHUNK; i++)
            rows[i] = first + i;
        examples->fetch(examples->context, rows, n, &batch);
        memcpy(labels + first, batch.labels, n * sizeof *labels);
        memcpy(weights + first, batch.weights, n * sizeof *weights);
        first += n;
    }
    arena_free(&arena);
    return status;
}
