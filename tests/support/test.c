#include "support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void temp_folder_make(char out[PATH_BYTES_MAX])
{
    const char *parent = getenv("TMPDIR");
    assert_int_equal(path_join(out, parent && *parent ? parent : "/tmp", "tastevin-test-XXXXXX"),
                     STATUS_OK);
    assert_non_null(mkdtemp(out));
}

void temp_folder_remove(const char *path)
{
    assert_int_equal(folder_remove(path, NULL), STATUS_OK);
}

int temp_folder_setup(void **state)
{
    char *path = malloc(PATH_BYTES_MAX);
    if (!path)
        return -1;
    temp_folder_make(path);
    *state = path;
    return 0;
}

int temp_folder_teardown(void **state)
{
    temp_folder_remove(*state);
    free(*state);
    return 0;
}

const char *in_folder(const char *folder, const char *name)
{
    static char paths[4][PATH_BYTES_MAX];
    static unsigned turn;
    char *path = paths[turn++ % 4];
    assert_int_equal(path_join(path, folder, name), STATUS_OK);
    return path;
}

struct buffer file_bytes(const char *path)
{
    struct buffer bytes = {0};
    struct error err = {0};
    if (file_read(path, 256 << 20, &bytes, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    return bytes;
}

void file_put(const char *path, const void *bytes, size_t length)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
}
