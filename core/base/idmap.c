#include "base/idmap.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* A removed id leaves its slot in place, so that probing goes on past it: the slot's number then
 * has an id that starts with a zero byte, which no id does, and matches nothing. */

static bool slot_matches(const struct idmap *map, uint32_t number, const char *id, size_t length)
{
    const uint64_t start = map->starts[number];
    return map->starts[number + 1] - start == length && memcmp(map->bytes + start, id, length) == 0;
}

/* The slot that holds the id, or the free one where it would go. */
static uint32_t find_slot(const struct idmap *map, const char *id, size_t length)
{
    const uint32_t mask = map->n_slots - 1;
    uint32_t at = (uint32_t)text_hash(id, length, 0) & mask;
    while (map->slots[at] != IDMAP_NONE && !slot_matches(map, map->slots[at], id, length))
        at = (at + 1) & mask;
    return at;
}

uint32_t idmap_find(const struct idmap *map, const char *id, size_t length)
{
    if (map->n_slots == 0 || length == 0 || id[0] == '\0')
        return IDMAP_NONE;
    return map->slots[find_slot(map, id, length)];
}

const char *idmap_id(const struct idmap *map, uint32_t number, size_t *ret_length)
{
    assert(number < map->count);
    const uint64_t start = map->starts[number];
    const char *id = map->bytes + start;
    *ret_length = (size_t)(map->starts[number + 1] - start);
    if (*ret_length && id[0] == '\0')
        *ret_length = 0;
    return id;
}

static bool grow_starts(struct idmap *map, uint32_t count)
{
    if (count < map->starts_capacity)
        return true;
    const uint32_t capacity = count < 32 ? 64 : count + count / 2 + 1;
    uint64_t *starts = realloc(map->starts, sizeof *starts * ((size_t)capacity + 1));
    if (!starts)
        return false;
    if (!map->starts)
        starts[0] = 0;
    map->starts = starts;
    map->starts_capacity = capacity;
    return true;
}

static bool grow_bytes(struct idmap *map, uint64_t size)
{
    if (size <= map->bytes_capacity)
        return true;
    const uint64_t capacity = size + size / 2 + 256;
    char *bytes = realloc(map->bytes, capacity);
    if (!bytes)
        return false;
    map->bytes = bytes;
    map->bytes_capacity = capacity;
    return true;
}

static bool grow_slots(struct idmap *map, uint32_t count)
{
    if ((uint64_t)count * 4 <= (uint64_t)map->n_slots * 3)
        return true;
    uint32_t n_slots = map->n_slots ? map->n_slots : 32;
    while ((uint64_t)n_slots * 2 < (uint64_t)count * 3)
        n_slots *= 2;
    if (n_slots == map->n_slots)
        n_slots *= 2;
    uint32_t *slots = malloc(sizeof *slots * n_slots);
    if (!slots)
        return false;
    memset(slots, 0xff, sizeof *slots * n_slots);
    free(map->slots);
    map->slots = slots;
    map->n_slots = n_slots;
    for (uint32_t number = 0; number < map->count; number++) {
        size_t length;
        const char *id = idmap_id(map, number, &length);
        if (length)
            slots[find_slot(map, id, length)] = number;
    }
    return true;
}

enum status idmap_add(struct idmap *map, uint32_t number, const char *id, size_t length)
{
    assert(length > 0 && id[0] != '\0');
    assert(!map->starts || map->starts_capacity); /* not a view */
    if (number < map->count || idmap_find(map, id, length) != IDMAP_NONE)
        return STATUS_CONFLICT;
    if (number >= IDMAP_COUNT_MAX) /* beyond, the capacities below would not fit their types */
        return STATUS_TOO_LARGE;
    const uint64_t used = map->starts ? map->starts[map->count] : 0;
    if (!grow_starts(map, number + 1) || !grow_bytes(map, used + length) ||
        !grow_slots(map, number + 1))
        return STATUS_NO_MEMORY;
    for (uint32_t skipped = map->count; skipped <= number; skipped++)
        map->starts[skipped] = used;
    memcpy(map->bytes + used, id, length);
    map->starts[number + 1] = used + length;
    map->count = number + 1;
    map->slots[find_slot(map, id, length)] = number;
    return STATUS_OK;
}

void idmap_remove(struct idmap *map, uint32_t number)
{
    assert(number < map->count && map->starts_capacity);
    const uint64_t start = map->starts[number];
    memset(map->bytes + start, 0, (size_t)(map->starts[number + 1] - start));
}

enum status idmap_view(struct idmap *map, uint32_t count, const uint64_t *starts, const char *bytes,
                       uint64_t n_bytes, const uint32_t *slots, uint32_t n_slots)
{
    if (count && (starts[0] != 0 || starts[count] != n_bytes))
        return STATUS_CORRUPT;
    for (uint32_t i = 0; i < count; i++)
        if (starts[i] > starts[i + 1])
            return STATUS_CORRUPT;
    uint32_t free_slots = 0;
    for (uint32_t i = 0; i < n_slots; i++) {
        if (slots[i] != IDMAP_NONE && slots[i] >= count)
            return STATUS_CORRUPT;
        free_slots += slots[i] == IDMAP_NONE;
    }
    if ((n_slots & (n_slots - 1)) != 0 || (n_slots && free_slots == 0) || (count && !n_slots))
        return STATUS_CORRUPT;
    *map = (struct idmap){.count = count,
                          .n_slots = n_slots,
                          .starts = (uint64_t *)(uintptr_t)starts,
                          .bytes = (char *)(uintptr_t)bytes,
                          .slots = (uint32_t *)(uintptr_t)slots};
    return STATUS_OK;
}

void idmap_free(struct idmap *map)
{
    if (map->starts_capacity) {
        free(map->starts);
        free(map->bytes);
        free(map->slots);
    }
    *map = (struct idmap){0};
}
