#include "recommend/idtable.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* The slot that holds the id, or the free one where it would go. n_slots > count. */
static struct idtable_slot *find_slot(const struct idtable *table, const char *id, uint32_t hash)
{
    const uint32_t mask = table->n_slots - 1;
    uint32_t at = hash & mask;
    while (table->slots[at].id &&
           (table->slots[at].hash != hash || strcmp(table->slots[at].id, id) != 0))
        at = (at + 1) & mask;
    return &table->slots[at];
}

static enum status grow(struct idtable *table)
{
    if ((uint64_t)(table->count + 1) * 4 <= (uint64_t)table->n_slots * 3)
        return STATUS_OK;
    struct idtable grown = {.n_slots = table->n_slots ? 2 * table->n_slots : 16};
    if (grown.n_slots == 0)
        return STATUS_NO_MEMORY;
    grown.slots = calloc(grown.n_slots, sizeof *grown.slots);
    if (!grown.slots)
        return STATUS_NO_MEMORY;
    for (uint32_t i = 0; i < table->n_slots; i++) {
        const struct idtable_slot *slot = &table->slots[i];
        if (slot->id)
            *find_slot(&grown, slot->id, slot->hash) = *slot;
    }
    free(table->slots);
    table->slots = grown.slots;
    table->n_slots = grown.n_slots;
    return STATUS_OK;
}

enum status idtable_put(struct idtable *table, const char *id, uint32_t number, const char **ret_id)
{
    if (grow(table) != STATUS_OK)
        return STATUS_NO_MEMORY;
    const size_t length = strlen(id);
    const uint32_t hash = (uint32_t)text_hash(id, length, 0);
    struct idtable_slot *slot = find_slot(table, id, hash);
    if (!slot->id) {
        char *copy = arena_strndup(&table->texts, id, length);
        if (!copy)
            return STATUS_NO_MEMORY;
        *slot = (struct idtable_slot){.id = copy, .hash = hash};
        table->count++;
    }
    slot->number = number;
    if (ret_id)
        *ret_id = slot->id;
    return STATUS_OK;
}

uint32_t idtable_find(const struct idtable *table, const char *id)
{
    if (table->count == 0)
        return UINT32_MAX;
    const struct idtable_slot *slot = find_slot(table, id, (uint32_t)text_hash(id, strlen(id), 0));
    return slot->id ? slot->number : UINT32_MAX;
}

/* Moves later members of the run into the gap, so that no probe ends too early. */
static void close_gap(struct idtable *table, uint32_t gap)
{
    const uint32_t mask = table->n_slots - 1;
    for (uint32_t at = (gap + 1) & mask; table->slots[at].id; at = (at + 1) & mask) {
        const uint32_t home = table->slots[at].hash & mask;
        if (((at - home) & mask) >= ((at - gap) & mask)) {
            table->slots[gap] = table->slots[at];
            gap = at;
        }
    }
    table->slots[gap] = (struct idtable_slot){0};
}

static void remove_slot(struct idtable *table, struct idtable_slot *slot)
{
    memset(slot->id, 0, strlen(slot->id));
    table->count--;
    close_gap(table, (uint32_t)(slot - table->slots));
}

void idtable_remove(struct idtable *table, const char *id)
{
    if (table->count == 0)
        return;
    struct idtable_slot *slot = find_slot(table, id, (uint32_t)text_hash(id, strlen(id), 0));
    if (slot->id)
        remove_slot(table, slot);
}

void idtable_remove_number(struct idtable *table, uint32_t number)
{
    for (uint32_t i = 0; i < table->n_slots;) {
        if (table->slots[i].id && table->slots[i].number == number)
            remove_slot(table, &table->slots[i]); /* another may have moved here: look again */
        else
            i++;
    }
}

uint64_t idtable_bytes(const struct idtable *table)
{
    return (uint64_t)table->n_slots * sizeof *table->slots + table->texts.used;
}

void idtable_free(struct idtable *table)
{
    free(table->slots);
    arena_free(&table->texts);
    *table = (struct idtable){0};
}
