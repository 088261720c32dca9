#pragma once
/* Outside ids (strings) <-> the store's 32-bit numbers, in flat arrays.
 *
 * Four arrays hold everything, so that a map can be written to a file as it is and used in place
 * from a mapping: where each number's id starts, the bytes of all ids one after the other, and an
 * open-addressing table of numbers. A number that was never given an id, or lost it (erasure),
 * has the empty id; the empty string is never an id.
 *
 * Life cycle: zero-initialise and add, or idmap_view over mapped arrays (then it is read-only);
 * idmap_free at the end. Threads: any number of readers, or one writer.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

#define IDMAP_NONE UINT32_MAX

enum { IDMAP_COUNT_MAX = 1 << 30 };

struct idmap {
    uint32_t count;   /* numbers 0 .. count-1 */
    uint32_t n_slots; /* a power of two, at least 4/3 of count; 0 while empty */
    uint64_t *starts; /* [count + 1] byte offsets */
    char *bytes;      /* [starts[count]] */
    uint32_t *slots;  /* [n_slots] numbers; IDMAP_NONE is free */
    /* how much is allocated; 0 for a view */
    uint32_t starts_capacity;
    uint64_t bytes_capacity;
};

/* Gives `number` the id. Numbers rise: below count is CONFLICT, as is an id that is there already;
 * numbers skipped get the empty id. TOO_LARGE from IDMAP_COUNT_MAX on. Failure leaves the map as it
 * was. */
enum status idmap_add(struct idmap *map, uint32_t number, const char *id, size_t length);

/* The number of an id, or IDMAP_NONE. */
uint32_t idmap_find(const struct idmap *map, const char *id, size_t length);

/* The id of a number: not terminated, *ret_length bytes; length 0 for a number without one.
 * number < count. Valid until the next add. */
const char *idmap_id(const struct idmap *map, uint32_t number, size_t *ret_length);

/* Takes the id away: it is not found any more and its bytes are overwritten. Not on a view. */
void idmap_remove(struct idmap *map, uint32_t number);

/* A read-only map over arrays that outlive it, sized as above. CORRUPT when they contradict each
 * other (starts that fall, slots past count). */
enum status idmap_view(struct idmap *map, uint32_t count, const uint64_t *starts, const char *bytes,
                       uint64_t n_bytes, const uint32_t *slots, uint32_t n_slots);

void idmap_free(struct idmap *map);
