/* What these catch: a replacement that leaves rubbish or half a file, a removal that follows a link
 * out of its folder. */
#include "base/file.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/test.h"

static void paths_join_with_one_slash(void **state)
{
    (void)state;
    char out[PATH_BYTES_MAX];
    static char longest[PATH_BYTES_MAX];
    assert_int_equal(path_join(out, "a", "b"), STATUS_OK);
    assert_string_equal(out, "a/b");
    assert_int_equal(path_join(out, "a/", "b"), STATUS_OK);
    assert_string_equal(out, "a/b");
    assert_int_equal(path_join(out, "/", "b"), STATUS_OK);
    assert_string_equal(out, "/b");
    memset(longest, 'x', PATH_BYTES_MAX - 3);
    assert_int_equal(path_join(out, longest, "b"), STATUS_OK);
    assert_int_equal(path_join(out, longest, "bc"), STATUS_TOO_LARGE);
}

static void a_file_is_read_whole_up_to_its_limit(void **state)
{
    static char bytes[200000];
    const char *path = in_folder(*state, "f");
    memset(bytes, 'z', sizeof bytes);
    file_put(path, bytes, sizeof bytes);
    struct buffer read = {0};
    assert_int_equal(file_read(path, sizeof bytes, &read, NULL), STATUS_OK);
    assert_int_equal(read.size, sizeof bytes);
    assert_memory_equal(read.data, bytes, sizeof bytes);
    buffer_free(&read);
    struct error err = {0};
    assert_int_equal(file_read(path, sizeof bytes - 1, &read, &err), STATUS_TOO_LARGE);
    assert_null(read.data);
    assert_int_equal(file_read(in_folder(*state, "gone"), 1, &read, &err), STATUS_NOT_FOUND);
    assert_non_null(strstr(err.text, "gone"));
    assert_int_equal(file_read(*state, 1, &read, &err), STATUS_IO);
    file_put(path, "", 0);
    assert_int_equal(file_read(path, 0, &read, NULL), STATUS_OK);
    assert_int_equal(read.size, 0);
    buffer_free(&read);
}

static void a_replaced_file_is_the_new_one_and_alone(void **state)
{
    const char *path = in_folder(*state, "f");
    umask(022);
    assert_int_equal(file_replace(path, "old content", 11, 0600, NULL), STATUS_OK);
    assert_int_equal(file_replace(path, "new", 3, 0640, NULL), STATUS_OK);
    struct buffer read = file_bytes(path);
    assert_string_equal(read.data, "new");
    buffer_free(&read);
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0640);
    assert_int_not_equal(access(in_folder(*state, "f.tmp"), F_OK), 0);
}

static void a_replacement_that_fails_leaves_the_old_file(void **state)
{
    struct error err = {0};
    assert_int_equal(folder_make(in_folder(*state, "d"), NULL), STATUS_OK);
    file_put(in_folder(*state, "d/inside"), "x", 1);
    assert_int_equal(file_replace(in_folder(*state, "d"), "new", 3, 0600, &err), STATUS_IO);
    assert_int_not_equal(access(in_folder(*state, "d.tmp"), F_OK), 0);
    assert_int_equal(access(in_folder(*state, "d/inside"), F_OK), 0);
    assert_int_equal(file_replace(in_folder(*state, "gone/f"), "new", 3, 0600, &err),
                     STATUS_NOT_FOUND);
}

static void folders_are_made_with_their_parents(void **state)
{
    struct error err = {0};
    struct stat info;
    assert_int_equal(folder_make(in_folder(*state, "a//b/c/"), NULL), STATUS_OK);
    assert_int_equal(folder_make(in_folder(*state, "a/b/c"), NULL), STATUS_OK);
    assert_int_equal(stat(in_folder(*state, "a/b/c"), &info), 0);
    assert_true(S_ISDIR(info.st_mode));
    assert_int_equal(info.st_mode & 027, 0);
    assert_int_equal(folder_make("/", NULL), STATUS_OK);
    file_put(in_folder(*state, "f"), "", 0);
    assert_int_equal(folder_make(in_folder(*state, "f"), &err), STATUS_CONFLICT);
    assert_int_equal(folder_make(in_folder(*state, "f/g"), &err), STATUS_IO);
    assert_int_equal(folder_make("", &err), STATUS_OUT_OF_RANGE);
    assert_int_equal(folder_sync(in_folder(*state, "a"), NULL), STATUS_OK);
    assert_int_equal(folder_sync(in_folder(*state, "f"), NULL), STATUS_IO);
    assert_int_equal(folder_sync(in_folder(*state, "gone"), NULL), STATUS_NOT_FOUND);
}

static void a_removal_takes_all_inside_and_nothing_behind_a_link(void **state)
{
    assert_int_equal(folder_make(in_folder(*state, "keep"), NULL), STATUS_OK);
    file_put(in_folder(*state, "keep/f"), "x", 1);
    assert_int_equal(folder_make(in_folder(*state, "go/deep/deeper"), NULL), STATUS_OK);
    file_put(in_folder(*state, "go/deep/f"), "x", 1);
    assert_int_equal(symlink("../keep", in_folder(*state, "go/link")), 0);
    assert_int_equal(symlink("nowhere", in_folder(*state, "go/broken")), 0);
    assert_int_equal(folder_remove(in_folder(*state, "go"), NULL), STATUS_OK);
    assert_int_not_equal(access(in_folder(*state, "go"), F_OK), 0);
    assert_int_equal(access(in_folder(*state, "keep/f"), F_OK), 0);
    assert_int_equal(folder_remove(in_folder(*state, "go"), NULL), STATUS_OK);
    assert_int_equal(symlink("keep", in_folder(*state, "link")), 0);
    assert_int_equal(folder_remove(in_folder(*state, "link"), NULL), STATUS_OK);
    assert_int_equal(access(in_folder(*state, "keep/f"), F_OK), 0);
}

static void free_space_is_counted_in_bytes(void **state)
{
    uint64_t bytes = 0;
    assert_int_equal(folder_free_bytes(*state, &bytes), STATUS_OK);
    assert_true(bytes > 4096);
    assert_int_equal(folder_free_bytes(in_folder(*state, "gone"), &bytes), STATUS_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_join_with_one_slash),
        WITH_FOLDER(a_file_is_read_whole_up_to_its_limit),
        WITH_FOLDER(a_replaced_file_is_the_new_one_and_alone),
        WITH_FOLDER(a_replacement_that_fails_leaves_the_old_file),
        WITH_FOLDER(folders_are_made_with_their_parents),
        WITH_FOLDER(a_removal_takes_all_inside_and_nothing_behind_a_link),
        WITH_FOLDER(free_space_is_counted_in_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
