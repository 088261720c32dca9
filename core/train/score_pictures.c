#include "train/score_pictures.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "draw/curves.h"
#include "draw/drawing.h"

enum { TAG_MAX = 96, TITLE_MAX = 96 };

void score_pictures_note(struct score_pictures *pictures, const char *tag, int64_t step,
                         const float *scores, const float *labels, const float *weights, size_t n)
{
    snprintf(pictures->tag, sizeof pictures->tag, "%s", tag);
    pictures->step = step;
    score_bins_fill(&pictures->bins, scores, labels, weights, n);
}

static void show(const struct score_pictures *pictures, struct board_run *run, const char *name,
                 const struct curves *curves)
{
    char tag[TAG_MAX];
    struct buffer png = {0};
    const char *end = strrchr(pictures->tag, '/');
    const size_t length = end ? (size_t)(end - pictures->tag) : strlen(pictures->tag);
    snprintf(tag, sizeof tag, "%.*s/%s", (int)length, pictures->tag, name);
    if (curves_png(curves, &png) == STATUS_OK) {
        const struct board_picture picture = {png.data, png.size};
        board_image(run, tag, pictures->step, &picture, 1);
    }
    buffer_free(&png);
}

static void show_roc(const struct score_pictures *pictures, struct board_run *run)
{
    double x[ROC_POINTS], y[ROC_POINTS], area;
    char title[TITLE_MAX];
    if (!score_bins_roc(&pictures->bins, x, y, &area))
        return;
    snprintf(title, sizeof title, "ROC, area %.3f", area);
    const struct curve curve = {.x = x, .y = y, .n = ROC_POINTS};
    const struct curves curves = {.title = title,
                                  .x_axis = "share of the negatives",
                                  .y_axis = "share of the positives",
                                  .end = 1,
                                  .curves = &curve,
                                  .n = 1};
    show(pictures, run, "roc", &curves);
}

/* 1, 2 or 5 times a power of ten. */
static double nice_end(double value)
{
    const double power = pow(10, floor(log10(value))), leading = value / power;
    return power * (leading <= 1 ? 1 : leading <= 2 ? 2 : leading <= 5 ? 5 : 10);
}

static void show_reliability(const struct score_pictures *pictures, struct board_run *run)
{
    double x[RELIABILITY_GROUPS], y[RELIABILITY_GROUPS], most = 1e-6;
    const size_t n = score_bins_reliability(&pictures->bins, x, y);
    if (n == 0)
        return;
    for (size_t i = 0; i < n; i++)
        most = fmax(most, fmax(x[i], y[i]));
    const struct curve curve = {.x = x, .y = y, .n = n, .marked = true};
    const struct curves curves = {.title = "Reliability by tenths of the rows",
                                  .x_axis = "predicted",
                                  .y_axis = "true",
                                  .end = fmin(nice_end(most), 1),
                                  .curves = &curve,
                                  .n = 1};
    show(pictures, run, "reliability", &curves);
}

void score_pictures_show(struct score_pictures *pictures, struct board_run *run)
{
    if (run && pictures->tag[0]) {
        show_roc(pictures, run);
        show_reliability(pictures, run);
        drawing_end();
    }
    pictures->tag[0] = '\0';
}
