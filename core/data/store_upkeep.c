#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "data/store_internal.h"

/* A checkpoint that must wait for readers gives up soon: the writer has other things to do. */
enum { CHECKPOINT_TIMEOUT_MS = 100 };

/* ---- backup ---- */

/* VACUUM INTO leaves its file to the system's caches. */
static enum status sync_file(const char *path, struct error *reterr)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return error_set_errno(reterr, errno, "cannot open %s", path);
    const int failed = fsync(fd);
    const int reason = errno;
    close(fd);
    return failed ? error_set_errno(reterr, reason, "cannot sync %s", path) : STATUS_OK;
}

static enum status sync_folder_of(const char *path, struct error *reterr)
{
    char folder[PATH_BYTES_MAX];
    snprintf(folder, sizeof folder, "%s", path);
    char *slash = strrchr(folder, '/');
    if (!slash)
        return folder_sync(".", reterr);
    slash[slash == folder] = '\0';
    return folder_sync(folder, reterr);
}

enum status store_backup(struct store *store, const char *path, struct error *reterr)
{
    assert(!store->in_transaction);
    struct stat info;
    if (strlen(path) >= PATH_BYTES_MAX)
        return error_set(reterr, STATUS_TOO_LARGE, "the path %.100s… is too long", path);
    if (lstat(path, &info) == 0)
        return error_set(reterr, STATUS_CONFLICT, "%s is there already; choose another name", path);
    sqlite3_stmt *s = sql_get(store, SQL_BACKUP);
    sql_bind_text(s, ":path", path);
    enum status status = sql_run(store, s, reterr);
    if (status == STATUS_OK)
        status = sync_file(path, reterr);
    if (status == STATUS_OK)
        return sync_folder_of(path, reterr);
    unlink(path);
    if (reterr)
        error_prefix(reterr, "backup to %s: ", path);
    return status;
}

/* ---- write-ahead log ---- */

static uint64_t wal_bytes(const struct store *store)
{
    char path[PATH_BYTES_MAX];
    struct stat info;
    snprintf(path, sizeof path, "%s-wal", store->path);
    return stat(path, &info) == 0 ? (uint64_t)info.st_size : 0;
}

enum status store_checkpoint(struct store *store, bool truncate, uint64_t *ret_wal_bytes,
                             struct error *reterr)
{
    assert(!store->in_transaction);
    sqlite3_busy_timeout(store->db, CHECKPOINT_TIMEOUT_MS);
    const int code = sqlite3_wal_checkpoint_v2(
        store->db, NULL, truncate ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE, NULL,
        NULL);
    enum status status = STATUS_OK;
    if (code != SQLITE_OK && (code & 0xff) != SQLITE_BUSY)
        status = sql_error(store->db, "cannot move the log into the store", reterr);
    sqlite3_busy_timeout(store->db, BUSY_TIMEOUT_MS);
    if (status == STATUS_OK)
        *ret_wal_bytes = wal_bytes(store);
    return status;
}

uint64_t store_log_bytes(const struct store *store)
{
    return store->log_bytes;
}

/* ---- verification ---- */

static enum status quick_check(struct store *store, struct error *reterr)
{
    sqlite3_stmt *s = sql_get(store, SQL_QUICK_CHECK);
    bool row;
    enum status status = sql_step_text(store, s, &row, reterr);
    if (status != STATUS_OK)
        return status;
    const char *text = row ? sql_text(s, 0) : NULL;
    if (!text || strcmp(text, "ok") != 0)
        status = error_set(reterr, STATUS_CORRUPT, "%s is damaged: %s; restore a backup of it",
                           store->path, text ? text : "no answer");
    sqlite3_reset(s);
    return status;
}

static enum status check_invariants(struct store *store, struct error *reterr)
{
    sqlite3_stmt *s = sql_get(store, SQL_VERIFY);
    bool row;
    enum status status;
    while ((status = sql_step_text(store, s, &row, reterr)) == STATUS_OK && row) {
        const int64_t n = sqlite3_column_int64(s, 1);
        if (n == 0)
            continue;
        status = error_set(reterr, STATUS_CORRUPT,
                           "%s contradicts itself: %s (%lld); restore a backup of it", store->path,
                           sql_text(s, 0), (long long)n);
        break;
    }
    sqlite3_reset(s);
    return status;
}

enum status store_verify(struct store *store, struct error *reterr)
{
    enum status status = store_begin_read(store, reterr);
    if (status != STATUS_OK)
        return status;
    status = quick_check(store, reterr);
    if (status == STATUS_OK)
        status = check_invariants(store, reterr);
    store_end_read(store);
    return status;
}
