/* What these catch: an item's field lost, a deleted item that comes back by an event or under its
 * old number, a ghost that is counted as listed, an attribute that changes its type. */
#include "store_fixture.h"

#include <string.h>

static const char *const categories[] = {"shoes/running", "sale \"50%\"\\"};
static const float vector[] = {0.25f, -1, 3e-8f};

static struct item_record full_item(void)
{
    return (struct item_record){.id = "full",
                                .attributes = "{\"brand\":\"x\",\"sizes\":[\"s\"],\"new\":true}",
                                .title = "Shoe",
                                .categories = categories,
                                .n_categories = 2,
                                .hidden = true,
                                .available = false,
                                .price = 49.9,
                                .currency = "EUR",
                                .group_id = "g",
                                .published_ms = 1,
                                .expires_ms = 2,
                                .vector = vector,
                                .n_vector = 3};
}

static bool put(struct fixture *f, const struct item_record *item, uint32_t *ret_number)
{
    bool created;
    assert_ok(f, store_put_item(f->store, item, NOW_MS, ret_number, &created, &f->err));
    return created;
}

static enum status get(struct fixture *f, const char *id, struct arena *arena,
                       struct item_record *ret_item, uint32_t *ret_number)
{
    return store_get_item(f->store, id, arena, ret_item, ret_number, &f->err);
}

static void every_field_comes_back(void **state)
{
    struct fixture *f = *state;
    const struct item_record item = full_item();
    struct item_record got;
    struct arena arena = {0};
    uint32_t number;
    fixture_write(f);
    assert_true(put(f, &item, &number));
    fixture_commit(f);
    assert_ok(f, get(f, "full", &arena, &got, &number));
    assert_string_equal(got.id, item.id);
    assert_string_equal(got.attributes, item.attributes);
    assert_string_equal(got.title, item.title);
    assert_int_equal(got.n_categories, 2);
    assert_string_equal(got.categories[0], categories[0]);
    assert_string_equal(got.categories[1], categories[1]);
    assert_true(got.hidden && !got.available && got.listed);
    assert_true(got.price == item.price);
    assert_string_equal(got.currency, "EUR");
    assert_string_equal(got.group_id, "g");
    assert_true(got.published_ms == 1 && got.expires_ms == 2);
    assert_int_equal(got.n_vector, 3);
    assert_memory_equal(got.vector, vector, sizeof vector);
    assert_true(got.created_ms == NOW_MS && got.updated_ms == NOW_MS);
    arena_free(&arena);
}

static void a_put_replaces_every_field(void **state)
{
    struct fixture *f = *state;
    const struct item_record item = full_item(), bare = an_item("full");
    struct item_record got;
    struct arena arena = {0};
    uint32_t number, again;
    fixture_write(f);
    put(f, &item, &number);
    const uint64_t seq = fixture_counts(f).seq;
    assert_false(put(f, &item, &again)); /* the same: nothing changes */
    assert_int_equal(fixture_counts(f).seq, seq);
    assert_false(put(f, &bare, &again));
    assert_int_equal(again, number);
    assert_int_equal(fixture_counts(f).seq, seq + 1);
    fixture_commit(f);
    assert_ok(f, get(f, "full", &arena, &got, &number));
    assert_string_equal(got.attributes, "{}");
    assert_true(!got.title && !got.currency && !got.group_id && isnan(got.price));
    assert_true(got.n_categories == 0 && got.n_vector == 0 && !got.hidden && got.available);
    assert_true(got.published_ms == TIME_UNKNOWN && got.expires_ms == TIME_UNKNOWN);
    arena_free(&arena);
}

static void a_deleted_item_comes_back_only_by_a_put_and_as_another(void **state)
{
    struct fixture *f = *state;
    struct item_record got;
    struct arena arena = {0};
    fixture_write(f);
    const uint32_t old = fixture_item(f, "a");
    const struct event_record event = an_event("u", "a", "view");
    fixture_event(f, &event);
    assert_ok(f, store_delete_item(f->store, "a", false, NOW_MS, &f->err));
    assert_int_equal(store_delete_item(f->store, "a", false, NOW_MS, &f->err), STATUS_NOT_FOUND);
    fixture_event(f, &event); /* stored under the old number, and does not relist it */
    uint32_t number;
    assert_int_equal(get(f, "a", &arena, &got, &number), STATUS_NOT_FOUND);
    assert_int_equal(fixture_counts(f).items, 0);
    assert_int_equal(fixture_counts(f).ghost_items, 0);
    assert_int_equal(fixture_counts(f).next_item, 1);
    assert_int_equal(fixture_counts(f).events, 2);
    assert_int_equal(fixture_item(f, "a"), old + 1);
    fixture_event(f, &event);
    fixture_commit(f);
    struct idmap users = {0}, items = {0};
    assert_ok(f, store_read_ids(f->store, &users, &items, &f->err));
    assert_int_equal(idmap_find(&items, "a", 1), old + 1);
    idmap_free(&users);
    idmap_free(&items);
    assert_ok(f, store_verify(f->store, &f->err));
    arena_free(&arena);
}

static void a_purge_takes_the_events_along(void **state)
{
    struct fixture *f = *state;
    fixture_write(f);
    const struct event_record a = an_event("u", "a", "view"), b = an_event("u", "b", "view");
    fixture_event(f, &a);
    fixture_event(f, &a);
    fixture_event(f, &b);
    assert_ok(f, store_delete_item(f->store, "a", true, NOW_MS, &f->err));
    assert_int_equal(fixture_counts(f).events, 1);
    fixture_commit(f);
    assert_ok(f, store_verify(f->store, &f->err));
}

static void a_ghost_is_listed_by_its_put(void **state)
{
    struct fixture *f = *state;
    struct item_record got;
    struct arena arena = {0};
    uint32_t number;
    fixture_write(f);
    struct event_record event = an_event("u", "a", "view");
    fixture_event(f, &event);
    assert_int_equal(fixture_counts(f).ghost_items, 1);
    assert_ok(f, get(f, "a", &arena, &got, &number));
    assert_false(got.listed);
    assert_int_equal(fixture_item(f, "a"), number);
    assert_ok(f, get(f, "a", &arena, &got, &number));
    assert_true(got.listed);
    struct event_result result;
    event.item = "b"; /* items.auto */
    assert_ok(f, store_add_event(f->store, &f->types, &event, true, NOW_MS, &result, &f->err));
    assert_int_equal(fixture_counts(f).ghost_items, 0);
    assert_int_equal(fixture_counts(f).items, 2);
    fixture_commit(f);
    arena_free(&arena);
}

static void an_attribute_keeps_its_first_type(void **state)
{
    struct fixture *f = *state;
    struct item_record item = an_item("a");
    struct user_record user = {.id = "u", .attributes = "{\"size\":\"big\"}"};
    uint32_t number;
    bool created;
    fixture_write(f);
    item.attributes = "{\"size\":4}";
    put(f, &item, &number);
    item.id = "b";
    item.attributes = "{\"size\":4.5}"; /* a number as well */
    put(f, &item, &number);
    static const char *const wrong[] = {"{\"size\":\"4\"}", "{\"size\":[\"4\"]}",
                                        "{\"size\":true}"};
    for (size_t i = 0; i < 3; i++) {
        item.attributes = wrong[i];
        assert_int_equal(store_put_item(f->store, &item, NOW_MS, &number, &created, &f->err),
                         STATUS_CONFLICT);
        assert_non_null(strstr(f->err.text, "size"));
        assert_string_equal(f->err.pointer, "/attributes/size");
    }
    /* users have types of their own */
    assert_ok(f, store_put_user(f->store, &user, NOW_MS, &number, &created, &f->err));
    user.attributes = "{\"size\":1}";
    assert_int_equal(store_put_user(f->store, &user, NOW_MS, &number, &created, &f->err),
                     STATUS_CONFLICT);
    fixture_commit(f);
}

struct listed {
    size_t n;
    uint32_t numbers[16];
    char ids[16][16];
};

static enum status list_item(void *context, uint32_t number, const struct item_record *item)
{
    struct listed *listed = context;
    assert_true(listed->n < 16);
    listed->numbers[listed->n] = number;
    snprintf(listed->ids[listed->n++], 16, "%s", item->id);
    return STATUS_OK;
}

static enum status list_user(void *context, uint32_t number, const struct user_record *user)
{
    struct listed *listed = context;
    assert_true(listed->n < 16);
    listed->numbers[listed->n] = number;
    snprintf(listed->ids[listed->n++], 16, "%s", user->id);
    return STATUS_OK;
}

static void lists_go_on_where_the_page_ended(void **state)
{
    struct fixture *f = *state;
    struct listed items = {0}, users = {0};
    fixture_write(f);
    for (int i = 0; i < 6; i++) {
        char id[8];
        snprintf(id, sizeof id, "i%d", i);
        fixture_item(f, id);
        struct event_record event = an_event(i % 2 ? NULL : id, "i0", "view");
        event.session = i % 2 ? id : NULL; /* every second user is a guest */
        fixture_event(f, &event);
    }
    assert_ok(f, store_delete_item(f->store, "i2", false, NOW_MS, &f->err));
    fixture_commit(f);
    assert_ok(f, store_list_items(f->store, 0, 3, list_item, &items, &f->err));
    assert_int_equal(items.n, 3);
    assert_string_equal(items.ids[2], "i3");
    assert_ok(f, store_list_items(f->store, items.numbers[2] + 1, 3, list_item, &items, &f->err));
    assert_int_equal(items.n, 5);
    assert_string_equal(items.ids[4], "i5");
    assert_ok(f, store_list_users(f->store, 0, 2, list_user, &users, &f->err));
    assert_ok(f, store_list_users(f->store, users.numbers[1] + 1, 9, list_user, &users, &f->err));
    assert_int_equal(users.n, 3);
    assert_string_equal(users.ids[2], "i4");
}

static void a_user_comes_back_and_an_equal_put_changes_nothing(void **state)
{
    struct fixture *f = *state;
    struct user_record user = {.id = "ü/1", .attributes = "{\"country\":\"CH\"}"}, got;
    struct arena arena = {0};
    uint32_t number, again;
    bool created;
    fixture_write(f);
    assert_ok(f, store_put_user(f->store, &user, NOW_MS, &number, &created, &f->err));
    assert_true(created);
    const uint64_t seq = fixture_counts(f).seq;
    assert_ok(f, store_put_user(f->store, &user, NOW_MS + 1, &again, &created, &f->err));
    assert_false(created);
    assert_int_equal(fixture_counts(f).seq, seq);
    user.attributes = "{}";
    assert_ok(f, store_put_user(f->store, &user, NOW_MS + 2, &again, &created, &f->err));
    assert_int_equal(fixture_counts(f).seq, seq + 1);
    fixture_commit(f);
    assert_int_equal(again, number);
    assert_ok(f, store_get_user(f->store, "ü/1", &arena, &got, &number, &f->err));
    assert_string_equal(got.id, "ü/1");
    assert_string_equal(got.attributes, "{}");
    assert_true(got.created_ms == NOW_MS && got.updated_ms == NOW_MS + 2);
    assert_int_equal(store_get_user(f->store, "ü", &arena, &got, &number, &f->err),
                     STATUS_NOT_FOUND);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(every_field_comes_back),
        WITH_STORE(a_put_replaces_every_field),
        WITH_STORE(a_deleted_item_comes_back_only_by_a_put_and_as_another),
        WITH_STORE(a_purge_takes_the_events_along),
        WITH_STORE(a_ghost_is_listed_by_its_put),
        WITH_STORE(an_attribute_keeps_its_first_type),
        WITH_STORE(lists_go_on_where_the_page_ended),
        WITH_STORE(a_user_comes_back_and_an_equal_put_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
