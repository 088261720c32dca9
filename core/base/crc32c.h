#pragma once
/* CRC-32C (Castagnoli, reflected 0x82F63B78): sections of snapshots, records of event files. */
#include <stddef.h>
#include <stdint.h>

/* Of the bytes, continuing `before` (0 to start). crc32c(0, "123456789", 9) is 0xe3069283. */
uint32_t crc32c(uint32_t before, const void *bytes, size_t length);

/* The same without the processor's own instruction: what runs where there is none. */
uint32_t crc32c_portable(uint32_t before, const void *bytes, size_t length);
