#include "train/feature_path.h"

#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "linalg/csr.h"
#include "linalg/logistic.h"
#include "models/predictor.h"

/* The path: so many strengths from where all weights are 0 down to a thousandth of that. */
enum { STRENGTHS = 25 };
#define RATIO     1e-3
#define TOLERANCE 1e-5
#define L2        1e-5

enum { STREAM_PATH = 0x7061, CHUNK = 1024 };

/* Features x examples, made in two passes: count, then fill. */
struct by_feature {
    const struct examples *examples;
    uint32_t *rows; /* [n] of the examples */
    uint32_t n;
    struct example_batch batch;
    uint64_t *starts; /* [n_features + 1] */
    uint64_t *next;   /* [n_features] */
    uint32_t *columns;
    float *values;
    float *labels, *weights; /* [n] */
};

static void count_chunk(struct by_feature *b, uint32_t first)
{
    (void)first;
    for (uint32_t k = 0; k < b->batch.starts[b->batch.n]; k++)
        b->starts[b->batch.features[k] + 1]++;
}

static void fill_chunk(struct by_feature *b, uint32_t first)
{
    for (uint32_t i = 0; i < b->batch.n; i++) {
        b->labels[first + i] = b->batch.labels[i];
        b->weights[first + i] = b->batch.weights[i];
        for (uint32_t k = b->batch.starts[i]; k < b->batch.starts[i + 1]; k++) {
            const uint64_t at = b->next[b->batch.features[k]]++;
            b->columns[at] = first + i;
            b->values[at] = b->batch.values[k];
        }
    }
}

static void each_chunk(struct by_feature *b, void (*take)(struct by_feature *, uint32_t))
{
    for (uint32_t first = 0, n; first < b->n; first += n) {
        n = b->n - first < CHUNK ? b->n - first : CHUNK;
        b->examples->fetch(b->examples->context, b->rows + first, n, &b->batch);
        take(b, first);
    }
}

static bool draw_rows(struct by_feature *b, uint64_t seed)
{
    const uint32_t all = b->examples->n;
    struct rng rng = rng_seed(seed, STREAM_PATH);
    b->n = all < FEATURE_PATH_ROWS_MAX ? all : FEATURE_PATH_ROWS_MAX;
    b->rows = malloc(sizeof *b->rows * ((size_t)b->n + 1));
    for (uint32_t i = 0, at = 0; b->rows && i < all; i++)
        if (rng_below(&rng, all - i) < b->n - at)
            b->rows[at++] = i;
    return b->rows != NULL;
}

static bool transpose(struct by_feature *b, struct arena *arena)
{
    const uint32_t n_features = b->examples->layout->n_features;
    b->starts = calloc((size_t)n_features + 1, sizeof *b->starts);
    b->next = malloc(sizeof *b->next * ((size_t)n_features + 1));
    b->labels = malloc(sizeof *b->labels * ((size_t)b->n + 1));
    b->weights = malloc(sizeof *b->weights * ((size_t)b->n + 1));
    if (!b->starts || !b->next || !b->labels || !b->weights ||
        example_batch_init(b->examples, CHUNK, arena, &b->batch) != STATUS_OK)
        return false;
    each_chunk(b, count_chunk);
    for (uint32_t f = 0; f < n_features; f++)
        b->starts[f + 1] += b->starts[f];
    memcpy(b->next, b->starts, sizeof *b->next * n_features);
    b->columns = malloc(sizeof *b->columns * (b->starts[n_features] + 1));
    b->values = malloc(sizeof *b->values * (b->starts[n_features] + 1));
    if (!b->columns || !b->values)
        return false;
    each_chunk(b, fill_chunk);
    return true;
}

static enum status run_path(const struct by_feature *b, const struct observer *observer,
                            double *dies)
{
    const struct feature_layout *layout = b->examples->layout;
    const struct csr matrix = {.n_rows = layout->n_features,
                               .n_columns = b->n,
                               .starts = b->starts,
                               .columns = b->columns,
                               .values = b->values};
    const struct logistic_problem problem = {
        .by_feature = &matrix, .labels = b->labels, .weights = b->weights};
    struct l1_path path;
    const enum status status =
        l1_path_run(&problem, STRENGTHS, RATIO, L2, TOLERANCE, observer, &path);
    if (status != STATUS_OK)
        return status;
    for (uint32_t f = 0; f < layout->n_fields; f++) {
        const struct field *field = &layout->fields[f];
        dies[f] = 0;
        for (uint32_t i = field->first; i < field->first + field->size; i++)
            if (path.dies[i] > dies[f])
                dies[f] = path.dies[i];
        dies[f] = path.strengths[0] > 0 ? dies[f] / path.strengths[0] : 0;
    }
    l1_path_free(&path);
    return STATUS_OK;
}

enum status feature_path(const struct examples *examples, uint64_t seed,
                         const struct observer *observer, double *dies)
{
    struct arena arena = {0};
    struct by_feature b = {.examples = examples};
    const bool ok = draw_rows(&b, seed) && transpose(&b, &arena);
    const enum status status = ok ? run_path(&b, observer, dies) : STATUS_NO_MEMORY;
    free(b.rows);
    free(b.starts);
    free(b.next);
    free(b.columns);
    free(b.values);
    free(b.labels);
    free(b.weights);
    arena_free(&arena);
    return status;
}
