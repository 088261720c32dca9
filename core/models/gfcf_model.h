#pragma once
/* What gfcf.c (use) and gfcf_fit.c (learning) share. */
#include "models/neighbours.h"

enum { GFCF_DIMENSIONS_MAX = 1024 };

struct gfcf_settings {
    int64_t dimensions, neighbours, iterations;
    double alpha;
};

struct gfcf {
    struct model base;
    struct model *near; /* R'R, as a model of neighbours */
    size_t width;       /* of a vector: the dimensions, rounded up to whole tiles with zeros */
    double alpha;
    const float *vectors; /* [n_items x width] Q; 0 for an item that nobody likes */
    const float *factors; /* [n_items] likes^-1/2; 1 without */
    float *vectors_memory, *factors_memory; /* NULL when mapped */
};

enum status gfcf_fit(const struct train_set *data, const void *settings, struct parallel *pool,
                     const struct observer *observer, struct model **ret_model,
                     struct error *reterr);
uint64_t gfcf_estimate(const void *settings, uint32_t n_users, uint32_t n_items, uint64_t size);
void gfcf_free(struct model *model);
