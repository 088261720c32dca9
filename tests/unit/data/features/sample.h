#pragma once
/* Specs and tables for tests, from texts. Included by tests, once each. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/features/table_file.h"
#include "support/test.h"

static inline struct feature_spec *sample_spec(const char *yaml)
{
    struct feature_spec *spec;
    struct error err = {0};
    if (feature_spec_parse("s.yaml", yaml, strlen(yaml), &spec, &err) != STATUS_OK)
        fail_msg("%s: %s", err.pointer, err.text);
    return spec;
}

/* The status of the spec; err has "PLACE TEXT" in text. */
static inline enum status sample_refused(const char *yaml, struct error *err)
{
    struct feature_spec *spec;
    *err = (struct error){0};
    const enum status status = feature_spec_parse("s.yaml", yaml, strlen(yaml), &spec, err);
    if (status == STATUS_OK)
        feature_spec_free(spec);
    return status;
}

/* Reads a table from text into the frame. */
static inline enum status sample_read(const struct feature_spec *spec, bool labelled,
                                      const char *csv, struct frame *frame, struct error *reterr)
{
    char folder[PATH_BYTES_MAX];
    struct table_file *file;
    uint32_t n = 0;
    temp_folder_make(folder);
    file_put(in_folder(folder, "t.csv"), csv, strlen(csv));
    enum status status = table_file_open(in_folder(folder, "t.csv"), spec, labelled, &file, reterr);
    if (status == STATUS_OK) {
        status = table_file_read(file, frame, UINT32_MAX, &n, reterr);
        table_file_close(file);
    }
    temp_folder_remove(folder);
    return status;
}

/* Features and the frame that they were learnt from. */
struct sample {
    struct features *features;
    struct frame *frame;
};

static inline struct sample sample_learning(const char *yaml, const char *csv)
{
    struct sample sample;
    struct error err = {0};
    assert_int_equal(features_new(sample_spec(yaml), &sample.features, &err), STATUS_OK);
    assert_int_equal(frame_new_learning(sample.features, &sample.frame), STATUS_OK);
    if (sample_read(features_spec(sample.features), true, csv, sample.frame, &err) != STATUS_OK)
        fail_msg("%s: %s", err.pointer, err.text);
    return sample;
}

static inline struct sample sample_fit(const char *yaml, const char *csv)
{
    struct sample sample = sample_learning(yaml, csv);
    struct error err = {0};
    if (features_fit(sample.features, sample.frame, NULL, 0, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    return sample;
}

static inline void sample_free(struct sample *sample)
{
    frame_free(sample->frame);
    features_free(sample->features);
}

static inline struct example_batch sample_batch(const struct examples *examples, uint32_t capacity)
{
    const size_t entries = (size_t)capacity * examples->entries_max;
    return (struct example_batch){.starts = malloc(sizeof(uint32_t) * (capacity + 1)),
                                  .features = malloc(sizeof(uint32_t) * entries),
                                  .values = malloc(sizeof(float) * entries),
                                  .labels = malloc(sizeof(float) * capacity),
                                  .weights = malloc(sizeof(float) * capacity)};
}

static inline void sample_batch_free(struct example_batch *batch)
{
    free(batch->starts);
    free(batch->features);
    free(batch->values);
    free(batch->labels);
    free(batch->weights);
}

/* "FEATURE:VALUE …" of one row, in a static buffer; checks what examples.h promises. */
static inline const char *sample_entries(const struct features *features, const struct frame *frame,
                                         uint32_t row)
{
    static char text[4096];
    struct examples examples;
    features_examples(features, frame, &examples);
    assert_true(row < examples.n);
    struct example_batch batch = sample_batch(&examples, 1);
    examples.fetch(examples.context, &row, 1, &batch);
    assert_int_equal(batch.n, 1);
    assert_true(batch.starts[0] == 0 && batch.starts[1] <= examples.entries_max);
    size_t used = 0;
    *text = '\0';
    for (uint32_t i = 0; i < batch.starts[1]; i++) {
        assert_true(batch.features[i] < examples.layout->n_features);
        assert_true(i == 0 || batch.features[i] > batch.features[i - 1]);
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%u:%.4g", i ? " " : "",
                                 batch.features[i], (double)batch.values[i]);
        assert_true(used < sizeof text);
    }
    sample_batch_free(&batch);
    return text;
}
