#pragma once
/* Counts of values in buckets of equal width, as TensorBoard's histograms and distributions take
 * them. */
#include <stdbool.h>
#include <stddef.h>

enum { HISTOGRAM_BUCKETS = 30 };

/* Rows of (left, right, count): a bucket holds left <= x < right, the last one its right edge too.
 * Where all values are one, every edge is it and the last bucket holds the count. */
struct histogram {
    double buckets[HISTOGRAM_BUCKETS][3];
};

/* Of what is finite among values[n]. False where nothing is: *ret_histogram is untouched then. */
bool histogram_of(const float *values, size_t n, struct histogram *ret_histogram);
