#pragma once
/* Outside ids -> numbers, where numbers come in any order and ids come and go. (base/idmap.h is the
 * compact form for the numbers 0 .. n in order; this one serves what changes.)
 *
 * Open addressing with linear probing; the texts lie in an arena and do not move. The text of a
 * removed id is overwritten, its memory returns with the table.
 * Life cycle: zero-initialise, idtable_free. Threads: any number of readers or one writer.
 */
#include <stdint.h>

#include "base/arena.h"
#include "base/status.h"

struct idtable_slot {
    char *id; /* NULL: free */
    uint32_t number, hash;
};

struct idtable {
    struct idtable_slot *slots;
    uint32_t n_slots, count;
    struct arena texts;
};

/* Gives the id this number, whatever it had. *ret_id (may be NULL) is the table's own copy, good
 * until it is removed. NO_MEMORY leaves the table as it was. */
enum status idtable_put(struct idtable *table, const char *id, uint32_t number,
                        const char **ret_id);

/* UINT32_MAX when it is not there. */
uint32_t idtable_find(const struct idtable *table, const char *id);

void idtable_remove(struct idtable *table, const char *id);

/* Removes all ids of a number; looks at the whole table. */
void idtable_remove_number(struct idtable *table, uint32_t number);

uint64_t idtable_bytes(const struct idtable *table);
void idtable_free(struct idtable *table);
