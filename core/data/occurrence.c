#include "data/occurrence.h"

#include <stdlib.h>

enum { SLOTS_FIRST = 4096, SLOTS_MAX = 1 << 24, COUNT_MAX = 65535 };

#define HASH_BITS (~UINT64_C(0xffff))

static uint64_t *find_slot(uint64_t *slots, size_t n_slots, uint64_t hash)
{
    size_t at = (size_t)(hash >> 16) & (n_slots - 1);
    while (slots[at] && (slots[at] & HASH_BITS) != (hash & HASH_BITS))
        at = (at + 1) & (n_slots - 1);
    return &slots[at];
}

static enum status grow(struct occurrences *seen)
{
    const size_t n_slots = seen->n_slots ? 2 * seen->n_slots : SLOTS_FIRST;
    uint64_t *slots = calloc(n_slots, sizeof *slots);
    if (!slots)
        return STATUS_NO_MEMORY;
    for (size_t i = 0; i < seen->n_slots; i++)
        if (seen->slots[i])
            *find_slot(slots, n_slots, seen->slots[i]) = seen->slots[i];
    free(seen->slots);
    seen->slots = slots;
    seen->n_slots = n_slots;
    return STATUS_OK;
}

/* Counters never fall, so a content that comes again finds a higher number. They start above every
 * count of the table. */
static enum status count_shared(struct occurrences *seen, uint64_t hash, uint64_t *ret_number)
{
    if (!seen->shared)
        seen->shared = calloc(OCCURRENCES_SHARED, sizeof *seen->shared);
    if (!seen->shared)
        return STATUS_NO_MEMORY;
    *ret_number = COUNT_MAX + seen->shared[hash >> 46]++;
    return STATUS_OK;
}

enum status occurrence_next(struct occurrences *seen, uint64_t hash, uint64_t *ret_number)
{
    const size_t most = seen->slots_max ? seen->slots_max : SLOTS_MAX;
    bool full = seen->used * 10 >= seen->n_slots * 7;
    if (full && seen->n_slots < most) {
        if (grow(seen) != STATUS_OK)
            return STATUS_NO_MEMORY;
        full = false;
    }
    uint64_t *slot = find_slot(seen->slots, seen->n_slots, hash);
    const uint64_t count = *slot & COUNT_MAX;
    if ((count == 0 && full) || count == COUNT_MAX)
        return count_shared(seen, hash, ret_number);
    if (count == 0) {
        *slot = hash & HASH_BITS;
        seen->used++;
    }
    ++*slot;
    *ret_number = count;
    return STATUS_OK;
}

void occurrences_free(struct occurrences *seen)
{
    free(seen->slots);
    free(seen->shared);
    *seen = (struct occurrences){.slots_max = seen->slots_max};
}
