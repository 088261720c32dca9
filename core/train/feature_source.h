#pragma once
/* Where a report on features gets its fits from: a table's files, or the store by way of a ranker.
 * One fit at a time: `fit`, then whatever is asked of it, then `end`. */
#include "data/features/frame.h"
#include "models/predictor.h"

struct feature_source {
    void *context;
    const char *name; /* of the held-out rows, for errors */
    enum status (*fit)(void *context, uint64_t seed, struct error *reterr);
    const struct features *(*features)(const void *context);
    const struct predictor *(*predictor)(const void *context);
    /* Rows that it learnt from, or rows that it did not; the caller's, each at most once a fit. */
    enum status (*rows)(void *context, bool held, struct frame **ret_frame, struct error *reterr);
    void (*end)(void *context); /* also without a fit, and after one that failed */
};
