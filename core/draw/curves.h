#pragma once
/* Lines over two axes that begin at 0: curves of a classifier, drawn small enough to stand in a
 * page. */
#include <stddef.h>

#include "base/buffer.h"
#include "base/status.h"

enum { CURVES_MAX = 4, CURVES_WIDTH = 400, CURVES_HEIGHT = 360 };

struct curve {
    const double *x, *y; /* [n], each at least 0; what is not finite is left out */
    size_t n;
    bool marked; /* each point has a dot */
};

struct curves {
    const char *title, *x_axis, *y_axis; /* UTF-8 */
    double end;                          /* of both axes, above 0 */
    const struct curve *curves;          /* [n] */
    size_t n;                            /* at most CURVES_MAX */
};

/* Appends a PNG of CURVES_WIDTH by CURVES_HEIGHT, with the diagonal as a line of reference.
 * As drawing_png, drawing_end after it included. */
enum status curves_png(const struct curves *curves, struct buffer *out);
