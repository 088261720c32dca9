/* What these catch: a fact in another column's place, a value that fails a row instead of being
 * missing, a row that depends on which names its record has besides, a spec that asks for what
 * there is not. */
#include <stdio.h>
#include <string.h>

#include "recommend/rank_columns.h"
#include "support/specs.h"
#include "support/test.h"

static const char spec_text[] =
    "label: {column: chosen}\n"
    "features:\n"
    "  score: {type: numeric}\n"
    "  item.price: {type: numeric}\n"
    "  item.kind: {type: categorical, feeds: wide}\n"
    "  categories: {type: categorical, separator: '|', feeds: wide}\n"
    "  user.age: {type: numeric}\n"
    "  context.device: {type: categorical, feeds: wide}\n"
    "  context.tags: {type: categorical, separator: ',', feeds: wide}\n";

struct fixture {
    struct features *features;
    struct frame *frame;
    struct rank_columns columns;
    struct facts *of[RANK_FACTS];
    struct rank_moment moment;
    float numbers[RANK_NUMBERS];
    struct arena arena;
    bool follows;
};

static enum status add(struct fixture *f, const struct fact_record *context, float label)
{
    struct error err = {0};
    struct rank_row row = {.moment = &f->moment,
                           .item = 0,
                           .numbers = f->numbers,
                           .label = label,
                           .follows = f->follows};
    row.facts[RANK_OF_ITEM] = facts_get(f->of[RANK_OF_ITEM], 0);
    row.facts[RANK_OF_USER] = facts_get(f->of[RANK_OF_USER], 0);
    row.facts[RANK_OF_CONTEXT] = context ? *context : facts_get(f->of[RANK_OF_CONTEXT], 0);
    const struct fact_names *const names[RANK_FACTS] = {row.facts[0].names, row.facts[1].names,
                                                        row.facts[2].names};
    const struct rank_binding binding = rank_bind(&f->columns, names);
    return rank_row_add(&binding, f->frame, &row, &err);
}

static void put(struct fixture *f, enum rank_source source, const char *json, const char *category)
{
    assert_int_equal(facts_put(f->of[source], 0, json, &category, category != NULL), STATUS_OK);
}

/* Fitted on two rows: a cheap boot on tv, tags a and b, and a row of which nothing is known. */
static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct error err = {0};
    struct feature_spec *spec = test_spec(spec_text);
    if (rank_columns_of(spec, &f->columns, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    assert_int_equal(features_new(spec, &f->features, &err), STATUS_OK);
    for (int s = 0; s < RANK_FACTS; s++)
        assert_int_equal(facts_new(&f->columns.names[s], &f->of[s]), STATUS_OK);
    assert_int_equal(frame_new_learning(f->features, &f->frame), STATUS_OK);
    assert_int_equal(add(f, NULL, 0), STATUS_OK);
    put(f, RANK_OF_ITEM, "{\"kind\":\"boot\",\"price\":5}", "shoes/high");
    put(f, RANK_OF_USER, "{\"age\":40}", NULL);
    put(f, RANK_OF_CONTEXT, "{\"device\":\"tv\",\"tags\":[\"a\",\"b\"]}", NULL);
    assert_int_equal(add(f, NULL, 1), STATUS_OK);
    if (features_fit(f->features, f->frame, NULL, 0, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    frame_free(f->frame);
    assert_int_equal(frame_new(f->features, false, &f->frame), STATUS_OK);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    for (int s = 0; s < RANK_FACTS; s++)
        facts_free(f->of[s]);
    frame_free(f->frame);
    features_free(f->features);
    arena_free(&f->arena);
    free(f);
    return 0;
}

enum { ENTRIES = 1024 };

struct fetched {
    uint32_t features[ENTRIES];
    float values[ENTRIES];
    uint32_t n;
};

static struct fetched fetch(const struct fixture *f, uint32_t row)
{
    struct fetched fetched = {0};
    struct examples examples;
    uint32_t starts[2];
    float label, weight;
    struct example_batch batch = {0, starts, fetched.features, fetched.values, &label, &weight};
    features_examples(f->features, f->frame, &examples);
    assert_true(examples.entries_max <= ENTRIES);
    examples.fetch(examples.context, &row, 1, &batch);
    fetched.n = starts[1];
    return fetched;
}

/* The same device and tags from a request's pairs, beside a name that nobody asks for. */
static void a_request_and_an_event_give_the_same_row(void **state)
{
    struct fixture *f = *state;
    static const char *const given[] = {"weather:rain", "tags:b", "device:tv", "tags:a"};
    struct fact_pair pairs[4];
    struct fact_record context;
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(fact_pair_read(given[i], &f->arena, &pairs[i]), STATUS_OK);
    assert_int_equal(fact_record_of_pairs(pairs, 4, &f->arena, &context), STATUS_OK);
    assert_int_equal(add(f, NULL, 0), STATUS_OK);
    assert_int_equal(add(f, &context, 0), STATUS_OK);
    const struct fetched one = fetch(f, 0), two = fetch(f, 1);
    assert_int_equal(one.n, two.n);
    assert_memory_equal(&one, &two, sizeof one);
}

/* Of a row that follows, what all rows of a moment share is not read again; numbers come last. */
static void a_row_that_follows_shares_user_and_request(void **state)
{
    struct fixture *f = *state;
    f->numbers[0] = 7;
    assert_int_equal(add(f, NULL, 0), STATUS_OK);
    const struct fetched alone = fetch(f, 0);
    frame_clear(f->frame);
    f->numbers[0] = 3;
    assert_int_equal(add(f, NULL, 0), STATUS_OK);
    put(f, RANK_OF_USER, "{\"age\":99}", NULL);
    put(f, RANK_OF_CONTEXT, "{\"device\":\"phone\"}", NULL);
    f->follows = true;
    assert_int_equal(add(f, NULL, 0), STATUS_OK);
    f->follows = false;
    f->numbers[0] = 7;
    const float numbers[2 * RANK_NUMBERS] = {[RANK_NUMBERS] = 7};
    const struct rank_binding binding = {.columns = &f->columns};
    rank_numbers_put(&binding, f->frame, numbers, RANK_NUMBERS);
    const struct fetched following = fetch(f, 1);
    assert_memory_equal(&alone, &following, sizeof alone);
    assert_int_equal(add(f, NULL, 0), STATUS_OK);
    const struct fetched another = fetch(f, 2);
    assert_memory_not_equal(&alone, &another, sizeof alone);
}

/* A text for a number, a list for one value, a number that 32 bits do not hold: never a failure. */
static void what_a_column_cannot_take_is_missing(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(add(f, NULL, 0), STATUS_OK);
    put(f, RANK_OF_USER, "{\"age\":\"forty\"}", NULL);
    assert_int_equal(add(f, NULL, 0), STATUS_OK);
    put(f, RANK_OF_USER, "{\"age\":1e300}", NULL);
    assert_int_equal(add(f, NULL, 0), STATUS_OK);
    put(f, RANK_OF_USER, "{}", NULL);
    assert_int_equal(add(f, NULL, 0), STATUS_OK);
    put(f, RANK_OF_USER, "{\"age\":\"40\"}", NULL);
    put(f, RANK_OF_CONTEXT, "{\"device\":[\"tv\",\"phone\"],\"tags\":[\"a\",\"b\"]}", NULL);
    assert_int_equal(add(f, NULL, 0), STATUS_OK);
    const struct fetched whole = fetch(f, 0), unknown = fetch(f, 3);
    for (uint32_t row = 1; row < 3; row++) {
        const struct fetched other = fetch(f, row);
        assert_memory_equal(&other, &unknown, sizeof other);
    }
    const struct fetched first = fetch(f, 4);
    assert_memory_equal(&first, &whole, sizeof first);
}

static void an_unknown_value_is_not_a_missing_one(void **state)
{
    struct fixture *f = *state;
    put(f, RANK_OF_CONTEXT, "{\"device\":\"fridge\"}", NULL);
    assert_int_equal(add(f, NULL, 0), STATUS_OK);
    put(f, RANK_OF_CONTEXT, "{\"device\":\"car\"}", NULL);
    assert_int_equal(add(f, NULL, 0), STATUS_OK);
    put(f, RANK_OF_CONTEXT, "{}", NULL);
    assert_int_equal(add(f, NULL, 0), STATUS_OK);
    const struct fetched fridge = fetch(f, 0), car = fetch(f, 1), none = fetch(f, 2);
    assert_memory_equal(&fridge, &car, sizeof fridge);
    assert_memory_not_equal(&fridge, &none, sizeof fridge);
}

static void a_spec_that_asks_for_what_there_is_not_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *feature, *says;
        enum status status;
    } bad[] = {
        {"itm.kind: {type: categorical, feeds: wide}", "did you mean 'item.kind'",
         STATUS_NOT_FOUND},
        {"item.: {type: categorical, feeds: wide}", "item.NAME", STATUS_NOT_FOUND},
        {"categorys: {type: categorical, feeds: wide}", "'categories'", STATUS_NOT_FOUND},
        {"categories: {type: categorical, feeds: wide}", "'separator'", STATUS_MALFORMED},
        {"categories: {type: numeric}", "categorical", STATUS_MALFORMED},
        {"history: {type: categorical, feeds: wide}", "'separator'", STATUS_MALFORMED},
        {"item: {type: numeric}", "categorical", STATUS_MALFORMED},
        {"x: {type: crossed, of: [categories, item], buckets: 9}", "'separator'", STATUS_MALFORMED},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct error err = {0};
        struct rank_columns columns;
        char text[256];
        snprintf(text, sizeof text, "label: {column: chosen}\nfeatures:\n  %s\n", bad[i].feature);
        struct feature_spec *spec = test_spec(text);
        assert_int_equal(rank_columns_of(spec, &columns, &err), bad[i].status);
        if (!strstr(err.text, bad[i].says) || !strstr(err.text, "test.yaml:3"))
            fail_msg("'%s' does not say '%s' and the line", err.text, bad[i].says);
        feature_spec_free(spec);
    }
}

int main(void)
{
#define with_fixture(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        with_fixture(a_request_and_an_event_give_the_same_row),
        with_fixture(a_row_that_follows_shares_user_and_request),
        with_fixture(what_a_column_cannot_take_is_missing),
        with_fixture(an_unknown_value_is_not_a_missing_one),
        cmocka_unit_test(a_spec_that_asks_for_what_there_is_not_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
