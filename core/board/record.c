#include "board/record.h"

#include "base/crc32c.h"

static uint32_t masked_crc(const void *bytes, size_t length)
{
    const uint32_t crc = crc32c(0, bytes, length);
    return (crc >> 15 | crc << 17) + 0xa282ead8u;
}

void record_append(struct buffer *out, const void *payload, size_t length)
{
    unsigned char head[8];
    for (int i = 0; i < 8; i++)
        head[i] = (unsigned char)((uint64_t)length >> 8 * i);
    if (!buffer_reserve(out, length + RECORD_HEAD_BYTES + RECORD_TAIL_BYTES))
        return;
    buffer_append(out, head, sizeof head);
    buffer_append_u32(out, masked_crc(head, sizeof head));
    buffer_append(out, payload, length);
    buffer_append_u32(out, masked_crc(payload, length));
}

static uint64_t read_little(const unsigned char *at, int n)
{
    uint64_t value = 0;
    for (int i = 0; i < n; i++)
        value |= (uint64_t)at[i] << 8 * i;
    return value;
}

enum status record_next(const void *bytes, size_t length, size_t *offset, const void **ret_payload,
                        size_t *ret_length)
{
    if (*offset >= length)
        return STATUS_NOT_FOUND;
    const unsigned char *at = (const unsigned char *)bytes + *offset;
    const size_t left = length - *offset;
    if (left < RECORD_HEAD_BYTES)
        return STATUS_MALFORMED;
    if (masked_crc(at, 8) != read_little(at + 8, 4))
        return STATUS_CORRUPT;
    const uint64_t size = read_little(at, 8), room = left - RECORD_HEAD_BYTES;
    if (room < RECORD_TAIL_BYTES || size > room - RECORD_TAIL_BYTES)
        return STATUS_MALFORMED;
    const unsigned char *payload = at + RECORD_HEAD_BYTES;
    if (masked_crc(payload, size) != read_little(payload + size, 4))
        return STATUS_CORRUPT;
    *ret_payload = payload;
    *ret_length = size;
    *offset += RECORD_HEAD_BYTES + size + RECORD_TAIL_BYTES;
    return STATUS_OK;
}
