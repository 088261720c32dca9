/* What these catch: a field with another number or type than the messages have. */
#include "board/event.h"

#include <string.h>

#include "board/record.h"
#include "board/summary.h"
#include "support/event_reader.h"
#include "support/test.h"

static void the_first_event_begins_as_tensorflow_writes_it(void **state)
{
    (void)state;
    static const unsigned char wall_time[] = {0x00, 0x00, 0x80, 0x38, 0x99, 0xd6, 0xd7, 0x41};
    double seconds;
    memcpy(&seconds, wall_time, sizeof seconds);
    struct buffer out = {0};
    event_file_version(&out, seconds, "me");
    assert_int_equal(out.size, 24 + 6);
    assert_memory_equal(out.data,
                        "\x09\x00\x00\x80\x38\x99\xd6\xd7\x41\x1a\x0d"
                        "brain.Event:2\x52\x04\x0a\x02me",
                        30);
    buffer_free(&out);
}

static void a_session_start_carries_its_step(void **state)
{
    (void)state;
    struct buffer out = {0};
    struct event event;
    event_session_start(&out, 12.5, INT64_C(1) << 40);
    event_read(out.data, out.size, &event);
    assert_true(event.session_start);
    assert_true(event.wall_time == 12.5);
    assert_int_equal(event.step, INT64_C(1) << 40);
    buffer_free(&out);
}

/* As the public definitions (tensorboard.compat.proto.event_pb2) serialise it. */
static void a_tagged_run_metadata_is_byte_for_byte_the_message(void **state)
{
    (void)state;
    struct buffer metadata = {0}, out = {0};
    buffer_append_text(&metadata, "xyz");
    event_run_metadata(&out, 1, 7, "pass 1", &metadata);
    assert_int_equal(out.size, 26);
    assert_memory_equal(out.data,
                        "\x09\x00\x00\x00\x00\x00\x00\xf0\x3f\x10\x07\x42\x0d\x0a\x06pass 1"
                        "\x12\x03xyz",
                        26);
    buffer_free(&metadata);
    buffer_free(&out);
}

static void values_that_failed_fail_the_event(void **state)
{
    (void)state;
    struct buffer values = {.limit = 4}, out = {0};
    value_scalar(&values, "too long for four bytes", 1);
    event_summary(&out, 1, 0, &values);
    assert_true(out.failed);
    buffer_free(&values);
    buffer_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_event_begins_as_tensorflow_writes_it),
        cmocka_unit_test(a_session_start_carries_its_step),
        cmocka_unit_test(a_tagged_run_metadata_is_byte_for_byte_the_message),
        cmocka_unit_test(values_that_failed_fail_the_event),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
