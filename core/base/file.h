#pragma once
/* Files and folders, with the crash in mind: what is replaced is written beside, synced, renamed.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/status.h"

enum { PATH_BYTES_MAX = 4096 };

/* Joins with one slash into out[PATH_BYTES_MAX]; TOO_LARGE when it does not fit. */
enum status path_join(char out[PATH_BYTES_MAX], const char *folder, const char *name);

/* The whole file; TOO_LARGE past `limit` bytes. The buffer is the caller's, empty before. */
enum status file_read(const char *path, size_t limit, struct buffer *ret_bytes,
                      struct error *reterr);

/* Writes `<path>.tmp`, fsyncs, renames over path and fsyncs the folder: after a crash there is the
 * old file or the new one. mode as in open(2), before the umask. */
enum status file_replace(const char *path, const void *bytes, size_t length, unsigned mode,
                         struct error *reterr);

/* Makes the folder and its parents (mode 0750 before the umask); fine when it is there. */
enum status folder_make(const char *path, struct error *reterr);

/* fsync of a folder, so that a rename in it survives a power cut. */
enum status folder_sync(const char *path, struct error *reterr);

/* Removes a folder and all in it; fine when it is not there. Never follows symbolic links. */
enum status folder_remove(const char *path, struct error *reterr);

/* Bytes free for this process on the file system of `path`. */
enum status folder_free_bytes(const char *path, uint64_t *ret_bytes);
