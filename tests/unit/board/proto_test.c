/* What these catch: a wire encoding that only our own reader understands. The bytes are those of
 * the examples in the protocol buffers' encoding guide, or counted by hand. */
#include "board/proto.h"

#include <string.h>

#include "support/event_reader.h"
#include "support/test.h"

static void expect(struct buffer *out, const void *bytes, size_t length)
{
    assert_false(out->failed);
    assert_int_equal(out->size, length);
    assert_memory_equal(out->data, bytes, length);
    buffer_free(out);
}

static void numbers_and_texts_have_the_documented_bytes(void **state)
{
    (void)state;
    struct buffer out = {0};
    proto_int64(&out, 1, 150);
    expect(&out, "\x08\x96\x01", 3);
    proto_text(&out, 2, "testing");
    expect(&out, "\x12\x07testing", 9);
    proto_int64(&out, 2, -1);
    expect(&out, "\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11);
    proto_int64(&out, 16, 0);
    expect(&out, "\x80\x01\x00", 3);
    proto_double(&out, 1, 1.0);
    expect(&out, "\x09\0\0\0\0\0\0\xf0\x3f", 9);
    proto_float(&out, 2, 1.0f);
    expect(&out, "\x15\0\0\x80\x3f", 5);
    proto_bytes(&out, 4, NULL, 0);
    expect(&out, "\x22\x00", 2);
}

static void a_nested_message_has_the_documented_bytes(void **state)
{
    (void)state;
    struct buffer out = {0};
    const size_t start = proto_begin(&out, 3);
    proto_int64(&out, 1, 150);
    proto_end(&out, start);
    expect(&out, "\x1a\x03\x08\x96\x01", 5);
}

/* Lengths around 127 and 16383 take one byte more; the content behind must move by as much. */
static void nested_lengths_of_every_size_read_back(void **state)
{
    (void)state;
    static char content[20000];
    memset(content, 'x', sizeof content);
    static const size_t lengths[] = {0,   1,   120,   124,   125,   126,
                                     127, 128, 16379, 16380, 16381, 20000};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        struct buffer out = {0};
        const size_t outer = proto_begin(&out, 5);
        const size_t inner = proto_begin(&out, 6);
        proto_bytes(&out, 7, content, lengths[i]);
        proto_end(&out, inner);
        proto_int64(&out, 8, 9);
        proto_end(&out, outer);
        const unsigned char *at = (const unsigned char *)out.data, *end = at + out.size;
        struct wire_field field, next;
        assert_true(wire_next(&at, end, &field) && field.number == 5 && at == end);
        at = field.bytes;
        end = at + field.length;
        assert_true(wire_next(&at, end, &field) && field.number == 6);
        assert_true(wire_next(&at, end, &next) && next.number == 8 && next.bits == 9 && at == end);
        at = field.bytes;
        end = at + field.length;
        assert_true(wire_next(&at, end, &next) && next.number == 7 && at == end);
        assert_int_equal(next.length, lengths[i]);
        assert_memory_equal(next.bytes, content, lengths[i]);
        buffer_free(&out);
    }
}

static void a_full_buffer_fails_and_stays_within_its_limit(void **state)
{
    (void)state;
    for (size_t limit = 1; limit < 12; limit++) {
        struct buffer out = {.limit = limit};
        const size_t start = proto_begin(&out, 1);
        proto_text(&out, 2, "12345678");
        proto_end(&out, start);
        assert_true(out.failed);
        assert_true(out.size <= limit);
        buffer_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_and_texts_have_the_documented_bytes),
        cmocka_unit_test(a_nested_message_has_the_documented_bytes),
        cmocka_unit_test(nested_lengths_of_every_size_read_back),
        cmocka_unit_test(a_full_buffer_fails_and_stays_within_its_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
