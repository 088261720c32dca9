#include "cli/map_picture.h"

#include <assert.h>
#include <cairo.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/drawing.h"
#include "cli/map_labels.h"

/* In points of the drawing, which are pixels of a PNG. */
enum {
    WIDTH = 1400,
    HEIGHT = 1050,
    MARGIN = 16,
    TOP = 64,     /* title and note */
    LEGEND = 150, /* on the right, where there are categories */
    LEGEND_ROW = 20,
    TITLE_SIZE = 16,
    FONT_SIZE = 11,
    LABEL_BYTES = 64
};
#define FONT "sans-serif"

static const double dot_few = 3, dot_many = 1.7; /* radius; 1,000 points are few */

struct colour {
    double r, g, b;
};
static const struct colour ink = {.1, .1, .12};
static const struct colour colours[MAP_COLOURS + 1] = {
    {.84, .15, .16}, {.12, .44, .73}, {.17, .6, .22},  {.93, .5, .05}, {.55, .33, .7},
    {.05, .66, .7},  {.87, .4, .68},  {.55, .36, .26}, {.7, .68, .1},  {.1, .22, .5},
    {.5, .75, .35},  {.98, .68, .52}, {.72, .72, .74},
};

struct drawing {
    cairo_t *cairo;
    const struct map_picture *picture;
    struct map_box frame;
    double scale, x_middle, y_middle; /* of the map */
    double radius;
    struct map_labels *labels;
    enum status status;
    uint32_t n_labels;
};

static void use(cairo_t *cairo, struct colour colour)
{
    cairo_set_source_rgb(cairo, colour.r, colour.g, colour.b);
}

static void set_scale(struct drawing *d)
{
    const struct map_picture *picture = d->picture;
    double low[2] = {INFINITY, INFINITY}, high[2] = {-INFINITY, -INFINITY};
    for (uint32_t i = 0; i < picture->n; i++) {
        const double place[2] = {(double)picture->points[i].x, (double)picture->points[i].y};
        for (size_t c = 0; c < 2; c++) {
            low[c] = fmin(low[c], place[c]);
            high[c] = fmax(high[c], place[c]);
        }
    }
    d->x_middle = picture->n ? (low[0] + high[0]) / 2 : 0;
    d->y_middle = picture->n ? (low[1] + high[1]) / 2 : 0;
    const double room = 2 * d->radius + 4;
    const double across = (d->frame.right - d->frame.left - room) / fmax(high[0] - low[0], 1e-30),
                 down = (d->frame.bottom - d->frame.top - room) / fmax(high[1] - low[1], 1e-30);
    const double scale = fmin(across, down);
    d->scale = picture->n > 1 && isfinite(scale) && scale < 1e30 ? scale : 0;
}

static void place(const struct drawing *d, const struct map_point *point, double *x, double *y)
{
    *x = (d->frame.left + d->frame.right) / 2 + d->scale * ((double)point->x - d->x_middle);
    *y = (d->frame.top + d->frame.bottom) / 2 - d->scale * ((double)point->y - d->y_middle);
}

static void draw_dot(cairo_t *cairo, double x, double y, double radius, uint32_t category)
{
    assert(category <= MAP_COLOURS);
    use(cairo, colours[category]);
    cairo_arc(cairo, x, y, radius, 0, 2 * M_PI);
    cairo_fill(cairo);
}

/* The weightiest last, so that they lie on top. */
static void draw_dots(const struct drawing *d)
{
    for (uint32_t i = d->picture->n; i-- > 0;) {
        double x, y;
        place(d, &d->picture->points[i], &x, &y);
        draw_dot(d->cairo, x, y, d->radius, d->picture->points[i].category);
    }
}

/* The text's beginning, whole characters, with an ellipsis where it was cut. */
static void cut_label(const char *text, char out[LABEL_BYTES])
{
    static const char ellipsis[] = "…";
    size_t length = strnlen(text, LABEL_BYTES);
    if (length < LABEL_BYTES - sizeof ellipsis) {
        memcpy(out, text, length + 1);
        return;
    }
    length = LABEL_BYTES - sizeof ellipsis;
    while (length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80)
        length--;
    memcpy(out, text, length);
    memcpy(out + length, ellipsis, sizeof ellipsis);
}

/* Black on a white rim, to be read over dots. */
static void draw_label(cairo_t *cairo, const char *text, double x, double y)
{
    cairo_move_to(cairo, x, y);
    cairo_text_path(cairo, text);
    cairo_set_source_rgba(cairo, 1, 1, 1, .85);
    cairo_set_line_width(cairo, 3);
    cairo_stroke(cairo);
    use(cairo, ink);
    cairo_move_to(cairo, x, y);
    cairo_show_text(cairo, text);
}

/* Tries the sides of the dot in turn: right, left, above, below. */
static void try_label(struct drawing *d, const struct map_point *point)
{
    char text[LABEL_BYTES];
    double x, y;
    cairo_text_extents_t extents;
    cut_label(point->label, text);
    place(d, point, &x, &y);
    cairo_text_extents(d->cairo, text, &extents);
    const double width = extents.x_advance, gap = d->radius + 2, height = FONT_SIZE;
    const double sides[][2] = {{x + gap, y - height / 2},
                               {x - gap - width, y - height / 2},
                               {x - width / 2, y - gap - height},
                               {x - width / 2, y + gap}};
    for (size_t s = 0; s < sizeof sides / sizeof *sides && d->status == STATUS_OK; s++) {
        const double left = sides[s][0], top = sides[s][1];
        const struct map_box box = {left - 1, top - 1, left + width + 1, top + height + 2};
        bool taken = false;
        d->status = map_labels_take(d->labels, box, &taken);
        if (!taken)
            continue;
        draw_label(d->cairo, text, left, top + height - 2);
        draw_dot(d->cairo, x, y, d->radius + 0.6, point->category);
        d->n_labels++;
        return;
    }
}

static void draw_labels(struct drawing *d)
{
    d->status = map_labels_new(d->frame, &d->labels);
    for (uint32_t i = 0;
         i < d->picture->n && d->n_labels < d->picture->labels_max && d->status == STATUS_OK; i++) {
        const struct map_point *point = &d->picture->points[i];
        if (point->label && point->label[0])
            try_label(d, point);
    }
    map_labels_free(d->labels);
}

static void draw_legend(const struct drawing *d)
{
    const double left = WIDTH - MARGIN - LEGEND + 14;
    for (uint32_t c = 0; c < d->picture->n_categories; c++) {
        const double y = TOP + LEGEND_ROW * (c + 0.5);
        char text[LABEL_BYTES];
        cut_label(d->picture->categories[c], text);
        draw_dot(d->cairo, left, y, 5, c);
        use(d->cairo, ink);
        cairo_move_to(d->cairo, left + 12, y + FONT_SIZE / 3.0);
        cairo_show_text(d->cairo, text);
    }
}

static void draw_words(const struct drawing *d)
{
    cairo_t *cairo = d->cairo;
    use(cairo, ink);
    cairo_select_font_face(cairo, FONT, CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_BOLD);
    cairo_set_font_size(cairo, TITLE_SIZE);
    cairo_move_to(cairo, MARGIN, MARGIN + TITLE_SIZE);
    cairo_show_text(cairo, d->picture->title);
    cairo_select_font_face(cairo, FONT, CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_NORMAL);
    cairo_set_font_size(cairo, FONT_SIZE);
    cairo_move_to(cairo, MARGIN, MARGIN + TITLE_SIZE + 18);
    cairo_show_text(cairo, d->picture->note);
}

struct job {
    const struct map_picture *picture;
    uint32_t n_labels;
};

static enum status draw(void *context, cairo_t *cairo)
{
    struct job *job = context;
    const double legend = job->picture->n_categories ? LEGEND : 0;
    struct drawing d = {.cairo = cairo,
                        .picture = job->picture,
                        .frame = {MARGIN, TOP, WIDTH - MARGIN - legend, HEIGHT - MARGIN},
                        .radius = job->picture->n <= 1000 ? dot_few : dot_many};
    draw_words(&d);
    draw_legend(&d);
    set_scale(&d);
    draw_dots(&d);
    draw_labels(&d);
    job->n_labels = d.n_labels;
    return d.status;
}

enum status map_picture_write(const struct map_picture *picture, const char *path,
                              uint32_t *ret_labels, struct error *reterr)
{
    assert(picture->n_categories <= MAP_COLOURS);
    struct job job = {.picture = picture};
    const struct drawing_request request = {
        .width = WIDTH, .height = HEIGHT, .draw = draw, .context = &job};
    const enum status status = drawing_write(&request, path, reterr);
    if (status == STATUS_OK)
        *ret_labels = job.n_labels;
    return status;
}
