/* What these catch: encodings that differ from an independent implementation, a validation row that
 * leaks into what is learnt, crosses that change under a refit, fields that are not what they say.
 */
#include "data/features/features.h"

#include <math.h>
#include <stdio.h>

#include "golden/features_golden.h"
#include "unit/data/features/sample.h"

#define COUNT(list) (sizeof(list) / sizeof *(list))
#define LABEL       "label: {column: y}\n"

/* The golden table as text, with one more row for each query; those are no training rows. */
static struct sample fit_golden(const char *features)
{
    struct buffer csv = {0};
    struct sample sample;
    struct error err = {0};
    char yaml[1000];
    uint32_t rows[COUNT(golden_values)];
    snprintf(yaml, sizeof yaml, LABEL "features:\n%s", features);
    buffer_append_text(&csv, "x,y\n");
    for (size_t i = 0; i < COUNT(golden_values); i++) {
        buffer_printf(&csv, "%.9g,%g\n", (double)golden_values[i], (double)golden_labels[i]);
        rows[i] = (uint32_t)i;
    }
    for (size_t i = 0; i < COUNT(golden_queries); i++)
        buffer_printf(&csv, "%.9g,1\n", (double)golden_queries[i]);
    sample = sample_learning(yaml, csv.data);
    buffer_free(&csv);
    if (features_fit(sample.features, sample.frame, rows, COUNT(rows), &err) != STATUS_OK)
        fail_msg("%s", err.text);
    return sample;
}

/* wanted[queries, n]: the features 0 .. n - 1 of the rows of the queries. */
static void expect_golden(const char *features, const double *wanted, uint32_t n)
{
    struct sample sample = fit_golden(features);
    struct examples examples;
    features_examples(sample.features, sample.frame, &examples);
    assert_int_equal(examples.layout->n_features, n);
    struct example_batch batch = sample_batch(&examples, COUNT(golden_queries));
    uint32_t rows[COUNT(golden_queries)];
    for (uint32_t i = 0; i < COUNT(rows); i++)
        rows[i] = COUNT(golden_values) + i;
    examples.fetch(examples.context, rows, COUNT(rows), &batch);
    for (uint32_t i = 0; i < COUNT(rows); i++) {
        double dense[64] = {0};
        for (uint32_t e = batch.starts[i]; e < batch.starts[i + 1]; e++)
            dense[batch.features[e]] = (double)batch.values[e];
        for (uint32_t f = 0; f < n; f++)
            if (!(fabs(dense[f] - wanted[i * n + f]) < 1e-5))
                fail_msg("query %u, feature %u: %.9g is not %.9g", i, f, dense[f],
                         wanted[i * n + f]);
    }
    sample_batch_free(&batch);
    sample_free(&sample);
}

static void piecewise_encodings_are_golden(void **state)
{
    (void)state;
    expect_golden("  x: {type: numeric, normalize: piecewise, bounds: tree, leaves: 12, "
                  "leaf_rows: 10}\n",
                  golden_pieces, GOLDEN_PIECES);
    expect_golden("  x: {type: numeric, normalize: piecewise, quantiles: 16}\n",
                  golden_quantile_pieces, COUNT(golden_quantiles) - 1);
}

static void the_distribution_function_is_golden(void **state)
{
    (void)state;
    expect_golden("  x: {type: numeric, normalize: quantile, quantiles: 21}\n", golden_places, 1);
}

static void standard_and_log_are_golden(void **state)
{
    (void)state;
    double wanted[COUNT(golden_queries)];
    for (size_t i = 0; i < COUNT(wanted); i++)
        wanted[i] = ((double)golden_queries[i] - golden_moments[0]) / golden_moments[1];
    expect_golden("  x: {type: numeric, normalize: standard}\n", wanted, 1);
    for (size_t i = 0; i < COUNT(wanted); i++) {
        const double x = (double)golden_queries[i];
        wanted[i] = (copysign(log1p(fabs(x)), x) - golden_log_moments[0]) / golden_log_moments[1];
    }
    expect_golden("  x: {type: numeric, normalize: standard, log: true}\n", wanted, 1);
    for (size_t i = 0; i < COUNT(wanted); i++)
        wanted[i] = (double)golden_queries[i];
    expect_golden("  x: {type: numeric}\n", wanted, 1);
}

static void a_boundary_belongs_to_the_bucket_above(void **state)
{
    (void)state;
    struct sample sample = sample_fit(LABEL "features:\n  x: {type: bucketized, feeds: wide, "
                                            "boundaries: [18, 25.5]}\n",
                                      "x,y\n17.9,1\n18,0\n25.4,1\n25.5,0\n1e9,0\n,1\n");
    const char *wanted[] = {"1:1", "2:1", "2:1", "3:1", "3:1", "0:1"};
    for (uint32_t row = 0; row < 6; row++)
        assert_string_equal(sample_entries(sample.features, sample.frame, row), wanted[row]);
    sample_free(&sample);
}

static void missing_and_unknown_are_two_things(void **state)
{
    (void)state;
    struct sample sample = sample_fit(
        "file: {missing: ['?', NA]}\n" LABEL "features:\n"
        "  a: {type: categorical, feeds: wide, min_count: 2}\n"
        "  b: {type: categorical, feeds: wide, vocabulary: [u, v]}\n"
        "  n: {type: numeric, normalize: standard}\n"
        "  m: {type: categorical, column: n, feeds: wide, min_count: 2}\n",
        "a,b,n,y\nx,v,1,1\nx,w,3,0\nrare,,3,0\n?,NA,NA,1\n\"?\",u,1,0\nz,u,,0\nz,v,,0\n");
    /* a: 0 missing, 1 unknown, 2 x, 3 z; b: 4, 5, u 6, v 7; n: 8, missing 9; m: 10, 11, 1: 12,
     * 3: 13 */
    const char *wanted[] = {"2:1 7:1 8:-0.866 12:1", "2:1 5:1 8:0.866 13:1",
                            "1:1 4:1 8:0.866 13:1",  "0:1 4:1 9:1 10:1",
                            "1:1 6:1 8:-0.866 12:1", "3:1 6:1 9:1 10:1"};
    for (uint32_t row = 0; row < 6; row++)
        assert_string_equal(sample_entries(sample.features, sample.frame, row), wanted[row]);
    sample_free(&sample);
}

static void validation_rows_teach_nothing(void **state)
{
    (void)state;
    const char *yaml = LABEL "features:\n  a: {type: categorical, feeds: wide}\n"
                             "  x: {type: numeric, normalize: standard}\n";
    struct sample part = sample_learning(yaml, "a,x,y\np,1,1\nsecret,1000,0\nq,3,0\n,,1\n");
    struct sample whole = sample_fit(yaml, "a,x,y\np,1,1\nq,3,0\n");
    struct error err = {0};
    const uint32_t rows[] = {0, 2};
    assert_int_equal(features_fit(part.features, part.frame, rows, 2, &err), STATUS_OK);
    assert_int_equal(features_layout(part.features)->n_features,
                     features_layout(whole.features)->n_features);
    char wanted[100];
    strcpy(wanted, sample_entries(whole.features, whole.frame, 1));
    assert_string_equal(sample_entries(part.features, part.frame, 2), wanted);
    assert_string_equal(sample_entries(part.features, part.frame, 1), "1:1 4:705.7");
    sample_free(&part);
    sample_free(&whole);
}

/* A bucket of a cross is the same whatever else is in the vocabulary. */
static void crosses_survive_a_refit(void **state)
{
    (void)state;
    const char *yaml = LABEL "features:\n"
                             "  a: {type: categorical, feeds: none}\n"
                             "  bin: {type: bucketized, column: x, boundaries: [5], feeds: none}\n"
                             "  c: {type: crossed, of: [a, bin, town], buckets: 100000}\n";
    struct sample one = sample_fit(yaml, "a,x,town,y\nm,1,Bonn,1\nm,9,Bonn,0\nm,1,Ulm,0\n");
    struct sample two = sample_fit(yaml, "a,x,town,y\nb,2,Ulm,0\nm,3,Bonn,1\nz,,Bonn,0\nb,,,1\n");
    char first[100];
    assert_int_equal(features_layout(one.features)->n_fields, 1);
    assert_int_equal(features_layout(one.features)->n_features, 100000);
    strcpy(first, sample_entries(one.features, one.frame, 0));
    assert_string_equal(sample_entries(two.features, two.frame, 1), first);
    assert_string_not_equal(sample_entries(one.features, one.frame, 1), first);
    assert_string_not_equal(sample_entries(one.features, one.frame, 2), first);
    assert_string_not_equal(sample_entries(two.features, two.frame, 2), first);
    sample_free(&one);
    sample_free(&two);
}

/* The cross of a history with a candidate. */
static void crosses_of_lists_have_every_combination(void **state)
{
    (void)state;
    const char *yaml =
        LABEL "features:\n"
              "  h: {type: categorical, feeds: none, separator: ' ', max_values: 3}\n"
              "  g: {type: categorical, feeds: none, separator: ' ', max_values: 2, buckets: 500}\n"
              "  h x g: {type: crossed, of: [h, g, i], buckets: 1000000}\n";
    struct sample sample = sample_fit(
        yaml, "h,g,i,y\na b,p q,1,1\na,p,1,0\nb,p,1,0\na,q,1,0\nb,q,1,0\n,p,1,0\na,,1,1\n");
    struct examples examples;
    features_examples(sample.features, sample.frame, &examples);
    assert_int_equal(examples.entries_max, 6);
    char all[100], single[32];
    strcpy(all, sample_entries(sample.features, sample.frame, 0));
    size_t length = 3;
    for (uint32_t row = 1; row < 5; row++) {
        strcpy(single, sample_entries(sample.features, sample.frame, row));
        length += strlen(single);
        assert_non_null(strstr(all, single));
    }
    assert_int_equal(strlen(all), length);
    assert_string_equal(sample_entries(sample.features, sample.frame, 5), "");
    assert_string_equal(sample_entries(sample.features, sample.frame, 6), "");
    sample_free(&sample);
}

/* What is worked out for a batch in advance lies among what is written: nothing may be lost. */
static void rows_fetched_together_are_those_fetched_alone(void **state)
{
    (void)state;
    enum { ROWS = 29 };
    const char *yaml =
        LABEL "features:\n"
              "  a: {type: numeric, normalize: quantile, quantiles: 9}\n"
              "  h: {type: categorical, separator: ' ', max_values: 20, feeds: wide}\n"
              "  b: {type: numeric, normalize: quantile, quantiles: 5}\n"
              "  c: {type: numeric, normalize: quantile, quantiles: 2, column: a}\n"
              "  h x b: {type: crossed, of: [h, bucket], buckets: 7}\n"
              "  bucket: {type: bucketized, column: b, boundaries: [1], feeds: wide}\n"
              "  z: {type: numeric, normalize: standard, column: b}\n";
    struct buffer csv = {0};
    buffer_append_text(&csv, "a,b,h,y\n");
    for (int i = 0; i < ROWS; i++) {
        buffer_printf(&csv, i % 5 ? "%d," : ",", i * i % 13);
        buffer_printf(&csv, i % 7 ? "%d," : ",", i % 3);
        for (int v = 0; v < i % 23; v++)
            buffer_printf(&csv, "%d ", v * i % 31);
        buffer_printf(&csv, ",%d\n", i % 2);
    }
    struct sample sample = sample_fit(yaml, csv.data);
    struct examples examples;
    features_examples(sample.features, sample.frame, &examples);
    struct example_batch all = sample_batch(&examples, ROWS), one = sample_batch(&examples, 1);
    uint32_t rows[ROWS];
    for (uint32_t i = 0; i < ROWS; i++)
        rows[i] = ROWS - 1 - i;
    examples.fetch(examples.context, rows, ROWS, &all);
    for (uint32_t i = 0; i < ROWS; i++) {
        examples.fetch(examples.context, &rows[i], 1, &one);
        const uint32_t n = one.starts[1], first = all.starts[i];
        assert_int_equal(all.starts[i + 1] - first, n);
        assert_memory_equal(all.features + first, one.features, n * sizeof *one.features);
        assert_memory_equal(all.values + first, one.values, n * sizeof *one.values);
        sample_entries(sample.features, sample.frame, i);
    }
    sample_batch_free(&all);
    sample_batch_free(&one);
    buffer_free(&csv);
    sample_free(&sample);
}

static void shared_vectors_have_one_vocabulary(void **state)
{
    (void)state;
    struct sample sample = sample_fit(
        LABEL "features:\n"
              "  item: {type: categorical, embedding: 4}\n"
              "  history: {type: categorical, embedding: 4, shared: item, separator: '|'}\n",
        "item,history,y\nb,a|c,1\na,,0\nd,b|d,0\n");
    const struct feature_layout *layout = features_layout(sample.features);
    assert_int_equal(layout->n_fields, 2);
    assert_int_equal(layout->fields[0].size, 6); /* a, b, c and d, wherever they stand */
    assert_int_equal(layout->fields[1].size, 6);
    assert_int_equal(layout->fields[1].shared, 0);
    assert_int_equal(layout->fields[1].first, 6);
    assert_string_equal(sample_entries(sample.features, sample.frame, 0), "3:1 8:1 10:1");
    assert_string_equal(sample_entries(sample.features, sample.frame, 1), "2:1 6:1");
    sample_free(&sample);
}

static void fields_are_what_the_spec_says(void **state)
{
    (void)state;
    struct sample sample = sample_fit(LABEL "features:\n"
                                            "  a: {type: numeric, feeds: deep}\n"
                                            "  b: {type: categorical, feeds: wide}\n"
                                            "  c: {type: categorical, embedding: 3}\n"
                                            "  d: {type: categorical, indicator: true}\n"
                                            "  e: {type: categorical, buckets: 7, feeds: wide}\n"
                                            "  f: {type: categorical, column: a, buckets: 7, "
                                            "embedding: 2, feeds: deep}\n",
                                      "a,b,c,d,e,y\n1,b,c,d,e,1\n2,b,c,d,f,0\n");
    const struct feature_layout *layout = features_layout(sample.features);
    const struct field wanted[] = {
        {"a", 0, 1, false, FIELD_DENSE, 0, 0},    {"b", 1, 3, true, FIELD_NOT_DEEP, 0, 1},
        {"c", 4, 3, true, FIELD_EMBEDDED, 3, 2},  {"d", 7, 3, true, FIELD_DENSE, 0, 3},
        {"e", 10, 8, true, FIELD_NOT_DEEP, 0, 4}, {"f", 18, 8, false, FIELD_EMBEDDED, 2, 5}};
    assert_int_equal(layout->n_fields, COUNT(wanted));
    assert_int_equal(layout->n_features, 26);
    for (uint32_t i = 0; i < COUNT(wanted); i++) {
        const struct field *f = &layout->fields[i];
        assert_string_equal(f->name, wanted[i].name);
        assert_int_equal(f->first, wanted[i].first);
        assert_int_equal(f->size, wanted[i].size);
        assert_int_equal(f->wide, wanted[i].wide);
        assert_int_equal(f->deep, wanted[i].deep);
        assert_int_equal(f->dimension, wanted[i].dimension);
        assert_int_equal(f->shared, wanted[i].shared);
    }
    sample_free(&sample);
}

static void what_carries_nothing_is_noted(void **state)
{
    (void)state;
    struct sample sample =
        sample_fit(LABEL "features:\n"
                         "  c: {type: numeric, normalize: standard}\n"
                         "  p: {type: numeric, normalize: piecewise, column: c}\n"
                         "  t: {type: numeric, normalize: quantile, column: c}\n"
                         "  e: {type: numeric, normalize: quantile}\n"
                         "  f: {type: numeric, normalize: piecewise, column: e}\n"
                         "  k: {type: categorical, feeds: wide}\n"
                         "  v: {type: categorical, feeds: wide, max_size: 1}\n"
                         "  w: {type: categorical, column: z, feeds: wide, "
                         "max_size: 2}\n"
                         "  z: {type: numeric, feeds: deep}\n",
                   "c,e,k,v,z,y\n5,,k,a,1,1\n5,,k,a,2,0\n5,,k,b,3,0\n");
    const char *const *notes;
    const uint32_t n = features_notes(sample.features, &notes);
    const char *wanted[] = {"k: the training rows have one value",
                            "v: 1 of its values",
                            "c: the training rows have one value",
                            "p: the training",
                            "t: the training",
                            "e: the training rows have no value",
                            "f: the",
                            "w: 1 of its values"};
    assert_int_equal(n, COUNT(wanted));
    for (uint32_t i = 0; i < n; i++) {
        bool found = false;
        for (uint32_t j = 0; j < COUNT(wanted); j++)
            found |= strncmp(notes[i], wanted[j], strlen(wanted[j])) == 0;
        if (!found)
            fail_msg("%s", notes[i]);
    }
    sample_entries(sample.features, sample.frame, 0);
    sample_free(&sample);
}

static void expect_no_fit(const char *yaml, const char *csv, const char *words)
{
    struct sample sample = sample_learning(yaml, csv);
    struct error err = {0};
    assert_int_not_equal(features_fit(sample.features, sample.frame, NULL, 0, &err), STATUS_OK);
    if (!strstr(err.text, words))
        fail_msg("%s", err.text);
    sample_free(&sample);
}

static void what_cannot_be_learnt_is_refused(void **state)
{
    (void)state;
    const char *yaml = "label: {column: y, positive: '>50K'}\nfeatures:\n  a: {type: numeric}\n";
    expect_no_fit(yaml, "a,y\n", "no training rows");
    expect_no_fit(yaml, "a,y\n1,<=50K\n2,<=50K\n", "never '>50K' in all 2");
    expect_no_fit(yaml, "a,y\n1,>50K\n", "is '>50K' in all 1");
    expect_no_fit(LABEL "features:\n  a: {type: numeric}\n", "a,y\n1,1\n2,1\n", "the same in all");
    expect_no_fit(LABEL "features:\n  a: {type: categorical, feeds: none}\n", "a,y\n1,1\n2,0\n",
                  "feed nothing");
    expect_no_fit(LABEL "features:\n  a: {type: categorical, indicator: true, buckets: 5000}\n",
                  "a,y\n1,1\n2,0\n", "too many for an indicator");
    expect_no_fit(LABEL "features:\n  a: {type: categorical, feeds: wide, buckets: 33554432}\n"
                        "  b: {type: crossed, of: [a, c], buckets: 33554432}\n",
                  "a,c,y\n1,1,1\n2,1,0\n", "more than 67108864 features");
}

static void a_cross_of_long_lists_is_refused(void **state)
{
    (void)state;
    struct features *features;
    struct error err = {0};
    assert_int_equal(
        features_new(
            sample_spec("features:\n"
                        "  a: {type: categorical, feeds: none, separator: ';', max_values: 100}\n"
                        "  b: {type: categorical, feeds: none, separator: ';', max_values: 100}\n"
                        "  c: {type: crossed, of: [a, b], buckets: 10}\n"),
            &features, &err),
        STATUS_TOO_LARGE);
    assert_non_null(strstr(err.text, "max_values"));
}

/* A million rare values: the frequent ones stay, and it is said. */
static void a_vocabulary_is_bounded(void **state)
{
    (void)state;
    struct features *features;
    struct frame *frame;
    struct error err = {0};
    const char *const *notes;
    struct feature_spec *spec =
        sample_spec(LABEL "features:\n  a: {type: categorical, feeds: wide, max_size: 1000}\n");
    assert_int_equal(features_new(spec, &features, &err), STATUS_OK);
    assert_int_equal(frame_new_learning(features, &frame), STATUS_OK);
    const uint32_t a = feature_spec_column(spec, "a"), y = feature_spec_column(spec, "y");
    for (uint32_t i = 0; i < 1000500; i++) {
        struct feature_value values[2];
        values[a] = values[y] =
            (struct feature_value){.type = FEATURE_VALUE_NUMBER, .number = i % 1000000};
        values[y].number = i & 1;
        assert_int_equal(frame_add(frame, values, &err), STATUS_OK);
    }
    assert_int_equal(features_fit(features, frame, NULL, 0, &err), STATUS_OK);
    assert_int_equal(features_layout(features)->n_features, 1002);
    assert_int_equal(features_notes(features, &notes), 1);
    assert_non_null(strstr(notes[0], "999000 of its values count as unknown"));
    assert_string_not_equal(sample_entries(features, frame, 7), "1:1"); /* seen twice */
    assert_string_equal(sample_entries(features, frame, 999999), "1:1");
    frame_free(frame);
    features_free(features);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(piecewise_encodings_are_golden),
        cmocka_unit_test(the_distribution_function_is_golden),
        cmocka_unit_test(standard_and_log_are_golden),
        cmocka_unit_test(a_boundary_belongs_to_the_bucket_above),
        cmocka_unit_test(missing_and_unknown_are_two_things),
        cmocka_unit_test(validation_rows_teach_nothing),
        cmocka_unit_test(crosses_survive_a_refit),
        cmocka_unit_test(crosses_of_lists_have_every_combination),
        cmocka_unit_test(rows_fetched_together_are_those_fetched_alone),
        cmocka_unit_test(shared_vectors_have_one_vocabulary),
        cmocka_unit_test(fields_are_what_the_spec_says),
        cmocka_unit_test(what_carries_nothing_is_noted),
        cmocka_unit_test(what_cannot_be_learnt_is_refused),
        cmocka_unit_test(a_cross_of_long_lists_is_refused),
        cmocka_unit_test(a_vocabulary_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
