/* What these catch: an event that is stored under the number of somebody who is gone, was never
 * there, or has another number by now. */
#include "store_fixture.h"

#include "data/store_internal.h"

/* ---- the table ---- */

static void an_id_is_found_until_all_are_forgotten(void **state)
{
    (void)state;
    struct number_cache cache = {0};
    uint32_t number = 0;
    numbers_keep(&cache, "a", 1); /* no room yet: nothing happens */
    assert_false(numbers_find(&cache, "a", &number));
    numbers_resize(&cache, 100);
    numbers_keep(&cache, "a", 1);
    numbers_keep(&cache, "ab", 2);
    assert_true(numbers_find(&cache, "a", &number));
    assert_int_equal(number, 1);
    assert_true(numbers_find(&cache, "ab", &number));
    assert_int_equal(number, 2);
    assert_false(numbers_find(&cache, "b", &number));
    numbers_forget(&cache);
    assert_false(numbers_find(&cache, "a", &number));
    numbers_free(&cache);
}

static void ids_that_meet_in_one_place_stay_apart(void **state)
{
    (void)state;
    struct number_cache cache = {0};
    numbers_resize(&cache, 1);
    char id[80];
    for (uint32_t i = 0; i < 100000; i++) { /* far more than places */
        snprintf(id, sizeof id, "%u", i);
        numbers_keep(&cache, id, i);
    }
    uint32_t found = 0;
    for (uint32_t i = 0; i < 100000; i++) {
        uint32_t number;
        snprintf(id, sizeof id, "%u", i);
        if (!numbers_find(&cache, id, &number))
            continue;
        assert_int_equal(number, i);
        found++;
    }
    assert_true(found > 0 && found <= cache.n_slots);
    numbers_free(&cache);
}

static void long_ids_are_left_to_the_store(void **state)
{
    (void)state;
    struct number_cache cache = {0};
    numbers_resize(&cache, 1);
    char id[NUMBER_ID_MAX + 2];
    uint32_t number;
    memset(id, 'x', sizeof id);
    id[NUMBER_ID_MAX + 1] = '\0';
    numbers_keep(&cache, id, 1);
    assert_false(numbers_find(&cache, id, &number));
    id[NUMBER_ID_MAX] = '\0';
    numbers_keep(&cache, id, 2);
    assert_true(numbers_find(&cache, id, &number));
    assert_int_equal(number, 2);
    numbers_free(&cache);
}

static void what_was_forgotten_stays_so_when_epochs_begin_again(void **state)
{
    (void)state;
    struct number_cache cache = {0};
    uint32_t number;
    numbers_resize(&cache, 1);
    numbers_keep(&cache, "a", 1); /* in epoch 1 */
    cache.epoch = UINT32_MAX;
    numbers_forget(&cache);
    assert_int_equal(cache.epoch, 1);
    assert_false(numbers_find(&cache, "a", &number));
    numbers_free(&cache);
}

/* ---- the store ---- */

static uint32_t number_of_user(struct fixture *f, const char *id)
{
    uint32_t number;
    assert_ok(f, user_find(f->store, id, &number, &f->err));
    return number;
}

static uint32_t number_of_item(struct fixture *f, const char *id)
{
    uint32_t number;
    enum item_state item_state;
    assert_ok(f, item_find(f->store, id, &number, &item_state, &f->err));
    return number;
}

/* Posts an event and checks that it names who and what the ids stand for now. */
static void check_event(struct fixture *f, const char *user, const char *item)
{
    const struct event_record event = an_event(user, item, "view");
    fixture_event(f, &event);
    sqlite3_stmt *s;
    assert_int_equal(sqlite3_prepare_v2(f->store->db,
                                        "SELECT user, item FROM interactions"
                                        " ORDER BY seq DESC LIMIT 1",
                                        -1, &s, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_step(s), SQLITE_ROW);
    assert_int_equal(sqlite3_column_int64(s, 0), number_of_user(f, user));
    assert_int_equal(sqlite3_column_int64(s, 1), number_of_item(f, item));
    sqlite3_finalize(s);
}

static void commit_and_verify(struct fixture *f)
{
    fixture_commit(f);
    assert_ok(f, store_verify(f->store, &f->err)); /* events of unknown or erased users */
}

static void who_was_undone_is_made_again(void **state)
{
    struct fixture *f = *state;
    fixture_write(f);
    const struct event_record event = an_event("u", "i", "view");
    fixture_event(f, &event);
    store_undo(f->store);
    assert_ok(f, store_savepoint(f->store, &f->err));
    check_event(f, "other", "other"); /* takes the numbers that were undone */
    check_event(f, "u", "i");
    commit_and_verify(f);
    fixture_write(f);
    const struct event_record late = an_event("v", "j", "view");
    fixture_event(f, &late);
    store_rollback(f->store);
    fixture_write(f);
    check_event(f, "w", "k");
    check_event(f, "v", "j");
    commit_and_verify(f);
}

static void who_was_erased_comes_back_as_another(void **state)
{
    struct fixture *f = *state;
    fixture_write(f);
    check_event(f, "u", "i");
    const uint32_t before = number_of_user(f, "u");
    assert_ok(f, store_erase_user(f->store, "u", NOW_MS, &f->err));
    check_event(f, "u", "i");
    assert_int_not_equal(number_of_user(f, "u"), before);
    uint64_t moved;
    assert_ok(f, store_merge_user(f->store, "v", "u", NULL, NOW_MS, &moved, &f->err));
    check_event(f, "u", "i");
    commit_and_verify(f);
}

static void an_item_that_comes_back_is_another(void **state)
{
    struct fixture *f = *state;
    fixture_write(f);
    check_event(f, "u", "i");
    assert_ok(f, store_delete_item(f->store, "i", false, NOW_MS, &f->err));
    check_event(f, "u", "i"); /* a late event */
    const struct item_record item = {.id = "i",
                                     .available = true,
                                     .price = NAN,
                                     .published_ms = TIME_UNKNOWN,
                                     .expires_ms = TIME_UNKNOWN};
    uint32_t number;
    bool created;
    assert_ok(f, store_put_item(f->store, &item, NOW_MS, &number, &created, &f->err));
    check_event(f, "u", "i");
    assert_int_equal(number_of_item(f, "i"), number);
    commit_and_verify(f);
}

static void what_another_process_erased_is_not_remembered(void **state)
{
    struct fixture *f = *state;
    fixture_write(f);
    check_event(f, "u", "i");
    commit_and_verify(f);
    struct store *other;
    assert_ok(f, store_open(f->folder, STORE_WRITE, &other, &f->err));
    assert_ok(f, store_begin(other, &f->err));
    assert_ok(f, store_erase_user(other, "u", NOW_MS, &f->err));
    assert_ok(f, store_commit(other, &f->err));
    store_close(other);
    fixture_write(f);
    check_event(f, "u", "i");
    commit_and_verify(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_id_is_found_until_all_are_forgotten),
        cmocka_unit_test(ids_that_meet_in_one_place_stay_apart),
        cmocka_unit_test(long_ids_are_left_to_the_store),
        cmocka_unit_test(what_was_forgotten_stays_so_when_epochs_begin_again),
        cmocka_unit_test_setup_teardown(who_was_undone_is_made_again, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(who_was_erased_comes_back_as_another, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(an_item_that_comes_back_is_another, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(what_another_process_erased_is_not_remembered,
                                        fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
