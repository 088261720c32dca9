/* What these catch: columns taken for others, bad input that becomes values in silence, an error
 * without its place. */
#include "unit/data/features/sample.h"

#define SPEC                                                                                       \
    "label: {column: y, positive: 'yes'}\n"                                                        \
    "features:\n"                                                                                  \
    "  age: {type: numeric, feeds: deep}\n"                                                        \
    "  job: {type: categorical, feeds: wide}\n"
#define LISTED SPEC "file: {columns: [age, job, note, y], missing: ['?']}\n"

/* "STATUS PLACE: TEXT" of reading a table, without the folder. */
static void expect_refused(const char *yaml, const char *csv, enum status wanted, const char *place,
                           const char *words)
{
    struct features *features;
    struct frame *frame;
    struct error err = {0};
    assert_int_equal(features_new(sample_spec(yaml), &features, &err), STATUS_OK);
    assert_int_equal(frame_new_learning(features, &frame), STATUS_OK);
    const enum status status = sample_read(features_spec(features), true, csv, frame, &err);
    const char *slash = strrchr(err.pointer, '/');
    if (status != wanted || strcmp(slash ? slash + 1 : err.pointer, place) != 0 ||
        !strstr(err.text, words))
        fail_msg("%s %s: %s", status_name(status), err.pointer, err.text);
    frame_free(frame);
    features_free(features);
}

static void the_shipped_table_is_read_whole(void **state)
{
    (void)state;
    struct feature_spec *spec;
    struct features *features;
    struct frame *train, *test;
    struct table_file *file;
    struct error err = {0};
    uint32_t n;
    assert_int_equal(feature_spec_read(SOURCE_ROOT "/demo/adult/census.yaml", &spec, &err),
                     STATUS_OK);
    assert_int_equal(features_new(spec, &features, &err), STATUS_OK);
    assert_int_equal(frame_new_learning(features, &train), STATUS_OK);
    assert_int_equal(
        table_file_open(SOURCE_ROOT "/demo/adult/adult.data.gz", spec, true, &file, &err),
        STATUS_OK);
    assert_int_equal(table_file_read(file, train, UINT32_MAX, &n, &err), STATUS_OK);
    table_file_close(file);
    assert_int_equal(n, 32561);
    assert_int_equal(features_fit(features, train, NULL, 0, &err), STATUS_OK);
    assert_int_equal(frame_new(features, true, &test), STATUS_OK);
    assert_int_equal(
        table_file_open(SOURCE_ROOT "/demo/adult/adult.test.gz", spec, true, &file, &err),
        STATUS_OK);
    assert_int_equal(table_file_read(file, test, 10000, &n, &err), STATUS_OK); /* in pieces */
    assert_int_equal(n, 10000);
    assert_int_equal(table_file_read(file, test, 10000, &n, &err), STATUS_OK);
    assert_int_equal(n, 6281);
    table_file_close(file);
    uint32_t positives = 0; /* the labels of this file end in a dot */
    for (uint32_t row = 0; row < frame_rows(test); row++)
        positives += frame_label(test, row) == 1;
    assert_int_equal(positives, 3846);
    frame_free(train);
    frame_free(test);
    features_free(features);
}

static void a_header_may_have_any_order_and_more_columns(void **state)
{
    (void)state;
    const char *headed = "y,x,job,age\nyes,1,clerk,30\nno,2,smith,40\n";
    const char *bare = "30,clerk,,yes\n40,smith,,no\n";
    struct sample a = sample_fit(SPEC, headed), b = sample_fit(LISTED, bare);
    struct sample c = sample_fit(LISTED, "job,y,note,age\nclerk,yes,,30\nsmith,no,,40\n");
    for (uint32_t row = 0; row < 2; row++) {
        char first[100];
        strcpy(first, sample_entries(a.features, a.frame, row));
        assert_string_equal(first, row ? "0:40 4:1" : "0:30 3:1");
        assert_string_equal(first, sample_entries(b.features, b.frame, row));
        assert_string_equal(first, sample_entries(c.features, c.frame, row));
        assert_true(frame_label(b.frame, row) == 1 - (float)row);
    }
    sample_free(&a);
    sample_free(&b);
    sample_free(&c);
}

static void a_table_to_predict_needs_no_label(void **state)
{
    (void)state;
    const char *tables[] = {"30,clerk,\n40,?,\n", "30,clerk,,yes\n40,?,,what\n",
                            "job,age\nclerk,30\n,40\n"};
    struct sample sample = sample_fit(LISTED, "30,clerk,,yes\n40,smith,,no\n");
    for (int i = 0; i < 3; i++) {
        struct frame *frame;
        struct error err = {0};
        assert_int_equal(frame_new(sample.features, false, &frame), STATUS_OK);
        if (sample_read(features_spec(sample.features), false, tables[i], frame, &err) != STATUS_OK)
            fail_msg("%d: %s: %s", i, err.pointer, err.text);
        assert_int_equal(frame_rows(frame), 2);
        assert_string_equal(sample_entries(sample.features, frame, 0), "0:30 3:1");
        assert_string_equal(sample_entries(sample.features, frame, 1), "0:40 1:1");
        frame_free(frame);
    }
    sample_free(&sample);
}

static void bad_input_is_refused_at_its_place(void **state)
{
    (void)state;
#define REFUSED(yaml, csv, status, place, words)                                                   \
    expect_refused(yaml, csv, STATUS_##status, place, words)
    REFUSED(SPEC, "", OUT_OF_RANGE, "", "is empty");
    REFUSED(SPEC, "\n\n", OUT_OF_RANGE, "", "is empty");
    REFUSED(SPEC, "ages,job,y\n", NOT_FOUND, "t.csv:1", "no column 'age' (it has 'ages')");
    REFUSED(SPEC, "30,clerk,yes\n", NOT_FOUND, "t.csv:1", "must name all columns");
    REFUSED(SPEC, "age,job,y,age\n", MALFORMED, "t.csv:1", "two columns 'age'");
    REFUSED(SPEC "file: {header: false}\n", "1,2,3\n", MALFORMED, "", "must list");
    REFUSED(LISTED "  # x\n", "30,clerk,,yes\n40,clerk,yes\n", MALFORMED, "t.csv:2",
            "3 cells where there are 4");
    REFUSED(LISTED, "30,clerk,,yes\n40,clerk,,no,\n", MALFORMED, "t.csv:2",
            "5 cells where there are 4");
    REFUSED(LISTED, "30,clerk,,yes\n\nx4,clerk,,no\n", MALFORMED, "t.csv:3",
            "column 'age' is 'x4', which is not a number");
    REFUSED(LISTED, "nan,clerk,,yes\n", MALFORMED, "t.csv:1", "not a number");
    REFUSED(LISTED, "1e39,clerk,,yes\n", OUT_OF_RANGE, "t.csv:1", "no number that 32 bits hold");
    REFUSED(LISTED, "1,a,,yes\n1,a,,no\n1,a,,maybe\n", OUT_OF_RANGE, "t.csv:3",
            "'maybe', a third value beside 'yes' and 'no'");
    REFUSED(LISTED, "1,a,,\n", OUT_OF_RANGE, "t.csv:1", "label 'y' is missing");
    REFUSED(LISTED, "1,\"a,,yes\n2,b,,no\n", MALFORMED, "t.csv:1", "not closed");
    REFUSED(SPEC "weight: {column: w}\n", "age,job,y,w\n1,a,yes,1\n1,a,no,0\n", OUT_OF_RANGE,
            "t.csv:3", "above 0");
}

static void a_file_that_is_not_there_is_not_found(void **state)
{
    (void)state;
    struct table_file *file;
    struct error err = {0};
    struct feature_spec *spec = sample_spec(SPEC);
    assert_int_equal(table_file_open("/nowhere/t.csv", spec, true, &file, &err), STATUS_NOT_FOUND);
    feature_spec_free(spec);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_shipped_table_is_read_whole),
        cmocka_unit_test(a_header_may_have_any_order_and_more_columns),
        cmocka_unit_test(a_table_to_predict_needs_no_label),
        cmocka_unit_test(bad_input_is_refused_at_its_place),
        cmocka_unit_test(a_file_that_is_not_there_is_not_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
