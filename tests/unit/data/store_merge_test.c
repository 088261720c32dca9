/* What these catch: events left with a user that is gone, a guest's history lost at login, a retry
 * after a merge that is refused or counted twice, rows that survive an erasure. */
#include "store_fixture.h"

#include <string.h>

static uint64_t merge(struct fixture *f, const char *user, const char *from_user,
                      const char *from_session)
{
    uint64_t moved = 0;
    assert_ok(f,
              store_merge_user(f->store, user, from_user, from_session, NOW_MS, &moved, &f->err));
    return moved;
}

static void visit(struct fixture *f, const char *user, const char *session, const char *item)
{
    struct event_record event = an_event(user, item, "view");
    event.session = session;
    fixture_event(f, &event);
}

struct seen {
    size_t n;
    char user[8][32], session[8][32], item[8][32];
};

static enum status see(void *context, uint64_t seq, const struct event_record *event)
{
    struct seen *seen = context;
    (void)seq;
    assert_true(seen->n < 8);
    snprintf(seen->user[seen->n], 32, "%s", event->user ? event->user : "");
    snprintf(seen->session[seen->n], 32, "%s", event->session ? event->session : "");
    snprintf(seen->item[seen->n++], 32, "%s", event->item);
    return STATUS_OK;
}

static void a_guest_becomes_the_user(void **state)
{
    struct fixture *f = *state;
    struct seen seen = {0};
    uint32_t owner;
    fixture_write(f);
    visit(f, NULL, "s", "a");
    visit(f, NULL, "s", "b");
    visit(f, "u", NULL, "c");
    assert_int_equal(merge(f, "u", NULL, "s"), 2);
    assert_int_equal(merge(f, "u", NULL, "s"), 0); /* the same again */
    assert_ok(f, store_find_session(f->store, "s", &owner, &f->err));
    visit(f, NULL, "s", "d"); /* the session is the user's from then on */
    const struct store_counts counts = fixture_counts(f);
    assert_int_equal(counts.guests, 0);
    assert_int_equal(counts.users, 1);
    assert_int_equal(counts.events, 4);
    fixture_commit(f);
    assert_ok(f,
              store_list_user_events(f->store, owner, NULL, UINT64_MAX, 10, see, &seen, &f->err));
    assert_int_equal(seen.n, 4);
    assert_string_equal(seen.item[0], "d");
    assert_string_equal(seen.session[0], "s");
    assert_string_equal(seen.item[3], "a");
    assert_string_equal(seen.session[3], "s");
    assert_string_equal(seen.session[1], "");
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(seen.user[i], "u");
    assert_ok(f, store_verify(f->store, &f->err));
}

static void a_user_becomes_another_and_is_remembered(void **state)
{
    struct fixture *f = *state;
    uint64_t moved;
    fixture_write(f);
    struct event_record event = an_event("old", "a", "view");
    event.event_id = "e";
    fixture_event(f, &event);
    assert_int_equal(merge(f, "new", "old", NULL), 1); /* which is made by it */
    assert_int_equal(merge(f, "new", "old", NULL), 0);
    assert_true(fixture_event(f, &event).duplicate); /* a late retry under the old id */
    assert_int_equal(store_merge_user(f->store, "other", "old", NULL, NOW_MS, &moved, &f->err),
                     STATUS_NOT_FOUND);
    assert_int_equal(merge(f, "newest", "new", NULL), 1);
    assert_int_equal(merge(f, "newest", "old", NULL), 0); /* followed through both */
    assert_true(fixture_event(f, &event).duplicate);
    const struct store_counts counts = fixture_counts(f);
    assert_int_equal(counts.users, 1);
    assert_int_equal(counts.events, 1);
    fixture_commit(f);
    assert_ok(f, store_verify(f->store, &f->err));
}

static void what_cannot_be_merged_is_refused(void **state)
{
    struct fixture *f = *state;
    uint64_t moved;
    fixture_write(f);
    visit(f, NULL, "s", "a");
    visit(f, "u", NULL, "a");
    merge(f, "u", NULL, "s");
    const struct store_counts before = fixture_counts(f);
    assert_int_equal(store_merge_user(f->store, "u", "u", NULL, NOW_MS, &moved, &f->err),
                     STATUS_OUT_OF_RANGE);
    assert_int_equal(store_merge_user(f->store, "v", "nobody", NULL, NOW_MS, &moved, &f->err),
                     STATUS_NOT_FOUND);
    assert_int_equal(store_merge_user(f->store, "v", NULL, "none", NOW_MS, &moved, &f->err),
                     STATUS_NOT_FOUND);
    assert_int_equal(store_merge_user(f->store, "v", NULL, "s", NOW_MS, &moved, &f->err),
                     STATUS_CONFLICT);
    const struct store_counts after = fixture_counts(f);
    assert_memory_equal(&before, &after, sizeof before);
    fixture_commit(f);
}

struct kinds {
    size_t n;
    enum change_kind kind[16];
    uint32_t number[16];
};

static enum status note_kind(void *context, const struct change *change)
{
    struct kinds *kinds = context;
    assert_true(kinds->n < 16);
    kinds->kind[kinds->n] = change->kind;
    kinds->number[kinds->n++] = change->number;
    return STATUS_OK;
}

static void a_merge_is_announced(void **state)
{
    struct fixture *f = *state;
    struct kinds kinds = {0};
    fixture_write(f);
    visit(f, NULL, "s", "a");
    visit(f, "u", NULL, "a");
    const uint64_t seq = fixture_counts(f).seq;
    merge(f, "u", NULL, "s");
    fixture_commit(f);
    assert_ok(f, store_read_changes(f->store, seq, UINT64_MAX, note_kind, &kinds, &f->err));
    assert_int_equal(kinds.n, 3);
    assert_int_equal(kinds.kind[0], CHANGE_SESSION);
    assert_int_equal(kinds.number[0], 1);
    assert_int_equal(kinds.kind[1], CHANGE_USER_DEATH);
    assert_int_equal(kinds.number[1], 0);
    assert_int_equal(kinds.kind[2], CHANGE_USER_EVENTS);
    assert_int_equal(kinds.number[2], 1);
}

/* Does the text stand anywhere in the store's files? */
static bool files_contain(const struct fixture *f, const char *text)
{
    static const char *const names[] = {STORE_FILE, STORE_FILE "-wal"};
    bool found = false;
    for (size_t i = 0; i < 2; i++) {
        char path[PATH_BYTES_MAX];
        struct buffer bytes = {0};
        assert_int_equal(path_join(path, f->folder, names[i]), STATUS_OK);
        if (file_read(path, (size_t)1 << 30, &bytes, NULL) == STATUS_OK)
            found |= memmem(bytes.data, bytes.size, text, strlen(text)) != NULL;
        buffer_free(&bytes);
    }
    return found;
}

static void nothing_of_an_erased_user_is_left_in_the_file(void **state)
{
    struct fixture *f = *state;
    struct kinds kinds = {0};
    uint64_t wal;
    fixture_write(f);
    const struct user_record user = {.id = "secret-user", .attributes = "{\"a\":\"secret-home\"}"};
    uint32_t number;
    bool created;
    assert_ok(f, store_put_user(f->store, &user, NOW_MS, &number, &created, &f->err));
    visit(f, NULL, "secret-session", "a");
    visit(f, "secret-old", NULL, "a");
    merge(f, "secret-user", NULL, "secret-session");
    merge(f, "secret-user", "secret-old", NULL);
    struct event_record event = an_event("secret-user", "a", "view");
    event.event_id = "secret-event";
    event.context = "{\"where\":\"secret-place\"}";
    fixture_event(f, &event);
    event.event_id = "secret-retracted";
    fixture_event(f, &event);
    assert_ok(f, store_retract_event(f->store, "secret-retracted", NOW_MS, &f->err));
    const char *const items[] = {"a", "b"};
    const struct impression_record impression = {.user = "secret-user",
                                                 .recommendation_id = "secret-list",
                                                 .items = items,
                                                 .n_items = 2,
                                                 .time_ms = NOW_MS};
    assert_ok(f, store_add_impression(f->store, &impression, NOW_MS, &f->err));
    visit(f, "other", NULL, "a");
    fixture_commit(f);
    assert_true(files_contain(f, "secret-"));

    fixture_write(f);
    const uint64_t seq = fixture_counts(f).seq;
    assert_ok(f, store_erase_user(f->store, "secret-user", NOW_MS, &f->err));
    assert_int_equal(store_erase_user(f->store, "secret-user", NOW_MS, &f->err), STATUS_NOT_FOUND);
    fixture_commit(f);
    assert_ok(f, store_checkpoint(f->store, true, &wal, &f->err));
    assert_int_equal(wal, 0);
    assert_false(files_contain(f, "secret-"));
    const struct store_counts counts = fixture_counts(f);
    assert_int_equal(counts.users, 1);
    assert_int_equal(counts.events, 1);
    assert_ok(f, store_verify(f->store, &f->err));
    assert_ok(f, store_read_changes(f->store, seq, UINT64_MAX, note_kind, &kinds, &f->err));
    assert_int_equal(kinds.n, 1);
    assert_int_equal(kinds.kind[0], CHANGE_USER_DEATH);
    assert_int_equal(kinds.number[0], number);
    kinds.n = 0; /* and from the start nothing names it as alive */
    assert_ok(f, store_read_changes(f->store, 0, UINT64_MAX, note_kind, &kinds, &f->err));
    for (size_t i = 0; i < kinds.n; i++)
        if (kinds.kind[i] == CHANGE_USER || kinds.kind[i] == CHANGE_USER_EVENTS)
            assert_int_not_equal(kinds.number[i], number);
    fixture_write(f);
    assert_int_equal(fixture_user(f, "secret-user"), counts.next_user); /* a new number */
    fixture_commit(f);
}

static enum status see_impression(void *context, uint64_t seq,
                                  const struct impression_record *impression)
{
    struct seen *seen = context;
    assert_true(seq > 0);
    snprintf(seen->user[seen->n], 32, "%s", impression->user ? impression->user : "");
    snprintf(seen->session[seen->n], 32, "%s", impression->session ? impression->session : "");
    assert_int_equal(impression->n_items, 2);
    assert_string_equal(impression->items[0], "b");
    assert_string_equal(impression->items[1], "a");
    seen->n++;
    return STATUS_OK;
}

static void impressions_come_back_and_move_with_a_merge(void **state)
{
    struct fixture *f = *state;
    struct seen seen = {0};
    const char *const items[] = {"b", "a"};
    struct impression_record impression = {
        .session = "s", .items = items, .n_items = 2, .time_ms = TIME_UNKNOWN};
    fixture_write(f);
    assert_ok(f, store_add_impression(f->store, &impression, NOW_MS, &f->err));
    assert_ok(f, store_list_user_impressions(f->store, 0, UINT64_MAX, 10, see_impression, &seen,
                                             &f->err));
    assert_int_equal(merge(f, "u", NULL, "s"), 0);
    assert_ok(f, store_list_user_impressions(f->store, 1, UINT64_MAX, 10, see_impression, &seen,
                                             &f->err));
    assert_ok(f, store_list_user_impressions(f->store, 0, UINT64_MAX, 10, see_impression, &seen,
                                             &f->err));
    impression.session = NULL;
    assert_ok(f, store_add_impression(f->store, &impression, NOW_MS, &f->err)); /* of nobody */
    fixture_commit(f);
    assert_int_equal(seen.n, 2);
    assert_string_equal(seen.user[0], "");
    assert_string_equal(seen.session[0], "s");
    assert_string_equal(seen.user[1], "u");
    assert_string_equal(seen.session[1], "s");
    assert_int_equal(fixture_counts(f).ghost_items, 2);
}

static void retraction_by_pattern_takes_what_matches(void **state)
{
    struct fixture *f = *state;
    struct seen seen = {0};
    uint64_t n;
    fixture_write(f);
    struct event_record event = an_event("u", "a", "view");
    fixture_event(f, &event);
    event.type = "like";
    const struct event_result liked = fixture_event(f, &event);
    event.item = "b";
    fixture_event(f, &event);
    visit(f, "v", NULL, "a");
    assert_ok(f, store_retract_events(f->store, &f->types, "u", "a", "like", NOW_MS, &n, &f->err));
    assert_int_equal(n, 1);
    event.item = "a";
    event.event_id = liked.event_id;
    assert_true(fixture_event(f, &event).duplicate); /* made ids leave tombstones too */
    assert_ok(f, store_retract_events(f->store, &f->types, "u", NULL, NULL, NOW_MS, &n, &f->err));
    assert_int_equal(n, 2);
    assert_ok(f, store_retract_events(f->store, &f->types, "u", NULL, NULL, NOW_MS, &n, &f->err));
    assert_int_equal(n, 0);
    assert_int_equal(
        store_retract_events(f->store, &f->types, "w", NULL, NULL, NOW_MS, &n, &f->err),
        STATUS_NOT_FOUND);
    assert_int_equal(
        store_retract_events(f->store, &f->types, "u", NULL, "vue", NOW_MS, &n, &f->err),
        STATUS_NOT_FOUND);
    fixture_commit(f);
    assert_ok(f, store_list_events(f->store, 0, 10, see, &seen, &f->err));
    assert_int_equal(seen.n, 1);
    assert_string_equal(seen.user[0], "v");
    assert_ok(f, store_verify(f->store, &f->err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(a_guest_becomes_the_user),
        WITH_STORE(a_user_becomes_another_and_is_remembered),
        WITH_STORE(what_cannot_be_merged_is_refused),
        WITH_STORE(a_merge_is_announced),
        WITH_STORE(nothing_of_an_erased_user_is_left_in_the_file),
        WITH_STORE(impressions_come_back_and_move_with_a_merge),
        WITH_STORE(retraction_by_pattern_takes_what_matches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
