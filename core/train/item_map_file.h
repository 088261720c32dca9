#pragma once
/* An item map as a file in its snapshot's folder, derived from the snapshot: not named by the
 * manifest, made after publishing, made again where it is missing or broken.
 *
 *   <root>/<version>/map.tvs   map/items, map/places, map/model, map/fit (sections)
 *
 * Written beside and renamed. The same snapshot, seed and settings give the same bytes.
 */
#include "base/sections.h"
#include "train/item_map.h"
#include "train/manifest.h"

#define ITEM_MAP_FILE "map.tvs"

struct item_map_file {
    uint32_t n;
    const uint32_t *items; /* [n] the weightiest first */
    const float *places;   /* [n x 2] */
    char model[MODEL_NAME_MAX + 1];
    double perplexity, divergence;
    struct sections *sections; /* what the pointers point into */
};

/* weights: by item number, as the map was made with. NOT_FOUND when the snapshot is not there any
 * more; NO_MEMORY, DISK_FULL, IO. */
enum status item_map_file_write(const char *root, uint32_t version, const char *model,
                                const struct item_map *map, const uint64_t *weights,
                                struct error *reterr);

/* n_items: of the snapshot. NOT_FOUND when there is none; CORRUPT names the file. Close it. */
enum status item_map_file_open(const char *root, uint32_t version, uint32_t n_items,
                               struct item_map_file *ret_file, struct error *reterr);
void item_map_file_close(struct item_map_file *file);
