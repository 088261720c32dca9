/* What these catch: a misspelt key that is passed over, features that contradict themselves, an
 * error without its line. */
#include "unit/data/features/sample.h"

static void the_shipped_specs_are_read(void **state)
{
    (void)state;
    const char *files[] = {SOURCE_ROOT "/demo/adult/census.yaml",
                           SOURCE_ROOT "/demo/adult/census-best.yaml"};
    for (int i = 0; i < 2; i++) {
        struct feature_spec *spec;
        struct error err = {0};
        if (feature_spec_read(files[i], &spec, &err) != STATUS_OK)
            fail_msg("%s: %s", err.pointer, err.text);
        assert_int_equal(spec->n_features, 17);
        assert_string_equal(spec->columns[spec->label].name, "income");
        assert_string_equal(feature_spec_option(spec, "mode"), "wide_deep");
        feature_spec_free(spec);
    }
}

/* The documentation has every key, in the words of the table. */
static void the_documentation_tells_every_key(void **state)
{
    (void)state;
    struct buffer doc = file_bytes(SOURCE_ROOT "/docs/tables.md");
    for (size_t i = 0; i < feature_spec_n_keys; i++) {
        char line[ERROR_TEXT_MAX];
        snprintf(line, sizeof line, "| `%s` | %s |", feature_spec_keys[i].name,
                 feature_spec_keys[i].help);
        if (!strstr(doc.data, line))
            fail_msg("docs/tables.md lacks: %s", line);
    }
    buffer_free(&doc);
}

static void everything_lands_where_it_belongs(void **state)
{
    (void)state;
    struct feature_spec *spec = sample_spec(
        "model: {hidden: [100, 50], rate: 0.5}\n"
        "features:\n"
        "  a: {type: numeric, normalize: piecewise, bounds: tree, leaves: 8}\n"
        "  b: {type: bucketized, column: a, boundaries: [-1, 2.5], feeds: none}\n"
        "  c: {type: categorical, vocabulary: [y, x], indicator: true}\n"
        "  d: {type: categorical, embedding: 4, separator: '|'}\n"
        "  e: {type: categorical, embedding: 4, shared: d}\n"
        "  f: {type: crossed, of: [b, c, town], buckets: 50}\n"
        "label: {column: y, positive: ['1', yes]}\n"
        "weight: {column: w}\n"
        "file: {delimiter: ';', missing: '?', comment: '#', header: true, trim: false}\n");
    const struct spec_feature *f = spec->features;
    assert_int_equal(spec->n_features, 6);
    assert_int_equal(f[0].line, 3);
    assert_int_equal(f[0].normalize, NORMALIZE_PIECES);
    assert_int_equal(f[0].leaves, 8);
    assert_int_equal(f[0].feeds, FEEDS_BOTH);
    assert_int_equal(f[1].column, f[0].column);
    assert_int_equal(f[1].feeds, FEEDS_NONE);
    assert_true(f[1].boundaries[1] == 2.5);
    assert_string_equal(f[2].vocabulary[0].bytes, "x"); /* sorted */
    assert_int_equal(f[4].shared, 3);
    assert_int_equal(f[5].feeds, FEEDS_WIDE);
    assert_int_equal(f[5].of_features[1], 2);
    assert_int_equal(f[5].of_features[2], UINT32_MAX);
    assert_string_equal(spec->columns[f[5].of_columns[2]].name, "town");
    assert_true(spec->columns[f[0].column].number && !spec->columns[f[3].column].number);
    assert_string_equal(spec->columns[spec->weight].name, "w");
    assert_int_equal(spec->n_positive, 2);
    assert_string_equal(spec->delimiter, ";");
    assert_int_equal(spec->header, SPEC_HEADER_YES);
    assert_false(spec->trim);
    assert_string_equal(feature_spec_option(spec, "hidden"), "100,50");
    assert_null(feature_spec_option(spec, "none"));
    feature_spec_free(spec);
}

static void model_options_go_through_the_models_table(void **state)
{
    (void)state;
    struct {
        double rate;
        const char *hidden;
    } values = {0};
    const struct option options[] = {
        {"rate", OPTION_REAL, 0, "0.1", 0, 1, NULL, "learning rate"},
        {"hidden", OPTION_TEXT, sizeof(double), "", 0, 0, NULL, "layers"},
    };
    struct arena arena = {0};
    struct error err = {0};
    struct feature_spec *spec = sample_spec("features:\n  a: {type: numeric}\nmodel:\n"
                                            "  hidden: [4, 2]\n  rate: 0.5\n");
    assert_int_equal(feature_spec_set_options(spec, options, 2, &values, &arena, &err), STATUS_OK);
    assert_true(values.rate == 0.5);
    assert_string_equal(values.hidden, "4,2");
    feature_spec_free(spec);
    spec = sample_spec("features:\n  a: {type: numeric}\nmodel:\n  hiden: [4, 2]\n");
    assert_int_equal(feature_spec_set_options(spec, options, 2, &values, &arena, &err),
                     STATUS_NOT_FOUND);
    assert_string_equal(err.pointer, "s.yaml:4");
    assert_non_null(strstr(err.text, "hidden"));
    feature_spec_free(spec);
    arena_free(&arena);
}

static void what_is_wrong_is_refused_at_its_line(void **state)
{
    (void)state;
#define F "features:\n"
#define A "  a: {type: numeric}\n"
    const struct {
        const char *yaml, *place, *words;
    } cases[] = {
        {"- a\n", "s.yaml:1", "mapping of sections"},
        {"", "s.yaml:1", "no features"},
        {"feature: {}\n", "s.yaml:1", "did you mean 'features'"},
        {F "  a: {type: numeric, normalise: none}\n", "s.yaml:2", "did you mean 'normalize'"},
        {F "  a: {normalize: none}\n", "s.yaml:2", "no type"},
        {F "  a: {type: number}\n", "s.yaml:2", "must be one of: numeric"},
        {F "  a: {type: numeric, embedding: 8}\n", "s.yaml:2", "no key of a numeric"},
        {F "  a: {type: numeric, leaves: 1}\n", "s.yaml:2", "from 2 to 1024"},
        {F "  a: {type: numeric, leaves: '8'}\n", "s.yaml:2", "quotes"},
        {F "  a: {type: numeric, leaves: [8]}\n", "s.yaml:2", "one value"},
        {F "  a: {type: numeric, quantiles: 1, normalize: quantile}\n", "s.yaml:2", "at least 2"},
        {F "  a: {type: numeric, feeds: none}\n", "s.yaml:2", "feeds nothing"},
        {F "  a: numeric\n", "s.yaml:2", "must be a mapping"},
        {F "  a: {type: bucketized, feeds: wide}\n", "s.yaml:2", "'boundaries' or 'quantiles'"},
        {F "  a: {type: bucketized, feeds: wide, boundaries: [1], quantiles: 4}\n", "s.yaml:2",
         "not both"},
        {F "  a: {type: bucketized, feeds: wide, boundaries: [2, 1]}\n", "s.yaml:2", "must rise"},
        {F "  a: {type: bucketized, feeds: wide, boundaries: [x]}\n", "s.yaml:2", "'x' is none"},
        {F "  a: {type: bucketized, feeds: wide, boundaries: []}\n", "s.yaml:2", "no boundaries"},
        {F "  a: {type: categorical}\n", "s.yaml:2", "'embedding: WIDTH' or 'indicator: true'"},
        {F "  a: {type: categorical, embedding: 4, indicator: true}\n", "s.yaml:2", "both"},
        {F "  a: {type: categorical, embedding: 4, feeds: wide}\n", "s.yaml:2", "does not feed"},
        {F "  a: {type: categorical, feeds: wide, vocabulary: [x, x]}\n", "s.yaml:2", "twice"},
        {F "  a: {type: categorical, feeds: wide, vocabulary: ['']}\n", "s.yaml:2", "empty word"},
        {F "  a: {type: categorical, feeds: wide, vocabulary: [x], buckets: 4}\n", "s.yaml:2",
         "both a vocabulary"},
        {F "  a: {type: categorical, feeds: wide, separator: '||'}\n", "s.yaml:2", "separator"},
        {F "  a: {type: categorical, embedding: 4, shared: b}\n", "s.yaml:2", "no feature before"},
        {F "  a: {type: categorical, embedding: 4}\n"
           "  b: {type: categorical, embedding: 8, shared: a}\n",
         "s.yaml:3", "same width"},
        {F "  a: {type: crossed, buckets: 9}\n", "s.yaml:2", "by 'of'"},
        {F "  a: {type: crossed, of: [b], buckets: 9}\n", "s.yaml:2", "from 2 to 8"},
        {F "  a: {type: crossed, of: [b, c]}\n", "s.yaml:2", "'buckets'"},
        {F "  a: {type: crossed, of: [b, b], buckets: 9}\n", "s.yaml:2", "with itself"},
        {F "  a: {type: crossed, of: [b, a], buckets: 9}\n", "s.yaml:2", "of itself"},
        {F A "  x: {type: crossed, of: [a, b], buckets: 9}\n", "s.yaml:3", "crosses the numeric"},
        {F "  q: {type: numeric, column: b}\n  x: {type: crossed, of: [a, b], buckets: 9}\n",
         "s.yaml:3", "a column of numbers"},
        {F "  x: {type: crossed, of: [a, b], buckets: 9}\n"
           "  y: {type: crossed, of: [x, c], buckets: 9}\n",
         "s.yaml:3", "which is a cross"},
        {F A "  b: {type: categorical, column: a, feeds: wide, vocabulary: [x]}\n", "s.yaml:3",
         "made of numbers"},
        {F A "label: {column: a}\n", "s.yaml:2", "made of the label"},
        {F A "label: {positive: x}\n", "s.yaml:3", "needs a 'column'"},
        {F A "label: {column: y, negative: x}\n", "s.yaml:3", "no 'positive'"},
        {F A "label: {column: y, positive: x, negative: x}\n", "s.yaml:3", "both a positive"},
        {F A "label: {colum: y}\n", "s.yaml:3", "did you mean 'column'"},
        {F A "weight: {column: a}\n", "s.yaml:3", "a feature too"},
        {F "  age: {type: numeric}\nfile: {columns: [b, ages]}\n", "s.yaml:2",
         "did you mean 'ages'"},
        {F A "file: {columns: [a, a]}\n", "s.yaml:1", "two columns 'a'"},
        {F A "file: {delimiter: ab}\n", "s.yaml:3", "one ASCII character"},
        {F A "file: {comment: ','}\n", "s.yaml:3", "other than the delimiter"},
        {F A "file: {delimeter: ','}\n", "s.yaml:3", "did you mean 'delimiter'"},
        {F A "model: {a: {b: c}}\n", "s.yaml:3", "takes a list"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct error err;
        if (sample_refused(cases[i].yaml, &err) == STATUS_OK)
            fail_msg("accepted: %s", cases[i].yaml);
        if (strcmp(err.pointer, cases[i].place) != 0 || !strstr(err.text, cases[i].words))
            fail_msg("%s: %s (of %s)", err.pointer, err.text, cases[i].yaml);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_shipped_specs_are_read),
        cmocka_unit_test(the_documentation_tells_every_key),
        cmocka_unit_test(everything_lands_where_it_belongs),
        cmocka_unit_test(model_options_go_through_the_models_table),
        cmocka_unit_test(what_is_wrong_is_refused_at_its_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
