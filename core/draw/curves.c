#include "draw/curves.h"

#include <assert.h>
#include <cairo.h>
#include <math.h>
#include <stdio.h>

#include "draw/drawing.h"

/* In pixels. */
enum { LEFT = 64, RIGHT = 20, TOP = 44, BOTTOM = 56, TICKS = 5, FONT_SIZE = 12, TITLE_SIZE = 15 };

static const double dot_radius = 3.5;

static const struct colour of_curves[CURVES_MAX] = {
    {.22, .45, .69}, {.85, .45, .13}, {.24, .58, .34}, {.55, .35, .64}};

static double place_x(const struct curves *c, double value)
{
    return LEFT + (CURVES_WIDTH - LEFT - RIGHT) * fmin(value / c->end, 1);
}

static double place_y(const struct curves *c, double value)
{
    return CURVES_HEIGHT - BOTTOM - (CURVES_HEIGHT - TOP - BOTTOM) * fmin(value / c->end, 1);
}

static void draw_line(cairo_t *cairo, double x0, double y0, double x1, double y1)
{
    cairo_move_to(cairo, x0, y0);
    cairo_line_to(cairo, x1, y1);
    cairo_stroke(cairo);
}

static void draw_axes(cairo_t *cairo, const struct curves *c)
{
    cairo_set_line_width(cairo, 1);
    for (int i = 0; i <= TICKS; i++) {
        const double value = c->end * i / TICKS, x = floor(place_x(c, value)) + .5,
                     y = floor(place_y(c, value)) + .5;
        char text[32];
        snprintf(text, sizeof text, "%.3g", value);
        drawing_use(cairo, drawing_grid);
        draw_line(cairo, x, TOP, x, CURVES_HEIGHT - BOTTOM);
        draw_line(cairo, LEFT, y, CURVES_WIDTH - RIGHT, y);
        drawing_use(cairo, drawing_ink);
        drawing_text(cairo, x, CURVES_HEIGHT - BOTTOM + 18, .5, text);
        drawing_text(cairo, LEFT - 8, y + FONT_SIZE / 3.0, 1, text);
    }
    const double dashes[] = {5, 4};
    cairo_set_dash(cairo, dashes, 2, 0);
    draw_line(cairo, LEFT, CURVES_HEIGHT - BOTTOM, CURVES_WIDTH - RIGHT, TOP);
    cairo_set_dash(cairo, NULL, 0, 0);
}

static void draw_names(cairo_t *cairo, const struct curves *c)
{
    const double middle_x = (LEFT + CURVES_WIDTH - RIGHT) / 2.0,
                 middle_y = (TOP + CURVES_HEIGHT - BOTTOM) / 2.0;
    drawing_text(cairo, middle_x, CURVES_HEIGHT - 14, .5, c->x_axis);
    cairo_save(cairo);
    cairo_translate(cairo, 18, middle_y);
    cairo_rotate(cairo, -M_PI / 2);
    drawing_text(cairo, 0, 0, .5, c->y_axis);
    cairo_restore(cairo);
}

static void draw_curve(cairo_t *cairo, const struct curves *c, const struct curve *curve)
{
    cairo_set_line_width(cairo, 2);
    cairo_new_path(cairo);
    for (size_t i = 0; i < curve->n; i++)
        if (isfinite(curve->x[i]) && isfinite(curve->y[i]))
            cairo_line_to(cairo, place_x(c, curve->x[i]), place_y(c, curve->y[i]));
    cairo_stroke(cairo);
    for (size_t i = 0; i < curve->n && curve->marked; i++) {
        if (!isfinite(curve->x[i]) || !isfinite(curve->y[i]))
            continue;
        cairo_arc(cairo, place_x(c, curve->x[i]), place_y(c, curve->y[i]), dot_radius, 0, 2 * M_PI);
        cairo_fill(cairo);
    }
}

static enum status draw(void *context, cairo_t *cairo)
{
    const struct curves *c = context;
    drawing_use(cairo, drawing_ink);
    drawing_font(cairo, TITLE_SIZE, true);
    drawing_text(cairo, LEFT, TOP - 18, 0, c->title);
    drawing_font(cairo, FONT_SIZE, false);
    draw_axes(cairo, c);
    draw_names(cairo, c);
    for (size_t i = 0; i < c->n; i++) {
        drawing_use(cairo, of_curves[i]);
        draw_curve(cairo, c, &c->curves[i]);
    }
    return STATUS_OK;
}

enum status curves_png(const struct curves *curves, struct buffer *out)
{
    assert(curves->n <= CURVES_MAX && curves->end > 0);
    struct curves drawn = *curves;
    const struct drawing_request request = {
        .width = CURVES_WIDTH, .height = CURVES_HEIGHT, .draw = draw, .context = &drawn};
    return drawing_png(&request, out);
}
