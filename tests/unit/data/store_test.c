/* What these catch: numbers given twice, a savepoint that leaves traces, changes that a reader by
 * seq misses or sees twice, a store that another version or program wrote. */
#include "store_fixture.h"

#include "data/store_internal.h"

#include <string.h>

struct log {
    size_t n;
    struct change changes[64];
    char ids[64][32];
};

static enum status log_change(void *context, const struct change *change)
{
    struct log *log = context;
    assert_true(log->n < 64);
    snprintf(log->ids[log->n], sizeof log->ids[0], "%s",
             change->item ? change->item->id
             : change->id ? change->id
                          : "");
    log->changes[log->n++] = *change;
    return STATUS_OK;
}

static enum status count_rows(void *context, const struct event_row *rows, size_t n)
{
    uint64_t *count = context;
    for (size_t i = 0; i < n; i++)
        assert_true(rows[i].seq > 0);
    *count += n;
    return STATUS_OK;
}

static void changes_come_once_each_in_order(void **state)
{
    struct fixture *f = *state;
    fixture_write(f);
    fixture_item(f, "i1");
    fixture_user(f, "u1");
    struct event_record event = an_event("u1", "i1", "view");
    fixture_event(f, &event);
    event = an_event(NULL, "i2", "rating");
    event.session = "s1";
    event.rating = 4.5;
    fixture_event(f, &event);
    fixture_commit(f);

    struct log log = {0};
    assert_ok(f, store_read_changes(f->store, 0, UINT64_MAX, log_change, &log, &f->err));
    static const enum change_kind expected[] = {CHANGE_ITEM, CHANGE_USER,    CHANGE_EVENT,
                                                CHANGE_USER, CHANGE_SESSION, CHANGE_ITEM,
                                                CHANGE_EVENT};
    assert_int_equal(log.n, 7);
    for (size_t i = 0; i < log.n; i++) {
        assert_int_equal(log.changes[i].kind, expected[i]);
        assert_int_equal(log.changes[i].seq, i + 1);
    }
    assert_string_equal(log.ids[0], "i1");
    assert_string_equal(log.ids[1], "u1");
    assert_string_equal(log.ids[3], "");
    assert_string_equal(log.ids[4], "s1");
    assert_int_equal(log.changes[4].number, 1);
    assert_int_equal(log.changes[6].event.user, 1);
    assert_int_equal(log.changes[6].event.item, 1);
    assert_true(log.changes[6].event.value == 4.5f);
    assert_true(isnan(log.changes[2].event.value));
    uint64_t n = 0;
    assert_ok(f, store_read_events(f->store, 3, UINT64_MAX, count_rows, &n, &f->err));
    assert_int_equal(n, 1);
}

static void an_undone_request_leaves_no_trace(void **state)
{
    struct fixture *f = *state;
    fixture_write(f);
    const struct event_record event = an_event("u", "i", "view");
    fixture_event(f, &event);
    const struct store_counts before = fixture_counts(f);
    assert_ok(f, store_release(f->store, &f->err));
    assert_ok(f, store_savepoint(f->store, &f->err));
    const struct event_record other = an_event("v", "j", "click");
    fixture_event(f, &other);
    store_undo(f->store);
    const struct store_counts after = fixture_counts(f);
    assert_memory_equal(&before, &after, sizeof before);
    assert_ok(f, store_savepoint(f->store, &f->err));
    assert_int_equal(fixture_user(f, "w"), before.next_user);
    fixture_commit(f);
    struct idmap users = {0}, items = {0};
    assert_ok(f, store_read_ids(f->store, &users, &items, &f->err));
    assert_int_equal(idmap_find(&users, "v", 1), IDMAP_NONE);
    assert_int_equal(idmap_find(&users, "w", 1), 1);
    assert_int_equal(idmap_find(&items, "i", 1), 0);
    idmap_free(&users);
    idmap_free(&items);
}

/* Catches a crash where a savepoint could not be opened again and its request is undone. */
static void an_undo_without_a_savepoint_does_nothing(void **state)
{
    struct fixture *f = *state;
    fixture_write(f);
    fixture_user(f, "u");
    const struct store_counts before = fixture_counts(f);
    assert_ok(f, store_release(f->store, &f->err));
    store_undo(f->store);
    const struct store_counts after = fixture_counts(f);
    assert_memory_equal(&before, &after, sizeof before);
    assert_ok(f, store_savepoint(f->store, &f->err));
    fixture_commit(f);
    assert_int_equal(fixture_counts(f).users, 1);
}

/* As where an end finds no memory. */
static void a_transaction_that_was_left_open_is_ended_by_the_next(void **state)
{
    struct fixture *f = *state;
    sqlite3 *db = f->store->db;
    assert_int_equal(sqlite3_exec(db, "BEGIN", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(store_begin_read(f->store, NULL), STATUS_OK);
    store_end_read(f->store);
    assert_true(sqlite3_get_autocommit(db));
    assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    fixture_write(f);
    fixture_user(f, "u1");
    fixture_commit(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(changes_come_once_each_in_order, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(an_undone_request_leaves_no_trace, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(an_undo_without_a_savepoint_does_nothing, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_transaction_that_was_left_open_is_ended_by_the_next,
                                        fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
