/* What these catch: a file that is seen half-written, and one left behind by a failure. */
#include "base/file_writer.h"

#include <string.h>
#include <unistd.h>

#include "support/test.h"

static void what_was_appended_is_the_file_however_large(void **state)
{
    enum { LINES = 100000 };
    const char *path = in_folder(*state, "large");
    struct file_writer writer = {0};
    assert_int_equal(file_writer_open(&writer, path, 0640, NULL), STATUS_OK);
    for (int i = 0; i < LINES; i++) {
        buffer_append_text(&writer.out, "0123456789\n");
        assert_int_equal(file_writer_flush(&writer, NULL), STATUS_OK);
        assert_true(writer.out.size < 1 << 20); /* it does not gather */
    }
    assert_int_equal(access(path, F_OK), -1); /* not yet there */
    assert_int_equal(file_writer_commit(&writer, NULL), STATUS_OK);
    file_writer_close(&writer);
    struct buffer bytes = file_bytes(path);
    assert_int_equal(bytes.size, LINES * 11);
    for (size_t i = 0; i < bytes.size; i++)
        assert_int_equal(bytes.data[i], "0123456789\n"[i % 11]);
    buffer_free(&bytes);
}

static void without_a_commit_the_old_file_stays_and_nothing_else(void **state)
{
    const char *path = in_folder(*state, "kept");
    file_put(path, "old", 3);
    struct file_writer writer = {0};
    assert_int_equal(file_writer_open(&writer, path, 0640, NULL), STATUS_OK);
    buffer_append_text(&writer.out, "new");
    assert_int_equal(access(in_folder(*state, "kept.tmp"), F_OK), 0);
    file_writer_close(&writer);
    assert_int_equal(access(in_folder(*state, "kept.tmp"), F_OK), -1);
    struct buffer bytes = file_bytes(path);
    assert_string_equal(bytes.data, "old");
    buffer_free(&bytes);
}

static void a_folder_that_is_not_there_is_said(void **state)
{
    struct file_writer writer = {0};
    struct error err = {0};
    assert_int_equal(file_writer_open(&writer, in_folder(*state, "none/x"), 0640, &err),
                     STATUS_NOT_FOUND);
    assert_non_null(strstr(err.text, "none/x"));
    file_writer_close(&writer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(what_was_appended_is_the_file_however_large),
        WITH_FOLDER(without_a_commit_the_old_file_stays_and_nothing_else),
        WITH_FOLDER(a_folder_that_is_not_there_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
