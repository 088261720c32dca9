#include "recommend/record_pool.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define NO_CHUNK UINT32_MAX

enum { PLACES_MIN = 64, CHUNKS_MIN = 8 };

/* Before each record, so that a chunk can be walked. The owner's place says whether the record is
 * still the owner's. */
struct record_head {
    uint32_t owner, size;
};

static uint32_t room_of(uint32_t size)
{
    return (uint32_t)sizeof(struct record_head) + (size + 7) / 8 * 8;
}

static enum status grow_places(struct record_pool *pool, uint32_t owner)
{
    if (owner >= pool->places_capacity) {
        uint64_t capacity = (uint64_t)owner + owner / 2 + PLACES_MIN;
        if (capacity > UINT32_MAX)
            capacity = UINT32_MAX;
        struct record_place *places = realloc(pool->places, sizeof *places * capacity);
        if (!places)
            return STATUS_NO_MEMORY;
        pool->places = places;
        pool->places_capacity = (uint32_t)capacity;
    }
    for (; pool->n_places <= owner; pool->n_places++)
        pool->places[pool->n_places] = (struct record_place){.chunk = NO_CHUNK};
    return STATUS_OK;
}

static enum status free_chunk_slot(struct record_pool *pool, uint32_t *ret_slot)
{
    for (uint32_t i = 0; i < pool->n_chunks; i++)
        if (!pool->chunks[i].bytes) {
            *ret_slot = i;
            return STATUS_OK;
        }
    if (pool->n_chunks == pool->chunks_capacity) {
        const uint32_t capacity = pool->chunks_capacity ? 2 * pool->chunks_capacity : CHUNKS_MIN;
        struct record_chunk *chunks = realloc(pool->chunks, sizeof *chunks * capacity);
        if (!chunks)
            return STATUS_NO_MEMORY;
        pool->chunks = chunks;
        pool->chunks_capacity = capacity;
    }
    pool->chunks[pool->n_chunks] = (struct record_chunk){0};
    *ret_slot = pool->n_chunks++;
    return STATUS_OK;
}

/* Makes the current chunk one with that much room. */
static enum status make_room(struct record_pool *pool, uint32_t room)
{
    if (pool->n_chunks) {
        const struct record_chunk *current = &pool->chunks[pool->current];
        if (current->bytes && current->size - current->used >= room)
            return STATUS_OK;
    }
    uint32_t slot;
    if (free_chunk_slot(pool, &slot) != STATUS_OK)
        return STATUS_NO_MEMORY;
    const uint32_t size = room > RECORD_CHUNK_BYTES ? room : RECORD_CHUNK_BYTES;
    unsigned char *bytes = malloc(size);
    if (!bytes)
        return STATUS_NO_MEMORY;
    pool->chunks[slot] = (struct record_chunk){.bytes = bytes, .size = size};
    pool->current = slot;
    pool->bytes += size;
    return STATUS_OK;
}

/* There is room. */
static void append(struct record_pool *pool, uint32_t owner, const void *bytes, uint32_t size)
{
    struct record_chunk *chunk = &pool->chunks[pool->current];
    const struct record_head head = {.owner = owner, .size = size};
    memcpy(chunk->bytes + chunk->used, &head, sizeof head);
    memcpy(chunk->bytes + chunk->used + sizeof head, bytes, size);
    pool->places[owner] = (struct record_place){
        .chunk = pool->current, .offset = chunk->used + (uint32_t)sizeof head, .size = size};
    chunk->used += room_of(size);
    chunk->live += room_of(size);
}

static void free_chunk(struct record_pool *pool, uint32_t number)
{
    pool->bytes -= pool->chunks[number].size;
    free(pool->chunks[number].bytes);
    pool->chunks[number] = (struct record_chunk){0};
}

static void tidy(struct record_pool *pool, uint32_t number);

/* Moves what is alive in the chunk to the current one and frees it. Out of memory it simply stays
 * as it is. */
static void empty_chunk(struct record_pool *pool, uint32_t number)
{
    const uint32_t filled = pool->current;
    if (make_room(pool, pool->chunks[number].live) != STATUS_OK)
        return;
    const struct record_chunk chunk = pool->chunks[number];
    struct record_head head;
    for (uint32_t at = 0; at < chunk.used; at += room_of(head.size)) {
        memcpy(&head, chunk.bytes + at, sizeof head);
        const struct record_place *place = &pool->places[head.owner];
        const uint32_t offset = at + (uint32_t)sizeof head;
        if (place->chunk == number && place->offset == offset)
            append(pool, head.owner, chunk.bytes + offset, head.size);
    }
    free_chunk(pool, number);
    tidy(pool, filled);
}

/* Ends with the chunk free, current, or at least a quarter alive. Each emptied chunk takes at most
 * a quarter of the current one, so that this does not go on for long. */
static void tidy(struct record_pool *pool, uint32_t number)
{
    const struct record_chunk *chunk = &pool->chunks[number];
    if (!chunk->bytes || number == pool->current)
        return;
    if (chunk->live == 0)
        free_chunk(pool, number);
    else if (chunk->live < chunk->used / 4)
        empty_chunk(pool, number);
}

/* The bytes at the place belong to nobody any more. They are overwritten: what was deleted is gone
 * from memory too. */
static void leave(struct record_pool *pool, struct record_place place)
{
    if (place.chunk == NO_CHUNK)
        return;
    struct record_chunk *chunk = &pool->chunks[place.chunk];
    memset(chunk->bytes + place.offset, 0, place.size);
    chunk->live -= room_of(place.size);
    tidy(pool, place.chunk);
}

enum status record_pool_set(struct record_pool *pool, uint32_t owner, const void *bytes,
                            uint32_t size)
{
    assert(size > 0 && size <= UINT32_C(1) << 30 && owner != UINT32_MAX);
    const uint32_t filled = pool->current;
    if (grow_places(pool, owner) != STATUS_OK || make_room(pool, room_of(size)) != STATUS_OK)
        return STATUS_NO_MEMORY;
    const struct record_place before = pool->places[owner];
    append(pool, owner, bytes, size);
    leave(pool, before);
    tidy(pool, filled);
    return STATUS_OK;
}

void record_pool_clear(struct record_pool *pool, uint32_t owner)
{
    if (owner >= pool->n_places)
        return;
    const struct record_place before = pool->places[owner];
    pool->places[owner].chunk = NO_CHUNK;
    leave(pool, before);
}

const unsigned char *record_pool_get(const struct record_pool *pool, uint32_t owner,
                                     uint32_t *ret_size)
{
    if (owner >= pool->n_places || pool->places[owner].chunk == NO_CHUNK)
        return NULL;
    const struct record_place *place = &pool->places[owner];
    *ret_size = place->size;
    return pool->chunks[place->chunk].bytes + place->offset;
}

uint64_t record_pool_bytes(const struct record_pool *pool)
{
    return pool->bytes + (uint64_t)pool->places_capacity * sizeof *pool->places +
           (uint64_t)pool->chunks_capacity * sizeof *pool->chunks;
}

void record_pool_free(struct record_pool *pool)
{
    for (uint32_t i = 0; i < pool->n_chunks; i++)
        free(pool->chunks[i].bytes);
    free(pool->chunks);
    free(pool->places);
    *pool = (struct record_pool){0};
}
