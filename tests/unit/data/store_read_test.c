/* What these catch: rows lost or doubled where a page or a run ends, an order that is not seq's, a
 * reader that holds the log back. One store of some 70,000 events, which is more than one run. */
#include "store_fixture.h"

#include <string.h>

enum { N_EVENTS = 70000, N_USERS = 7, ARRAY = 5000 };

static int fill(void **state)
{
    fixture_setup(state);
    struct fixture *f = *state;
    for (int i = 0; i < N_EVENTS; i += ARRAY) {
        fixture_write(f);
        for (int k = i; k < i + ARRAY; k++) {
            char user[8], item[8];
            snprintf(user, sizeof user, "u%d", k % N_USERS);
            snprintf(item, sizeof item, "i%d", k % 11);
            struct event_record event = an_event(user, item, k % 1000 ? "view" : "like");
            event.time_ms = k;
            fixture_event(f, &event);
        }
        fixture_commit(f);
    }
    return 0;
}

struct check {
    uint64_t n, last_seq;
    uint32_t user; /* expected, or NUMBER_NONE */
    int64_t last_time;
};

static enum status check_rows(void *context, const struct event_row *rows, size_t n)
{
    struct check *check = context;
    for (size_t i = 0; i < n; i++) {
        assert_true(rows[i].seq > check->last_seq);
        assert_true(rows[i].time_ms > check->last_time); /* as they were posted */
        if (check->user != NUMBER_NONE)
            assert_int_equal(rows[i].user, check->user);
        check->last_seq = rows[i].seq;
        check->last_time = rows[i].time_ms;
    }
    check->n += n;
    return STATUS_OK;
}

static void all_events_come_once_in_order(void **state)
{
    struct fixture *f = *state;
    struct check check = {.user = NUMBER_NONE, .last_time = -1};
    assert_ok(f, store_read_events(f->store, 0, 1000, check_rows, &check, &f->err));
    assert_int_equal(check.last_seq, 1000);
    assert_ok(f, store_read_events(f->store, 1000, UINT64_MAX, check_rows, &check, &f->err));
    assert_int_equal(check.n, N_EVENTS);
}

static void one_users_events_cross_pages_and_runs(void **state)
{
    struct fixture *f = *state;
    for (uint32_t user = 0; user < N_USERS; user++) {
        struct check check = {.user = user, .last_time = -1};
        assert_ok(f,
                  store_read_user_events(f->store, user, UINT64_MAX, check_rows, &check, &f->err));
        assert_int_equal(check.n, N_EVENTS / N_USERS);
    }
    struct check check = {.user = 0, .last_time = -1};
    assert_ok(f, store_read_user_events(f->store, 0, 66000, check_rows, &check, &f->err));
    assert_true(check.last_seq <= 66000 && check.last_seq > 66000 - 2 * N_USERS);
}

struct backwards {
    uint64_t n, last_seq;
};

static enum status check_backwards(void *context, uint64_t seq, const struct event_record *event)
{
    struct backwards *check = context;
    assert_true(seq < check->last_seq);
    assert_string_equal(event->user, "u3");
    check->last_seq = seq;
    check->n++;
    return STATUS_OK;
}

static void pages_backwards_give_every_event_once(void **state)
{
    struct fixture *f = *state;
    struct backwards check = {.last_seq = UINT64_MAX};
    uint64_t before, pages = 0;
    do {
        before = check.n;
        assert_ok(f, store_list_user_events(f->store, 3, NULL, check.last_seq, 777, check_backwards,
                                            &check, &f->err));
        pages++;
    } while (check.n > before);
    assert_int_equal(check.n, N_EVENTS / N_USERS);
    assert_int_equal(pages, 14); /* 10,000 in pages of 777, and the empty one */
    check = (struct backwards){.last_seq = UINT64_MAX};
    assert_ok(f, store_list_user_events(f->store, 3, "like", UINT64_MAX, 777, check_backwards,
                                        &check, &f->err));
    assert_int_equal(check.n, 10);
}

static enum status check_changes(void *context, const struct change *change)
{
    struct check *check = context;
    assert_int_equal(change->seq, check->last_seq + 1);
    check->last_seq = change->seq;
    check->n += change->kind == CHANGE_EVENT;
    return STATUS_OK;
}

static void changes_have_no_holes(void **state)
{
    struct fixture *f = *state;
    struct check check = {0};
    assert_ok(f, store_read_changes(f->store, 0, UINT64_MAX, check_changes, &check, &f->err));
    assert_int_equal(check.n, N_EVENTS);
    assert_int_equal(check.last_seq, N_EVENTS + N_USERS + 11);
}

static enum status stop_at_once(void *context, const struct event_row *rows, size_t n)
{
    (void)rows;
    *(uint64_t *)context += n;
    return STATUS_CANCELLED;
}

static void a_callback_can_stop_the_reading(void **state)
{
    struct fixture *f = *state;
    uint64_t n = 0;
    assert_int_equal(store_read_events(f->store, 0, UINT64_MAX, stop_at_once, &n, &f->err),
                     STATUS_CANCELLED);
    assert_true(n > 0 && n < N_EVENTS);
}

struct between {
    struct fixture *f;
    uint64_t n, wal_bytes;
};

/* Between two pages of a reader, the writer writes and checkpoints. */
static enum status write_between(void *context, const struct event_row *rows, size_t n)
{
    struct between *between = context;
    (void)rows;
    fixture_write(between->f);
    const struct event_record event = an_event("late", "i0", "view");
    fixture_event(between->f, &event);
    fixture_commit(between->f);
    assert_ok(between->f,
              store_checkpoint(between->f->store, true, &between->wal_bytes, &between->f->err));
    assert_int_equal(between->wal_bytes, 0);
    between->n += n;
    return STATUS_OK;
}

static void a_reader_does_not_hold_the_log_back(void **state)
{
    struct fixture *f = *state;
    struct store *reader;
    struct between between = {.f = f};
    const uint64_t seq = fixture_counts(f).seq;
    assert_ok(f, store_open(f->folder, STORE_READ, &reader, &f->err));
    assert_ok(f, store_read_events(reader, 0, seq, write_between, &between, &f->err));
    assert_int_equal(between.n, N_EVENTS);
    store_close(reader);
}

static void the_file_passes_verification(void **state)
{
    struct fixture *f = *state;
    assert_ok(f, store_verify(f->store, &f->err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_events_come_once_in_order),
        cmocka_unit_test(one_users_events_cross_pages_and_runs),
        cmocka_unit_test(pages_backwards_give_every_event_once),
        cmocka_unit_test(changes_have_no_holes),
        cmocka_unit_test(a_callback_can_stop_the_reading),
        cmocka_unit_test(a_reader_does_not_hold_the_log_back),
        cmocka_unit_test(the_file_passes_verification),
    };
    return cmocka_run_group_tests(tests, fill, fixture_teardown);
}
