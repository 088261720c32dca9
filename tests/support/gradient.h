#pragma once
/* Gradients against central differences. */
#include <stddef.h>

/* Compares gradient[i] with (loss(x_i + h) - loss(x_i - h)) / 2h for each of the n numbers x, which
 * are left as they were. The test fails where they differ by more than `tolerance` times 1 + the
 * size of either, and where all of gradient is 0: nothing would have been compared. */
void expect_gradient(double (*loss)(void *context), void *context, float *x, const float *gradient,
                     size_t n, float h, double tolerance);
