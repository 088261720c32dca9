#pragma once
/* Records of an event file: the framing that TensorBoard reads (TFRecord).
 *
 * Little-endian: u64 length of the payload; u32 masked crc32c of those 8 bytes; the payload; u32
 * masked crc32c of the payload. The mask (rotate right by 15, add 0xa282ead8) keeps a checksum of
 * bytes that hold checksums themselves from being weak.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/status.h"

enum { RECORD_HEAD_BYTES = 12, RECORD_TAIL_BYTES = 4 };

/* Appends one whole record around the payload. */
void record_append(struct buffer *out, const void *payload, size_t length);

/* The record at *offset of bytes[length]; on OK *offset moves behind it and the payload lies within
 * bytes. NOT_FOUND at the end; MALFORMED when the rest is too short for the record that it starts
 * (a writer may still complete it); CORRUPT when a checksum is wrong. Never reads past length, and
 * believes a length only after its checksum. */
enum status record_next(const void *bytes, size_t length, size_t *offset, const void **ret_payload,
                        size_t *ret_length);
