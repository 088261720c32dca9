#include "base/file_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { FLUSH_BYTES = 1 << 18 };

enum status file_writer_open(struct file_writer *writer, const char *path, unsigned mode,
                             struct error *reterr)
{
    const int n = snprintf(writer->beside, sizeof writer->beside, "%s.tmp", path);
    if (n < 0 || n >= (int)sizeof writer->beside)
        return error_set(reterr, STATUS_TOO_LARGE, "the path %.100s… is too long", path);
    snprintf(writer->path, sizeof writer->path, "%s", path);
    writer->fd = open(writer->beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, (mode_t)mode);
    if (writer->fd < 0)
        return error_set_errno(reterr, errno, "cannot create %s", writer->beside);
    writer->open = true;
    return STATUS_OK;
}

static enum status write_out(struct file_writer *writer, struct error *reterr)
{
    if (writer->out.failed)
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory while writing %s", writer->path);
    for (size_t done = 0; done < writer->out.size;) {
        const ssize_t n = write(writer->fd, writer->out.data + done, writer->out.size - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_set_errno(reterr, errno, "cannot write %s", writer->beside);
        done += (size_t)n;
    }
    buffer_clear(&writer->out);
    return STATUS_OK;
}

enum status file_writer_flush(struct file_writer *writer, struct error *reterr)
{
    const bool due = writer->out.failed || writer->out.size >= FLUSH_BYTES;
    return due ? write_out(writer, reterr) : STATUS_OK;
}

static enum status sync_folder(const struct file_writer *writer, struct error *reterr)
{
    char folder[PATH_BYTES_MAX];
    memcpy(folder, writer->path, sizeof folder);
    char *slash = strrchr(folder, '/');
    if (!slash)
        return folder_sync(".", reterr);
    slash[slash == folder] = '\0';
    return folder_sync(folder, reterr);
}

static enum status put_in_place(struct file_writer *writer, struct error *reterr)
{
    if (rename(writer->beside, writer->path) != 0)
        return error_set_errno(reterr, errno, "cannot rename %s", writer->beside);
    close(writer->fd);
    writer->open = false;
    return STATUS_OK;
}

enum status file_writer_commit(struct file_writer *writer, struct error *reterr)
{
    enum status status = write_out(writer, reterr);
    if (status != STATUS_OK)
        return status;
    if (fsync(writer->fd) != 0)
        return error_set_errno(reterr, errno, "cannot sync %s", writer->beside);
    status = put_in_place(writer, reterr);
    return status == STATUS_OK ? sync_folder(writer, reterr) : status;
}

enum status file_writer_commit_unsynced(struct file_writer *writer, struct error *reterr)
{
    const enum status status = write_out(writer, reterr);
    return status == STATUS_OK ? put_in_place(writer, reterr) : status;
}

void file_writer_close(struct file_writer *writer)
{
    if (writer->open) {
        close(writer->fd);
        unlink(writer->beside);
        writer->open = false;
    }
    buffer_free(&writer->out);
}
