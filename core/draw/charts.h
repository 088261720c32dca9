#pragma once
/* Bar charts, as files (draw/drawing.h). */
#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

enum { CHART_BARS_MAX = 200 };

struct chart_bar {
    const char *name; /* UTF-8; long ones are cut with an ellipsis */
    double value;
    double low, high; /* an interval; drawn where low < high */
    bool faint;       /* one that does not count for much */
};

/* Horizontal bars from the top, over one axis that includes 0. */
struct chart {
    const char *title, *axis;
    const struct chart_bar *bars; /* [n_bars] */
    size_t n_bars;                /* at most CHART_BARS_MAX; the caller says what it left out */
};

/* As drawing_write. */
enum status chart_write(const struct chart *chart, const char *path, struct error *reterr);
