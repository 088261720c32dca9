/* What these catch: points that are drawn elsewhere than they lie, numbers that are none and break
 * the line's drawing, a machine without fonts. */
#include "draw/curves.h"

#include <cairo.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "draw/drawing.h"
#include "support/test.h"

struct source {
    const struct buffer *png;
    size_t at;
};

static cairo_status_t give(void *context, unsigned char *bytes, unsigned length)
{
    struct source *source = context;
    if (source->png->size - source->at < length)
        return CAIRO_STATUS_READ_ERROR;
    memcpy(bytes, source->png->data + source->at, length);
    source->at += length;
    return CAIRO_STATUS_SUCCESS;
}

static cairo_surface_t *drawn(const struct curve *curve, double end)
{
    struct buffer png = {0};
    const struct curves curves = {
        .title = "t", .x_axis = "x", .y_axis = "y", .end = end, .curves = curve, .n = 1};
    assert_int_equal(curves_png(&curves, &png), STATUS_OK);
    drawing_end();
    cairo_surface_t *image =
        cairo_image_surface_create_from_png_stream(give, &(struct source){&png, 0});
    assert_int_equal(cairo_surface_status(image), CAIRO_STATUS_SUCCESS);
    assert_int_equal(cairo_image_surface_get_width(image), CURVES_WIDTH);
    buffer_free(&png);
    return image;
}

/* The mean place of what is about the first curve's blue. */
static int blue(cairo_surface_t *image, double *ret_x, double *ret_y)
{
    const unsigned char *data = cairo_image_surface_get_data(image);
    const int stride = cairo_image_surface_get_stride(image);
    double x = 0, y = 0;
    int n = 0;
    for (int row = 0; row < CURVES_HEIGHT; row++)
        for (int column = 0; column < CURVES_WIDTH; column++) {
            uint32_t pixel;
            memcpy(&pixel, data + (ptrdiff_t)row * stride + (ptrdiff_t)column * 4, sizeof pixel);
            const int r = pixel >> 16 & 255, g = pixel >> 8 & 255, b = pixel & 255;
            if (abs(r - 56) > 12 || abs(g - 115) > 12 || abs(b - 176) > 12)
                continue;
            x += column;
            y += row;
            n++;
        }
    *ret_x = n ? x / n : 0;
    *ret_y = n ? y / n : 0;
    return n;
}

static void place_of(double x, double y, double end, double *ret_x, double *ret_y)
{
    const struct curve curve = {.x = &x, .y = &y, .n = 1, .marked = true};
    cairo_surface_t *image = drawn(&curve, end);
    assert_true(blue(image, ret_x, ret_y) > 10);
    cairo_surface_destroy(image);
}

static void a_point_lies_between_the_axes_where_its_numbers_say(void **state)
{
    (void)state;
    double x0, y0, x1, y1, x, y;
    place_of(0, 0, 2, &x0, &y0);
    place_of(2, 2, 2, &x1, &y1);
    place_of(0.5, 1.5, 2, &x, &y);
    assert_true(x1 - x0 > 250 && y0 - y1 > 250);
    assert_true(fabs(x - (x0 + 0.25 * (x1 - x0))) < 1.5);
    assert_true(fabs(y - (y0 + 0.75 * (y1 - y0))) < 1.5);
}

static void what_is_no_number_is_left_out(void **state)
{
    (void)state;
    const double x[] = {0, NAN, 1}, y[] = {0, 0.5, INFINITY};
    const struct curve curve = {.x = x, .y = y, .n = 3, .marked = true}, none = {.n = 0};
    double at_x, at_y;
    cairo_surface_t *image = drawn(&curve, 1);
    const int n = blue(image, &at_x, &at_y);
    assert_true(n > 10 && n < 80); /* one dot */
    cairo_surface_destroy(image);
    image = drawn(&none, 1);
    assert_int_equal(blue(image, &at_x, &at_y), 0);
    cairo_surface_destroy(image);
}

static void a_machine_without_fonts_draws_as_well(void **state)
{
    const char *path = in_folder(*state, "fonts.conf");
    static const char text[] = "<?xml version=\"1.0\"?><fontconfig></fontconfig>";
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    double x, y;
    assert_int_equal(setenv("FONTCONFIG_FILE", path, 1), 0);
    place_of(0.5, 0.5, 1, &x, &y);
    assert_int_equal(unsetenv("FONTCONFIG_FILE"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_point_lies_between_the_axes_where_its_numbers_say),
        cmocka_unit_test(what_is_no_number_is_left_out),
        WITH_FOLDER(a_machine_without_fonts_draws_as_well),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
