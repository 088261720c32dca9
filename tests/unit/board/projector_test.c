/* What these catch: files that the projector reads as something else (a label with a tab in it, a
 * header taken for a row), and a run that TensorBoard finds before its vectors are there. */
#include "board/projector.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

#include "board/listing.h"
#include "support/test.h"

static const float vectors[] = {1, -2.5f, 99, 0, 0.125f, 99};
static const char *const titles[] = {"title", "genre"};
static const char *const cells[2][2] = {{"a\tb\nc\xff", "Drama"}, {"", "x"}};

static void give_cell(void *context, uint32_t row, uint32_t column, struct buffer *out)
{
    (void)context;
    buffer_append_text(out, cells[row][column]);
}

static struct projector example(uint32_t n_columns)
{
    return (struct projector){.name = "the items",
                              .n = 2,
                              .d = 2,
                              .width = 3,
                              .vectors = vectors,
                              .columns = titles,
                              .n_columns = n_columns,
                              .cell = give_cell};
}

static void expect_file(const char *folder, const char *name, const char *text)
{
    struct buffer bytes = file_bytes(in_folder(folder, name));
    assert_string_equal(bytes.data, text);
    buffer_free(&bytes);
}

static void the_files_are_rows_of_tabs_without_their_padding(void **state)
{
    struct board *board;
    assert_int_equal(board_open(*state, &board, NULL), STATUS_OK);
    const struct projector p = example(2);
    assert_int_equal(projector_write(board, "items-1", 1, &p, NULL), STATUS_OK);
    expect_file(*state, "items-1/tensors.tsv", "1\t-2.5\n0\t0.125\n");
    expect_file(*state, "items-1/metadata.tsv", "title\tgenre\na b c\xef\xbf\xbd\tDrama\n-\tx\n");
    struct buffer config = file_bytes(in_folder(*state, "items-1/projector_config.pbtxt"));
    assert_null(strstr(config.data, "the items")); /* a space would end an address */
    assert_non_null(strstr(config.data, "tensor_name: \"the_items"));
    buffer_free(&config);
    struct run_listing *listing; /* the run has an event file */
    assert_int_equal(run_listing_new(*state, "items-", &listing, NULL), STATUS_OK);
    assert_int_equal(run_listing_count(listing), 1);
    run_listing_free(listing);
    board_close(board);
}

static void numbers_of_unit_rows_have_four_decimals(void **state)
{
    static const float unit[] = {1, -0.00004f, 99, -0.99996f, 0.12345f, 99};
    struct board *board;
    assert_int_equal(board_open(*state, &board, NULL), STATUS_OK);
    struct projector p = example(1);
    p.vectors = unit;
    p.unit = true;
    assert_int_equal(projector_write(board, "unit", 1, &p, NULL), STATUS_OK);
    expect_file(*state, "unit/tensors.tsv", "1.0000\t0.0000\n-1.0000\t0.1235\n");
    board_close(board);
}

static void a_single_column_has_no_header(void **state)
{
    struct board *board;
    assert_int_equal(board_open(*state, &board, NULL), STATUS_OK);
    const struct projector p = example(1);
    assert_int_equal(projector_write(board, "one", 1, &p, NULL), STATUS_OK);
    expect_file(*state, "one/metadata.tsv", "a b c\xef\xbf\xbd\n-\n");
    board_close(board);
}

static void a_second_state_needs_a_run_of_its_own(void **state)
{
    struct board *board;
    struct error err = {0};
    assert_int_equal(board_open(*state, &board, NULL), STATUS_OK);
    const struct projector p = example(1);
    assert_int_equal(projector_write(board, "r", 1, &p, NULL), STATUS_OK);
    assert_int_equal(projector_write(board, "r", 2, &p, &err), STATUS_CONFLICT);
    board_close(board);
}

static void what_cannot_be_shown_is_refused_and_leaves_no_run(void **state)
{
    static const float broken[] = {1, NAN, INFINITY, 1, 1, 1};
    struct board *board;
    assert_int_equal(board_open(*state, &board, NULL), STATUS_OK);
    struct projector p = example(1);
    p.n = 0;
    assert_int_equal(projector_write(board, "r", 1, &p, NULL), STATUS_OUT_OF_RANGE);
    p.n = PROJECTOR_ROWS_MAX + 1;
    assert_int_equal(projector_write(board, "r", 1, &p, NULL), STATUS_TOO_LARGE);
    p = example(1);
    p.vectors = broken;
    struct error err = {0};
    assert_int_equal(projector_write(board, "r", 1, &p, &err), STATUS_OUT_OF_RANGE);
    assert_non_null(strstr(err.text, "number 2 of vector 1"));
    assert_int_equal(access(in_folder(*state, "r"), F_OK), -1);
    board_close(board);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(the_files_are_rows_of_tabs_without_their_padding),
        WITH_FOLDER(numbers_of_unit_rows_have_four_decimals),
        WITH_FOLDER(a_single_column_has_no_header),
        WITH_FOLDER(a_second_state_needs_a_run_of_its_own),
        WITH_FOLDER(what_cannot_be_shown_is_refused_and_leaves_no_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
