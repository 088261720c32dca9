#include "cli/occurrence.h"

#include <stdlib.h>

enum { SLOTS_FIRST = 4096, COUNT_MAX = 65535 };

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

enum status occurrence_next(struct occurrences *seen, uint64_t hash, uint32_t *ret_before)
{
    if (seen->used * 10 >= seen->n_slots * 7 && grow(seen) != STATUS_OK)
        return STATUS_NO_MEMORY;
    uint64_t *slot = find_slot(seen->slots, seen->n_slots, hash);
    const uint32_t count = (uint32_t)(*slot & COUNT_MAX);
    if (count == 0) {
        *slot = (hash & HASH_BITS) | 1;
        seen->used++;
    } else if (count < COUNT_MAX) {
        ++*slot;
    }
    *ret_before = count < COUNT_MAX ? count : COUNT_MAX - 1;
    return STATUS_OK;
}

void occurrences_free(struct occurrences *seen)
{
    free(seen->slots);
    *seen = (struct occurrences){0};
}
