/* What these catch: no point, one point or all in one place that break the scale; more labels than
 * asked for; long and broken labels. */
#include "cli/map_picture.h"

#include <string.h>

#include "support/test.h"

static uint32_t draw(const struct map_point *points, uint32_t n, uint32_t labels, const char *path)
{
    static const char *const categories[] = {"Comedy", "<Drama>"};
    const struct map_picture picture = {.title = "t",
                                        .note = "",
                                        .points = points,
                                        .n = n,
                                        .categories = categories,
                                        .n_categories = 2,
                                        .labels_max = labels};
    uint32_t drawn = 0;
    assert_int_equal(map_picture_write(&picture, path, &drawn, NULL), STATUS_OK);
    struct buffer bytes = file_bytes(path);
    assert_true(bytes.size > 500);
    assert_null(memmem(bytes.data, bytes.size, "nan", 3));
    buffer_free(&bytes);
    return drawn;
}

static void none_one_and_many_in_one_place_are_drawn(void **state)
{
    const char *path = in_folder(*state, "map.svg");
    const struct map_point points[] = {{1, 1, "first", 0},
                                       {1, 1, "second", 1},
                                       {1, 1, NULL, MAP_CATEGORY_NONE},
                                       {1, 1,
                                        "a very long label that goes on and on and on "
                                        "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac"
                                        "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac",
                                        1}};
    assert_int_equal(draw(points, 0, 10, path), 0);
    assert_int_equal(draw(points, 1, 10, path), 1);
    assert_int_equal(draw(points, 2, 1, path), 1);
    assert_int_equal(draw(points, 4, 10, path), 2); /* to the right and to the left */
    assert_int_equal(draw(points, 4, 10, in_folder(*state, "map.png")), 2);
}

static void labels_that_find_no_room_are_left_out(void **state)
{
    enum { N = 400 };
    static struct map_point points[N];
    for (size_t i = 0; i < N; i++)
        points[i] = (struct map_point){(float)(i % 2), (float)(i / 2 % 2), "a label", 0};
    const uint32_t drawn = draw(points, N, N, in_folder(*state, "map.svg"));
    assert_true(drawn >= 4 && drawn <= 16); /* four places with four sides each */
}

/* With its neighbours apart by less than a dot, no more than the first few labels would find room.
 */
static void one_point_far_away_does_not_press_the_others_together(void **state)
{
    enum { N = 401 };
    static struct map_point points[N];
    for (size_t i = 0; i < N; i++)
        points[i] = (struct map_point){(float)(i % 20), (float)(i / 20), "x", 0};
    points[N - 1].x = 1e6F;
    assert_true(draw(points, N, N, in_folder(*state, "map.svg")) > 300);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(none_one_and_many_in_one_place_are_drawn),
        WITH_FOLDER(labels_that_find_no_room_are_left_out),
        WITH_FOLDER(one_point_far_away_does_not_press_the_others_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
