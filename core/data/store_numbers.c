#include "data/store_numbers.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

enum { SLOTS_MIN = 1 << 10, SLOTS_MAX = 1 << 18, WAYS = 4 };

/* The WAYS places an id may have, newest first. Whoever chooses ids to meet in one set makes their
 * own look-ups slower, nobody else's wrong. */
static struct number_slot *set_of(const struct number_cache *cache, const char *id, size_t length)
{
    return &cache->slots[text_hash(id, length, 0) & (cache->n_slots - 1) & ~(uint64_t)(WAYS - 1)];
}

/* WAYS: not there. */
static size_t find_way(const struct number_cache *cache, const struct number_slot *set,
                       const char *id, size_t length)
{
    size_t way = 0;
    while (way < WAYS && (set[way].epoch != cache->epoch || set[way].length != length ||
                          memcmp(set[way].id, id, length) != 0))
        way++;
    return way;
}

void numbers_resize(struct number_cache *cache, uint32_t n)
{
    uint32_t n_slots = SLOTS_MIN;
    while (n_slots < SLOTS_MAX && n_slots / 2 < n)
        n_slots *= 2;
    if (n_slots <= cache->n_slots)
        return;
    struct number_slot *slots = calloc(n_slots, sizeof *slots);
    if (!slots)
        return;
    free(cache->slots);
    *cache = (struct number_cache){.slots = slots, .n_slots = n_slots, .epoch = 1};
}

void numbers_free(struct number_cache *cache)
{
    free(cache->slots);
    *cache = (struct number_cache){0};
}

bool numbers_find(const struct number_cache *cache, const char *id, uint32_t *ret_number)
{
    const size_t length = strlen(id);
    if (length > NUMBER_ID_MAX || cache->n_slots == 0)
        return false;
    const struct number_slot *set = set_of(cache, id, length);
    const size_t way = find_way(cache, set, id, length);
    if (way == WAYS)
        return false;
    *ret_number = set[way].number;
    return true;
}

void numbers_keep(struct number_cache *cache, const char *id, uint32_t number)
{
    const size_t length = strlen(id);
    if (length > NUMBER_ID_MAX || cache->n_slots == 0)
        return;
    struct number_slot *set = set_of(cache, id, length);
    const size_t way = find_way(cache, set, id, length);
    memmove(set + 1, set, (way < WAYS ? way : WAYS - 1) * sizeof *set);
    *set = (struct number_slot){.number = number, .epoch = cache->epoch, .length = (uint8_t)length};
    memcpy(set->id, id, length);
}

void numbers_forget(struct number_cache *cache)
{
    if (++cache->epoch != 0 || cache->n_slots == 0)
        return;
    memset(cache->slots, 0, cache->n_slots * sizeof *cache->slots); /* epochs begin again */
    cache->epoch = 1;
}
