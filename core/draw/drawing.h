#pragma once
/* Pictures drawn by cairo: files, SVG or PNG by the path's ending, and PNGs in memory.
 *
 * Without any font installed letters come from cairo's own. Threads: one drawing of a process at a
 * time, because what cairo and fontconfig keep is given back.
 */
#include <stdbool.h>

#include <cairo.h>

#include "base/buffer.h"
#include "base/status.h"

struct colour {
    double r, g, b;
};
/* Of letters and axes, and of the lines behind a chart. */
extern const struct colour drawing_ink, drawing_grid;

void drawing_use(cairo_t *cairo, struct colour colour);

/* The font of all drawings from here on. */
void drawing_font(cairo_t *cairo, double size, bool bold);

/* How far the text reaches, in the font at hand. */
double drawing_text_width(cairo_t *cairo, const char *text);

/* Text on the line y, in the font and the colour at hand. `before`: the share of its width that
 * stands left of x: 0 where it begins there, 0.5 where x is its middle, 1 where it ends there. */
void drawing_text(cairo_t *cairo, double x, double y, double before, const char *text);

struct drawing_request {
    int width, height; /* in points of the drawing, which are pixels of a PNG */
    /* Draws on white. What it returns other than OK ends it, and no file is written. */
    enum status (*draw)(void *context, cairo_t *cairo);
    void *context;
};

/* True for paths that end in .svg or .png. */
bool drawing_path_is_known(const char *path);

/* Appends a PNG. NO_MEMORY. Fonts that were read stay for the next: call drawing_end after the
 * last. */
enum status drawing_png(const struct drawing_request *request, struct buffer *out);
void drawing_end(void);

/* Writes beside and renames: there is a whole file or none. OUT_OF_RANGE for another ending;
 * NO_MEMORY; as the file system says. */
enum status drawing_write(const struct drawing_request *request, const char *path,
                          struct error *reterr);
