/* What these catch: a context at another event than its own, one that outlives its event, facts
 * that nobody asked for, users and items beyond the first page. */
#include "unit/data/store_fixture.h"

#include <string.h>

#include "eval/rank_facts.h"

static const char *text_of(const struct facts *facts, uint32_t number)
{
    struct spec_text texts[FACT_TEXTS_MAX];
    const struct fact_record record = facts_get(facts, number);
    const struct feature_value value = fact_read(&record, 0, texts);
    return value.type == FEATURE_VALUE_TEXT ? value.text : "";
}

static void add_event(struct fixture *f, const char *user, const char *item, int64_t time_ms,
                      const char *context)
{
    struct event_record event = an_event(user, item, "like");
    struct event_result result;
    event.time_ms = time_ms;
    event.context = context;
    assert_ok(f, store_add_event(f->store, &f->types, &event, true, NOW_MS, &result, &f->err));
}

static struct dataset *read_dataset(struct fixture *f)
{
    struct dataset *dataset;
    struct store_counts counts;
    assert_ok(f, store_count(f->store, &counts, &f->err));
    assert_ok(f, dataset_read(f->store, counts.seq, &f->types, NULL, &dataset, &f->err));
    return dataset;
}

static struct rank_facts read_facts(struct fixture *f, const struct dataset *dataset,
                                    enum rank_source source, const char *name)
{
    struct fact_names names[RANK_FACTS] = {{0}};
    struct rank_facts facts;
    fact_names_add(&names[source], name);
    assert_ok(f, rank_facts_read(f->store, dataset, names, NULL, &facts, &f->err));
    for (int s = 0; s < RANK_FACTS; s++)
        assert_int_equal(facts.of[s] != NULL, s == (int)source);
    return facts;
}

/* Posted out of order of time: the dataset has them in another order than the store. */
static void a_context_is_that_of_its_event(void **state)
{
    struct fixture *f = *state;
    static const char *const devices[] = {"{\"device\":\"d0\"}", "{\"device\":\"d1\"}",
                                          "{\"device\":\"d2\"}"};
    fixture_write(f);
    for (int i = 0; i < 30; i++) {
        char item[8], user[8];
        snprintf(item, sizeof item, "i%d", i);
        snprintf(user, sizeof user, "u%d", i % 4);
        add_event(f, user, item, NOW_MS - 1000 * (i * 7 % 30), i % 5 == 4 ? NULL : devices[i % 3]);
    }
    fixture_commit(f);
    struct dataset *dataset = read_dataset(f);
    struct rank_facts facts = read_facts(f, dataset, RANK_OF_CONTEXT, "context.device");
    for (uint32_t e = 0; e < dataset->n_events; e++) {
        char expected[8], id[8];
        size_t length;
        const char *bytes = idmap_id(&dataset->item_ids, dataset->items[e], &length);
        snprintf(id, sizeof id, "%.*s", (int)length, bytes);
        const int i = atoi(id + 1);
        snprintf(expected, sizeof expected, "d%d", i % 3);
        assert_string_equal(text_of(facts.of[RANK_OF_CONTEXT], e), i % 5 == 4 ? "" : expected);
    }
    rank_facts_free(&facts);
    dataset_free(dataset);
}

static void every_user_and_item_is_read(void **state)
{
    struct fixture *f = *state;
    enum { N = 2100 };
    fixture_write(f);
    for (int i = 0; i < N; i++) {
        char id[8], attributes[32];
        uint32_t number;
        bool created;
        snprintf(id, sizeof id, "x%d", i);
        snprintf(attributes, sizeof attributes, "{\"kind\":\"k%d\"}", i % 17);
        struct item_record item = an_item(id);
        item.attributes = attributes;
        const struct user_record user = {.id = id, .attributes = attributes};
        assert_ok(f, store_put_item(f->store, &item, NOW_MS, &number, &created, &f->err));
        assert_ok(f, store_put_user(f->store, &user, NOW_MS, &number, &created, &f->err));
    }
    fixture_commit(f);
    struct dataset *dataset = read_dataset(f);
    for (int source = 0; source < 2; source++) {
        const bool item = source == RANK_OF_ITEM;
        struct rank_facts facts =
            read_facts(f, dataset, (enum rank_source)source, item ? "item.kind" : "user.kind");
        for (uint32_t i = 0; i < N; i += 99) {
            char expected[8];
            snprintf(expected, sizeof expected, "k%u", i % 17);
            assert_string_equal(text_of(facts.of[source], i), expected);
        }
        rank_facts_free(&facts);
    }
    dataset_free(dataset);
}

static bool stop(void *context)
{
    (void)context;
    return true;
}

static void it_stops_when_told(void **state)
{
    struct fixture *f = *state;
    const struct observer observer = {.stop = stop};
    struct fact_names names[RANK_FACTS] = {{0}};
    struct rank_facts facts;
    struct dataset *dataset = read_dataset(f);
    fact_names_add(&names[RANK_OF_ITEM], "categories");
    assert_int_equal(rank_facts_read(f->store, dataset, names, &observer, &facts, &f->err),
                     STATUS_CANCELLED);
    dataset_free(dataset);
}

int main(void)
{
#define with_store(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        with_store(a_context_is_that_of_its_event),
        with_store(every_user_and_item_is_read),
        with_store(it_stops_when_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
