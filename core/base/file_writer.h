#pragma once
/* A large file written piece by piece: beside its place, synced, then renamed over it, so that a
 * reader sees the old file or the whole new one.
 *
 * Life cycle: file_writer_open; append to `out` and call file_writer_flush after each record;
 * file_writer_commit. file_writer_close at the end in any case; without a commit nothing is left.
 */
#include "base/buffer.h"
#include "base/file.h"
#include "base/status.h"

/* Zero-initialise. */
struct file_writer {
    struct buffer out; /* what is still to be written; append here */
    char path[PATH_BYTES_MAX], beside[PATH_BYTES_MAX];
    bool open;
    int fd;
};

/* TOO_LARGE for a path that is too long; otherwise as the file system says. mode as in open(2). */
enum status file_writer_open(struct file_writer *writer, const char *path, unsigned mode,
                             struct error *reterr);

/* Writes `out` to the file where it has grown large. NO_MEMORY when `out` has failed. */
enum status file_writer_flush(struct file_writer *writer, struct error *reterr);

/* The rest, fsync, and the rename. */
enum status file_writer_commit(struct file_writer *writer, struct error *reterr);

/* The same without fsync: for what may be lost, or found empty, after a power cut. */
enum status file_writer_commit_unsynced(struct file_writer *writer, struct error *reterr);

void file_writer_close(struct file_writer *writer);
