#pragma once
/* The items of a model on a plane: those with vectors that lie close together lie close on the map.
 *
 * Vectors are scaled to length 1, so that closeness is what `similar` ranks by and not how popular
 * an item is; of more than 50 dimensions the first 50 principal components are kept; then
 * embed/tsne.h.
 */
#include "base/observer.h"
#include "base/parallel.h"
#include "embed/points.h"
#include "embed/tsne.h"
#include "models/model.h"

struct item_map {
    uint32_t n;
    uint32_t *items; /* [n] rising */
    float *places;   /* [n x 2] */
    struct tsne_map fit;
};

struct item_map_request {
    const struct model *model; /* has item vectors: item_map_model */
    const uint64_t *weights; /* [model->n_items] of two items too many the heavier one stays; items
                                of weight 0 are left out */
    uint32_t items_max;      /* no more than so many */
    struct tsne_settings settings;
    uint64_t seed;
};

/* The first of the models that has item vectors, `preferred` before the others (may be NULL); NULL:
 * none. */
const struct model *item_map_model(const struct model *const *models, size_t n_models,
                                   const struct model *preferred);

/* weights[n_items]: in how many touches each item is, of touches[n_touches]. */
void item_map_weigh(const struct touch *touches, uint64_t n_touches, uint32_t n_items,
                    uint64_t *weights);

/* Points of length 1 from n rows of `rows` (d floats each), numbers[n]; into out[n x d]. A row
 * without length stays 0. */
void item_map_unit_rows(const float *rows, const uint32_t *numbers, uint32_t n, uint32_t d,
                        float *out);

/* Places of points, in 50 dimensions where they have more. As tsne_fit. */
enum status item_map_place(const struct points *points, const struct tsne_settings *settings,
                           uint64_t seed, struct parallel *pool, const struct observer *observer,
                           float *places, struct tsne_map *ret_fit, struct error *reterr);

/* Free with item_map_free. No item that counts: a map of none. As tsne_fit otherwise. */
enum status item_map_make(const struct item_map_request *request, struct parallel *pool,
                          const struct observer *observer, struct item_map *ret_map,
                          struct error *reterr);

/* Bytes that making one takes. */
uint64_t item_map_estimate(uint32_t n_items, uint32_t d, double perplexity, unsigned threads);

void item_map_free(struct item_map *map);
