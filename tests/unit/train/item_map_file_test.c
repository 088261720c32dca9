/* What these catch: places that go with other items once they are in order, ties in any order, a
 * file that names an item or place that cannot be taken for good, a folder made for a snapshot that
 * is gone. */
#include "train/item_map_file.h"

#include <math.h>
#include <string.h>

#include "support/test.h"
#include "train/snapshot.h"

static uint32_t items[] = {1, 4, 6, 7};
static float places[] = {1, -1, 4, -4, 6, -6, 7, -7};
static const uint64_t weights[] = {0, 3, 0, 0, 9, 0, 3, 5};
static const struct item_map map = {
    .n = 4, .items = items, .places = places, .fit = {.perplexity = 2.5, .divergence = 0.125}};

static void write_map(const char *root, const struct item_map *made)
{
    char folder[PATH_BYTES_MAX];
    struct error err = {0};
    assert_int_equal(snapshot_path(folder, root, 3, NULL, NULL), STATUS_OK);
    assert_int_equal(folder_make(folder, NULL), STATUS_OK);
    assert_int_equal(item_map_file_write(root, 3, "ials", made, weights, &err), STATUS_OK);
}

static void places_go_with_their_items_the_weightiest_first(void **state)
{
    struct item_map_file file;
    const uint32_t expected[] = {4, 7, 1, 6};
    write_map(*state, &map);
    assert_int_equal(item_map_file_open(*state, 3, 8, &file, NULL), STATUS_OK);
    assert_int_equal(file.n, 4);
    assert_memory_equal(file.items, expected, sizeof expected);
    for (size_t i = 0; i < 4; i++) {
        assert_true(file.places[2 * i] == (float)expected[i]);
        assert_true(file.places[2 * i + 1] == -(float)expected[i]);
    }
    assert_string_equal(file.model, "ials");
    assert_true(file.perplexity == 2.5 && file.divergence == 0.125);
    item_map_file_close(&file);
    assert_null(file.sections);
}

static void a_map_of_none_is_one(void **state)
{
    struct item_map_file file;
    const struct item_map none = {.items = items, .places = places};
    write_map(*state, &none);
    assert_int_equal(item_map_file_open(*state, 3, 0, &file, NULL), STATUS_OK);
    assert_int_equal(file.n, 0);
    item_map_file_close(&file);
}

static void what_cannot_be_is_refused(void **state)
{
    struct item_map_file file = {.n = 77};
    struct error err = {0};
    assert_int_equal(item_map_file_open(*state, 3, 8, &file, &err), STATUS_NOT_FOUND);
    write_map(*state, &map);
    assert_int_equal(item_map_file_open(*state, 3, 7, &file, &err), STATUS_CORRUPT);
    assert_non_null(strstr(err.text, ITEM_MAP_FILE));
    assert_int_equal(item_map_file_open(*state, 3, 3, &file, &err), STATUS_CORRUPT);
    float bad[] = {1, -1, NAN, -4, 6, -6, 7, -7};
    const struct item_map lost = {.n = 4, .items = items, .places = bad};
    write_map(*state, &lost);
    assert_int_equal(item_map_file_open(*state, 3, 8, &file, &err), STATUS_CORRUPT);
    assert_int_equal(file.n, 77);
}

static void nothing_is_written_where_the_snapshot_is_gone(void **state)
{
    struct error err = {0};
    uint32_t versions[4];
    assert_int_equal(item_map_file_write(*state, 5, "ials", &map, weights, &err), STATUS_NOT_FOUND);
    assert_int_equal(snapshot_list(*state, versions, 4), 0);
}

static void each_touch_weighs_its_item(void **state)
{
    (void)state;
    const struct touch touches[] = {{.item = 2}, {.item = 0}, {.item = 2}, {.item = 9}};
    const uint64_t expected[] = {1, 0, 2};
    uint64_t found[3] = {7, 7, 7};
    item_map_weigh(touches, 4, 3, found);
    assert_memory_equal(found, expected, sizeof expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(places_go_with_their_items_the_weightiest_first),
        WITH_FOLDER(a_map_of_none_is_one),
        WITH_FOLDER(what_cannot_be_is_refused),
        WITH_FOLDER(nothing_is_written_where_the_snapshot_is_gone),
        cmocka_unit_test(each_touch_weighs_its_item),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
