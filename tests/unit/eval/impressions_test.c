/* What these catch: a list that is read before its day is over, lists out of order of time, a
 * context at another list than its own, lists of nobody, an erased user's lists. */
#include "unit/data/store_fixture.h"

#include <string.h>

#include "eval/impressions.h"

static const int64_t day = INT64_C(24) * 60 * 60 * 1000;

static void show(struct fixture *f, const char *user, const char *item, int64_t time_ms,
                 const char *context)
{
    const char *const items[] = {item, "i0"};
    const struct impression_record impression = {
        .user = user, .items = items, .n_items = 2, .time_ms = time_ms, .context = context};
    assert_ok(f, store_add_impression(f->store, &impression, NOW_MS, &f->err));
}

static struct dataset *read_dataset(struct fixture *f)
{
    struct dataset *dataset;
    struct store_counts counts;
    assert_ok(f, store_count(f->store, &counts, &f->err));
    assert_ok(f, dataset_read(f->store, counts.seq, &f->types, NULL, &dataset, &f->err));
    return dataset;
}

static struct impressions read_lists(struct fixture *f, const struct dataset *dataset,
                                     const char *name)
{
    struct fact_names names = {0};
    struct impressions lists;
    if (name)
        fact_names_add(&names, name);
    assert_ok(f, impressions_read(f->store, dataset, &names, NULL, &lists, &f->err));
    assert_int_equal(lists.contexts != NULL, name != NULL);
    return lists;
}

static bool is_item(const struct dataset *dataset, uint32_t item, const char *id)
{
    size_t length;
    const char *bytes = idmap_id(&dataset->item_ids, item, &length);
    return length == strlen(id) && memcmp(bytes, id, length) == 0;
}

static void lists_come_by_time_and_only_when_their_day_is_over(void **state)
{
    struct fixture *f = *state;
    struct event_record event = an_event("u0", "i0", "like");
    struct event_result result;
    event.time_ms = NOW_MS;
    fixture_write(f);
    assert_ok(f, store_add_event(f->store, &f->types, &event, true, NOW_MS, &result, &f->err));
    show(f, "u1", "late", NOW_MS - day + 1, NULL);
    show(f, "u1", "second", NOW_MS - 2 * day, "{\"device\":\"tv\"}");
    show(f, "u0", "first", NOW_MS - 3 * day, "{\"device\":\"phone\"}");
    show(f, NULL, "nobody", NOW_MS - 3 * day, NULL);
    show(f, "u0", "third", NOW_MS - day, NULL);
    fixture_commit(f);
    struct dataset *dataset = read_dataset(f);
    struct impressions lists = read_lists(f, dataset, "context.device");
    static const char *const expected[] = {"first", "second", "third"};
    static const char *const devices[] = {"phone", "tv", ""};
    assert_int_equal(lists.n, 3);
    for (uint32_t i = 0; i < 3; i++) {
        struct spec_text texts[FACT_TEXTS_MAX];
        const struct fact_record record = facts_get(lists.contexts, lists.places[i]);
        const struct feature_value value = fact_read(&record, 0, texts);
        assert_int_equal(lists.starts[i + 1] - lists.starts[i], 2);
        assert_true(is_item(dataset, lists.items[lists.starts[i]], expected[i]));
        assert_true(is_item(dataset, lists.items[lists.starts[i] + 1], "i0"));
        assert_string_equal(value.type == FEATURE_VALUE_TEXT ? value.text : "", devices[i]);
    }
    impressions_free(&lists);
    dataset_free(dataset);
}

static void what_came_after_the_dataset_is_not_read(void **state)
{
    struct fixture *f = *state;
    fixture_write(f);
    show(f, "u0", "a", NOW_MS - 5 * day, NULL);
    show(f, "u0", "b", NOW_MS, NULL);
    fixture_commit(f);
    struct dataset *dataset = read_dataset(f);
    fixture_write(f);
    show(f, "u0", "a", NOW_MS - 4 * day, NULL);
    fixture_commit(f);
    struct impressions lists = read_lists(f, dataset, NULL);
    assert_int_equal(lists.n, 1);
    assert_true(lists.times[0] == NOW_MS - 5 * day);
    impressions_free(&lists);
    dataset_free(dataset);
}

static void an_erased_user_has_no_lists(void **state)
{
    struct fixture *f = *state;
    const struct user_record user = {.id = "u0", .attributes = "{}"};
    uint32_t number;
    bool created;
    fixture_write(f);
    assert_ok(f, store_put_user(f->store, &user, NOW_MS, &number, &created, &f->err));
    show(f, "u0", "a", NOW_MS - 5 * day, "{\"device\":\"tv\"}");
    show(f, "u1", "b", NOW_MS, NULL);
    assert_ok(f, store_erase_user(f->store, "u0", NOW_MS, &f->err));
    fixture_commit(f);
    struct dataset *dataset = read_dataset(f);
    struct impressions lists = read_lists(f, dataset, "context.device");
    assert_int_equal(lists.n, 0);
    impressions_free(&lists);
    dataset_free(dataset);
}

int main(void)
{
#define with_store(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        with_store(lists_come_by_time_and_only_when_their_day_is_over),
        with_store(what_came_after_the_dataset_is_not_read),
        with_store(an_erased_user_has_no_lists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
