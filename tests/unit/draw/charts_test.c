/* What these catch: bars that are not as long as their values, negative bars on the wrong side,
 * names that run out of the drawing or cut a character, endings that are guessed, scales that fail
 * on nothing or on one value. */
#include <cairo.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "draw/charts.h"
#include "draw/drawing.h"
#include "support/test.h"

/* Pixels of about the plain bars' blue in a row of pixels; the first and last of them. */
struct stretch {
    int count, first, last;
};

static bool is_blue(uint32_t pixel)
{
    const int r = pixel >> 16 & 255, g = pixel >> 8 & 255, b = pixel & 255;
    return abs(r - 56) < 6 && abs(g - 115) < 6 && abs(b - 176) < 6;
}

static struct stretch blue_in(cairo_surface_t *image, int y)
{
    const int stride = cairo_image_surface_get_stride(image);
    const unsigned char *row = cairo_image_surface_get_data(image) + (ptrdiff_t)y * stride;
    struct stretch stretch = {.first = -1, .last = -1};
    for (int x = 0; x < cairo_image_surface_get_width(image); x++) {
        uint32_t pixel;
        memcpy(&pixel, row + (ptrdiff_t)x * 4, sizeof pixel);
        if (!is_blue(pixel))
            continue;
        stretch.first = stretch.first < 0 ? x : stretch.first;
        stretch.last = x;
        stretch.count++;
    }
    return stretch;
}

static cairo_surface_t *drawn(const struct chart_bar *bars, size_t n)
{
    char folder[PATH_BYTES_MAX], path[PATH_BYTES_MAX];
    temp_folder_make(folder);
    assert_int_equal(path_join(path, folder, "chart.png"), STATUS_OK);
    const struct chart chart = {.title = "title", .axis = "axis", .bars = bars, .n_bars = n};
    struct error err = {0};
    assert_int_equal(chart_write(&chart, path, &err), STATUS_OK);
    cairo_surface_t *image = cairo_image_surface_create_from_png(path);
    assert_int_equal(cairo_surface_status(image), CAIRO_STATUS_SUCCESS);
    temp_folder_remove(folder);
    return image;
}

enum { FIRST_ROW = 52 + 3 + 3, ROW_HEIGHT = 22 }; /* within a bar, above its interval */

static void bars_are_as_long_as_their_values(void **state)
{
    (void)state;
    const struct chart_bar bars[] = {{.name = "four", .value = 4},
                                     {.name = "two", .value = 2, .low = 1, .high = 3},
                                     {.name = "minus one", .value = -1},
                                     {.name = "hidden", .value = 3, .faint = true},
                                     {.name = "none", .value = 0}};
    cairo_surface_t *image = drawn(bars, 5);
    const struct stretch four = blue_in(image, FIRST_ROW),
                         two = blue_in(image, FIRST_ROW + ROW_HEIGHT),
                         minus = blue_in(image, FIRST_ROW + 2 * ROW_HEIGHT);
    assert_true(four.count > 100);
    assert_true(abs(four.count - 2 * two.count) <= 6);
    assert_true(abs(four.count - 4 * minus.count) <= 12);
    assert_true(minus.last <= four.first);
    assert_int_equal(blue_in(image, FIRST_ROW + 3 * ROW_HEIGHT).count, 0);
    assert_int_equal(blue_in(image, FIRST_ROW + 4 * ROW_HEIGHT).count, 0);
    cairo_surface_destroy(image);
}

static void nothing_and_huge_and_tiny_values_have_a_scale(void **state)
{
    (void)state;
    const struct chart_bar none = {.name = "", .value = 0}, huge = {.name = "h", .value = 1e300},
                           tiny = {.name = "t", .value = 1e-12};
    cairo_surface_destroy(drawn(&none, 1));
    cairo_surface_destroy(drawn(&none, 0));
    cairo_surface_t *image = drawn(&huge, 1);
    assert_true(blue_in(image, FIRST_ROW).count > 100);
    cairo_surface_destroy(image);
    image = drawn(&tiny, 1);
    assert_true(blue_in(image, FIRST_ROW).count > 100);
    cairo_surface_destroy(image);
}

static void a_long_name_leaves_room_for_its_bar(void **state)
{
    (void)state;
    char name[1200];
    for (size_t i = 0; i < 399; i++)
        memcpy(name + 3 * i, "\xe2\x82\xac", 3); /* euro signs: a cut must not split one */
    name[3 * 399] = '\0';
    const struct chart_bar bar = {.name = name, .value = 1};
    cairo_surface_t *image = drawn(&bar, 1);
    assert_true(blue_in(image, FIRST_ROW).count > 300);
    cairo_surface_destroy(image);
}

static void an_svg_is_whole_and_other_endings_are_refused(void **state)
{
    const struct chart_bar bar = {.name = "<&\">", .value = 1};
    const struct chart chart = {.title = "</svg>", .axis = "", .bars = &bar, .n_bars = 1};
    struct error err = {0};
    assert_int_equal(chart_write(&chart, "/tmp/chart.jpg", &err), STATUS_OUT_OF_RANGE);
    assert_non_null(strstr(err.text, ".svg"));
    assert_false(drawing_path_is_known("chart"));
    assert_true(drawing_path_is_known("a.b/chart.svg"));
    const char *path = in_folder(*state, "chart.svg");
    assert_int_equal(chart_write(&chart, path, &err), STATUS_OK);
    struct buffer bytes = file_bytes(path);
    assert_non_null(strstr(bytes.data, "<svg"));
    const char *end = strstr(bytes.data, "</svg>");
    assert_non_null(end);
    assert_true(strspn(end + 6, "\n") == strlen(end + 6)); /* one, at the end */
    buffer_free(&bytes);
}

static void a_folder_that_is_not_there_is_an_error(void **state)
{
    (void)state;
    const struct chart chart = {.title = "", .axis = ""};
    struct error err = {0};
    assert_int_equal(chart_write(&chart, "/nonexistent/chart.png", &err), STATUS_NOT_FOUND);
    assert_non_null(strstr(err.text, "/nonexistent/chart.png"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bars_are_as_long_as_their_values),
        cmocka_unit_test(nothing_and_huge_and_tiny_values_have_a_scale),
        cmocka_unit_test(a_long_name_leaves_room_for_its_bar),
        WITH_FOLDER(an_svg_is_whole_and_other_endings_are_refused),
        cmocka_unit_test(a_folder_that_is_not_there_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
