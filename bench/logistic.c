/* Logistic regression with L1 on a table's own matrix, by coordinate descent:
 *
 *     logistic SPEC TRAIN L1 L2 MATRIX
 *
 * Writes the matrix of the wide part to the file MATRIX, one row a line ("label feature:value …",
 * features from 0), and prints one JSON line: {"rows", "features", "entries", "objective", "loss",
 * "nonzero", "seconds"}. bench/tables --only saga solves the same matrix by scikit-learn's saga.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/text.h"
#include "data/features/features.h"
#include "data/features/frame.h"
#include "data/features/table_file.h"
#include "linalg/csr.h"
#include "linalg/logistic.h"
#include "models/predictor.h"

enum { CHUNK = 1024, READ_ROWS = 8192 };
static const double tolerance = 1e-7;

struct matrix {
    struct csr by_row;
    float *labels, *weights; /* [rows] */
};

static void need(enum status status, const struct error *err)
{
    if (status == STATUS_OK)
        return;
    fprintf(stderr, "logistic: %s\n", err && err->text[0] ? err->text : status_name(status));
    exit(1);
}

static void read_table(const char *spec_path, const char *path, struct features **ret_features,
                       struct frame **ret_frame)
{
    struct error err = {0};
    struct feature_spec *spec;
    struct table_file *file;
    uint32_t n;
    need(feature_spec_read(spec_path, &spec, &err), &err);
    need(features_new(spec, ret_features, &err), &err);
    need(frame_new_learning(*ret_features, ret_frame), NULL);
    need(table_file_open(path, spec, true, &file, &err), &err);
    do
        need(table_file_read(file, *ret_frame, READ_ROWS, &n, &err), &err);
    while (n == READ_ROWS);
    table_file_close(file);
    need(features_fit(*ret_features, *ret_frame, NULL, 0, &err), &err);
}

/* By feature number: does it feed the wide part? */
static bool *wide_features(const struct feature_layout *layout)
{
    bool *wide = calloc((size_t)layout->n_features + 1, sizeof *wide);
    for (uint32_t f = 0; wide && f < layout->n_fields; f++)
        for (uint32_t i = 0; i < layout->fields[f].size; i++)
            wide[layout->fields[f].first + i] = layout->fields[f].wide;
    return wide;
}

static struct matrix make_matrix(const struct examples *examples)
{
    struct matrix m = {0};
    struct arena arena = {0};
    struct example_batch batch;
    bool *wide = wide_features(examples->layout);
    uint32_t *rows = malloc(((size_t)examples->n + 1) * sizeof *rows);
    m.labels = malloc(((size_t)examples->n + 1) * sizeof *m.labels);
    m.weights = malloc(((size_t)examples->n + 1) * sizeof *m.weights);
    need(wide && rows && m.labels && m.weights ? STATUS_OK : STATUS_NO_MEMORY, NULL);
    need(example_batch_init(examples, CHUNK, &arena, &batch), NULL);
    need(csr_alloc(examples->n, examples->layout->n_features,
                   (uint64_t)examples->n * examples->entries_max, &m.by_row),
         NULL);
    need(labels_read(examples, m.labels, m.weights), NULL);
    uint64_t at = 0;
    for (uint32_t i = 0; i < examples->n; i++)
        rows[i] = i;
    for (uint32_t first = 0, n; first < examples->n; first += n) {
        n = examples->n - first < CHUNK ? examples->n - first : CHUNK;
        examples->fetch(examples->context, rows + first, n, &batch);
        for (uint32_t i = 0; i < n; i++) {
            for (uint32_t k = batch.starts[i]; k < batch.starts[i + 1]; k++)
                if (wide[batch.features[k]]) {
                    m.by_row.columns[at] = batch.features[k];
                    m.by_row.values[at++] = batch.values[k];
                }
            m.by_row.starts[first + i + 1] = at;
        }
    }
    free(wide);
    free(rows);
    arena_free(&arena);
    return m;
}

static void write_matrix(const struct matrix *m, const char *path)
{
    FILE *out = fopen(path, "w");
    need(out ? STATUS_OK : STATUS_IO, NULL);
    for (uint32_t r = 0; r < m->by_row.n_rows; r++) {
        fprintf(out, "%g", (double)m->labels[r]);
        for (uint64_t k = m->by_row.starts[r]; k < m->by_row.starts[r + 1]; k++)
            fprintf(out, " %u:%.9g", m->by_row.columns[k], (double)m->by_row.values[k]);
        fputc('\n', out);
    }
    need(fclose(out) == 0 ? STATUS_OK : STATUS_IO, NULL);
}

static void solve(const struct matrix *m, double l1, double l2)
{
    struct csr by_feature;
    struct logistic_solver *solver;
    need(csr_transpose(&m->by_row, &by_feature), NULL);
    const struct logistic_problem problem = {.by_feature = &by_feature, .labels = m->labels};
    const int64_t started = clock_monotonic_ns();
    need(logistic_new(&problem, &solver), NULL);
    need(logistic_solve(solver, l1, l2, tolerance, NULL), NULL);
    const double seconds = clock_seconds_since(started), loss = logistic_loss(solver);
    const double *w = logistic_weights(solver);
    double sum = 0, squares = 0;
    uint32_t nonzero = 0;
    for (uint32_t f = 0; f < by_feature.n_rows; f++) {
        sum += w[f] < 0 ? -w[f] : w[f];
        squares += w[f] * w[f];
        nonzero += w[f] != 0;
    }
    printf("{\"rows\": %u, \"features\": %u, \"entries\": %llu, \"objective\": %.12g, "
           "\"loss\": %.12g, \"nonzero\": %u, \"seconds\": %.2f}\n",
           by_feature.n_columns, by_feature.n_rows, (unsigned long long)csr_size(&by_feature),
           loss + l1 * sum + l2 / 2 * squares, loss, nonzero, seconds);
    logistic_free(solver);
    csr_free(&by_feature);
}

int main(int argc, char **argv)
{
    struct features *features;
    struct frame *frame;
    struct examples examples;
    double l1, l2;
    if (argc != 6 || text_to_double(argv[3], &l1) != STATUS_OK ||
        text_to_double(argv[4], &l2) != STATUS_OK) {
        fprintf(stderr, "usage: logistic SPEC TRAIN L1 L2 MATRIX\n");
        return 2;
    }
    read_table(argv[1], argv[2], &features, &frame);
    features_examples(features, frame, &examples);
    struct matrix m = make_matrix(&examples);
    write_matrix(&m, argv[5]);
    solve(&m, l1, l2);
    csr_free(&m.by_row);
    free(m.labels);
    free(m.weights);
    frame_free(frame);
    features_free(features);
    return 0;
}
