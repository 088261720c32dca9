/* What these catch: a migration that half happened, rows lost by a rebuild, a newer or a foreign
 * file that gets written to. The migrations here are the tests' own, run on a filled database. */
#include "store_fixture.h"

#include <sqlite3.h>
#include <string.h>

#include "data/migrate.h"

#define MIGRATION(name, text)                                                                      \
    {                                                                                              \
        (name), (text), sizeof(text) - 1                                                           \
    }

static const char first[] = "CREATE TABLE people (number INTEGER PRIMARY KEY, name TEXT) STRICT;"
                            "CREATE TABLE pets (owner INTEGER NOT NULL REFERENCES people (number),"
                            " name TEXT) STRICT;";
/* a rebuild: people get a new column and keep their pets */
static const char second[] = "CREATE TABLE people_new (number INTEGER PRIMARY KEY,"
                             " name TEXT NOT NULL, age INTEGER) STRICT;"
                             "INSERT INTO people_new SELECT number, name, 7 FROM people;"
                             "DROP TABLE people;"
                             "ALTER TABLE people_new RENAME TO people;";
static const char third_fails[] = "ALTER TABLE people ADD COLUMN town TEXT;"
                                  "UPDATE people SET nothing = 1;";
static const char third_orphans[] = "DELETE FROM people WHERE number = 1;";
static const char third_commits[] = "COMMIT;";

static sqlite3 *database(const struct fixture *f, const char *name)
{
    char path[PATH_BYTES_MAX];
    sqlite3 *db;
    assert_int_equal(path_join(path, f->folder, name), STATUS_OK);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    return db;
}

static int64_t ask(sqlite3 *db, const char *query)
{
    sqlite3_stmt *s;
    assert_int_equal(sqlite3_prepare_v2(db, query, -1, &s, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(s), SQLITE_ROW);
    const int64_t value = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    return value;
}

static void execute(sqlite3 *db, const char *commands)
{
    assert_int_equal(sqlite3_exec(db, commands, NULL, NULL, NULL), SQLITE_OK);
}

static sqlite3 *filled(struct fixture *f)
{
    static const struct embedded_file one[] = {MIGRATION("0001_first.sql", first), {0}};
    sqlite3 *db = database(f, "other.db");
    assert_ok(f, migrate_up(db, one, &f->err));
    execute(db, "INSERT INTO people VALUES (1, 'Ada'), (2, 'Bo');"
                "INSERT INTO pets VALUES (1, 'cat'), (2, 'dog')");
    return db;
}

static void a_rebuild_keeps_the_rows_and_what_points_at_them(void **state)
{
    struct fixture *f = *state;
    static const struct embedded_file two[] = {
        MIGRATION("0001_first.sql", first), MIGRATION("0002_age.sql", second), {0}};
    sqlite3 *db = filled(f);
    int version;
    assert_ok(f, migrate_up(db, two, &f->err));
    assert_ok(f, migrate_up(db, two, &f->err)); /* nothing is left to do */
    assert_ok(f, migrate_version(db, 2, &version, &f->err));
    assert_int_equal(version, 2);
    assert_int_equal(ask(db, "SELECT count(*) FROM people WHERE age = 7"), 2);
    assert_int_equal(ask(db, "SELECT count(*) FROM pets JOIN people ON number = owner"), 2);
    assert_int_equal(ask(db, "PRAGMA foreign_keys"), 1);
    assert_int_not_equal(sqlite3_exec(db, "INSERT INTO pets VALUES (9, 'x')", 0, 0, 0), SQLITE_OK);
    sqlite3_close(db);
}

static void a_migration_that_fails_leaves_the_schema_before_it(void **state)
{
    struct fixture *f = *state;
    static const struct embedded_file fails[] = {MIGRATION("0001_first.sql", first),
                                                 MIGRATION("0002_age.sql", second),
                                                 MIGRATION("0003_town.sql", third_fails),
                                                 {0}};
    sqlite3 *db = filled(f);
    assert_int_equal(migrate_up(db, fails, &f->err), STATUS_IO);
    assert_non_null(strstr(f->err.text, "0003_town.sql"));
    assert_int_equal(ask(db, "PRAGMA user_version"), 2); /* the second went well */
    assert_int_equal(ask(db, "SELECT count(*) FROM pragma_table_info('people')"), 3);
    assert_int_equal(ask(db, "SELECT count(*) FROM pets JOIN people ON number = owner"), 2);
    assert_int_equal(sqlite3_get_autocommit(db), 1);
    sqlite3_close(db);
}

static void a_migration_that_orphans_rows_is_rolled_back(void **state)
{
    struct fixture *f = *state;
    static const struct embedded_file orphans[] = {
        MIGRATION("0001_first.sql", first), MIGRATION("0002_bad.sql", third_orphans), {0}};
    sqlite3 *db = filled(f);
    assert_int_equal(migrate_up(db, orphans, &f->err), STATUS_CORRUPT);
    assert_int_equal(ask(db, "PRAGMA user_version"), 1);
    assert_int_equal(ask(db, "SELECT count(*) FROM people"), 2);
    sqlite3_close(db);
}

static void a_migration_may_not_end_its_transaction(void **state)
{
    struct fixture *f = *state;
    static const struct embedded_file commits[] = {
        MIGRATION("0001_first.sql", first), MIGRATION("0002_bad.sql", third_commits), {0}};
    sqlite3 *db = filled(f);
    assert_int_equal(migrate_up(db, commits, &f->err), STATUS_CORRUPT);
    assert_int_equal(ask(db, "PRAGMA user_version"), 1);
    sqlite3_close(db);
}

/* The store's own file with another stamp. */
static void stamp(struct fixture *f, const char *pragma)
{
    store_close(f->store);
    f->store = NULL;
    sqlite3 *db = database(f, STORE_FILE);
    execute(db, pragma);
    sqlite3_close(db);
}

static void check_refused(struct fixture *f, const char *word)
{
    struct store *store = NULL;
    for (int mode = STORE_READ; mode <= STORE_WRITE; mode++) {
        assert_int_equal(store_open(f->folder, (enum store_mode)mode, &store, &f->err),
                         STATUS_UNSUPPORTED);
        assert_non_null(strstr(f->err.text, word));
        assert_null(store);
    }
}

static void a_newer_schema_is_refused_and_not_touched(void **state)
{
    struct fixture *f = *state;
    int version;
    stamp(f, "PRAGMA user_version = 99");
    struct buffer before = {0}, after = {0};
    char path[PATH_BYTES_MAX];
    path_join(path, f->folder, STORE_FILE);
    assert_ok(f, file_read(path, (size_t)1 << 30, &before, &f->err));
    check_refused(f, "newer");
    assert_ok(f, file_read(path, (size_t)1 << 30, &after, &f->err));
    assert_int_equal(before.size, after.size);
    assert_memory_equal(before.data, after.data, before.size);
    assert_ok(f, migrate_status(f->folder, &version, &f->err));
    assert_int_equal(version, 99);
    buffer_free(&before);
    buffer_free(&after);
}

static void another_programs_database_is_refused(void **state)
{
    struct fixture *f = *state;
    stamp(f, "PRAGMA application_id = 77");
    check_refused(f, "another program");
}

static void a_reader_does_not_migrate(void **state)
{
    struct fixture *f = *state;
    char folder[128], path[PATH_BYTES_MAX];
    snprintf(folder, sizeof folder, "%s/empty", f->folder);
    assert_ok(f, folder_make(folder, &f->err));
    path_join(path, folder, STORE_FILE);
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    execute(db, "PRAGMA application_id = 1414747222"); /* ours, schema 0 */
    sqlite3_close(db);
    struct store *store;
    assert_int_equal(store_open(folder, STORE_READ, &store, &f->err), STATUS_UNSUPPORTED);
    assert_non_null(strstr(f->err.text, "migrate up"));
    int version;
    assert_ok(f, migrate_status(folder, &version, &f->err));
    assert_int_equal(version, 0);
    assert_ok(f, store_open(folder, STORE_WRITE, &store, &f->err));
    assert_int_equal(store_schema(store), migrate_latest(store_migrations));
    store_close(store);
    assert_ok(f, migrate_status(folder, &version, &f->err));
    assert_int_equal(version, migrate_latest(store_migrations));
}

static void embedded_migrations_are_numbered_without_gaps(void **state)
{
    (void)state;
    for (int i = 0; i < migrate_latest(store_migrations); i++) {
        char prefix[16];
        snprintf(prefix, sizeof prefix, "%04d_", i + 1);
        assert_int_equal(strncmp(store_migrations[i].name, prefix, 5), 0);
    }
}

static void status_of_an_empty_folder_is_not_found(void **state)
{
    struct fixture *f = *state;
    int version = -1;
    assert_int_equal(migrate_status("/tmp", &version, &f->err), STATUS_NOT_FOUND);
    assert_int_equal(version, -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(a_rebuild_keeps_the_rows_and_what_points_at_them),
        WITH_STORE(a_migration_that_fails_leaves_the_schema_before_it),
        WITH_STORE(a_migration_that_orphans_rows_is_rolled_back),
        WITH_STORE(a_migration_may_not_end_its_transaction),
        WITH_STORE(a_newer_schema_is_refused_and_not_touched),
        WITH_STORE(another_programs_database_is_refused),
        WITH_STORE(a_reader_does_not_migrate),
        WITH_STORE(embedded_migrations_are_numbered_without_gaps),
        WITH_STORE(status_of_an_empty_folder_is_not_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
