#pragma once
/* Memory with one lifetime: many allocations, one free.
 *
 * A dataset, a snapshot's tables, a request each own one arena; nothing inside is freed singly.
 * Threads: one user at a time. Blocks come from malloc; alignment is 16 bytes.
 */
#include <stddef.h>

#include "base/status.h"

struct arena_block;

/* Zero-initialise; arena_free may be called on a zeroed one. */
struct arena {
    struct arena_block *last;
    size_t used;  /* bytes handed out, for limits and reports */
    size_t limit; /* no more than this many; 0: no limit */
};

/* NULL when memory or the arena's limit is exhausted. size may be 0. Not zeroed. */
void *arena_alloc(struct arena *arena, size_t size);

/* Zeroed; NULL also when count * size overflows. */
void *arena_zalloc(struct arena *arena, size_t count, size_t size);

/* A terminated copy of `length` bytes; NULL as above. */
char *arena_strndup(struct arena *arena, const char *bytes, size_t length);

void arena_free(struct arena *arena);

/* Forgets everything but keeps the largest block for reuse: for an arena in a loop. */
void arena_reset(struct arena *arena);
