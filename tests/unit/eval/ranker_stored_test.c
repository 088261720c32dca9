/* What these catch: an estimate below what the records take, attributes that no column asks for
 * counted in, lists and contexts past the first page of seqs left out. */
#include "unit/data/store_fixture.h"

#include <string.h>

#include "eval/impressions.h"
#include "eval/ranker_fit.h"
#include "support/specs.h"

enum { N = 1300, SHOWN = 20 };

static void plant(struct fixture *f)
{
    static char attributes[600], blob[400];
    memset(blob, 'x', sizeof blob - 1);
    fixture_write(f);
    for (int i = 0; i < N; i++) {
        char id[8];
        uint32_t number;
        bool created;
        const char *const categories[] = {"shoes/high/red", "sale"};
        snprintf(id, sizeof id, "x%d", i);
        snprintf(attributes, sizeof attributes, "{\"kind\":\"k%d\",\"blob\":\"%s\"}", i % 17, blob);
        struct item_record item = an_item(id);
        item.attributes = attributes;
        item.categories = categories;
        item.n_categories = 2;
        const struct user_record user = {.id = id, .attributes = "{\"age\":40}"};
        assert_ok(f, store_put_item(f->store, &item, NOW_MS, &number, &created, &f->err));
        assert_ok(f, store_put_user(f->store, &user, NOW_MS, &number, &created, &f->err));
        struct event_record event = an_event(id, id, "like");
        struct event_result result;
        event.context = "{\"device\":\"tv\"}";
        event.time_ms = NOW_MS - 100 * INT64_C(86400000);
        assert_ok(f, store_add_event(f->store, &f->types, &event, true, NOW_MS, &result, &f->err));
    }
    fixture_commit(f);
}

static void show(struct fixture *f)
{
    fixture_write(f);
    for (int i = 0; i < N; i++) {
        char user[8], ids[SHOWN][8];
        const char *items[SHOWN];
        for (int k = 0; k < SHOWN; k++) {
            snprintf(ids[k], sizeof ids[k], "x%d", (i + k) % N);
            items[k] = ids[k];
        }
        snprintf(user, sizeof user, "x%d", i);
        const struct impression_record shown = {.user = user,
                                                .items = items,
                                                .n_items = SHOWN,
                                                .time_ms = NOW_MS - 50 * INT64_C(86400000),
                                                .context = "{\"device\":\"radio\"}"};
        assert_ok(f, store_add_impression(f->store, &shown, NOW_MS, &f->err));
    }
    fixture_commit(f);
}

static struct ranker_stored count(struct fixture *f, enum rank_source source, const char *name,
                                  bool lists)
{
    struct fact_names names[RANK_FACTS] = {{0}};
    struct ranker_stored stored;
    struct store_counts counts;
    if (name)
        fact_names_add(&names[source], name);
    assert_ok(f, store_count(f->store, &counts, &f->err));
    assert_ok(f, ranker_stored_count(f->store, counts.seq, names, lists, NULL, &stored, &f->err));
    return stored;
}

static uint64_t held(struct fixture *f, enum rank_source source, const char *name)
{
    struct fact_names names[RANK_FACTS] = {{0}};
    struct rank_facts facts;
    struct store_counts counts;
    struct dataset *dataset;
    fact_names_add(&names[source], name);
    assert_ok(f, store_count(f->store, &counts, &f->err));
    assert_ok(f, dataset_read(f->store, counts.seq, &f->types, NULL, &dataset, &f->err));
    assert_ok(f, rank_facts_read(f->store, dataset, names, NULL, &facts, &f->err));
    const uint64_t bytes = facts_bytes(facts.of[source]);
    rank_facts_free(&facts);
    dataset_free(dataset);
    return bytes;
}

static void what_is_counted_covers_what_is_held(void **state)
{
    struct fixture *f = *state;
    plant(f);
    static const struct {
        enum rank_source source;
        const char *name;
    } columns[] = {{RANK_OF_ITEM, "item.blob"},
                   {RANK_OF_ITEM, "categories"},
                   {RANK_OF_USER, "user.age"},
                   {RANK_OF_CONTEXT, "context.device"}};
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
        const struct ranker_stored stored = count(f, columns[i].source, columns[i].name, false);
        assert_true(stored.fact_bytes > 0);
        assert_true(ranker_stored_bytes(&stored) >= held(f, columns[i].source, columns[i].name));
    }
}

static void what_nobody_asks_for_is_not_counted(void **state)
{
    struct fixture *f = *state;
    plant(f);
    show(f);
    const struct ranker_stored nothing = count(f, RANK_OF_ITEM, NULL, false);
    const struct ranker_stored none = {0};
    assert_memory_equal(&nothing, &none, sizeof none);
}

static void lists_are_counted_with_their_items_and_contexts(void **state)
{
    struct fixture *f = *state;
    plant(f);
    show(f);
    const struct ranker_stored plain = count(f, RANK_OF_ITEM, NULL, true);
    assert_int_equal(plain.n_lists, N);
    assert_int_equal(plain.n_shown, N * SHOWN);
    assert_int_equal(plain.shown_facts, 0);
    assert_true(count(f, RANK_OF_CONTEXT, "context.device", true).shown_facts > N * 10);
}

static uint64_t estimate(const char *features, const struct ranker_stored *stored, uint64_t users)
{
    char text[512];
    struct rank_columns columns;
    struct error err = {0};
    snprintf(text, sizeof text, "label: {column: chosen}\nfeatures:\n  score: {type: numeric}\n%s",
             features);
    struct feature_spec *spec = test_spec(text);
    assert_int_equal(rank_columns_of(spec, &columns, &err), STATUS_OK);
    const uint64_t bytes = ranker_fit_estimate(spec, &columns, 1000, users, stored);
    feature_spec_free(spec);
    return bytes;
}

/* Rows grow with their columns, with users, and with what was shown; never beyond their limit. */
static void the_estimate_of_a_fit_grows_with_its_rows(void **state)
{
    (void)state;
    const struct ranker_stored none = {0}, few = {.n_lists = 999, .n_shown = 999 * 100},
                               shown = {.n_lists = 10000, .n_shown = 200000},
                               more = {.n_lists = 1000000, .n_shown = 20000000},
                               most = {.n_lists = 1000000, .n_shown = 40000000};
    const uint64_t plain = estimate("", &none, 100);
    assert_true(estimate("  score.ease: {type: numeric}\n", &none, 100) > plain);
    assert_true(estimate("  history: {type: categorical, separator: ' ', feeds: wide}\n", &none,
                         100) > plain);
    assert_true(estimate("", &none, 200) > plain);
    assert_int_equal(estimate("", &none, 1u << 30), estimate("", &none, 1u << 20));
    assert_int_equal(estimate("", &few, 100) - ranker_stored_bytes(&few),
                     plain - ranker_stored_bytes(&none));
    assert_true(estimate("", &shown, 100) > plain + 200000 * 256);
    assert_int_equal(estimate("", &more, 100) - ranker_stored_bytes(&more),
                     estimate("", &most, 100) - ranker_stored_bytes(&most));
}

int main(void)
{
#define with_store(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        with_store(what_is_counted_covers_what_is_held),
        with_store(what_nobody_asks_for_is_not_counted),
        with_store(lists_are_counted_with_their_items_and_contexts),
        cmocka_unit_test(the_estimate_of_a_fit_grows_with_its_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
