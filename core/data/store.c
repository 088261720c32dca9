#include "data/store.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "data/migrate.h"
#include "data/store_internal.h"

/* What every connection is told.
 * - secure_delete: what was erased is overwritten, not only unlinked.
 * - cache_size (KiB, negative): the writer touches pages all over the indexes with every array of
 *   events and keeps the upper levels and the busy leaves; readers walk in order.
 * - mmap_size 0: under a mapping, a failing disk is a SIGBUS for the whole daemon, not an error.
 * - journal_size_limit: after a checkpoint the WAL file shrinks back to this. */
static const char pragmas_common[] = "PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON;"
                                     "PRAGMA temp_store = MEMORY; PRAGMA mmap_size = 0;"
                                     "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;";
static const char pragmas_read[] = "PRAGMA cache_size = -8192; PRAGMA query_only = ON;";
static const char pragmas_write[] = "PRAGMA cache_size = -65536; PRAGMA journal_mode = WAL;"
                                    "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0;"
                                    "PRAGMA journal_size_limit = 67108864;";

static enum status run_pragmas(struct store *store, const char *pragmas, struct error *reterr)
{
    if (sqlite3_exec(store->db, pragmas, NULL, NULL, NULL) != SQLITE_OK)
        return sql_error(store->db, "cannot open the store", reterr);
    return STATUS_OK;
}

static enum status find_path(const char *folder, enum store_mode mode, char **ret_path,
                             struct error *reterr)
{
    char path[PATH_BYTES_MAX];
    if (path_join(path, folder, STORE_FILE) != STATUS_OK)
        return error_set(reterr, STATUS_TOO_LARGE, "the path %.100s… is too long", folder);
    enum status status = STATUS_OK;
    if (mode == STORE_WRITE)
        status = folder_make(folder, reterr);
    else if (access(path, F_OK) != 0)
        status =
            error_set(reterr, STATUS_NOT_FOUND,
                      "there is no store in %s; import data or start the daemon first", folder);
    if (status != STATUS_OK)
        return status;
    *ret_path = strdup(path);
    return *ret_path ? STATUS_OK : error_set(reterr, STATUS_NO_MEMORY, "out of memory");
}

/* A new file is readable by owner and group only; SQLite gives its log the same mode. What exists
 * is never opened here: closing it would drop the locks of every connection in this process. */
static enum status create_file(const char *path, struct error *reterr)
{
    const int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
    if (fd < 0 && errno != EEXIST)
        return error_set_errno(reterr, errno, "cannot create the store %s", path);
    if (fd >= 0)
        close(fd);
    return STATUS_OK;
}

static enum status connect_to(struct store *store, struct error *reterr)
{
    if (store->mode == STORE_WRITE) {
        const enum status status = create_file(store->path, reterr);
        if (status != STATUS_OK)
            return status;
    }
    const int flags = store->mode == STORE_WRITE ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY;
    if (sqlite3_open_v2(store->path, &store->db, flags | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
        return sql_error(store->db, "cannot open the store", reterr);
    sqlite3_extended_result_codes(store->db, 1);
    sqlite3_busy_timeout(store->db, BUSY_TIMEOUT_MS);
    return STATUS_OK;
}

/* After a commit: n_pages is how many the log holds by now. */
static int on_commit(void *context, sqlite3 *db, const char *database, int n_pages)
{
    (void)db, (void)database;
    struct store *store = context;
    store->log_bytes = (uint64_t)n_pages * (LOG_HEADER_BYTES + PAGE_BYTES);
    return SQLITE_OK;
}

/* The file is ours and of this schema, made so for a writer. */
static enum status prepare_schema(struct store *store, struct error *reterr)
{
    const int latest = migrate_latest(store_migrations);
    int version;
    enum status status = migrate_version(store->db, latest, &version, reterr);
    if (status == STATUS_OK && version < latest && store->mode == STORE_READ)
        status = error_set(reterr, STATUS_UNSUPPORTED,
                           "%s has schema %d, this program needs %d: run `tastevin migrate up`",
                           store->path, version, latest);
    if (status == STATUS_OK)
        status = run_pragmas(store, pragmas_common, reterr);
    if (status == STATUS_OK)
        status =
            run_pragmas(store, store->mode == STORE_WRITE ? pragmas_write : pragmas_read, reterr);
    if (status == STATUS_OK && version < latest)
        status = migrate_up(store->db, store_migrations, reterr);
    /* last: the pragma wal_autocheckpoint sets a hook of its own */
    sqlite3_wal_hook(store->db, store->mode == STORE_WRITE ? on_commit : NULL, store);
    return status;
}

static enum status read_event_key(struct store *store, struct error *reterr)
{
    struct buffer key = {0};
    enum status status = store_get_setting(store, "event_id_key", &key, reterr);
    if (status == STATUS_OK && key.size != EVENT_KEY_BYTES)
        status = error_set(reterr, STATUS_CORRUPT, "%s: the setting event_id_key is not 16 bytes",
                           store->path);
    if (status == STATUS_OK)
        memcpy(store->event_key, key.data, EVENT_KEY_BYTES);
    buffer_free(&key);
    return status;
}

enum status store_open(const char *folder, enum store_mode mode, struct store **ret_store,
                       struct error *reterr)
{
    struct store *store = calloc(1, sizeof *store);
    if (!store)
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory");
    store->mode = mode;
    enum status status = find_path(folder, mode, &store->path, reterr);
    if (status == STATUS_OK)
        status = connect_to(store, reterr);
    if (status == STATUS_OK)
        status = prepare_schema(store, reterr);
    if (status == STATUS_OK)
        status = read_event_key(store, reterr);
    if (status != STATUS_OK) {
        store_close(store);
        return status;
    }
    *ret_store = store;
    return STATUS_OK;
}

void store_close(struct store *store)
{
    if (!store)
        return;
    for (size_t i = 0; i < SQL_COUNT; i++)
        sqlite3_finalize(store->statements[i]);
    sqlite3_close(store->db);
    arena_free(&store->scratch);
    filters_free(&store->filters);
    numbers_free(&store->users);
    numbers_free(&store->items);
    free(store->path);
    free(store);
}

static enum status run(struct store *store, enum sql id, struct error *reterr)
{
    return sql_run(store, sql_get(store, id), reterr);
}

static enum status read_counts(struct store *store, struct store_counts *counts,
                               struct error *reterr)
{
    sqlite3_stmt *s = sql_get(store, SQL_READ_COUNTS);
    bool row;
    const enum status status = sql_step(store, s, &row, reterr);
    if (status != STATUS_OK)
        return status;
    if (!row)
        return error_set(reterr, STATUS_CORRUPT, "%s has no counters; restore a backup",
                         store->path);
    *counts = (struct store_counts){
        .seq = (uint64_t)sqlite3_column_int64(s, 0),
        .next_user = (uint32_t)sqlite3_column_int64(s, 1),
        .next_item = (uint32_t)sqlite3_column_int64(s, 2),
        .users = (uint64_t)sqlite3_column_int64(s, 3),
        .guests = (uint64_t)sqlite3_column_int64(s, 4),
        .items = (uint64_t)sqlite3_column_int64(s, 5),
        .ghost_items = (uint64_t)sqlite3_column_int64(s, 6),
        .events = (uint64_t)sqlite3_column_int64(s, 7),
    };
    sqlite3_reset(s);
    return STATUS_OK;
}

static enum status write_counts(struct store *store, struct error *reterr)
{
    const struct store_counts *counts = &store->counts;
    sqlite3_stmt *s = sql_get(store, SQL_WRITE_COUNTS);
    sql_bind_seq(s, ":seq", counts->seq);
    sql_bind_int(s, ":next_user", counts->next_user);
    sql_bind_int(s, ":next_item", counts->next_item);
    sql_bind_seq(s, ":users", counts->users);
    sql_bind_seq(s, ":guests", counts->guests);
    sql_bind_seq(s, ":items", counts->items);
    sql_bind_seq(s, ":ghost_items", counts->ghost_items);
    sql_bind_seq(s, ":events", counts->events);
    return sql_run(store, s, reterr);
}

enum status store_count(struct store *store, struct store_counts *ret_counts, struct error *reterr)
{
    if (!store->in_transaction)
        return read_counts(store, ret_counts, reterr);
    *ret_counts = store->counts;
    return STATUS_OK;
}

void store_forget_numbers(struct store *store)
{
    numbers_forget(&store->users);
    numbers_forget(&store->items);
}

/* What another process has written may have given an id another number. */
static void prepare_numbers(struct store *store)
{
    if (store->numbers_seq != store->counts.seq)
        store_forget_numbers(store);
    store->numbers_seq = store->counts.seq;
    numbers_resize(&store->users, store->counts.next_user);
    numbers_resize(&store->items, store->counts.next_item);
}

/* An end that found no memory has left its transaction open; nobody waits for what is in it. */
static enum status end_left_open(struct store *store, struct error *reterr)
{
    return sqlite3_get_autocommit(store->db) ? STATUS_OK : run(store, SQL_ROLLBACK, reterr);
}

enum status store_begin(struct store *store, struct error *reterr)
{
    assert(store->mode == STORE_WRITE && !store->in_transaction);
    enum status status = end_left_open(store, reterr);
    if (status == STATUS_OK)
        status = run(store, SQL_BEGIN, reterr);
    if (status != STATUS_OK)
        return status;
    store->in_transaction = true;
    store->failure = STATUS_OK;
    store->counts_changed = store->filters.current = false;
    status = read_counts(store, &store->counts, reterr);
    store->seq_at_begin = store->counts.seq;
    store->tombstones = TOMBSTONES_UNKNOWN;
    if (status == STATUS_OK)
        prepare_numbers(store);
    else
        store_rollback(store);
    return status;
}

/* After some failures SQLite has rolled back by itself; whoever shared the transaction hears why.
 */
static enum status given_up(const struct store *store, struct error *reterr)
{
    const enum status cause = store->failure;
    return error_set(reterr, cause == STATUS_OK ? STATUS_IO : cause,
                     "%s: the transaction was given up after an error (%s)", store->path,
                     status_name(cause == STATUS_OK ? STATUS_IO : cause));
}

enum status store_commit(struct store *store, struct error *reterr)
{
    assert(store->in_transaction && !store->in_savepoint);
    enum status status = STATUS_OK;
    if (sqlite3_get_autocommit(store->db))
        status = given_up(store, reterr);
    if (status == STATUS_OK && store->counts_changed)
        status = write_counts(store, reterr);
    if (status == STATUS_OK)
        status = run(store, SQL_COMMIT, reterr);
    if (status != STATUS_OK) {
        store_rollback(store);
        return status;
    }
    if (store->filters.current || store->filters.seq == store->seq_at_begin)
        store->filters.seq = store->counts.seq; /* nobody else wrote in between */
    store->numbers_seq = store->counts.seq;
    store->in_transaction = false;
    return status;
}

void store_rollback(struct store *store)
{
    if (!sqlite3_get_autocommit(store->db))
        run(store, SQL_ROLLBACK, NULL);
    store_forget_numbers(store);
    store->in_transaction = store->in_savepoint = false;
}

enum status store_transact(struct store *store, store_act act, void *context, struct error *reterr)
{
    enum status status = store_begin(store, reterr);
    if (status != STATUS_OK)
        return status;
    status = act(context, store, reterr);
    if (status == STATUS_OK)
        status = store_commit(store, reterr);
    if (status != STATUS_OK)
        store_rollback(store);
    return status;
}

enum status store_savepoint(struct store *store, struct error *reterr)
{
    assert(store->in_transaction && !store->in_savepoint);
    if (sqlite3_get_autocommit(store->db))
        return given_up(store, reterr);
    const enum status status = run(store, SQL_SAVEPOINT, reterr);
    if (status == STATUS_OK) {
        store->in_savepoint = true;
        store->counts_before = store->counts;
    }
    return status;
}

enum status store_release(struct store *store, struct error *reterr)
{
    assert(store->in_savepoint);
    const enum status status = run(store, SQL_RELEASE, reterr);
    if (status == STATUS_OK)
        store->in_savepoint = false;
    return status;
}

void store_undo(struct store *store)
{
    if (!store->in_savepoint)
        return;
    if (!sqlite3_get_autocommit(store->db) &&
        (run(store, SQL_UNDO, NULL) != STATUS_OK || run(store, SQL_RELEASE, NULL) != STATUS_OK))
        run(store, SQL_ROLLBACK, NULL); /* commit sees it and refuses */
    store_forget_numbers(store);
    store->counts = store->counts_before;
    store->in_savepoint = false;
}

enum status store_begin_read(struct store *store, struct error *reterr)
{
    if (store->in_transaction)
        return STATUS_OK;
    const enum status status = end_left_open(store, reterr);
    return status == STATUS_OK ? run(store, SQL_BEGIN_READ, reterr) : status;
}

void store_end_read(struct store *store)
{
    if (!store->in_transaction && !sqlite3_get_autocommit(store->db))
        run(store, SQL_COMMIT, NULL);
}

uint64_t store_next_seq(struct store *store)
{
    assert(store->in_transaction);
    store->counts_changed = true;
    return ++store->counts.seq;
}

enum status store_add_change(struct store *store, enum change_kind kind, uint32_t number,
                             struct error *reterr)
{
    sqlite3_stmt *s = sql_get(store, SQL_ADD_CHANGE);
    sql_bind_seq(s, ":seq", store_next_seq(store));
    sql_bind_int(s, ":kind", kind);
    sql_bind_int(s, ":number", number);
    return sql_run(store, s, reterr);
}

enum status store_data_version(struct store *store, uint64_t *ret_version)
{
    uint32_t version;
    const enum status status = sql_find(store, sql_get(store, SQL_DATA_VERSION), &version, NULL);
    if (status == STATUS_OK)
        *ret_version = version;
    return status;
}

int store_schema(const struct store *store)
{
    (void)store;
    return migrate_latest(store_migrations); /* store_open made sure of it */
}
