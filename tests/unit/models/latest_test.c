/* What these catch: the last event taken for the first, held events that date an item, records
 * passed over, publication behind creation. The rest is in tests/contract. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "models/latest.h"
#include "support/fitted.h"

static const int64_t day = 86400000;

static void fit(const struct test_data *data, float scores[4])
{
    struct arena arena = {0};
    struct model *model;
    assert_int_equal(latest_class.fit(&data->train, "", NULL, NULL, &model, NULL), STATUS_OK);
    const struct query nobody = {.user = QUERY_NO_USER};
    assert_int_equal(latest_class.score(model, &nobody, 1, NULL, 4, scores, &arena), STATUS_OK);
    model_free(model);
    arena_free(&arena);
}

static struct test_data *make_data(void)
{
    const struct event_types types = test_types();
    const struct test_event events[] = {
        {0, 0, TEST_LIKE, 9 * day, NAN},      {0, 1, TEST_LIKE, 5 * day, NAN},
        {1, 0, TEST_LIKE, 3 * day, NAN},      {1, 2, TEST_SEEN, 4 * day, NAN},
        {1, 3, TEST_LIKE, TIME_UNKNOWN, NAN},
    };
    return test_data_new(&types, events, 5, 1);
}

static void an_item_is_as_old_as_its_first_event(void **state)
{
    (void)state;
    struct test_data *data = make_data();
    float scores[4];
    fit(data, scores);
    assert_true(scores[0] == -2 && scores[1] == 0 && scores[2] == -1);
    assert_true(scores[3] < -1e6f);
    test_data_free(data);
}

static void held_events_date_nothing(void **state)
{
    (void)state;
    struct test_data *data = make_data();
    struct bitmap held = {0};
    assert_int_equal(bitmap_resize(&held, 5), STATUS_OK);
    for (uint32_t e = (uint32_t)data->dataset->starts[1]; e < 5; e++)
        if (data->dataset->items[e] == 0)
            bitmap_set(&held, e);
    data->train.held = &held;
    float scores[4];
    fit(data, scores);
    assert_true(scores[0] == 0 && scores[1] == -4);
    bitmap_free(&held);
    test_data_free(data);
}

static enum status read_two(void *context, item_records_each each, void *each_context,
                            struct error *reterr)
{
    (void)context;
    (void)reterr;
    const struct item_record made = {.created_ms = 2 * day, .published_ms = TIME_UNKNOWN};
    const struct item_record published = {.created_ms = 1 * day, .published_ms = 7 * day};
    const enum status status = each(each_context, 0, &made);
    return status == STATUS_OK ? each(each_context, 3, &published) : status;
}

static void a_record_says_more_than_events(void **state)
{
    (void)state;
    struct test_data *data = make_data();
    const struct item_records records = {.read = read_two};
    data->train.items = &records;
    float scores[4];
    fit(data, scores);
    assert_true(scores[3] == 0 && scores[1] == -2 && scores[2] == -3 && scores[0] == -5);
    test_data_free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_item_is_as_old_as_its_first_event),
        cmocka_unit_test(held_events_date_nothing),
        cmocka_unit_test(a_record_says_more_than_events),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
