#include "cli/map_picture.h"

#include <assert.h>
#include <cairo.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/map_labels.h"
#include "draw/drawing.h"

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
    LABEL_BYTES = 64,
    EDGE_SHARE = 200,
    /* where a word may stand beside its place */
    RINGS = 16,
    RING_PLACES = 16,
    RING_WIDTH = 4,
};

static const double words_across = 1.5;          /* a map of words is drawn up to so much wider */
static const double dot_few = 3, dot_many = 1.7; /* radius; 1,000 points are few */

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
    double scale, x_scale, x_middle, y_middle; /* of the map; the first of y */
    double radius;
    struct map_labels *labels;
    enum status status;
    uint32_t n_labels;
};

static int by_value(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* Of one coordinate: from where to where the frame shows. A few points far away from all others
 * would leave little room for these: at most one in EDGE_SHARE is cut off at each side, and only
 * where that makes the picture a fifth larger. */
static void find_span(const struct map_picture *picture, bool of_y, float *sorted, double *ret_low,
                      double *ret_high)
{
    const uint32_t n = picture->n, cut = n / EDGE_SHARE;
    for (uint32_t i = 0; i < n; i++)
        sorted[i] = of_y ? picture->points[i].y : picture->points[i].x;
    qsort(sorted, n, sizeof *sorted, by_value);
    const double low = (double)sorted[0], high = (double)sorted[n - 1],
                 inner_low = (double)sorted[cut], inner_high = (double)sorted[n - 1 - cut],
                 margin = (inner_high - inner_low) / 20;
    const bool is_cut = (inner_high - inner_low + 2 * margin) * 1.2 < high - low;
    *ret_low = is_cut ? fmax(low, inner_low - margin) : low;
    *ret_high = is_cut ? fmin(high, inner_high + margin) : high;
}

static enum status set_scale(struct drawing *d)
{
    double low[2] = {0}, high[2] = {0};
    const uint32_t n = d->picture->n;
    float *sorted = malloc((n + 1) * sizeof *sorted);
    if (!sorted)
        return STATUS_NO_MEMORY;
    for (int c = 0; c < 2 && n > 0; c++)
        find_span(d->picture, c == 1, sorted, &low[c], &high[c]);
    free(sorted);
    d->x_middle = (low[0] + high[0]) / 2;
    d->y_middle = (low[1] + high[1]) / 2;
    const double room = 2 * d->radius + 4;
    const double across = (d->frame.right - d->frame.left - room) / fmax(high[0] - low[0], 1e-30),
                 down = (d->frame.bottom - d->frame.top - room) / fmax(high[1] - low[1], 1e-30);
    const double scale = fmin(across, down);
    d->scale = n > 1 && scale < 1e25 ? scale : 0;
    d->x_scale = d->picture->words ? fmin(across, d->scale * words_across) : d->scale;
    return STATUS_OK;
}

static double within(double value, double low, double high)
{
    return fmin(fmax(value, low), high);
}

/* What lies beyond the frame stands at its edge. */
static void place(const struct drawing *d, const struct map_point *point, double *x, double *y)
{
    const struct map_box *frame = &d->frame;
    const double edge = d->radius + 1;
    *x = within((frame->left + frame->right) / 2 + d->x_scale * ((double)point->x - d->x_middle),
                frame->left + edge, frame->right - edge);
    *y = within((frame->top + frame->bottom) / 2 - d->scale * ((double)point->y - d->y_middle),
                frame->top + edge, frame->bottom - edge);
}

static void draw_dot(cairo_t *cairo, double x, double y, double radius, uint32_t category)
{
    assert(category <= MAP_COLOURS);
    drawing_use(cairo, colours[category]);
    cairo_arc(cairo, x, y, radius, 0, 2 * M_PI);
    cairo_fill(cairo);
}

/* The weightiest last, so that they lie on top. */
static void draw_dots(const struct drawing *d)
{
    if (d->picture->words)
        return;
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
    drawing_use(cairo, ink);
    drawing_text(cairo, x, y, 0, text);
}

/* Whether the label stands: its box begins there, the text within it. */
static bool take(struct drawing *d, const char *text, double left, double top, double width)
{
    const double height = FONT_SIZE;
    const struct map_box box = {left - 1, top - 1, left + width + 1, top + height + 2};
    bool taken = false;
    d->status = map_labels_take(d->labels, box, &taken);
    if (!taken)
        return false;
    draw_label(d->cairo, text, left, top + height - 2);
    d->n_labels++;
    return true;
}

/* On the place itself, or on the nearest of the rings around it where there is room. Without any a
 * small dot is left. */
static void try_word(struct drawing *d, const struct map_point *point, bool wanted)
{
    char text[LABEL_BYTES];
    double x, y;
    cairo_text_extents_t extents;
    cut_label(point->label ? point->label : "", text);
    place(d, point, &x, &y);
    cairo_text_extents(d->cairo, text, &extents);
    const double left = x - extents.x_advance / 2, top = y - FONT_SIZE / 2.0;
    for (int i = 0; wanted && i <= RINGS * RING_PLACES && d->status == STATUS_OK; i++) {
        const double radius = RING_WIDTH * ((i + RING_PLACES - 1) / RING_PLACES),
                     angle = 2 * M_PI * i / RING_PLACES;
        if (take(d, text, left + radius * cos(angle), top + radius * sin(angle), extents.x_advance))
            return;
    }
    draw_dot(d->cairo, x, y, 1, point->category);
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
        if (!take(d, text, sides[s][0], sides[s][1], width))
            continue;
        draw_dot(d->cairo, x, y, d->radius + 0.6, point->category);
        return;
    }
}

static void draw_labels(struct drawing *d)
{
    d->status = map_labels_new(d->frame, &d->labels);
    for (uint32_t i = 0; i < d->picture->n && d->status == STATUS_OK; i++) {
        const struct map_point *point = &d->picture->points[i];
        const bool wanted = d->n_labels < d->picture->labels_max;
        if (d->picture->words)
            try_word(d, point, wanted);
        else if (wanted && point->label && point->label[0])
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
        drawing_use(d->cairo, ink);
        drawing_text(d->cairo, left + 12, y + FONT_SIZE / 3.0, 0, text);
    }
}

static void draw_words(const struct drawing *d)
{
    cairo_t *cairo = d->cairo;
    drawing_use(cairo, ink);
    drawing_font(cairo, TITLE_SIZE, true);
    drawing_text(cairo, MARGIN, MARGIN + TITLE_SIZE, 0, d->picture->title);
    drawing_font(cairo, FONT_SIZE, false);
    drawing_text(cairo, MARGIN, MARGIN + TITLE_SIZE + 18, 0, d->picture->note);
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
    d.status = set_scale(&d);
    if (d.status != STATUS_OK)
        return d.status;
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
