#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum status path_join(char out[PATH_BYTES_MAX], const char *folder, const char *name)
{
    const size_t used = strlen(folder);
    const char *slash = used && folder[used - 1] == '/' ? "" : "/";
    const int n = snprintf(out, PATH_BYTES_MAX, "%s%s%s", folder, slash, name);
    return n < 0 || n >= PATH_BYTES_MAX ? STATUS_TOO_LARGE : STATUS_OK;
}

static enum status read_all(int fd, const char *path, size_t limit, struct buffer *bytes,
                            struct error *reterr)
{
    for (;;) {
        char *room = buffer_reserve(bytes, 65536);
        if (!room)
            return error_set(reterr, STATUS_NO_MEMORY, "out of memory while reading %s", path);
        const ssize_t n = read(fd, room, 65536);
        if (n == 0)
            return STATUS_OK;
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_set_errno(reterr, errno, "cannot read %s", path);
        bytes->size += (size_t)n;
        bytes->data[bytes->size] = '\0';
        if (bytes->size > limit)
            return error_set(reterr, STATUS_TOO_LARGE, "%s is larger than %zu bytes", path, limit);
    }
}

enum status file_read(const char *path, size_t limit, struct buffer *ret_bytes,
                      struct error *reterr)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return error_set_errno(reterr, errno, "cannot open %s", path);
    const enum status status = read_all(fd, path, limit, ret_bytes, reterr);
    close(fd);
    if (status != STATUS_OK)
        buffer_free(ret_bytes);
    return status;
}

static enum status write_all(int fd, const char *path, const char *bytes, size_t length,
                             struct error *reterr)
{
    while (length) {
        const ssize_t n = write(fd, bytes, length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_set_errno(reterr, errno, "cannot write %s", path);
        bytes += n;
        length -= (size_t)n;
    }
    if (fsync(fd) != 0)
        return error_set_errno(reterr, errno, "cannot sync %s", path);
    return STATUS_OK;
}

static enum status sync_parent(const char *path, struct error *reterr)
{
    char parent[PATH_BYTES_MAX];
    snprintf(parent, sizeof parent, "%s", path);
    char *slash = strrchr(parent, '/');
    if (!slash)
        return folder_sync(".", reterr);
    slash[slash == parent] = '\0';
    return folder_sync(parent, reterr);
}

enum status file_replace(const char *path, const void *bytes, size_t length, unsigned mode,
                         struct error *reterr)
{
    char beside[PATH_BYTES_MAX];
    const int n = snprintf(beside, sizeof beside, "%s.tmp", path);
    if (n < 0 || n >= (int)sizeof beside)
        return error_set(reterr, STATUS_TOO_LARGE, "the path %.100s… is too long", path);
    const int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, (mode_t)mode);
    if (fd < 0)
        return error_set_errno(reterr, errno, "cannot create %s", beside);
    enum status status = write_all(fd, beside, bytes, length, reterr);
    if (close(fd) != 0 && status == STATUS_OK)
        status = error_set_errno(reterr, errno, "cannot close %s", beside);
    if (status == STATUS_OK && rename(beside, path) != 0)
        status = error_set_errno(reterr, errno, "cannot rename %s", beside);
    if (status != STATUS_OK) {
        unlink(beside);
        return status;
    }
    return sync_parent(path, reterr);
}

enum status folder_make(const char *path, struct error *reterr)
{
    char partial[PATH_BYTES_MAX];
    const int n = snprintf(partial, sizeof partial, "%s", path);
    if (n <= 0)
        return error_set(reterr, STATUS_OUT_OF_RANGE, "the path of a folder is empty");
    if (n >= (int)sizeof partial)
        return error_set(reterr, STATUS_TOO_LARGE, "the path %.100s… is too long", path);
    for (char *at = partial + 1;; at++) {
        const char end = *at;
        if (end != '/' && end != '\0')
            continue;
        *at = '\0';
        if (mkdir(partial, 0750) != 0 && errno != EEXIST)
            return error_set_errno(reterr, errno, "cannot make the folder %s", partial);
        if (end == '\0')
            break;
        *at = '/';
    }
    struct stat info;
    if (stat(path, &info) != 0)
        return error_set_errno(reterr, errno, "cannot look at %s", path);
    if (!S_ISDIR(info.st_mode))
        return error_set(reterr, STATUS_CONFLICT, "%s is a file, a folder is needed there", path);
    return STATUS_OK;
}

enum status folder_sync(const char *path, struct error *reterr)
{
    const int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return error_set_errno(reterr, errno, "cannot open the folder %s", path);
    const int failed = fsync(fd);
    const int reason = errno;
    close(fd);
    return failed ? error_set_errno(reterr, reason, "cannot sync the folder %s", path) : STATUS_OK;
}

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *walk)
{
    (void)info;
    (void)walk;
    const int failed = type == FTW_DP ? rmdir(path) : unlink(path);
    return failed && errno != ENOENT ? -1
                                     : 0; /* what somebody else removed meanwhile is gone too */
}

enum status folder_remove(const char *path, struct error *reterr)
{
    if (nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS) != 0 && errno != ENOENT)
        return error_set_errno(reterr, errno, "cannot remove %s", path);
    return STATUS_OK;
}

enum status folder_free_bytes(const char *path, uint64_t *ret_bytes)
{
    struct statvfs info;
    if (statvfs(path, &info) != 0)
        return STATUS_IO;
    *ret_bytes = (uint64_t)info.f_bavail * info.f_frsize;
    return STATUS_OK;
}
