#pragma once
/* Points of many dimensions, what maps are made from. */
#include <math.h>
#include <stdint.h>

#include "base/status.h"

enum { POINTS_MAX = 200000, POINTS_DIMENSIONS_MAX = 4096 };

/* Borrowed. */
struct points {
    uint32_t n, d;
    const float *rows; /* [n x d] */
};

/* OUT_OF_RANGE: no point, no dimension, past the limits above, or a value that is not finite. */
static inline enum status points_check(const struct points *points, struct error *reterr)
{
    if (points->n == 0 || points->d == 0)
        return error_set(reterr, STATUS_OUT_OF_RANGE, "there is no point to draw a map of");
    if (points->n > POINTS_MAX || points->d > POINTS_DIMENSIONS_MAX)
        return error_set(reterr, STATUS_OUT_OF_RANGE,
                         "%u points of %u dimensions are too many: at most %d of %d", points->n,
                         points->d, POINTS_MAX, POINTS_DIMENSIONS_MAX);
    for (uint64_t k = 0; k < (uint64_t)points->n * points->d; k++)
        if (!isfinite(points->rows[k]))
            return error_set(reterr, STATUS_OUT_OF_RANGE,
                             "point %u has a value that is no finite number",
                             (uint32_t)(k / points->d));
    return STATUS_OK;
}
