#pragma once
/* The sets of kernels.c, one a file. */
#include "linalg/kernels.h"

extern const struct kernels kernels_plain;
#if defined(__x86_64__)
extern const struct kernels kernels_avx2, kernels_avx512;
#endif
