#pragma once
/* The logistic function and the exponential of many numbers. */
#include <stddef.h>

/* x[i] = 1 / (1 + exp(-x[i])) to about 3e-7; beyond +-80 as at +-80, no number as at 80. */
void sigmoids(float *x, size_t n);

/* x[i] = exp(x[i]), off by a share of 4e-6 at most; beyond +-80 as at +-80, no number as at -80. */
void exponentials(float *x, size_t n);
