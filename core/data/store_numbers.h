#pragma once
/* Numbers of the ids that were asked for last, in memory: events name the same users and items
 * again and again, and a look-up in the store costs as much as half of their insertion.
 *
 * A table with four places an id; a new one takes the oldest of them. It is only ever a copy: what
 * may have changed the store otherwise (a rollback, an erasure, another process) makes it forget
 * everything. Longer ids than NUMBER_ID_MAX bytes are not kept. One thread at a time.
 */
#include <stdbool.h>
#include <stdint.h>

enum { NUMBER_ID_MAX = 54 };

struct number_slot {
    uint32_t number;
    uint32_t epoch; /* of the table when this was kept; another one: free */
    uint8_t length;
    char id[NUMBER_ID_MAX + 1];
};

/* Zero-initialise. */
struct number_cache {
    struct number_slot *slots; /* [n_slots] */
    uint32_t n_slots;          /* 0 or a power of two */
    uint32_t epoch;
};

/* Makes room for some n ids, two places for each, at most 2^18 (16 MiB), and forgets what is there
 * if that takes a larger table. Without memory it stays as it is: nothing fails for want of a copy.
 */
void numbers_resize(struct number_cache *cache, uint32_t n);
void numbers_free(struct number_cache *cache);

bool numbers_find(const struct number_cache *cache, const char *id, uint32_t *ret_number);
void numbers_keep(struct number_cache *cache, const char *id, uint32_t number);
void numbers_forget(struct number_cache *cache);
