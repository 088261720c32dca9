/* What these catch: an event id that a filter misses, so that the event counts twice: in an older
 * run, after the store was opened again, or when another process stored it. */
#include "store_fixture.h"

#include <sqlite3.h>

#include "data/store_internal.h"

enum { N_EVENTS = 66000, ARRAY = 6000 }; /* a little more than one run */

static struct event_result post(struct fixture *f, unsigned number)
{
    char event_id[32];
    struct event_record event = an_event("u", "i", "view");
    snprintf(event_id, sizeof event_id, "event-%u", number * 2654435761u);
    event.event_id = event_id;
    return fixture_event(f, &event);
}

static int fill(void **state)
{
    fixture_setup(state);
    struct fixture *f = *state;
    for (unsigned i = 0; i < N_EVENTS; i += ARRAY) {
        fixture_write(f);
        for (unsigned k = i; k < i + ARRAY; k++)
            assert_false(post(f, k).duplicate);
        fixture_commit(f);
    }
    return 0;
}

/* Some of both runs, and some that are new. */
static void check_known(struct fixture *f)
{
    fixture_write(f);
    for (unsigned i = 0; i < N_EVENTS; i += 500)
        assert_true(post(f, i).duplicate);
    assert_true(post(f, N_EVENTS - 1).duplicate);
    assert_int_equal(fixture_counts(f).events, N_EVENTS);
    fixture_commit(f);
}

static int64_t kept_filters(struct fixture *f)
{
    sqlite3_stmt *s;
    assert_int_equal(sqlite3_prepare_v2(f->store->db,
                                        "SELECT count(*) FROM event_id_filters"
                                        " WHERE length(filter) = 131072",
                                        -1, &s, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_step(s), SQLITE_ROW);
    const int64_t n = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    return n;
}

static void ids_of_every_run_are_known(void **state)
{
    check_known(*state);
}

static void a_complete_run_keeps_its_filter(void **state)
{
    struct fixture *f = *state;
    check_known(f); /* the first transaction in which the run is complete */
    assert_int_equal(kept_filters(f), 1);
}

static void ids_are_known_after_opening_again(void **state)
{
    struct fixture *f = *state;
    store_close(f->store);
    fixture_open(f);
    check_known(f);
}

static void a_store_without_kept_filters_makes_them_again(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(sqlite3_exec(f->store->db, "DELETE FROM event_id_filters", NULL, NULL, NULL),
                     SQLITE_OK);
    store_close(f->store);
    fixture_open(f);
    check_known(f);
    assert_int_equal(kept_filters(f), 1);
}

static void what_another_process_stored_is_known(void **state)
{
    struct fixture *f = *state;
    struct fixture other = *f;
    assert_ok(f, store_open(f->folder, STORE_WRITE, &other.store, &f->err));
    check_known(&other); /* its filters are loaded before the first one goes on */
    for (unsigned i = 0; i < 5; i++) {
        struct fixture *writer = i % 2 ? &other : f, *reader = i % 2 ? f : &other;
        fixture_write(writer);
        assert_false(post(writer, N_EVENTS + i).duplicate);
        fixture_commit(writer);
        fixture_write(reader);
        assert_true(post(reader, N_EVENTS + i).duplicate);
        fixture_commit(reader);
    }
    fixture_write(f); /* leave things as they were */
    for (unsigned i = 0; i < 5; i++)
        assert_ok(f,
                  store_retract_event(f->store, post(f, N_EVENTS + i).event_id, NOW_MS, &f->err));
    fixture_commit(f);
    store_close(other.store);
}

static void an_undone_id_may_come_again(void **state)
{
    struct fixture *f = *state;
    fixture_write(f);
    assert_false(post(f, 3 * N_EVENTS).duplicate);
    store_undo(f->store);
    assert_ok(f, store_savepoint(f->store, &f->err));
    assert_false(post(f, 3 * N_EVENTS).duplicate);
    store_undo(f->store);
    store_rollback(f->store);
    fixture_write(f);
    assert_false(post(f, 3 * N_EVENTS).duplicate);
    store_undo(f->store);
    store_rollback(f->store);
    check_known(f);
}

static void runs_are_named_from_the_newest_on(void **state)
{
    static const uint64_t runs[] = {0, 31, 32, 40, 100};
    enum { N_RUNS = sizeof runs / sizeof *runs };
    struct fixture *f = *state;
    uint64_t run = UINT64_MAX;
    fixture_write(f);
    for (size_t i = 0; i < N_RUNS; i++)
        assert_ok(f, filters_add(f->store, runs[i], "x", &f->err));
    for (size_t i = N_RUNS; i-- > 0;) {
        assert_true(filters_next_run(f->store, "x", run, &run));
        assert_int_equal(run, runs[i]);
    }
    assert_false(filters_next_run(f->store, "x", run, &run));
    assert_false(filters_next_run(f->store, "y", UINT64_MAX, &run));
    fixture_commit(f);
}

static void few_runs_are_asked_in_vain(void **state)
{
    struct fixture *f = *state;
    int vain = 0;
    fixture_write(f);
    assert_ok(f, filters_update(f->store, &f->err));
    for (int i = 0; i < 100000; i++) {
        char event_id[32];
        snprintf(event_id, sizeof event_id, "unknown-%d", i);
        uint64_t run;
        vain += filters_next_run(f->store, event_id, 1, &run);
    }
    fixture_commit(f);
    assert_true(vain > 0 && vain < 500); /* a Bloom filter of this size: about 130 */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_of_every_run_are_known),
        cmocka_unit_test(a_complete_run_keeps_its_filter),
        cmocka_unit_test(ids_are_known_after_opening_again),
        cmocka_unit_test(a_store_without_kept_filters_makes_them_again),
        cmocka_unit_test(what_another_process_stored_is_known),
        cmocka_unit_test(an_undone_id_may_come_again),
        cmocka_unit_test_setup_teardown(runs_are_named_from_the_newest_on, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test(few_runs_are_asked_in_vain),
    };
    return cmocka_run_group_tests(tests, fill, fixture_teardown);
}
