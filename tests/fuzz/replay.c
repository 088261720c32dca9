/* Feeds files, or all files of folders, to a fuzz target: `replay PATH…`. A folder that is not
 * there holds none, as where nothing was ever found. Without any file at all it fails. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "fuzz.h"

enum { INPUT_BYTES_MAX = 64 << 20 };

static int replay_file(const char *path)
{
    struct buffer bytes = {0};
    struct error err = {0};
    if (file_read(path, INPUT_BYTES_MAX, &bytes, &err) != STATUS_OK) {
        fprintf(stderr, "%s\n", err.text);
        return -1;
    }
    fprintf(stderr, "%s\n", path); /* before: a crash is then named */
    LLVMFuzzerTestOneInput((const uint8_t *)bytes.data, bytes.size);
    buffer_free(&bytes);
    return 1;
}

static int replay_folder(const char *path)
{
    DIR *folder = opendir(path);
    if (!folder)
        return errno == ENOENT ? 0 : -1;
    int n = 0;
    struct dirent *entry;
    while (n >= 0 && (entry = readdir(folder))) {
        char file[PATH_BYTES_MAX];
        if (entry->d_name[0] == '.')
            continue;
        const int done = path_join(file, path, entry->d_name) == STATUS_OK ? replay_file(file) : -1;
        n = done < 0 ? -1 : n + done;
    }
    closedir(folder);
    return n;
}

int main(int argc, char **argv)
{
    int n = 0;
    for (int i = 1; i < argc; i++) {
        struct stat info;
        const bool is_file = stat(argv[i], &info) == 0 && S_ISREG(info.st_mode);
        const int done = is_file ? replay_file(argv[i]) : replay_folder(argv[i]);
        if (done < 0)
            return 1;
        n += done;
    }
    fprintf(stderr, "%d inputs\n", n);
    return n > 0 ? 0 : 1;
}
