#include "train/item_map.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "embed/pca.h"

enum { DIMENSIONS = 50 };

const struct model *item_map_model(const struct model *const *models, size_t n_models,
                                   const struct model *preferred)
{
    uint32_t d;
    if (preferred && preferred->class->item_vectors &&
        preferred->class->item_vectors(preferred, &d))
        return preferred;
    for (size_t i = 0; i < n_models; i++)
        if (models[i]->class->item_vectors && models[i]->class->item_vectors(models[i], &d))
            return models[i];
    return NULL;
}

void item_map_weigh(const struct touch *touches, uint64_t n_touches, uint32_t n_items,
                    uint64_t *weights)
{
    memset(weights, 0, n_items * sizeof *weights);
    for (uint64_t t = 0; t < n_touches; t++)
        if (touches[t].item < n_items)
            weights[touches[t].item]++;
}

static double length2(const float *row, uint32_t d)
{
    double sum = 0;
    for (uint32_t c = 0; c < d; c++)
        sum += (double)row[c] * (double)row[c];
    return sum;
}

void item_map_unit_rows(const float *rows, const uint32_t *numbers, uint32_t n, uint32_t d,
                        float *out)
{
    for (size_t i = 0; i < n; i++) {
        const float *row = rows + (size_t)numbers[i] * d;
        const double length = sqrt(length2(row, d));
        for (uint32_t c = 0; c < d; c++)
            out[i * d + c] = length > 0 ? (float)((double)row[c] / length) : 0;
    }
}

enum status item_map_place(const struct points *points, const struct tsne_settings *settings,
                           uint64_t seed, struct parallel *pool, const struct observer *observer,
                           float *places, struct tsne_map *ret_fit, struct error *reterr)
{
    if (points->d <= DIMENSIONS)
        return tsne_fit(points, settings, seed, pool, observer, places, ret_fit, reterr);
    float *reduced = malloc((size_t)points->n * DIMENSIONS * sizeof *reduced);
    if (!reduced)
        return error_set(reterr, STATUS_NO_MEMORY, "no memory for the map");
    struct pca pca;
    enum status status =
        pca_project(points, DIMENSIONS, seed, pool, observer, reduced, &pca, reterr);
    if (status == STATUS_OK) {
        const struct points few = {.n = points->n, .d = DIMENSIONS, .rows = reduced};
        status = tsne_fit(&few, settings, seed, pool, observer, places, ret_fit, reterr);
    }
    free(reduced);
    return status;
}

/* ---- which items ---- */

struct choice {
    uint64_t weight;
    uint32_t item;
};

static int by_weight(const void *a, const void *b)
{
    const struct choice *x = a, *y = b;
    if (x->weight != y->weight)
        return x->weight > y->weight ? -1 : 1;
    return (x->item > y->item) - (x->item < y->item);
}

static int by_number(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* The heaviest items with a vector, by rising number. */
static enum status choose_items(const struct item_map_request *request, const float *vectors,
                                uint32_t d, struct item_map *map)
{
    const uint32_t n_items = request->model->n_items;
    struct choice *choices = malloc((n_items + 1) * sizeof *choices);
    uint32_t n = 0;
    for (uint32_t i = 0; choices && i < n_items; i++)
        if (request->weights[i] > 0 && length2(vectors + (size_t)i * d, d) > 0)
            choices[n++] = (struct choice){request->weights[i], i};
    map->n = n < request->items_max ? n : request->items_max;
    map->items = malloc((map->n + 1) * sizeof *map->items);
    if (!choices || !map->items) {
        free(choices);
        return STATUS_NO_MEMORY;
    }
    qsort(choices, n, sizeof *choices, by_weight);
    for (uint32_t i = 0; i < map->n; i++)
        map->items[i] = choices[i].item;
    qsort(map->items, map->n, sizeof *map->items, by_number);
    free(choices);
    return STATUS_OK;
}

/* ---- the map ---- */

static enum status make(const struct item_map_request *request, struct parallel *pool,
                        const struct observer *observer, struct item_map *map, struct error *reterr)
{
    uint32_t d = 0;
    const float *vectors = request->model->class->item_vectors(request->model, &d);
    enum status status = choose_items(request, vectors, d, map);
    if (status != STATUS_OK)
        return error_set(reterr, status, "no memory for the map's items");
    map->places = malloc(((size_t)map->n * 2 + 1) * sizeof *map->places);
    float *rows = malloc(((size_t)map->n * d + 1) * sizeof *rows);
    if (!map->places || !rows) {
        free(rows);
        return error_set(reterr, STATUS_NO_MEMORY, "no memory for the map");
    }
    item_map_unit_rows(vectors, map->items, map->n, d, rows);
    const struct points points = {.n = map->n, .d = d, .rows = rows};
    if (map->n > 0)
        status = item_map_place(&points, &request->settings, request->seed, pool, observer,
                                map->places, &map->fit, reterr);
    free(rows);
    return status;
}

enum status item_map_make(const struct item_map_request *request, struct parallel *pool,
                          const struct observer *observer, struct item_map *ret_map,
                          struct error *reterr)
{
    struct item_map map = {0};
    const enum status status = make(request, pool, observer, &map, reterr);
    if (status == STATUS_OK)
        *ret_map = map;
    else
        item_map_free(&map);
    return status;
}

uint64_t item_map_estimate(uint32_t n_items, uint32_t d, double perplexity, unsigned threads)
{
    const uint32_t kept = d < DIMENSIONS ? d : DIMENSIONS;
    return (uint64_t)n_items * (sizeof(struct choice) + (d + kept) * sizeof(float)) +
           pca_estimate(n_items, d, threads) + tsne_estimate(n_items, kept, perplexity, threads);
}

void item_map_free(struct item_map *map)
{
    free(map->items);
    free(map->places);
    *map = (struct item_map){0};
}
