#include "support/gradient.h"

#include <math.h>

#include "support/test.h"

void expect_gradient(double (*loss)(void *context), void *context, float *x, const float *gradient,
                     size_t n, float h, double tolerance)
{
    size_t n_nonzero = 0;
    for (size_t i = 0; i < n; i++) {
        const float kept = x[i];
        x[i] = kept + h;
        const double above = loss(context);
        x[i] = kept - h;
        const double below = loss(context);
        x[i] = kept;
        const double slope = (above - below) / (2 * (double)h), given = (double)gradient[i];
        if (!(fabs(slope - given) <= tolerance * (1 + fabs(slope) + fabs(given))))
            fail_msg("place %zu of %zu: gradient %g, central difference %g", i, n, given, slope);
        n_nonzero += given != 0;
    }
    assert_true(n_nonzero > 0);
}
