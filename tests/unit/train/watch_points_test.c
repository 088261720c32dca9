/* What these catch: a choice that depends on the order of its rows, rows beyond what the projector
 * takes, old runs that stay. */
#include "train/watch_points.h"

#include <stdio.h>
#include <unistd.h>

#include "board/listing.h"
#include "support/test.h"

static void those_with_the_most_touches_come_first(void **state)
{
    (void)state;
    struct watch_choice choices[] = {{1, 0}, {5, 1}, {0, 2}, {5, 3}, {2, 4}};
    assert_int_equal(watch_choose(choices, 5, 3, 8), 3);
    assert_int_equal(choices[0].number, 1);
    assert_int_equal(choices[1].number, 3);
    assert_int_equal(choices[2].number, 4);
    assert_int_equal(watch_choose(choices, 5, 100, 8), 4); /* one has none */
    assert_int_equal(watch_choose(choices, 5, 0, 8), 0);
    assert_int_equal(watch_choose(choices, 0, 3, 8), 0);
}

static void long_rows_leave_room_for_fewer(void **state)
{
    (void)state;
    struct watch_choice choices[] = {{1, 0}, {5, 1}, {3, 2}};
    assert_int_equal(watch_choose(choices, 3, 3, WATCH_POINTS_BYTES_MAX / 16), 2);
    assert_int_equal(watch_choose(choices, 3, 3, WATCH_POINTS_BYTES_MAX), 0);
}

static void give_cell(void *context, uint32_t row, uint32_t column, struct buffer *out)
{
    (void)context;
    buffer_printf(out, "%u %u", row, column);
}

static size_t count_runs(const char *logdir, const char *prefix)
{
    struct run_listing *listing;
    assert_int_equal(run_listing_new(logdir, prefix, &listing, NULL), STATUS_OK);
    const size_t n = run_listing_count(listing);
    run_listing_free(listing);
    return n;
}

static void runs_of_a_kind_are_kept_for_some_rounds(void **state)
{
    static const float rows[] = {1, 0, 0.6f, -0.8f};
    static const char *const columns[] = {"name"};
    struct board *board;
    struct projector points = {.name = "ials",
                               .n = 2,
                               .d = 2,
                               .width = 2,
                               .vectors = rows,
                               .columns = columns,
                               .n_columns = 1,
                               .cell = give_cell};
    assert_int_equal(board_open(*state, &board, NULL), STATUS_OK);
    for (uint32_t version = 1; version <= WATCH_POINTS_KEPT + 2; version++)
        assert_int_equal(watch_points_write(board, "a-", version, &points, NULL), STATUS_OK);
    assert_int_equal(watch_points_write(board, "b-", 1, &points, NULL), STATUS_OK);
    points.n = 0;
    assert_int_equal(watch_points_write(board, "a-", 9, &points, NULL), STATUS_OK);
    watch_points_prune(board, "a-", 1 << 20);
    assert_int_equal(count_runs(*state, "a-"), WATCH_POINTS_KEPT);
    assert_int_equal(count_runs(*state, "b-"), 1);
    assert_int_equal(access(in_folder(*state, "a-000005"), F_OK), 0);
    struct buffer tensors = file_bytes(in_folder(*state, "a-000005/tensors.tsv"));
    assert_string_equal(tensors.data, "1.0000\t0.0000\n0.6000\t-0.8000\n");
    buffer_free(&tensors);
    watch_points_prune(board, "a-", 1);
    assert_int_equal(count_runs(*state, "a-"), 1); /* the newest stays */
    board_close(board);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(those_with_the_most_touches_come_first),
        cmocka_unit_test(long_rows_leave_room_for_fewer),
        WITH_FOLDER(runs_of_a_kind_are_kept_for_some_rounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
