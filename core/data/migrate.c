#include "data/migrate.h"

#include <sqlite3.h>
#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "data/store.h"
#include "data/store_sql.h"

int migrate_latest(const struct embedded_file *migrations)
{
    int n = 0;
    while (migrations[n].name)
        n++;
    return n;
}

/* One integer that a query gives; queries here are constants of this file. */
static enum status ask(sqlite3 *db, const char *query, int64_t *ret_value, struct error *reterr)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(db, query, -1, &statement, NULL) != SQLITE_OK ||
        sqlite3_step(statement) != SQLITE_ROW) {
        const enum status status = sql_error(db, "cannot read the store's schema", reterr);
        sqlite3_finalize(statement);
        return status;
    }
    *ret_value = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return STATUS_OK;
}

static enum status execute(sqlite3 *db, const char *commands, struct error *reterr)
{
    if (sqlite3_exec(db, commands, NULL, NULL, NULL) != SQLITE_OK)
        return sql_error(db, "cannot change the store's schema", reterr);
    return STATUS_OK;
}

enum status migrate_version(sqlite3 *db, int latest, int *ret_version, struct error *reterr)
{
    int64_t version = 0, application = 0, tables = 0;
    enum status status = ask(db, "PRAGMA user_version", &version, reterr);
    if (status == STATUS_OK)
        status = ask(db, "PRAGMA application_id", &application, reterr);
    if (status == STATUS_OK)
        status = ask(db, "SELECT count(*) FROM sqlite_schema", &tables, reterr);
    if (status != STATUS_OK)
        return status;
    if (application != STORE_APPLICATION_ID && (application != 0 || tables != 0))
        return error_set(reterr, STATUS_UNSUPPORTED,
                         "%s is another program's database; choose another data directory",
                         sqlite3_db_filename(db, "main"));
    if (version > latest)
        return error_set(reterr, STATUS_UNSUPPORTED,
                         "%s has schema %d, this program knows %d at most: it was written by a "
                         "newer version, use that one or restore an older backup",
                         sqlite3_db_filename(db, "main"), (int)version, latest);
    *ret_version = (int)version;
    return STATUS_OK;
}

/* No row of PRAGMA foreign_key_check: a rebuilt table kept what others point at. */
static enum status check_references(sqlite3 *db, struct error *reterr)
{
    int64_t broken = 0;
    const enum status status =
        ask(db, "SELECT count(*) FROM pragma_foreign_key_check", &broken, reterr);
    if (status == STATUS_OK && broken)
        return error_set(reterr, STATUS_CORRUPT, "%lld rows would point at nothing",
                         (long long)broken);
    return status;
}

static enum status apply(sqlite3 *db, const struct embedded_file *migration, int version,
                         struct error *reterr)
{
    char stamp[96];
    snprintf(stamp, sizeof stamp, "PRAGMA user_version = %d; PRAGMA application_id = %d", version,
             STORE_APPLICATION_ID);
    enum status status = execute(db, migration->bytes, reterr);
    if (status == STATUS_OK && sqlite3_get_autocommit(db))
        status = error_set(reterr, STATUS_CORRUPT, "it ends its own transaction");
    if (status == STATUS_OK)
        status = check_references(db, reterr);
    if (status == STATUS_OK)
        status = execute(db, stamp, reterr);
    if (status == STATUS_OK)
        status = execute(db, "COMMIT", reterr);
    if (status != STATUS_OK && reterr)
        error_prefix(reterr, "migration %s: ", migration->name);
    return status;
}

/* One step up, if one is missing: another process may have gone first. */
static enum status step_up(sqlite3 *db, const struct embedded_file *migrations, bool *ret_done,
                           struct error *reterr)
{
    const int latest = migrate_latest(migrations);
    int version;
    enum status status = execute(db, "BEGIN IMMEDIATE", reterr);
    if (status != STATUS_OK)
        return status;
    status = migrate_version(db, latest, &version, reterr);
    *ret_done = status == STATUS_OK && version == latest;
    if (status == STATUS_OK && version < latest)
        status = apply(db, &migrations[version], version + 1, reterr);
    if (!sqlite3_get_autocommit(db))
        sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    return status;
}

enum status migrate_up(sqlite3 *db, const struct embedded_file *migrations, struct error *reterr)
{
    /* the switch does nothing within a transaction, so it goes before all of them */
    enum status status = execute(db, "PRAGMA foreign_keys = OFF", reterr);
    bool done = false;
    while (status == STATUS_OK && !done)
        status = step_up(db, migrations, &done, reterr);
    sqlite3_exec(db, "PRAGMA foreign_keys = ON", NULL, NULL, NULL);
    return status;
}

enum status migrate_status(const char *folder, int *ret_version, struct error *reterr)
{
    char path[PATH_BYTES_MAX];
    if (path_join(path, folder, STORE_FILE) != STATUS_OK)
        return error_set(reterr, STATUS_TOO_LARGE, "the path %.100s… is too long", folder);
    if (access(path, F_OK) != 0)
        return error_set(reterr, STATUS_NOT_FOUND, "there is no store in %s", folder);
    sqlite3 *db = NULL;
    enum status status = STATUS_OK;
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK)
        status = sql_error(db, "cannot open the store", reterr);
    int version = 0;
    if (status == STATUS_OK)
        status = migrate_version(db, INT32_MAX, &version, reterr);
    sqlite3_close(db);
    if (status == STATUS_OK)
        *ret_version = version;
    return status;
}
