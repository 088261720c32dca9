#pragma once
/* Byte records of different lengths, one an owner (0, 1, 2 …), often replaced, without an
 * allocation each. They lie in chunks one after the other; a replaced one leaves a hole, and a
 * chunk that is mostly holes gives its last records to the current chunk and is freed. So memory is
 * at most about four times what is alive, and no call moves more than a quarter of a chunk.
 *
 * Zero-initialise; record_pool_free. Threads: any number of readers or one writer. A pointer is
 * good until the next set or clear.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

enum { RECORD_CHUNK_BYTES = 128 * 1024 };

struct record_chunk {
    unsigned char *bytes; /* NULL: free for reuse */
    uint32_t used, size, live;
};

struct record_place {
    uint32_t chunk, offset, size; /* chunk NO_CHUNK: none */
};

struct record_pool {
    struct record_chunk *chunks;
    uint32_t n_chunks, chunks_capacity;
    uint32_t current; /* being filled; valid while n_chunks > 0 */
    struct record_place *places;
    uint32_t n_places, places_capacity;
    uint64_t bytes; /* of all chunks */
};

/* Sets or replaces the owner's record: size above 0 and at most 2^30 bytes. NO_MEMORY leaves the
 * old one in place. */
enum status record_pool_set(struct record_pool *pool, uint32_t owner, const void *bytes,
                            uint32_t size);
void record_pool_clear(struct record_pool *pool, uint32_t owner);

/* NULL when it has none. */
const unsigned char *record_pool_get(const struct record_pool *pool, uint32_t owner,
                                     uint32_t *ret_size);

uint64_t record_pool_bytes(const struct record_pool *pool);
void record_pool_free(struct record_pool *pool);
