#include "train/item_map_file.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"

/* ---- writing ---- */

struct place {
    uint64_t weight;
    uint32_t item;
    float x, y;
};

static int by_weight(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    if (x->weight != y->weight)
        return x->weight > y->weight ? -1 : 1;
    return (x->item > y->item) - (x->item < y->item);
}

/* items[n] and places[2 n], the weightiest first. */
static enum status put_in_order(const struct item_map *map, const uint64_t *weights,
                                uint32_t *items, float *places)
{
    struct place *order = malloc((map->n + 1) * sizeof *order);
    if (!order)
        return STATUS_NO_MEMORY;
    for (size_t i = 0; i < map->n; i++)
        order[i] = (struct place){weights[map->items[i]], map->items[i], map->places[2 * i],
                                  map->places[2 * i + 1]};
    qsort(order, map->n, sizeof *order, by_weight);
    for (size_t i = 0; i < map->n; i++) {
        items[i] = order[i].item;
        places[2 * i] = order[i].x;
        places[2 * i + 1] = order[i].y;
    }
    free(order);
    return STATUS_OK;
}

static enum status write_sections(const char *path, const char *model, const struct item_map *map,
                                  const uint32_t *items, const float *places, struct error *reterr)
{
    struct sections_writer *writer;
    const double fit[2] = {map->fit.perplexity, map->fit.divergence};
    const enum status status = sections_create(path, &writer, reterr);
    if (status != STATUS_OK)
        return status;
    sections_add(writer, "map/items", SECTION_U32, map->n, 1, items);
    sections_add(writer, "map/places", SECTION_F32, map->n, 2, places);
    sections_add(writer, "map/model", SECTION_BYTES, strlen(model), 1, model);
    sections_add(writer, "map/fit", SECTION_F64, 2, 1, fit);
    return sections_finish(writer, reterr);
}

static enum status replace(const char *root, uint32_t version, const char *model,
                           const struct item_map *map, const uint32_t *items, const float *places,
                           struct error *reterr)
{
    char folder[PATH_BYTES_MAX], path[PATH_BYTES_MAX], beside[PATH_BYTES_MAX];
    struct stat facts;
    enum status status = snapshot_path(folder, root, version, NULL, reterr);
    if (status == STATUS_OK)
        status = snapshot_path(path, root, version, ITEM_MAP_FILE, reterr);
    if (status == STATUS_OK)
        status = snapshot_path(beside, root, version, ITEM_MAP_FILE ".tmp", reterr);
    if (status == STATUS_OK && stat(folder, &facts) != 0)
        status = error_set(reterr, STATUS_NOT_FOUND, "there is no snapshot %u any more", version);
    if (status == STATUS_OK)
        status = write_sections(beside, model, map, items, places, reterr);
    if (status != STATUS_OK)
        return status;
    if (rename(beside, path) != 0) {
        const int reason = errno;
        remove(beside);
        return error_set_errno(reterr, reason, "renaming %s", beside);
    }
    return folder_sync(folder, reterr);
}

enum status item_map_file_write(const char *root, uint32_t version, const char *model,
                                const struct item_map *map, const uint64_t *weights,
                                struct error *reterr)
{
    uint32_t *items = malloc((map->n + 1) * sizeof *items);
    float *places = malloc((map->n + 1) * 2 * sizeof *places);
    enum status status = STATUS_NO_MEMORY;
    if (items && places)
        status = put_in_order(map, weights, items, places);
    status = status == STATUS_OK ? replace(root, version, model, map, items, places, reterr)
                                 : error_set(reterr, status, "no memory for the file of the map");
    free(items);
    free(places);
    return status;
}

/* ---- reading ---- */

static enum status check(const struct item_map_file *file, uint32_t n_items, struct error *reterr)
{
    for (size_t i = 0; i < file->n; i++)
        if (file->items[i] >= n_items || !isfinite(file->places[2 * i]) ||
            !isfinite(file->places[2 * i + 1]))
            return error_set(reterr, STATUS_CORRUPT,
                             "the map names an item or a place that cannot be");
    return STATUS_OK;
}

static enum status read_sections(struct item_map_file *file, uint32_t n_items, struct error *reterr)
{
    const struct section *items, *places, *model, *fit;
    enum status status =
        sections_need(file->sections, "map/items", SECTION_U32, UINT64_MAX, 1, &items, reterr);
    if (status == STATUS_OK && items->rows > n_items)
        status = error_set(reterr, STATUS_CORRUPT, "the map has more items than its snapshot");
    if (status == STATUS_OK)
        status = sections_need(file->sections, "map/places", SECTION_F32, items->rows, 2, &places,
                               reterr);
    if (status == STATUS_OK)
        status = sections_need(file->sections, "map/model", SECTION_BYTES, UINT64_MAX, 1, &model,
                               reterr);
    if (status == STATUS_OK)
        status = sections_need(file->sections, "map/fit", SECTION_F64, 2, 1, &fit, reterr);
    if (status != STATUS_OK)
        return status;
    if (model->rows > MODEL_NAME_MAX)
        return error_set(reterr, STATUS_CORRUPT, "the map names no model");
    memcpy(file->model, model->data, model->rows);
    file->n = (uint32_t)items->rows;
    file->items = items->data;
    file->places = places->data;
    file->perplexity = ((const double *)fit->data)[0];
    file->divergence = ((const double *)fit->data)[1];
    return check(file, n_items, reterr);
}

enum status item_map_file_open(const char *root, uint32_t version, uint32_t n_items,
                               struct item_map_file *ret_file, struct error *reterr)
{
    char path[PATH_BYTES_MAX];
    struct item_map_file file = {0};
    enum status status = snapshot_path(path, root, version, ITEM_MAP_FILE, reterr);
    if (status == STATUS_OK)
        status = sections_open(path, &file.sections, reterr);
    if (status != STATUS_OK)
        return status;
    status = read_sections(&file, n_items, reterr);
    if (status == STATUS_OK) {
        *ret_file = file;
        return status;
    }
    item_map_file_close(&file);
    if (reterr)
        error_prefix(reterr, "%s: ", path);
    return status;
}

void item_map_file_close(struct item_map_file *file)
{
    sections_close(file->sections);
    *file = (struct item_map_file){0};
}
