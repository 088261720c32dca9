#include "draw/charts.h"

#include <assert.h>
#include <cairo.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "draw/drawing.h"

/* In points of the drawing, which are pixels of a PNG. */
enum {
    WIDTH = 900,
    MARGIN = 16,
    ROW = 22,
    BAR = 14,
    TOP = 52,    /* title and what is above the first row */
    BOTTOM = 48, /* ticks and the axis' name */
    NAMES_MAX = 320,
    NAME_BYTES = 256,
    TICKS_WANTED = 6,
    FONT_SIZE = 12,
    TITLE_SIZE = 15
};

static const struct colour plain = {.22, .45, .69}, faint = {.72, .76, .82};

struct drawing {
    cairo_t *cairo;
    const struct chart *chart;
    double left, right; /* of the axis */
    double low, high;   /* values there */
    double step;        /* between ticks */
    double bottom;
};

/* ---- the scale ---- */

/* 1, 2 or 5 times a power of ten, for about TICKS_WANTED of them over the span. */
static double nice_step(double span)
{
    const double rough = span / TICKS_WANTED, power = pow(10, floor(log10(rough)));
    const double leading = rough / power;
    return power * (leading <= 1 ? 1 : leading <= 2 ? 2 : leading <= 5 ? 5 : 10);
}

static void set_scale(struct drawing *d)
{
    double low = 0, high = 0;
    for (size_t i = 0; i < d->chart->n_bars; i++) {
        const struct chart_bar *bar = &d->chart->bars[i];
        low = fmin(low, fmin(bar->value, bar->low < bar->high ? bar->low : bar->value));
        high = fmax(high, fmax(bar->value, bar->low < bar->high ? bar->high : bar->value));
    }
    if (!(high - low > 0) || !isfinite(high - low)) {
        low = 0;
        high = 1;
    }
    d->step = nice_step(high - low);
    d->low = floor(low / d->step) * d->step;
    d->high = ceil(high / d->step) * d->step;
}

static double place(const struct drawing *d, double value)
{
    return d->left + (d->right - d->left) * (value - d->low) / (d->high - d->low);
}

/* ---- the parts ---- */

/* Cuts whole characters off the end until the text with an ellipsis fits. */
static void fit_text(cairo_t *cairo, const char *text, double width_max, char out[NAME_BYTES])
{
    static const char ellipsis[] = "…";
    size_t length = strnlen(text, NAME_BYTES - sizeof ellipsis);
    bool cut = text[length] != '\0';
    for (;;) {
        while (cut && length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80)
            length--;
        snprintf(out, NAME_BYTES, "%.*s%s", (int)length, text, cut ? ellipsis : "");
        if (length == 0 || drawing_text_width(cairo, out) <= width_max)
            return;
        cut = true;
        length--;
    }
}

static void draw_axis(const struct drawing *d)
{
    cairo_t *cairo = d->cairo;
    const long n = lround((d->high - d->low) / d->step);
    for (long i = 0; i <= n; i++) {
        const double value = d->low + (double)i * d->step, x = floor(place(d, value)) + 0.5;
        char text[32];
        snprintf(text, sizeof text, "%.6g", fabs(value) < d->step / 2 ? 0.0 : value);
        drawing_use(cairo, fabs(value) < d->step / 2 ? drawing_ink : drawing_grid);
        cairo_set_line_width(cairo, 1);
        cairo_move_to(cairo, x, TOP - 4);
        cairo_line_to(cairo, x, d->bottom + 4);
        cairo_stroke(cairo);
        drawing_use(cairo, drawing_ink);
        drawing_text(cairo, x, d->bottom + 18, .5, text);
    }
    drawing_text(cairo, (d->left + d->right) / 2, d->bottom + 38, .5, d->chart->axis);
}

static void draw_bar(const struct drawing *d, size_t i)
{
    const struct chart_bar *bar = &d->chart->bars[i];
    cairo_t *cairo = d->cairo;
    const double top = TOP + ROW * (double)i, middle = top + ROW / 2.0;
    char name[NAME_BYTES];
    fit_text(cairo, bar->name, NAMES_MAX, name);
    drawing_use(cairo, drawing_ink);
    drawing_text(cairo, d->left - 8, middle + FONT_SIZE / 3.0, 1, name);
    const double zero = place(d, 0), end = place(d, bar->value);
    drawing_use(cairo, bar->faint ? faint : plain);
    cairo_rectangle(cairo, fmin(zero, end), middle - BAR / 2.0, fabs(end - zero), BAR);
    cairo_fill(cairo);
    if (!(bar->low < bar->high))
        return;
    const double low = place(d, bar->low), high = place(d, bar->high), cap = BAR / 4.0;
    drawing_use(cairo, drawing_ink);
    cairo_set_line_width(cairo, 1.2);
    cairo_move_to(cairo, low, middle);
    cairo_line_to(cairo, high, middle);
    cairo_move_to(cairo, low, middle - cap);
    cairo_line_to(cairo, low, middle + cap);
    cairo_move_to(cairo, high, middle - cap);
    cairo_line_to(cairo, high, middle + cap);
    cairo_stroke(cairo);
}

static double height_of(const struct chart *chart)
{
    return TOP + ROW * (double)chart->n_bars + BOTTOM;
}

static enum status draw(void *context, cairo_t *cairo)
{
    const struct chart *chart = context;
    struct drawing d = {.cairo = cairo, .chart = chart, .right = WIDTH - 2 * MARGIN};
    drawing_use(cairo, drawing_ink);
    drawing_font(cairo, TITLE_SIZE, true);
    drawing_text(cairo, MARGIN, MARGIN + TITLE_SIZE, 0, chart->title);
    drawing_font(cairo, FONT_SIZE, false);
    double names = 0;
    for (size_t i = 0; i < chart->n_bars; i++)
        names = fmax(names, drawing_text_width(cairo, chart->bars[i].name));
    d.left = MARGIN + fmin(names, NAMES_MAX) + 8;
    d.bottom = TOP + ROW * (double)chart->n_bars;
    set_scale(&d);
    draw_axis(&d);
    for (size_t i = 0; i < chart->n_bars; i++)
        draw_bar(&d, i);
    return STATUS_OK;
}

enum status chart_write(const struct chart *chart, const char *path, struct error *reterr)
{
    assert(chart->n_bars <= CHART_BARS_MAX);
    struct chart drawn = *chart;
    const struct drawing_request request = {
        .width = WIDTH, .height = (int)height_of(chart), .draw = draw, .context = &drawn};
    return drawing_write(&request, path, reterr);
}
