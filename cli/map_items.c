#include "cli/map_items.h"

#include <stdlib.h>
#include <string.h>

struct order {
    uint64_t weight;
    uint32_t at; /* on the map */
};

static int by_weight(const void *a, const void *b)
{
    const struct order *x = a, *y = b;
    if (x->weight != y->weight)
        return x->weight > y->weight ? -1 : 1;
    return (x->at > y->at) - (x->at < y->at);
}

static const char *copy(struct arena *arena, const char *text)
{
    return arena_strndup(arena, text ? text : "", text ? strlen(text) : 0);
}

static enum status put_point(const struct item_map *map, uint32_t at,
                             const struct catalogue *catalogue, struct arena *arena,
                             struct map_items *items)
{
    const char *paths[CATEGORIES_MAX];
    struct item_record record = {0};
    const bool known = catalogue_record(catalogue, map->items[at], paths, &record);
    const char *title = known && record.title && record.title[0]
                            ? record.title
                            : catalogue_id(catalogue, map->items[at]);
    const uint32_t i = items->n++;
    items->points[i] = (struct map_point){.x = map->places[2 * (size_t)at],
                                          .y = map->places[2 * (size_t)at + 1],
                                          .label = copy(arena, title),
                                          .category = MAP_CATEGORY_NONE};
    items->ids[i] = copy(arena, catalogue_id(catalogue, map->items[at]));
    items->paths[i] = copy(arena, known && record.n_categories ? record.categories[0] : "");
    return items->points[i].label && items->ids[i] && items->paths[i] ? STATUS_OK
                                                                      : STATUS_NO_MEMORY;
}

/* ---- colours ---- */

struct tally {
    const char *path;
    uint32_t count, length; /* of the first segment */
};

static int by_path(const void *a, const void *b)
{
    const struct tally *x = a, *y = b;
    const uint32_t shorter = x->length < y->length ? x->length : y->length;
    const int order = memcmp(x->path, y->path, shorter);
    return order ? order : (x->length > y->length) - (x->length < y->length);
}

static int by_count(const void *a, const void *b)
{
    const struct tally *x = a, *y = b;
    return x->count != y->count ? (x->count > y->count ? -1 : 1) : by_path(a, b);
}

static struct tally tally_of(const char *path)
{
    return (struct tally){.path = path, .count = 1, .length = (uint32_t)strcspn(path, "/")};
}

/* The commonest first segments, most common first, into tallies; returns how many there are. */
static uint32_t count_categories(const struct map_items *items, struct tally *tallies)
{
    uint32_t n = 0, n_kinds = 0;
    for (uint32_t i = 0; i < items->n; i++)
        if (items->paths[i][0])
            tallies[n++] = tally_of(items->paths[i]);
    qsort(tallies, n, sizeof *tallies, by_path);
    for (uint32_t i = 0; i < n; i++)
        if (n_kinds > 0 && by_path(&tallies[n_kinds - 1], &tallies[i]) == 0)
            tallies[n_kinds - 1].count++;
        else
            tallies[n_kinds++] = tallies[i];
    qsort(tallies, n_kinds, sizeof *tallies, by_count);
    return n_kinds;
}

static enum status colour(struct map_items *items, struct arena *arena)
{
    struct tally *tallies = malloc((items->n + 1) * sizeof *tallies);
    if (!tallies)
        return STATUS_NO_MEMORY;
    const uint32_t n_kinds = count_categories(items, tallies);
    enum status status = STATUS_OK;
    items->n_categories = n_kinds < MAP_COLOURS ? n_kinds : MAP_COLOURS;
    for (uint32_t c = 0; c < items->n_categories; c++) {
        items->categories[c] = arena_strndup(arena, tallies[c].path, tallies[c].length);
        if (!items->categories[c])
            status = STATUS_NO_MEMORY;
    }
    for (uint32_t i = 0; i < items->n && status == STATUS_OK; i++) {
        const struct tally own = tally_of(items->paths[i]);
        for (uint32_t c = 0; c < items->n_categories; c++)
            if (own.path[0] && by_path(&own, &tallies[c]) == 0)
                items->points[i].category = c;
        items->n_others += items->points[i].category == MAP_CATEGORY_NONE;
    }
    free(tallies);
    return status;
}

/* ---- all of it ---- */

enum status map_items_make(const struct item_map *map, const uint64_t *weights,
                           const struct catalogue *catalogue, const struct bitmap *eligible,
                           struct arena *arena, struct map_items *ret_items)
{
    struct map_items items = {.points = arena_zalloc(arena, map->n + 1, sizeof *items.points),
                              .ids = arena_zalloc(arena, map->n + 1, sizeof *items.ids),
                              .paths = arena_zalloc(arena, map->n + 1, sizeof *items.paths)};
    struct order *order = malloc((map->n + 1) * sizeof *order);
    enum status status =
        order && items.points && items.ids && items.paths ? STATUS_OK : STATUS_NO_MEMORY;
    uint32_t n = 0;
    for (uint32_t at = 0; status == STATUS_OK && at < map->n; at++)
        if (map->items[at] < catalogue_count(catalogue) && bitmap_test(eligible, map->items[at]))
            order[n++] = (struct order){weights[map->items[at]], at};
    if (status == STATUS_OK)
        qsort(order, n, sizeof *order, by_weight);
    for (uint32_t i = 0; i < n && status == STATUS_OK; i++)
        status = put_point(map, order[i].at, catalogue, arena, &items);
    free(order);
    if (status == STATUS_OK)
        status = colour(&items, arena);
    if (status == STATUS_OK)
        *ret_items = items;
    return status;
}
