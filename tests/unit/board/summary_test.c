/* What these catch: a field with another number, type or order than the messages have. TensorBoard
 * and the public .proto definitions read the same values in tests/board. */
#include "board/summary.h"

#include <math.h>
#include <string.h>

#include "board/event.h"
#include "support/event_reader.h"
#include "support/test.h"

static void scalars_keep_their_values_infinities_and_nan_included(void **state)
{
    (void)state;
    static const float points[] = {0, -1.5f, 3.4e38f, INFINITY, -INFINITY, NAN};
    struct buffer values = {0}, out = {0};
    for (size_t i = 0; i < 6; i++)
        value_scalar(&values, "a/b", points[i]);
    event_summary(&out, 1, 7, &values);
    struct event event;
    event_read(out.data, out.size, &event);
    assert_int_equal(event.n_values, 6);
    for (size_t i = 0; i < 6; i++) {
        assert_true(event.values[i].has_scalar);
        assert_string_equal(event.values[i].tag, "a/b");
        assert_memory_equal(&event.values[i].scalar, &points[i], sizeof(float));
    }
    buffer_free(&values);
    buffer_free(&out);
}

static void a_text_is_described_when_asked(void **state)
{
    (void)state;
    for (int described = 0; described < 2; described++) {
        struct buffer values = {0}, out = {0};
        value_text(&values, "notes", "**bold**", 8, described);
        event_summary(&out, 1, 0, &values);
        struct event event;
        event_read(out.data, out.size, &event);
        assert_int_equal(event.n_values, 1);
        assert_string_equal(event.values[0].text, "**bold**");
        assert_string_equal(event.values[0].plugin, described ? "text" : "");
        buffer_free(&values);
        buffer_free(&out);
    }
}

/* The bytes stand for themselves: the message's fields by hand, from the public definitions. */
static void the_end_of_a_trial_is_byte_for_byte_the_message(void **state)
{
    (void)state;
    static const char wanted[] = "\x0a\x44"                              /* Summary.value */
                                 "\x0a\x1a_hparams_/session_end_info"    /* tag */
                                 "\x4a\x1c"                              /* metadata */
                                 "\x0a\x18\x0a\x07hparams"               /* plugin_data.name */
                                 "\x12\x0d\x22\x0b\x08\x01\x11"          /* content: end info */
                                 "\x00\x00\x00\x00\x00\x00\x29\x40"      /* 12.5 */
                                 "\x20\x02"                              /* DATA_CLASS_TENSOR */
                                 "\x42\x08\x08\x01\x12\x04\x12\x02\x08"; /* FLOAT [0] */
    struct buffer values = {0};
    value_trial_end(&values, true, 12.5);
    assert_int_equal(values.size, sizeof wanted);
    assert_memory_equal(values.data, wanted, sizeof wanted);
    buffer_free(&values);
}

static void a_histogram_begins_as_the_message_does(void **state)
{
    (void)state;
    struct histogram h = {0};
    struct buffer values = {0};
    value_histogram(&values, "w", &h, false);
    /* Summary.value of 737 bytes: tag, then the tensor DOUBLE [30, 3] with 720 bytes of content */
    assert_int_equal(values.size, 3 + 3 + 3 + 2 + 10 + 3 + 720);
    assert_memory_equal(values.data,
                        "\x0a\xe5\x05\x0a\x01w\x42\xdf\x05\x08\x02\x12\x08\x12\x02\x08\x1e"
                        "\x12\x02\x08\x03\x22\xd0\x05",
                        24);
    buffer_free(&values);
}

/* As the public definitions (tensorboard.compat.proto.summary_pb2) serialise the same value, but
 * for the metadata, which stands before the tensor. */
static void a_picture_is_byte_for_byte_the_message(void **state)
{
    (void)state;
    static const char png[] = "\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\x01\x2c\0\0\0\x07";
    static const char wanted[] =
        "\x0a\x3d\x0a\x01\x70\x4a\x0c\x0a\x08\x0a\x06\x69\x6d\x61\x67\x65\x73\x20\x03\x42\x2a\x08"
        "\x07\x12\x04\x12\x02\x08\x03\x42\x03\x33\x30\x30\x42\x01\x37\x42\x18\x89\x50\x4e\x47\x0d"
        "\x0a\x1a\x0a\x00\x00\x00\x0d\x49\x48\x44\x52\x00\x00\x01\x2c\x00\x00\x00\x07";
    const struct board_picture picture = {png, sizeof png - 1};
    struct buffer values = {0};
    value_images(&values, "p", &picture, 1, true);
    assert_int_equal(values.size, sizeof wanted - 1);
    assert_memory_equal(values.data, wanted, values.size);
    buffer_free(&values);
}

static void only_the_bytes_of_a_png_have_a_size(void **state)
{
    (void)state;
    static const char png[] = "\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\x01\x2c\0\0\0\x07";
    static const char gif[] = "GIF89a and some more bytes that follow";
    uint32_t width = 0, height = 0;
    assert_true(picture_size(&(struct board_picture){png, sizeof png - 1}, &width, &height));
    assert_int_equal(width, 300);
    assert_int_equal(height, 7);
    assert_false(picture_size(&(struct board_picture){png, sizeof png - 2}, &width, &height));
    assert_false(picture_size(&(struct board_picture){NULL, 0}, &width, &height));
    assert_false(picture_size(&(struct board_picture){gif, sizeof gif}, &width, &height));
}

/* A reader turns every hparam into JSON: one NaN would end its answer. */
static void a_number_that_is_none_becomes_a_text(void **state)
{
    (void)state;
    const struct hparam hparams[] = {{.name = "rate", .kind = HPARAM_NUMBER, .number = NAN}};
    struct buffer values = {0};
    value_trial_start(&values, hparams, 1, "g", 1);
    assert_non_null(memmem(values.data, values.size, "\x0a\x04rate\x12\x05\x1a\x03nan", 13));
    buffer_free(&values);
}

static void bytes_that_are_no_text_are_made_one(void **state)
{
    (void)state;
    const struct hparam hparams[] = {{.name = "\xff", .kind = HPARAM_TEXT, .text = "a\xc3"}};
    struct buffer values = {0};
    value_trial_start(&values, hparams, 1, "g", 1);
    assert_null(memmem(values.data, values.size, "\xff", 1));
    assert_non_null(memmem(values.data, values.size, "a\xef\xbf\xbd", 4));
    buffer_free(&values);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scalars_keep_their_values_infinities_and_nan_included),
        cmocka_unit_test(a_text_is_described_when_asked),
        cmocka_unit_test(the_end_of_a_trial_is_byte_for_byte_the_message),
        cmocka_unit_test(a_histogram_begins_as_the_message_does),
        cmocka_unit_test(a_picture_is_byte_for_byte_the_message),
        cmocka_unit_test(only_the_bytes_of_a_png_have_a_size),
        cmocka_unit_test(a_number_that_is_none_becomes_a_text),
        cmocka_unit_test(bytes_that_are_no_text_are_made_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
