#include "linalg/sigmoids.h"

#include <stdint.h>
#include <string.h>

/* exp(x) = 2^k e^f with |f| at most log(2) / 2, e^f by its series; written without a branch, so
 * that compilers make vectors of it. */
static inline float exponential_of(float x)
{
    x = x > -80.0f ? x : -80.0f; /* what is no number too */
    x = x < 80.0f ? x : 80.0f;
    const float y = x * 1.44269504f;
    const int32_t k = (int32_t)(y + 192.5f) - 192; /* to the nearest: y + 192 is positive */
    const float f = (y - (float)k) * 0.69314718f;
    float e = 1.0f / 720 * f + 1.0f / 120;
    e = e * f + 1.0f / 24;
    e = e * f + 1.0f / 6;
    e = e * f + 0.5f;
    e = e * f + 1;
    e = e * f + 1;
    const int32_t bits = (k + 127) << 23;
    float power;
    memcpy(&power, &bits, sizeof power);
    return e * power;
}

void sigmoids(float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] = 1 / (1 + exponential_of(-x[i]));
}

void exponentials(float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] = exponential_of(x[i]);
}
