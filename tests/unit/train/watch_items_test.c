/* What these catch: a year that is none, more items than were asked for, runs without end, a round
 * without vectors that fails for its picture. */
#include "train/watch_items.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "board/listing.h"
#include "data/settings.h"
#include "support/test.h"
#include "train/watch_points.h"
#include "train_support.h"

static struct planted_store planted;
static struct settings settings;

static int setup(void **state)
{
    planted_store_make(&planted);
    plant(&planted, 0, 60, 50, 12, 1);
    assert_int_equal(settings_init(&settings), STATUS_OK);
    return temp_folder_setup(state);
}

static int teardown(void **state)
{
    settings_free(&settings);
    planted_store_free(&planted);
    return temp_folder_teardown(state);
}

static void set(const char *name, const char *value)
{
    assert_int_equal(settings_set(&settings, name, value, "--set", NULL), STATUS_OK);
}

static void train(uint32_t version, const char *model)
{
    set("models.retrievers", model);
    set("models.ials.dimensions", "4");
    set("models.ials.epochs", "2");
    planted_round(&planted, &settings, version);
}

static struct board *open_board(const char *logdir)
{
    struct board *board;
    assert_int_equal(board_open(logdir, &board, NULL), STATUS_OK);
    return board;
}

static size_t count_runs(const char *logdir)
{
    struct run_listing *listing;
    assert_int_equal(run_listing_new(logdir, WATCH_ITEMS_PREFIX, &listing, NULL), STATUS_OK);
    const size_t n = run_listing_count(listing);
    run_listing_free(listing);
    return n;
}

static size_t count_lines(const char *logdir, const char *name)
{
    struct buffer bytes = file_bytes(in_folder(in_folder(logdir, "items-000001"), name));
    size_t n = 0;
    for (size_t i = 0; i < bytes.size; i++)
        n += bytes.data[i] == '\n';
    buffer_free(&bytes);
    return n;
}

static void years_are_read_from_attributes_and_titles(void **state)
{
    (void)state;
    static const struct {
        const char *title, *attributes;
        int year;
    } cases[] = {
        {"Heat (1995)", NULL, 1995},
        {"Heat (1995) ", "{}", 1995},
        {"Heat (1995)", "{\"year\":1996}", 1996},
        {"Heat", "{\"year\":\"1987\"}", 1987},
        {"Heat (1995)", "{\"year\":\"last\"}", 1995},
        {"Heat (1995)", "{\"year\":12.5}", 1995},
        {"Heat (1995)", "no JSON \"year\"", 1995},
        {"Heat 1995", NULL, 0},
        {"(1995)", NULL, 1995},
        {"1995)", NULL, 0},
        {"Heat (95)", NULL, 0},
        {"Heat (0195)", NULL, 0},
        {"Heat (19x5)", NULL, 0},
        {"", NULL, 0},
        {NULL, NULL, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(watch_items_year(cases[i].title, cases[i].attributes), cases[i].year);
}

static void the_most_popular_items_are_shown_and_no_more(void **state)
{
    struct board *board = open_board(*state);
    train(1, "ials");
    assert_int_equal(watch_items(board, planted.snapshots, 1, 20, 1 << 20, NULL), STATUS_OK);
    assert_int_equal(count_lines(*state, "tensors.tsv"), 20);
    assert_int_equal(count_lines(*state, "metadata.tsv"), 21);
    struct error err = {0}; /* the same once more would go on showing the first */
    assert_int_equal(watch_items(board, planted.snapshots, 1, 20, 1 << 20, &err), STATUS_CONFLICT);
    board_close(board);
}

static void only_the_last_runs_are_kept(void **state)
{
    struct board *board = open_board(*state);
    for (uint32_t version = 1; version <= WATCH_POINTS_KEPT + 2; version++) {
        train(version, "ials");
        assert_int_equal(watch_items(board, planted.snapshots, version, 10, 1 << 20, NULL),
                         STATUS_OK);
    }
    assert_int_equal(count_runs(*state), WATCH_POINTS_KEPT);
    assert_int_equal(access(in_folder(*state, "items-000005"), F_OK), 0);
    board_close(board);
}

static void where_there_is_nothing_to_show_nothing_is_written(void **state)
{
    struct board *board = open_board(*state);
    train(1, "popular");
    assert_int_equal(watch_items(board, planted.snapshots, 1, 20, 1 << 20, NULL), STATUS_OK);
    assert_int_equal(watch_items(board, planted.snapshots, 7, 20, 1 << 20, NULL), STATUS_OK);
    train(2, "ials");
    assert_int_equal(watch_items(board, planted.snapshots, 2, 0, 1 << 20, NULL), STATUS_OK);
    assert_int_equal(watch_items(NULL, planted.snapshots, 2, 20, 1 << 20, NULL), STATUS_OK);
    assert_int_equal(count_runs(*state), 0);
    board_close(board);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(years_are_read_from_attributes_and_titles),
        cmocka_unit_test_setup_teardown(the_most_popular_items_are_shown_and_no_more, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(only_the_last_runs_are_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(where_there_is_nothing_to_show_nothing_is_written, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
