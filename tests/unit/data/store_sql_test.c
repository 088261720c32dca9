/* What these catch: a statement that does not parse against the schema, one that walks a whole
 * table or sorts in memory because its index is missing, a failure that reads like another. */
#include "store_fixture.h"

#include <sqlite3.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "data/store_internal.h"

static sqlite3 *open_file(const struct fixture *f)
{
    char path[PATH_BYTES_MAX];
    sqlite3 *db;
    assert_int_equal(path_join(path, f->folder, STORE_FILE), STATUS_OK);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    return db;
}

/* What SQLite would walk or sort. */
static void check_plan(sqlite3 *db, size_t id)
{
    char text[4096];
    sqlite3_stmt *s = NULL;
    snprintf(text, sizeof text, "EXPLAIN QUERY PLAN %s", sql_texts[id].text);
    if (sqlite3_prepare_v2(db, text, -1, &s, NULL) != SQLITE_OK)
        fail_msg("statement %zu: %s: %s", id, sql_texts[id].text, sqlite3_errmsg(db));
    while (sqlite3_step(s) == SQLITE_ROW) {
        const char *detail = (const char *)sqlite3_column_text(s, 3);
        if (strncmp(detail, "SCAN", 4) == 0 || strstr(detail, "TEMP B-TREE"))
            fail_msg("statement %zu: %s: %s", id, sql_texts[id].text, detail);
    }
    sqlite3_finalize(s);
}

static void every_statement_uses_an_index(void **state)
{
    struct fixture *f = *state;
    sqlite3 *db = open_file(f);
    for (size_t i = 0; i < SQL_COUNT; i++) {
        assert_non_null(sql_texts[i].text);
        if (!sql_texts[i].reads_all)
            check_plan(db, i);
    }
    sqlite3_close(db);
}

static void only_upkeep_reads_whole_tables(void **state)
{
    (void)state;
    for (size_t i = 0; i < SQL_COUNT; i++)
        assert_int_equal(sql_texts[i].reads_all,
                         i == SQL_BACKUP || i == SQL_QUICK_CHECK || i == SQL_VERIFY);
}

static void an_index_that_is_gone_is_noticed(void **state)
{
    struct fixture *f = *state;
    sqlite3 *db = open_file(f);
    sqlite3_stmt *s = NULL;
    char text[512];
    assert_int_equal(sqlite3_exec(db, "DROP INDEX users_by_id", NULL, NULL, NULL), SQLITE_OK);
    snprintf(text, sizeof text, "EXPLAIN QUERY PLAN %s", sql_texts[SQL_FIND_USER].text);
    assert_int_equal(sqlite3_prepare_v2(db, text, -1, &s, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(s), SQLITE_ROW);
    assert_int_equal(strncmp((const char *)sqlite3_column_text(s, 3), "SCAN", 4), 0);
    sqlite3_finalize(s);
    sqlite3_close(db);
}

/* Damages the store's file from byte `at` on. */
static void overwrite(const struct fixture *f, long at, size_t n)
{
    char path[PATH_BYTES_MAX];
    assert_int_equal(path_join(path, f->folder, STORE_FILE), STATUS_OK);
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, at, SEEK_SET), 0);
    for (size_t i = 0; i < n; i++)
        fputc('x', file);
    assert_int_equal(fclose(file), 0);
}

static void a_file_that_is_no_database_is_corrupt_with_the_remedy(void **state)
{
    struct fixture *f = *state;
    struct store *store = NULL;
    store_close(f->store);
    f->store = NULL;
    overwrite(f, 0, 100);
    assert_int_equal(store_open(f->folder, STORE_WRITE, &store, &f->err), STATUS_CORRUPT);
    assert_non_null(strstr(f->err.text, "restore a backup"));
    assert_int_equal(store_open(f->folder, STORE_READ, &store, &f->err), STATUS_CORRUPT);
    assert_null(store);
}

static void a_damaged_page_fails_verification(void **state)
{
    struct fixture *f = *state;
    fixture_write(f);
    for (int i = 0; i < 2000; i++) {
        char id[32];
        snprintf(id, sizeof id, "user-%d", i);
        fixture_user(f, id);
    }
    fixture_commit(f);
    assert_ok(f, store_verify(f->store, &f->err));
    store_close(f->store);
    f->store = NULL;
    struct stat info;
    char path[PATH_BYTES_MAX];
    path_join(path, f->folder, STORE_FILE);
    assert_int_equal(stat(path, &info), 0);
    overwrite(f, info.st_size / 4096 / 2 * 4096, 4096);
    assert_ok(f, store_open(f->folder, STORE_READ, &f->store, &f->err));
    assert_int_equal(store_verify(f->store, &f->err), STATUS_CORRUPT);
}

static void a_missing_store_is_not_found(void **state)
{
    struct fixture *f = *state;
    struct store *store = NULL;
    char folder[128];
    snprintf(folder, sizeof folder, "%s/nothing", f->folder);
    assert_int_equal(store_open(folder, STORE_READ, &store, &f->err), STATUS_NOT_FOUND);
    assert_int_not_equal(access(folder, F_OK), 0); /* and reading made nothing */
    assert_ok(f, store_open(folder, STORE_WRITE, &store, &f->err));
    store_close(store);
}

static void a_data_directory_that_is_a_file_is_refused(void **state)
{
    struct fixture *f = *state;
    struct store *store = NULL;
    char path[PATH_BYTES_MAX];
    path_join(path, f->folder, STORE_FILE);
    assert_int_not_equal(store_open(path, STORE_WRITE, &store, &f->err), STATUS_OK);
    assert_non_null(strstr(f->err.text, path));
}

static void a_full_disk_refuses_and_keeps_what_was_there(void **state)
{
    struct fixture *f = *state;
    fixture_write(f);
    fixture_user(f, "first");
    fixture_commit(f);
    /* SQLite's own limit on pages stands for the disk: the same code path and error */
    store_close(f->store);
    assert_ok(f, store_open(f->folder, STORE_WRITE, &f->store, &f->err));
    assert_int_equal(sqlite3_exec(f->store->db, "PRAGMA max_page_count = 60", NULL, NULL, NULL),
                     SQLITE_OK);
    enum status status = store_begin(f->store, &f->err);
    assert_int_equal(status, STATUS_OK);
    struct event_result result;
    for (int i = 0; status == STATUS_OK && i < 20000; i++) {
        char item[32];
        snprintf(item, sizeof item, "item-%d", i);
        const struct event_record event = an_event("u", item, "view");
        status = store_add_event(f->store, &f->types, &event, false, NOW_MS, &result, &f->err);
    }
    assert_int_equal(status, STATUS_DISK_FULL);
    assert_non_null(strstr(f->err.text, "make room"));
    store_rollback(f->store);
    assert_int_equal(fixture_counts(f).users, 1);
    fixture_write(f);
    fixture_user(f, "second");
    fixture_commit(f);
    assert_ok(f, store_verify(f->store, &f->err));
}

static void a_second_writer_waits_and_then_says_busy(void **state)
{
    struct fixture *f = *state;
    sqlite3 *other = open_file(f);
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_busy_timeout(f->store->db, 20); /* instead of seconds */
    assert_int_equal(store_begin(f->store, &f->err), STATUS_BUSY);
    assert_non_null(strstr(f->err.text, "try again"));
    assert_int_equal(sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(other);
    assert_ok(f, store_begin(f->store, &f->err));
    store_rollback(f->store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(every_statement_uses_an_index),
        cmocka_unit_test(only_upkeep_reads_whole_tables),
        WITH_STORE(an_index_that_is_gone_is_noticed),
        WITH_STORE(a_file_that_is_no_database_is_corrupt_with_the_remedy),
        WITH_STORE(a_damaged_page_fails_verification),
        WITH_STORE(a_missing_store_is_not_found),
        WITH_STORE(a_data_directory_that_is_a_file_is_refused),
        WITH_STORE(a_full_disk_refuses_and_keeps_what_was_there),
        WITH_STORE(a_second_writer_waits_and_then_says_busy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
