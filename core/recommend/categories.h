#pragma once
/* Items by category. A path "a/b/c" is a node of a tree; each node knows the items in it or below,
 * so that "a/b" holds what is in "a/b/c". Paths compare by whole segments, byte for byte.
 *
 * Memory: a node for each different path, 4 bytes or less for each item and node. Nodes that have
 * lost all items stay until categories_free.
 * Zero-initialise. Threads: any number of readers or one writer.
 */
#include "recommend/idtable.h"
#include "recommend/itemset.h"

struct categories {
    struct idtable names;  /* of (parent, segment) */
    struct itemset *nodes; /* [n_nodes] */
    uint32_t n_nodes, capacity;
};

/* Puts the item under the path. On NO_MEMORY it may be under a part of it. */
enum status categories_add(struct categories *categories, const char *path, uint32_t item);

/* Takes it out of the path and all above. */
void categories_remove(struct categories *categories, const char *path, uint32_t item);

/* Sets in out the items in the path or below it; none for an unknown path. */
void categories_or_into(const struct categories *categories, const char *path, struct bitmap *out);

uint64_t categories_bytes(const struct categories *categories);
void categories_free(struct categories *categories);
