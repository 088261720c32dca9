/* What these catch: a framing that TensorBoard does not read, a reader that trusts what it reads.
 */
#include "board/record.h"

#include <stdlib.h>
#include <string.h>

#include "support/test.h"

/* file_version "brain.Event:2", as TensorFlow writes it */
static const unsigned char golden[] = {0x18, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xa3, 0x7f,
                                       0x4b, 0x22, 0x09, 0x00, 0x00, 0x80, 0x38, 0x99, 0xd6, 0xd7,
                                       0x41, 0x1a, 0x0d, 0x62, 0x72, 0x61, 0x69, 0x6e, 0x2e, 0x45,
                                       0x76, 0x65, 0x6e, 0x74, 0x3a, 0x32, 0x12, 0x4b, 0x36, 0xab};

static void a_record_equals_the_golden_bytes(void **state)
{
    (void)state;
    struct buffer record = {0};
    record_append(&record, golden + RECORD_HEAD_BYTES, 24);
    assert_int_equal(record.size, sizeof golden);
    assert_memory_equal(record.data, golden, sizeof golden);
    buffer_free(&record);
}

static void records_come_back_in_order_and_end_cleanly(void **state)
{
    (void)state;
    struct buffer file = {0};
    record_append(&file, "first", 5);
    record_append(&file, "", 0);
    record_append(&file, "third", 5);
    size_t offset = 0, length;
    const void *payload;
    assert_int_equal(record_next(file.data, file.size, &offset, &payload, &length), STATUS_OK);
    assert_int_equal(length, 5);
    assert_memory_equal(payload, "first", 5);
    assert_int_equal(record_next(file.data, file.size, &offset, &payload, &length), STATUS_OK);
    assert_int_equal(length, 0);
    assert_int_equal(record_next(file.data, file.size, &offset, &payload, &length), STATUS_OK);
    assert_memory_equal(payload, "third", 5);
    assert_int_equal(record_next(file.data, file.size, &offset, &payload, &length),
                     STATUS_NOT_FOUND);
    assert_int_equal(offset, file.size);
    buffer_free(&file);
}

static void every_flipped_byte_is_seen(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof golden; i++) {
        unsigned char bytes[sizeof golden];
        memcpy(bytes, golden, sizeof golden);
        bytes[i] ^= 0x40;
        size_t offset = 0, length = 77;
        const void *payload = NULL;
        assert_int_equal(record_next(bytes, sizeof bytes, &offset, &payload, &length),
                         STATUS_CORRUPT);
        assert_int_equal(offset, 0);
        assert_null(payload);
        assert_int_equal(length, 77);
    }
}

/* Each cut lies in an allocation of just its size, so that the sanitizer sees a read past it. */
static void every_cut_is_short_and_nothing_past_it_is_read(void **state)
{
    (void)state;
    for (size_t size = 1; size < sizeof golden; size++) {
        unsigned char *bytes = malloc(size);
        memcpy(bytes, golden, size);
        size_t offset = 0, length;
        const void *payload;
        assert_int_equal(record_next(bytes, size, &offset, &payload, &length), STATUS_MALFORMED);
        assert_int_equal(offset, 0);
        free(bytes);
    }
}

/* A length near 2^64 with a right checksum must not wrap around into something that fits. */
static void an_absurd_length_with_a_right_checksum_is_short(void **state)
{
    (void)state;
    static const unsigned char lengths[][8] = {
        {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
        {0xf0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
        {0, 0, 0, 0, 0, 0, 0, 0x80},
        {2, 0, 0, 0, 0, 0, 0, 0},
    };
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        /* the tail of a record around the eight bytes is their checksum, as its head needs it */
        struct buffer framed = {0}, file = {0};
        record_append(&framed, lengths[i], 8);
        buffer_append(&file, framed.data + RECORD_HEAD_BYTES, 8 + RECORD_TAIL_BYTES);
        buffer_append(&file, "12345", 5);
        size_t offset = 0, length;
        const void *payload;
        assert_int_equal(record_next(file.data, file.size, &offset, &payload, &length),
                         STATUS_MALFORMED);
        buffer_free(&framed);
        buffer_free(&file);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_equals_the_golden_bytes),
        cmocka_unit_test(records_come_back_in_order_and_end_cleanly),
        cmocka_unit_test(every_flipped_byte_is_seen),
        cmocka_unit_test(every_cut_is_short_and_nothing_past_it_is_read),
        cmocka_unit_test(an_absurd_length_with_a_right_checksum_is_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
