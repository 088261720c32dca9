#pragma once
/* The table interface: models that learn a label from the columns of a table.
 *
 * Examples are sparse rows of features with weights; a predictor gives each a probability (label
 * in 0..1) or a value. The registry is predictors.c; every class passes tests/contract.
 */
#include <stdint.h>

#include "base/arena.h"
#include "base/observer.h"
#include "base/option.h"
#include "base/parallel.h"
#include "base/sections.h"
#include "linalg/csr.h"

/* Borrowed for the call. */
struct table {
    const struct csr *features; /* examples x features */
    const float *labels;        /* [examples] in 0..1; NULL when predicting */
    const float *weights;       /* [examples] above 0; NULL: all 1 */
    uint64_t seed;
};

struct predictor;

struct predictor_class {
    const char *name, *summary;
    const struct option *options;
    size_t n_options, settings_size;
    /* OUT_OF_RANGE for a table without examples, a label outside 0..1 or a weight that is not above
     * 0, with the example. CANCELLED within a second when the observer says stop. */
    enum status (*fit)(const struct table *table, const void *settings, struct parallel *pool,
                       const struct observer *observer, struct predictor **ret_predictor,
                       struct error *reterr);
    /* out[examples]: probability of label 1. Features past the fitted ones are ignored. */
    enum status (*predict_batch)(const struct predictor *predictor, const struct table *table,
                                 float *out, struct arena *scratch);
    void (*save)(const struct predictor *predictor, struct sections_writer *writer);
    enum status (*load)(const struct sections *sections, struct predictor **ret_predictor,
                        struct error *reterr);
    void (*free)(struct predictor *predictor);
};

struct predictor {
    const struct predictor_class *class;
    uint32_t n_features;
};

extern const struct predictor_class *const predictor_classes[]; /* NULL at the end */
