#include "board/proto.h"

#include <string.h>

enum wire { WIRE_VARINT = 0, WIRE_FIXED64 = 1, WIRE_BYTES = 2, WIRE_FIXED32 = 5 };

enum { VARINT_BYTES_MAX = 10 };

/* Seven bits a byte, lowest first; the top bit says that more follow. */
static size_t encode_varint(char out[VARINT_BYTES_MAX], uint64_t value)
{
    size_t n = 0;
    for (; value >= 0x80; value >>= 7)
        out[n++] = (char)(value | 0x80);
    out[n++] = (char)value;
    return n;
}

static void append_varint(struct buffer *out, uint64_t value)
{
    char bytes[VARINT_BYTES_MAX];
    buffer_append(out, bytes, encode_varint(bytes, value));
}

static void append_key(struct buffer *out, unsigned field, enum wire wire)
{
    append_varint(out, (uint64_t)field << 3 | wire);
}

void proto_int64(struct buffer *out, unsigned field, int64_t value)
{
    append_key(out, field, WIRE_VARINT);
    append_varint(out, (uint64_t)value);
}

void proto_double(struct buffer *out, unsigned field, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    append_key(out, field, WIRE_FIXED64);
    buffer_append_u64(out, bits);
}

void proto_float(struct buffer *out, unsigned field, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    append_key(out, field, WIRE_FIXED32);
    buffer_append_u32(out, bits);
}

void proto_bytes(struct buffer *out, unsigned field, const void *bytes, size_t length)
{
    append_key(out, field, WIRE_BYTES);
    append_varint(out, length);
    buffer_append(out, bytes, length);
}

void proto_text(struct buffer *out, unsigned field, const char *text)
{
    proto_bytes(out, field, text, strlen(text));
}

size_t proto_begin(struct buffer *out, unsigned field)
{
    append_key(out, field, WIRE_BYTES);
    return out->size;
}

void proto_end(struct buffer *out, size_t start)
{
    if (out->failed)
        return;
    const size_t length = out->size - start;
    char bytes[VARINT_BYTES_MAX];
    const size_t n = encode_varint(bytes, length);
    buffer_append(out, bytes, n); /* room, and the terminator where it belongs */
    if (out->failed)
        return;
    memmove(out->data + start + n, out->data + start, length);
    memcpy(out->data + start, bytes, n);
}
