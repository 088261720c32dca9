#pragma once
/* How well a map keeps what is near: trustworthiness and continuity (Venna and Kaski 2001, 2006).
 *
 * With r(i, j) the rank of j by distance from i among the points, 1 the nearest, and r'(i, j) the
 * same on the map,
 *
 *     trustworthiness = 1 - 2 / (n k (2n - 3k - 1)) sum over i and its k nearest j on the map of
 *                       max(r(i, j) - k, 0)
 *
 * loses where the map puts far points near; continuity, with r and r' in each other's places, where
 * it tears near ones apart. 1 is a map without fault; about one half is chance.
 */
#include "base/observer.h"
#include "base/parallel.h"
#include "embed/points.h"

struct map_quality {
    double trustworthiness, continuity;
};

/* places[n x 2]. Euclidean distances, equal ones by rising number; O(n^2 (d + log n)). Looked at
 * from every point, or where there are more than `looks` from so many, evenly spread over the
 * numbers. OUT_OF_RANGE: points_check, or k is not from 1 to below half of n; NO_MEMORY;
 * CANCELLED. */
enum status map_quality_find(const struct points *points, const float *places, uint32_t k,
                             uint32_t looks, struct parallel *pool, const struct observer *observer,
                             struct map_quality *ret_quality, struct error *reterr);
