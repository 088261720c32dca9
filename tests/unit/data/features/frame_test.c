/* What these catch: numbers that are read slightly wrong, values of one type taken for another,
 * lists with a value twice, a refused row that leaves something behind. */
#include "data/features/frame.h"

#include <math.h>

#include "unit/data/features/sample.h"

#define SPEC                                                                                       \
    "features:\n"                                                                                  \
    "  x: {type: numeric}\n"                                                                       \
    "  job: {type: categorical, feeds: wide}\n"                                                    \
    "  tags: {type: categorical, feeds: wide, separator: '|', max_values: 3}\n"                    \
    "  town: {type: categorical, feeds: wide, buckets: 1000}\n"                                    \
    "label: {column: y}\n"
enum { Y, X, JOB, TAGS, TOWN, N };

static struct feature_value text(const char *bytes)
{
    return (struct feature_value){
        .type = FEATURE_VALUE_TEXT, .text = bytes, .length = (uint32_t)strlen(bytes)};
}

static struct feature_value number(double value)
{
    return (struct feature_value){.type = FEATURE_VALUE_NUMBER, .number = value};
}

static struct sample fitted(void)
{
    return sample_fit(SPEC, "x,job,tags,town,y\n1,clerk,a|b,Bonn,1\n2,7,b|c,Ulm,0\n,,,,0\n");
}

static const char *entries_of(const struct sample *sample, const struct feature_value *values)
{
    struct frame *frame;
    struct error err = {0};
    assert_int_equal(frame_new(sample->features, false, &frame), STATUS_OK);
    if (frame_add(frame, values, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    const char *entries = sample_entries(sample->features, frame, 0);
    frame_free(frame);
    return entries;
}

/* The ranker has values of its own types; a table has text: both mean the same. */
static void values_of_every_type_mean_what_their_text_does(void **state)
{
    (void)state;
    struct sample sample = fitted();
    const struct spec_text tags[] = {{"b", 1}, {"a", 1}, {"b", 1}, {"", 0}};
    const struct feature_value list = {.type = FEATURE_VALUE_TEXTS, .length = 4, .texts = tags};
    const struct feature_value texts[N] = {
        {0}, text("2.5"), text("7"), text("b|a |b||"), text("12")};
    const struct feature_value typed[N] = {{0}, number(2.5), number(7), list, number(12)};
    char wanted[200];
    strcpy(wanted, entries_of(&sample, texts));
    assert_non_null(strstr(wanted, "0:2.5 4:1 8:1 9:1 ")); /* job 7; tags a and b */
    assert_string_equal(entries_of(&sample, typed), wanted);
    const struct feature_value nothing[N] = {{0}};
    assert_string_equal(entries_of(&sample, nothing), "0:1.5 1:1 2:1 6:1 11:1");
    const struct feature_value strange[N] = {{0}, text("0"), text("x"), text("x|y"), {0}};
    assert_string_equal(entries_of(&sample, strange), "3:1 7:1 11:1");
    sample_free(&sample);
}

static void lists_keep_to_their_limit(void **state)
{
    (void)state;
    struct sample sample = fitted();
    const struct feature_value values[N] = {[TAGS] = text("a|z|b|c|y")};
    /* a, unknown, b: three; c has no room */
    assert_string_equal(entries_of(&sample, values), "0:1.5 1:1 2:1 7:1 8:1 9:1 11:1");
    sample_free(&sample);
}

static void numbers_are_read_to_the_last_bit(void **state)
{
    (void)state;
    struct sample sample = fitted();
    const char *numbers[] = {"0.1",
                             "-12.75",
                             "123456789",
                             "3.4028234e38",
                             "1e-40",
                             "007",
                             "1234567890123456",
                             "0.000000000000001",
                             "-0",
                             "16777217",
                             "99999999999999999999",
                             "1.",
                             ".5",
                             "1.17549435e-38",
                             "2.5e-3"};
    struct frame *frame;
    assert_int_equal(frame_new(sample.features, false, &frame), STATUS_OK);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        const struct feature_value values[N] = {[X] = text(numbers[i])};
        struct examples examples;
        struct error err = {0};
        frame_clear(frame);
        if (frame_add(frame, values, &err) != STATUS_OK)
            fail_msg("%s", err.text);
        features_examples(sample.features, frame, &examples);
        struct example_batch batch = sample_batch(&examples, 1);
        examples.fetch(examples.context, &(uint32_t){0}, 1, &batch);
        const float wanted = (float)strtod(numbers[i], NULL);
        const float found = batch.features[0] == 0 ? batch.values[0] : 0;
        if (found != wanted)
            fail_msg("%s is read as %.9g", numbers[i], (double)found);
        sample_batch_free(&batch);
    }
    frame_free(frame);
    sample_free(&sample);
}

static void what_is_no_number_is_refused(void **state)
{
    (void)state;
    struct sample sample = fitted();
    struct frame *frame;
    assert_int_equal(frame_new(sample.features, false, &frame), STATUS_OK);
    const struct feature_value wrong[] = {text("1,5"),
                                          text("."),
                                          text("-"),

                                          text("0x10"),
                                          text("1 2"),
                                          text("inf"),
                                          text("1.2.3"),
                                          text("--1"),
                                          text("1e400"),
                                          number((double)NAN),
                                          number((double)INFINITY),
                                          number(1e39),
                                          text("+"),
                                          {.type = FEATURE_VALUE_TEXTS, .length = 1}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        const struct feature_value values[N] = {[X] = wrong[i]};
        struct error err = {0};
        const enum status status = frame_add(frame, values, &err);
        if (status != STATUS_MALFORMED && status != STATUS_OUT_OF_RANGE)
            fail_msg("%zu: %s", i, status_name(status));
        assert_non_null(strstr(err.text, "'x'"));
    }
    assert_int_equal(frame_rows(frame), 0);
    frame_free(frame);
    sample_free(&sample);
}

/* A column that is the same is taken over, list and all, and its value is not looked at. */
static void a_row_like_the_last_is_the_row_itself(void **state)
{
    (void)state;
    struct sample sample = fitted();
    const struct feature_value first[N] = {{0}, number(2.5), text("7"), text("a|b"), text("12")};
    const struct feature_value whole[N] = {{0}, number(1), text("7"), text("a|b"), text("13")};
    const struct feature_value part[N] = {{0}, number(1), text("clerk"), text("c"), text("13")};
    const bool same[N] = {[JOB] = true, [TAGS] = true};
    char wanted[200];
    strcpy(wanted, entries_of(&sample, whole));
    struct frame *frame;
    struct error err;
    assert_int_equal(frame_new(sample.features, false, &frame), STATUS_OK);
    assert_int_equal(frame_add(frame, first, &err), STATUS_OK);
    for (uint32_t row = 1; row < 4; row++) {
        const struct feature_value refused[N] = {[X] = text("x"), [TOWN] = text("14")};
        assert_int_equal(frame_add_like_last(frame, refused, same, &err), STATUS_MALFORMED);
        assert_int_equal(frame_add_like_last(frame, part, same, &err), STATUS_OK);
        assert_string_equal(sample_entries(sample.features, frame, row), wanted);
    }
    frame_free(frame);
    sample_free(&sample);
}

static void numbers_put_for_all_rows_are_those_added_one_by_one(void **state)
{
    (void)state;
    struct sample sample = fitted();
    const float numbers[] = {1.5f, 9, NAN, 9, -2, 9, INFINITY, 9};
    struct frame *frame;
    struct error err;
    assert_int_equal(frame_new(sample.features, false, &frame), STATUS_OK);
    for (uint32_t row = 0; row < 4; row++) {
        const struct feature_value any[N] = {[X] = number(5), [JOB] = text("7")};
        assert_int_equal(frame_add(frame, any, &err), STATUS_OK);
    }
    frame_put_numbers(frame, X, numbers, 2);
    for (uint32_t row = 0; row < 4; row++) {
        const float x = numbers[2 * row];
        const struct feature_value one[N] = {
            [X] = isfinite(x) ? number((double)x) : (struct feature_value){0}, [JOB] = text("7")};
        char wanted[200];
        strcpy(wanted, entries_of(&sample, one));
        assert_string_equal(sample_entries(sample.features, frame, row), wanted);
    }
    frame_free(frame);
    sample_free(&sample);
}

static void rows_beyond_a_chunk_stay_apart(void **state)
{
    (void)state;
    struct sample sample = fitted();
    struct frame *frame;
    assert_int_equal(frame_new(sample.features, false, &frame), STATUS_OK);
    for (int round = 0; round < 2; round++) {
        const uint32_t n = 3 * FRAME_CHUNK_ROWS + 5;
        for (uint32_t i = 0; i < n; i++) {
            const struct feature_value values[N] = {[X] = number(i + 1), [TAGS] = text("a|c")};
            assert_int_equal(frame_add(frame, values, NULL), STATUS_OK);
        }
        for (uint32_t i = 0; i < n; i += 1021) {
            char wanted[64];
            snprintf(wanted, sizeof wanted, "0:%.4g 2:1 8:1 10:1 11:1", (double)(i + 1));
            assert_string_equal(sample_entries(sample.features, frame, i), wanted);
        }
        frame_clear(frame);
        assert_int_equal(frame_rows(frame), 0);
    }
    frame_free(frame);
    sample_free(&sample);
}

static void labels_are_numbers_where_no_value_is_positive(void **state)
{
    (void)state;
    struct sample sample = fitted();
    struct frame *frame;
    assert_int_equal(frame_new(sample.features, true, &frame), STATUS_OK);
    const struct feature_value good[N] = {[Y] = text("0.25")};
    const struct feature_value bad[] = {text("2"), text("-0.1"), text("yes"), {0}};
    assert_int_equal(frame_add(frame, good, NULL), STATUS_OK);
    assert_true(frame_label(frame, 0) == .25f && frame_weight(frame, 0) == 1);
    for (int i = 0; i < 4; i++) {
        const struct feature_value values[N] = {[Y] = bad[i]};
        assert_int_not_equal(frame_add(frame, values, NULL), STATUS_OK);
    }
    frame_free(frame);
    sample_free(&sample);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_of_every_type_mean_what_their_text_does),
        cmocka_unit_test(lists_keep_to_their_limit),
        cmocka_unit_test(numbers_are_read_to_the_last_bit),
        cmocka_unit_test(what_is_no_number_is_refused),
        cmocka_unit_test(a_row_like_the_last_is_the_row_itself),
        cmocka_unit_test(numbers_put_for_all_rows_are_those_added_one_by_one),
        cmocka_unit_test(rows_beyond_a_chunk_stay_apart),
        cmocka_unit_test(labels_are_numbers_where_no_value_is_positive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
