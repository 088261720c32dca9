/* What these catch: a backup that lacks something or overwrites a file, a contradiction that
 * verification does not see, events kept past their time or taken before it. */
#include "store_fixture.h"

#include <sqlite3.h>
#include <string.h>

static void fill(struct fixture *f, int n)
{
    fixture_write(f);
    for (int i = 0; i < n; i++) {
        char user[16], item[16];
        snprintf(user, sizeof user, "u%d", i % 10);
        snprintf(item, sizeof item, "i%d", i % 7);
        struct event_record event = an_event(user, item, i % 3 ? "view" : "purchase");
        event.time_ms = NOW_MS - i * INT64_C(86400000); /* one a day, back in time */
        fixture_event(f, &event);
    }
    fixture_commit(f);
}

static void a_backup_is_a_whole_store(void **state)
{
    struct fixture *f = *state;
    char folder[128], path[PATH_BYTES_MAX];
    struct store_counts before, after;
    struct store *copy;
    fill(f, 100);
    snprintf(folder, sizeof folder, "%s/copy", f->folder);
    assert_ok(f, folder_make(folder, &f->err));
    path_join(path, folder, STORE_FILE);
    assert_ok(f, store_backup(f->store, path, &f->err));
    assert_int_equal(store_backup(f->store, path, &f->err), STATUS_CONFLICT);
    before = fixture_counts(f);
    assert_ok(f, store_open(folder, STORE_READ, &copy, &f->err)); /* as it is */
    assert_ok(f, store_verify(copy, &f->err));
    assert_ok(f, store_count(copy, &after, &f->err));
    assert_memory_equal(&before, &after, sizeof before);
    store_close(copy);
    assert_ok(f, store_open(folder, STORE_WRITE, &copy, &f->err)); /* and to go on with */
    store_close(copy);
}

static void a_backup_to_nowhere_says_so(void **state)
{
    struct fixture *f = *state;
    assert_int_not_equal(store_backup(f->store, "/nonexistent/x.db", &f->err), STATUS_OK);
    assert_non_null(strstr(f->err.text, "/nonexistent/x.db"));
    fixture_write(f);
    fixture_commit(f);
}

/* Each statement breaks one promise behind the store's back. */
static void every_contradiction_is_noticed(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *commands, *word;
    } broken[] = {
        {"UPDATE counters SET users = users + 1", "counter of users"},
        {"UPDATE counters SET guests = guests + 1", "counter of guests"},
        {"UPDATE counters SET items = items + 1", "counter of items"},
        {"UPDATE counters SET ghost_items = ghost_items + 1", "counter of ghost items"},
        {"UPDATE counters SET events = events - 1", "counter of events"},
        {"UPDATE counters SET next_user = 3", "users past"},
        {"UPDATE counters SET next_item = 3", "items past"},
        {"UPDATE counters SET seq = 3", "counter of seq"},
        {"INSERT INTO changes SELECT max(seq), 2, 1000000 FROM interactions", "share their seq"},
        {"UPDATE interactions SET user = 999 WHERE seq = 3", "unknown or erased users"},
        {"UPDATE interactions SET item = 999 WHERE seq = 3", "unknown items"},
        {"UPDATE interactions SET type = 200 WHERE seq = 3", "unknown types"},
        {"UPDATE interactions SET event_id = 'e' WHERE seq = 3;"
         "INSERT INTO tombstones VALUES ('e', 1)",
         "there and retracted"},
        {"UPDATE users SET kind = 2, id = NULL WHERE number = 0;"
         "UPDATE counters SET users = users - 1, guests = 1",
         "without their session"},
        {"INSERT INTO items SELECT next_item, 1, 'i1', NULL, '{}', NULL, 0, 1, NULL, NULL, NULL,"
         " NULL, NULL, NULL, NULL, NULL FROM counters;"
         "UPDATE counters SET items = items + 1, next_item = next_item + 1",
         "stand twice"},
        {"INSERT INTO sessions (id, user) VALUES ('s', 999)", "point at nothing"},
    };
    fill(f, 100);
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        char folder[128], copy[PATH_BYTES_MAX];
        struct store *store;
        snprintf(folder, sizeof folder, "%s/copy%zu", f->folder, i);
        assert_ok(f, folder_make(folder, &f->err));
        path_join(copy, folder, STORE_FILE);
        assert_ok(f, store_backup(f->store, copy, &f->err));
        sqlite3 *hand;
        assert_int_equal(sqlite3_open(copy, &hand), SQLITE_OK);
        if (sqlite3_exec(hand, broken[i].commands, NULL, NULL, NULL) != SQLITE_OK)
            fail_msg("%s: %s", broken[i].commands, sqlite3_errmsg(hand));
        sqlite3_close(hand);
        assert_ok(f, store_open(folder, STORE_READ, &store, &f->err));
        if (store_verify(store, &f->err) != STATUS_CORRUPT || !strstr(f->err.text, broken[i].word))
            fail_msg("%s: %s", broken[i].commands, f->err.text);
        store_close(store);
    }
    assert_ok(f, store_verify(f->store, &f->err));
}

static enum status oldest(void *context, uint64_t seq, const struct event_record *event)
{
    int64_t *times = context; /* of purchases, of the rest */
    (void)seq;
    int64_t *time = &times[strcmp(event->type, "purchase") != 0];
    if (event->time_ms < *time)
        *time = event->time_ms;
    return STATUS_OK;
}

static void events_expire_by_their_types_retention(void **state)
{
    struct fixture *f = *state;
    const int64_t day = 86400000;
    int64_t times[2] = {NOW_MS, NOW_MS};
    uint32_t deleted, total = 0;
    fill(f, 100);
    fixture_write(f);
    assert_ok(f, store_expire_events(f->store, &f->types, NOW_MS, 10, &deleted, &f->err));
    assert_int_equal(deleted, 0); /* nothing has a retention by default */
    const uint8_t purchase = event_types_code(&f->types, "purchase");
    f->types.of[purchase].retention_ms = 30 * day;
    for (int call = 0; call < 10; call++) {
        assert_ok(f, store_expire_events(f->store, &f->types, NOW_MS, 4, &deleted, &f->err));
        assert_true(deleted <= 4);
        total += deleted;
    }
    fixture_commit(f);
    assert_int_equal(total, 23); /* of 34 purchases, those of the last 30 days stay */
    assert_int_equal(fixture_counts(f).events, 77);
    assert_ok(f, store_list_events(f->store, 0, 1000, oldest, times, &f->err));
    assert_true(times[0] == NOW_MS - 30 * day);
    assert_true(times[1] == NOW_MS - 98 * day);
    assert_ok(f, store_verify(f->store, &f->err));
}

static enum status count_changes(void *context, const struct change *change)
{
    if (change->kind != CHANGE_EVENT)
        (*(uint64_t *)context)++;
    return STATUS_OK;
}

/* What catches a table of changes that grows with every update of a price. */
static void a_later_change_of_a_thing_replaces_the_earlier(void **state)
{
    struct fixture *f = *state;
    uint64_t once = 0, often = 0;
    fixture_write(f);
    fixture_user(f, "u");
    fixture_commit(f);
    assert_ok(f, store_read_changes(f->store, 0, UINT64_MAX, count_changes, &once, &f->err));
    const uint64_t before = fixture_counts(f).seq;
    for (int i = 0; i < 20; i++) {
        const struct user_record user = {.id = "u", .attributes = i % 2 ? "{}" : "{\"a\":1}"};
        uint32_t number;
        bool created;
        fixture_write(f);
        assert_ok(f, store_put_user(f->store, &user, NOW_MS, &number, &created, &f->err));
        fixture_commit(f);
    }
    assert_ok(f, store_read_changes(f->store, 0, UINT64_MAX, count_changes, &often, &f->err));
    assert_int_equal(once, 1);
    assert_int_equal(often, 1);
    assert_int_equal(fixture_counts(f).seq, before + 20);
    assert_ok(f, store_read_changes(f->store, before, UINT64_MAX, count_changes, &often, &f->err));
    assert_int_equal(often, 2); /* it is seen after every seq before its own */
}

static void another_connections_commit_is_noticed(void **state)
{
    struct fixture *f = *state;
    struct store *other;
    uint64_t before, after;
    assert_ok(f, store_open(f->folder, STORE_WRITE, &other, &f->err));
    assert_int_equal(store_data_version(other, &before), STATUS_OK);
    assert_int_equal(store_data_version(other, &after), STATUS_OK);
    assert_int_equal(before, after);
    fill(f, 1);
    assert_int_equal(store_data_version(other, &after), STATUS_OK);
    assert_int_not_equal(before, after);
    store_close(other);
}

static void two_writers_take_turns_with_numbers_and_seq(void **state)
{
    struct fixture *f = *state;
    struct fixture other = *f;
    assert_ok(f, store_open(f->folder, STORE_WRITE, &other.store, &f->err));
    for (int i = 0; i < 6; i++) {
        struct fixture *writer = i % 2 ? &other : f;
        char id[8];
        snprintf(id, sizeof id, "u%d", i);
        fixture_write(writer);
        assert_int_equal(fixture_user(writer, id), i);
        fixture_commit(writer);
    }
    assert_int_equal(fixture_counts(f).seq, 6);
    store_close(other.store);
    assert_ok(f, store_verify(f->store, &f->err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(a_backup_is_a_whole_store),
        WITH_STORE(a_backup_to_nowhere_says_so),
        WITH_STORE(every_contradiction_is_noticed),
        WITH_STORE(events_expire_by_their_types_retention),
        WITH_STORE(a_later_change_of_a_thing_replaces_the_earlier),
        WITH_STORE(another_connections_commit_is_noticed),
        WITH_STORE(two_writers_take_turns_with_numbers_and_seq),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
