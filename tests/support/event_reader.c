#include "support/event_reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "board/record.h"

static uint64_t take_varint(const unsigned char **at, const unsigned char *end)
{
    uint64_t value = 0;
    for (int shift = 0; shift < 70; shift += 7) {
        assert_true(*at < end);
        const unsigned char byte = *(*at)++;
        value |= shift < 64 ? (uint64_t)(byte & 0x7f) << shift : 0;
        if (byte < 0x80)
            return value;
    }
    fail_msg("a varint has more than ten bytes");
    return 0;
}

static uint64_t take_fixed(const unsigned char **at, const unsigned char *end, int n)
{
    assert_true(end - *at >= n);
    uint64_t value = 0;
    for (int i = 0; i < n; i++)
        value |= (uint64_t) * (*at)++ << 8 * i;
    return value;
}

bool wire_next(const unsigned char **at, const unsigned char *end, struct wire_field *ret_field)
{
    if (*at == end)
        return false;
    const uint64_t key = take_varint(at, end);
    *ret_field = (struct wire_field){.number = (unsigned)(key >> 3), .wire = key & 7};
    switch (ret_field->wire) {
    case 0:
        ret_field->bits = take_varint(at, end);
        break;
    case 1:
        ret_field->bits = take_fixed(at, end, 8);
        break;
    case 5:
        ret_field->bits = take_fixed(at, end, 4);
        break;
    case 2:
        ret_field->length = take_varint(at, end);
        assert_true(ret_field->length <= (size_t)(end - *at));
        ret_field->bytes = *at;
        *at += ret_field->length;
        break;
    default:
        fail_msg("wire type %u", ret_field->wire);
    }
    return true;
}

static void copy_text(char *out, size_t size, const struct wire_field *field)
{
    assert_int_equal(field->wire, 2);
    snprintf(out, size, "%.*s", (int)field->length, (const char *)field->bytes);
}

/* Finds a field of a message that lies in another field; fails the test when it is not there. */
static struct wire_field field_in(const struct wire_field *message, unsigned number)
{
    const unsigned char *at = message->bytes, *end = at + message->length;
    struct wire_field field;
    while (wire_next(&at, end, &field))
        if (field.number == number)
            return field;
    fail_msg("field %u is missing", number);
    return field;
}

static double double_of(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static float float_of(uint64_t bits)
{
    const uint32_t low = (uint32_t)bits;
    float value;
    memcpy(&value, &low, sizeof value);
    return value;
}

static void read_value(const struct wire_field *message, struct event_value *out)
{
    const unsigned char *at = message->bytes, *end = at + message->length;
    struct wire_field field, inner;
    while (wire_next(&at, end, &field)) {
        if (field.number == 1) {
            copy_text(out->tag, sizeof out->tag, &field);
        } else if (field.number == 2) {
            assert_int_equal(field.wire, 5);
            out->has_scalar = true;
            out->scalar = float_of(field.bits);
        } else if (field.number == 8) {
            assert_int_equal(field_in(&field, 1).bits, 7); /* DT_STRING */
            inner = field_in(&field, 8);
            out->has_text = true;
            copy_text(out->text, sizeof out->text, &inner);
        } else if (field.number == 9) {
            const uint64_t class = field_in(&field, 4).bits;
            inner = field_in(&field, 1);
            inner = field_in(&inner, 1);
            copy_text(out->plugin, sizeof out->plugin, &inner);
            /* BLOB_SEQUENCE, or TENSOR */
            assert_int_equal(class, strcmp(out->plugin, "images") == 0 ? 3 : 2);
        }
    }
}

void event_read(const void *payload, size_t length, struct event *ret_event)
{
    const unsigned char *at = payload, *end = at + length;
    struct wire_field field, inner;
    memset(ret_event, 0, sizeof *ret_event);
    while (wire_next(&at, end, &field)) {
        switch (field.number) {
        case 1:
            assert_int_equal(field.wire, 1);
            ret_event->wall_time = double_of(field.bits);
            break;
        case 2:
            assert_int_equal(field.wire, 0);
            ret_event->step = (int64_t)field.bits;
            break;
        case 3:
            copy_text(ret_event->file_version, sizeof ret_event->file_version, &field);
            break;
        case 5:
            for (const unsigned char *value = field.bytes, *last = value + field.length;
                 wire_next(&value, last, &inner);) {
                assert_true(ret_event->n_values < EVENT_VALUES_MAX);
                read_value(&inner, &ret_event->values[ret_event->n_values++]);
            }
            break;
        case 7:
            ret_event->session_start = field_in(&field, 1).bits == 1;
            break;
        case 10:
            inner = field_in(&field, 1);
            copy_text(ret_event->writer, sizeof ret_event->writer, &inner);
            break;
        default:
            fail_msg("an event has the field %u", field.number);
        }
    }
}

size_t events_read(const struct buffer *file, struct event *out, size_t most, int *ret_end)
{
    size_t offset = 0, count = 0, length;
    const void *payload;
    while ((*ret_end = record_next(file->data, file->size, &offset, &payload, &length)) ==
           STATUS_OK) {
        assert_true(count < most);
        event_read(payload, length, &out[count++]);
    }
    return count;
}
