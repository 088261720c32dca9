#include "draw/drawing.h"

#include <cairo-svg.h>
#include <fontconfig/fontconfig.h>
#include <string.h>

#include "base/file.h"

const struct colour drawing_ink = {.13, .13, .15}, drawing_grid = {.86, .86, .88};

void drawing_use(cairo_t *cairo, struct colour colour)
{
    cairo_set_source_rgb(cairo, colour.r, colour.g, colour.b);
}

double drawing_text_width(cairo_t *cairo, const char *text)
{
    cairo_text_extents_t extents;
    cairo_text_extents(cairo, text, &extents);
    return extents.x_advance;
}

void drawing_font(cairo_t *cairo, double size, bool bold)
{
    cairo_select_font_face(cairo, "sans-serif", CAIRO_FONT_SLANT_NORMAL,
                           bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
    cairo_set_font_size(cairo, size);
}

void drawing_text(cairo_t *cairo, double x, double y, double before, const char *text)
{
    cairo_move_to(cairo, before > 0 ? x - before * drawing_text_width(cairo, text) : x, y);
    cairo_show_text(cairo, text);
}

static cairo_status_t take_bytes(void *context, const unsigned char *bytes, unsigned length)
{
    struct buffer *out = context;
    buffer_append(out, bytes, length);
    return out->failed ? CAIRO_STATUS_NO_MEMORY : CAIRO_STATUS_SUCCESS;
}

static enum status draw(const struct drawing_request *request, cairo_surface_t *surface)
{
    cairo_t *cairo = cairo_create(surface);
    cairo_set_source_rgb(cairo, 1, 1, 1);
    cairo_paint(cairo);
    enum status status = request->draw(request->context, cairo);
    if (cairo_status(cairo) != CAIRO_STATUS_SUCCESS)
        status = STATUS_NO_MEMORY;
    cairo_destroy(cairo);
    return status;
}

static enum status render_svg(const struct drawing_request *request, struct buffer *out)
{
    cairo_surface_t *surface =
        cairo_svg_surface_create_for_stream(take_bytes, out, request->width, request->height);
    enum status status = draw(request, surface);
    cairo_surface_finish(surface);
    if (cairo_surface_status(surface) != CAIRO_STATUS_SUCCESS)
        status = STATUS_NO_MEMORY;
    cairo_surface_destroy(surface);
    return status;
}

static enum status render_png(const struct drawing_request *request, struct buffer *out)
{
    cairo_surface_t *surface =
        cairo_image_surface_create(CAIRO_FORMAT_RGB24, request->width, request->height);
    enum status status = draw(request, surface);
    if (status == STATUS_OK &&
        cairo_surface_write_to_png_stream(surface, take_bytes, out) != CAIRO_STATUS_SUCCESS)
        status = STATUS_NO_MEMORY;
    cairo_surface_destroy(surface);
    return status;
}

static const struct {
    const char *ending;
    enum status (*render)(const struct drawing_request *request, struct buffer *out);
} formats[] = {{".svg", render_svg}, {".png", render_png}};

enum { N_FORMATS = sizeof formats / sizeof *formats };

static size_t format_of(const char *path)
{
    const char *dot = strrchr(path, '.');
    size_t i = 0;
    while (i < N_FORMATS && (!dot || strcmp(dot, formats[i].ending) != 0))
        i++;
    return i;
}

bool drawing_path_is_known(const char *path)
{
    return format_of(path) < N_FORMATS;
}

/* The fonts that cairo keeps for further drawings, and fontconfig's list of all there are. */
void drawing_end(void)
{
    cairo_debug_reset_static_data();
    FcFini();
}

enum status drawing_png(const struct drawing_request *request, struct buffer *out)
{
    const enum status status = render_png(request, out);
    return out->failed ? STATUS_NO_MEMORY : status;
}

enum status drawing_write(const struct drawing_request *request, const char *path,
                          struct error *reterr)
{
    const size_t format = format_of(path);
    if (format == N_FORMATS)
        return error_set(reterr, STATUS_OUT_OF_RANGE,
                         "%s: a picture is written as .svg or .png, by the ending of its name",
                         path);
    struct buffer bytes = {0};
    enum status status = formats[format].render(request, &bytes);
    drawing_end();
    if (status != STATUS_OK || bytes.failed)
        status = error_set(reterr, STATUS_NO_MEMORY, "no memory to draw %s", path);
    else
        status = file_replace(path, bytes.data, bytes.size, 0644, reterr);
    buffer_free(&bytes);
    return status;
}
