#pragma once
/* The logistic function of many numbers. */
#include <stddef.h>

/* x[i] = 1 / (1 + exp(-x[i])) to about 3e-7; beyond +-80 as at +-80. */
void sigmoids(float *x, size_t n);
