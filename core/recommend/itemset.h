#pragma once
/* A set of item numbers that is small when it holds few and fast when it holds many: a sorted list,
 * or a bitmap once that takes less memory. There is one for each category, of which a shop may have
 * thousands: bitmaps alone would take n_items / 8 bytes each.
 * Zero-initialise; itemset_free. Threads: any number of readers or one writer.
 */
#include <stdint.h>

#include "base/bitmap.h"

struct itemset {
    uint32_t n;           /* members */
    uint32_t capacity;    /* of the list */
    uint32_t *list;       /* [n] rising; NULL while it is a bitmap */
    struct bitmap bitmap; /* without words while it is a list */
};

/* Fine when it is there already. NO_MEMORY leaves the set as it was. */
enum status itemset_add(struct itemset *set, uint32_t item);
void itemset_remove(struct itemset *set, uint32_t item);
bool itemset_has(const struct itemset *set, uint32_t item);

/* Sets the members' bits in out; those past its end are skipped. */
void itemset_or_into(const struct itemset *set, struct bitmap *out);

uint64_t itemset_bytes(const struct itemset *set);
void itemset_free(struct itemset *set);
