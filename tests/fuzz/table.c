/* A table: first its records, compared with those of readers/csv.h; then columns are learnt from it
 * and its rows fetched. The first byte picks the spec. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "data/features/table_file.h"
#include "data/features/table_rows.h"
#include "data/readers/csv.h"
#include "fuzz.h"

#define FEATURES                                                                                   \
    "features:\n"                                                                                  \
    "  s: {type: numeric, column: x, normalize: standard}\n"                                       \
    "  q: {type: numeric, column: x, normalize: quantile, quantiles: 5}\n"                         \
    "  p: {type: numeric, column: x, normalize: piecewise, bounds: tree, leaf_rows: 1}\n"          \
    "  r: {type: numeric, column: x, normalize: piecewise, quantiles: 3, log: true}\n"             \
    "  b: {type: bucketized, column: x, quantiles: 3, feeds: wide}\n"                              \
    "  n: {type: categorical, column: x, feeds: wide, min_count: 2}\n"                             \
    "  c: {type: categorical, embedding: 2, max_size: 2}\n"                                        \
    "  l: {type: categorical, embedding: 2, shared: c, separator: '|', max_values: 4}\n"           \
    "  h: {type: categorical, column: l, buckets: 3, separator: '|', max_values: 4, feeds: "       \
    "wide}\n"                                                                                      \
    "  k: {type: crossed, of: [b, n, l, h, c, t], buckets: 100}\n"

static const char *const specs[] = {
    "label: {column: y}\nfile: {columns: [x, c, l, t, y], comment: '#'}\n" FEATURES,
    "label: {column: y, positive: 'a', trim: '.'}\nfile: {missing: ['?', NA]}\n" FEATURES,
    "label: {column: y}\nweight: {column: w}\n"
    "file: {columns: [x, c, l, t, y, w], delimiter: ';', trim: false}\n" FEATURES,
};

static void check_record(const struct csv *csv, const struct table_rows *rows)
{
    assert(csv->n_cells == rows->n_cells && csv->line == rows->line);
    for (uint32_t i = 0; i < rows->n_cells; i++) {
        const char *cell = csv_cell(csv, i);
        assert(strlen(cell) == rows->cells[i].length);
        assert(memcmp(cell, rows->cells[i].bytes, rows->cells[i].length) == 0);
    }
}

/* Both readers go as far as the first fault, and find it in the same record. */
static void compare_records(const char *path, char delimiter)
{
    struct source *a, *b;
    struct csv csv;
    struct table_rows rows;
    enum status status = source_open(path, &a, NULL), other;
    if (status != STATUS_OK)
        return;
    status = source_open(path, &b, NULL);
    assert(status == STATUS_OK);
    status = csv_open(&csv, a, delimiter);
    assert(status == STATUS_OK);
    status = table_rows_open(&rows, b, delimiter, '\0', false);
    assert(status == STATUS_OK);
    for (bool end = false, other_end = false; !end;) {
        status = csv_next(&csv, &end, NULL);
        other = table_rows_next(&rows, &other_end, NULL);
        if (status == STATUS_TOO_LARGE) /* fewer cells are allowed there */
            break;
        assert((status == STATUS_OK) == (other == STATUS_OK));
        if (status != STATUS_OK)
            break;
        assert(end == other_end);
        if (!end)
            check_record(&csv, &rows);
    }
    csv_close(&csv);
    source_close(a);
    table_rows_close(&rows);
}

static void fetch_all(const struct features *features, const struct frame *frame)
{
    struct examples examples;
    features_examples(features, frame, &examples);
    struct example_batch batch = {.starts = malloc(2 * sizeof(uint32_t)),
                                  .features = malloc(examples.entries_max * sizeof(uint32_t)),
                                  .values = malloc(examples.entries_max * sizeof(float)),
                                  .labels = malloc(sizeof(float)),
                                  .weights = malloc(sizeof(float))};
    for (uint32_t row = 0; row < examples.n; row++) {
        examples.fetch(examples.context, &row, 1, &batch);
        assert(batch.starts[1] <= examples.entries_max);
        assert(batch.labels[0] >= 0 && batch.labels[0] <= 1 && batch.weights[0] > 0);
        for (uint32_t e = 0; e < batch.starts[1]; e++) {
            assert(isfinite(batch.values[e]) && batch.features[e] < examples.layout->n_features);
            assert(e == 0 || batch.features[e] > batch.features[e - 1]);
        }
    }
    free(batch.starts);
    free(batch.features);
    free(batch.values);
    free(batch.labels);
    free(batch.weights);
}

static void learn(const char *path, struct features *features, struct frame *frame)
{
    struct table_file *file;
    struct error err = {0};
    uint32_t n;
    enum status status = table_file_open(path, features_spec(features), true, &file, &err);
    if (status == STATUS_OK) {
        status = table_file_read(file, frame, UINT32_MAX, &n, &err);
        table_file_close(file);
    }
    if (status == STATUS_OK)
        status = features_fit(features, frame, NULL, 0, &err);
    if (status == STATUS_OK)
        fetch_all(features, frame);
    else
        fuzz_check_failure(status, &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1 || (size > 2 && data[1] == 0x1f)) /* compressed: see lines.c */
        return 0;
    const char *yaml = specs[data[0] % 3];
    struct fuzz_file file = fuzz_file_open(data + 1, size - 1);
    compare_records(file.path, data[0] % 3 == 2 ? ';' : ',');
    struct feature_spec *spec;
    struct features *features;
    struct frame *frame;
    enum status status = feature_spec_parse("f.yaml", yaml, strlen(yaml), &spec, NULL);
    assert(status == STATUS_OK);
    status = features_new(spec, &features, NULL);
    assert(status == STATUS_OK);
    status = frame_new_learning(features, &frame);
    assert(status == STATUS_OK);
    learn(file.path, features, frame);
    frame_free(frame);
    features_free(features);
    fuzz_file_close(&file);
    return 0;
}
