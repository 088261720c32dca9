#pragma once
/* The points of a map of items: the map's places with what the catalogue knows of each item, the
 * weightiest first, and the commonest first categories, by which the points are coloured. */
#include "base/arena.h"
#include "cli/map_picture.h"
#include "recommend/catalogue.h"
#include "train/item_map.h"

struct map_items {
    uint32_t n;
    struct map_point *points; /* [n] */
    const char **ids;         /* [n] */
    const char **paths;       /* [n] the first category; "" where there is none */
    const char *categories[MAP_COLOURS];
    uint32_t n_categories, n_others; /* points of a category that has no colour, or of none */
};

/* Items that may not be shown are left out: eligible[catalogue_count] bits. weights: by item
 * number. All from the arena. NO_MEMORY. */
enum status map_items_make(const struct item_map *map, const uint64_t *weights,
                           const struct catalogue *catalogue, const struct bitmap *eligible,
                           struct arena *arena, struct map_items *ret_items);
