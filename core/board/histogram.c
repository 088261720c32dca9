#include "board/histogram.h"

#include <math.h>

static bool range_of(const float *values, size_t n, double *ret_min, double *ret_max)
{
    float min = INFINITY, max = -INFINITY;
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(values[i]))
            continue;
        min = values[i] < min ? values[i] : min;
        max = values[i] > max ? values[i] : max;
    }
    *ret_min = (double)min;
    *ret_max = (double)max;
    return min <= max;
}

static void place_edges(struct histogram *h, double min, double max)
{
    for (int i = 0; i < HISTOGRAM_BUCKETS; i++) {
        h->buckets[i][0] = min + (max - min) * i / HISTOGRAM_BUCKETS;
        h->buckets[i][1] =
            i + 1 < HISTOGRAM_BUCKETS ? min + (max - min) * (i + 1) / HISTOGRAM_BUCKETS : max;
        h->buckets[i][2] = 0;
    }
}

/* The division may be off by one where a value lies at an edge: the edges decide. */
static int bucket_of(const struct histogram *h, double scale, double value)
{
    const int last = HISTOGRAM_BUCKETS - 1;
    int i = (int)((value - h->buckets[0][0]) * scale);
    i = i > last ? last : i;
    if (i > 0 && value < h->buckets[i][0])
        i--;
    else if (i < last && value >= h->buckets[i][1])
        i++;
    return i;
}

bool histogram_of(const float *values, size_t n, struct histogram *ret_histogram)
{
    double min, max;
    if (!range_of(values, n, &min, &max))
        return false;
    place_edges(ret_histogram, min, max);
    const double scale = max > min ? HISTOGRAM_BUCKETS / (max - min) : 0;
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(values[i]))
            continue;
        const int bucket =
            max > min ? bucket_of(ret_histogram, scale, (double)values[i]) : HISTOGRAM_BUCKETS - 1;
        ret_histogram->buckets[bucket][2]++;
    }
    return true;
}
