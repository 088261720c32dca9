/* What these catch: a loaded model that sees other examples than the one that was saved, bytes that
 * depend on more than the content, damage that is taken for a model. */
#include <math.h>
#include <stdio.h>

#include "unit/data/features/sample.h"

#define SPEC                                                                                       \
    "label: {column: y, positive: 'yes'}\n"                                                        \
    "features:\n"                                                                                  \
    "  s: {type: numeric, normalize: standard, column: x}\n"                                       \
    "  q: {type: numeric, normalize: quantile, column: x}\n"                                       \
    "  p: {type: numeric, normalize: piecewise, column: x, quantiles: 4}\n"                        \
    "  b: {type: bucketized, column: x, quantiles: 3, indicator: true}\n"                          \
    "  g: {type: bucketized, column: x, boundaries: [2, 3], feeds: wide}\n"                        \
    "  d: {type: categorical, column: x, embedding: 2}\n"                                          \
    "  e: {type: categorical, column: x, vocabulary: ['4', '1'], feeds: wide}\n"                   \
    "  c: {type: categorical, embedding: 4}\n"                                                     \
    "  l: {type: categorical, embedding: 4, shared: c, separator: '|'}\n"                          \
    "  v: {type: categorical, vocabulary: [w, u], feeds: wide}\n"                                  \
    "  h: {type: categorical, column: v, buckets: 50, feeds: wide}\n"                              \
    "  k: {type: crossed, of: [b, c, l, town], buckets: 1000}\n"
#define TRAIN                                                                                      \
    "x,c,l,v,town,y\n1,a,a|b,u,Bonn,yes\n2.5,b,c,w,Ulm,no\n,c,,z,,no\n4,a,b|a,,Ulm,yes\n"          \
    "7,\xc3\xa9,a,u,Bonn,no\n"
#define OTHER "x,c,l,v,town,y\n3,new,a|new,u,Rom,yes\n,,,,,no\n-5,b,c|b|a,w,Ulm,yes\n"

static void save(const struct features *features, const char *path)
{
    struct sections_writer *writer;
    assert_int_equal(sections_create(path, &writer, NULL), STATUS_OK);
    assert_int_equal(features_save(features, writer, NULL), STATUS_OK);
    assert_int_equal(sections_finish(writer, NULL), STATUS_OK);
}

static struct features *load(const char *path)
{
    struct sections *sections;
    struct features *features;
    struct error err = {0};
    assert_int_equal(sections_open(path, &sections, &err), STATUS_OK);
    if (features_load(sections, &features, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    sections_close(sections); /* nothing of it is needed any more */
    return features;
}

static void a_loaded_one_sees_the_same_examples(void **state)
{
    struct sample sample = sample_fit(SPEC, TRAIN);
    save(sample.features, in_folder(*state, "a"));
    struct features *loaded = load(in_folder(*state, "a"));
    const struct feature_layout *a = features_layout(sample.features), *b = features_layout(loaded);
    assert_int_equal(a->n_fields, b->n_fields);
    assert_int_equal(a->n_features, b->n_features);
    for (uint32_t i = 0; i < a->n_fields; i++) {
        assert_string_equal(a->fields[i].name, b->fields[i].name);
        assert_int_equal(a->fields[i].size, b->fields[i].size);
        assert_int_equal(a->fields[i].shared, b->fields[i].shared);
    }
    const char *tables[] = {TRAIN, OTHER};
    for (int t = 0; t < 2; t++) {
        struct frame *first, *second;
        struct error err = {0};
        assert_int_equal(frame_new(sample.features, true, &first), STATUS_OK);
        assert_int_equal(frame_new(loaded, true, &second), STATUS_OK);
        assert_int_equal(sample_read(features_spec(sample.features), true, tables[t], first, &err),
                         STATUS_OK);
        assert_int_equal(sample_read(features_spec(loaded), true, tables[t], second, &err),
                         STATUS_OK);
        for (uint32_t row = 0; row < frame_rows(first); row++) {
            char wanted[1000];
            strcpy(wanted, sample_entries(sample.features, first, row));
            assert_string_equal(sample_entries(loaded, second, row), wanted);
            if (t == 0) /* the learning frame was recoded to the same */
                assert_string_equal(sample_entries(sample.features, sample.frame, row), wanted);
        }
        frame_free(first);
        frame_free(second);
    }
    features_free(loaded);
    sample_free(&sample);
}

static void the_labels_other_value_is_kept(void **state)
{
    struct sample sample = sample_fit(SPEC, TRAIN);
    struct frame *frame;
    struct error err = {0};
    save(sample.features, in_folder(*state, "a"));
    struct features *loaded = load(in_folder(*state, "a"));
    assert_int_equal(frame_new(loaded, true, &frame), STATUS_OK);
    assert_int_equal(
        sample_read(features_spec(loaded), true, "x,c,l,v,town,y\n1,,,,,maybe\n", frame, &err),
        STATUS_OUT_OF_RANGE);
    assert_non_null(strstr(err.text, "third value beside 'yes' and 'no'"));
    frame_free(frame);
    features_free(loaded);
    sample_free(&sample);
}

static void the_same_content_gives_the_same_bytes(void **state)
{
    struct sample one = sample_fit(SPEC, TRAIN);
    save(one.features, in_folder(*state, "a"));
    struct features *loaded = load(in_folder(*state, "a"));
    save(loaded, in_folder(*state, "b"));
    struct buffer a = file_bytes(in_folder(*state, "a")), b = file_bytes(in_folder(*state, "b"));
    assert_int_equal(a.size, b.size);
    assert_memory_equal(a.data, b.data, a.size);
    buffer_free(&a);
    buffer_free(&b);
    features_free(loaded);
    sample_free(&one);
}

/* Copies the file section by section; the one of that name with other bytes. */
static void damage(const char *from, const char *to, const char *name, size_t at, const void *bytes,
                   size_t length)
{
    struct sections *sections;
    struct sections_writer *writer;
    assert_int_equal(sections_open(from, &sections, NULL), STATUS_OK);
    assert_int_equal(sections_create(to, &writer, NULL), STATUS_OK);
    for (size_t i = 0; i < sections_count(sections); i++) {
        const struct section *s = sections_at(sections, i);
        const size_t size = s->rows * s->columns * section_type_size(s->type);
        char *copy = malloc(size + 1);
        assert_non_null(copy);
        memcpy(copy, s->data, size);
        if (strcmp(s->name, name) == 0) {
            assert_true(at + length <= size);
            memcpy(copy + at, bytes, length);
        }
        sections_add(writer, s->name, s->type, s->rows, s->columns, copy);
        free(copy);
    }
    assert_int_equal(sections_finish(writer, NULL), STATUS_OK);
    sections_close(sections);
}

static void damage_is_no_model(void **state)
{
    struct sample sample = sample_fit(SPEC, TRAIN);
    char from[PATH_BYTES_MAX], to[PATH_BYTES_MAX];
    strcpy(from, in_folder(*state, "a"));
    strcpy(to, in_folder(*state, "b"));
    save(sample.features, from);
    const uint32_t many = UINT32_MAX, one = 1, none = 0;
    const float nan = NAN;
    const double infinite = INFINITY;
    const struct {
        const char *name;
        size_t at;
        const void *bytes;
        size_t length;
    } cases[] = {
        {"features.spec", 0, "labal", 5},
        {"features.counts", 4 * 3, &many, 4}, /* numbers of q */
        {"features.counts", 4 * 3, &none, 4},
        {"features.counts", 4 * 6, &one, 4},            /* of p */
        {"features.counts", 4 * (7 * 3 + 1), &many, 4}, /* texts of c */
        {"features.counts", 4 * (7 * 3 + 1), &one, 4},
        {"features.counts", 4 * (9 * 3 + 1), &one, 4}, /* of v, which has two given */
        {"features.counts", 4 * (8 * 3 + 1), &one, 4}, /* of l, which shares */
        {"features.counts", 4 * (7 * 3 + 2), &one, 4}, /* c is no number that could be missing */
        {"features.moments", 0, &infinite, 8},
        {"features.numbers", 0, &nan, 4},
        {"features.starts", 4, &many, 4},
        {"features.starts", 0, &one, 4},
        {"features.bytes", 0, "b", 1}, /* twice */
        {"features.bytes", 0, "\xff", 1},
        {"features.negative", 0, "\xff", 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sections *sections;
        struct features *features;
        struct error err = {0};
        damage(from, to, cases[i].name, cases[i].at, cases[i].bytes, cases[i].length);
        assert_int_equal(sections_open(to, &sections, NULL), STATUS_OK);
        const enum status status = features_load(sections, &features, &err);
        if (status != STATUS_CORRUPT || !*err.text)
            fail_msg("%zu: %s %s", i, status_name(status), err.text);
        sections_close(sections);
    }
    sample_free(&sample);
}

static void a_file_without_features_is_refused(void **state)
{
    struct sections_writer *writer;
    struct sections *sections;
    struct features *features;
    struct error err = {0};
    assert_int_equal(sections_create(in_folder(*state, "a"), &writer, NULL), STATUS_OK);
    assert_int_equal(sections_finish(writer, NULL), STATUS_OK);
    assert_int_equal(sections_open(in_folder(*state, "a"), &sections, NULL), STATUS_OK);
    assert_int_equal(features_load(sections, &features, &err), STATUS_CORRUPT);
    assert_non_null(strstr(err.text, "features.spec"));
    sections_close(sections);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(a_loaded_one_sees_the_same_examples),
        WITH_FOLDER(the_labels_other_value_is_kept),
        WITH_FOLDER(the_same_content_gives_the_same_bytes),
        WITH_FOLDER(damage_is_no_model),
        WITH_FOLDER(a_file_without_features_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
