/* What these catch: a user who is new to every round, one who is new to none, a day or type that
 * takes another's events, a first round that divides by nothing. */
#include "train/drift.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "support/test.h"
#include "train_support.h"

#define DAY INT64_C(86400000)

static struct planted_store planted;

static int setup(void **state)
{
    (void)state;
    planted_store_make(&planted);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    planted_store_free(&planted);
    return 0;
}

static void add(const char *user, const char *item, const char *type, int64_t time_ms)
{
    struct event_result result;
    struct error err = {0};
    const struct event_record event = {.user = user,
                                       .item = item,
                                       .type = type,
                                       .time_ms = time_ms,
                                       .time_is_unknown = time_ms == TIME_UNKNOWN,
                                       .rating = NAN,
                                       .quantity = NAN,
                                       .price = NAN,
                                       .progress = NAN,
                                       .position = -1};
    assert_int_equal(store_begin(planted.store, &err), STATUS_OK);
    assert_int_equal(
        store_add_event(planted.store, &planted.types, &event, true, 100 * DAY, &result, &err),
        STATUS_OK);
    assert_int_equal(store_commit(planted.store, &err), STATUS_OK);
}

/* A round up to here. */
static uint32_t end_round(const char *state)
{
    uint32_t number;
    assert_int_equal(store_begin(planted.store, NULL), STATUS_OK);
    assert_int_equal(store_add_version(planted.store, 0, 0, &number, NULL), STATUS_OK);
    const struct model_version version = {.version = number,
                                          .seq = planted_seq(&planted),
                                          .state = state,
                                          .reason = "",
                                          .report = "{}"};
    assert_int_equal(store_update_version(planted.store, &version, NULL), STATUS_OK);
    assert_int_equal(store_commit(planted.store, NULL), STATUS_OK);
    return number;
}

static struct drift measure(uint32_t version)
{
    static struct drift drift;
    struct error err = {0};
    struct dataset *dataset = planted_dataset(&planted);
    if (drift_measure(planted.store, dataset, version, &drift, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    dataset_free(dataset);
    return drift;
}

static uint8_t code(const char *type)
{
    return event_types_code(&planted.types, type);
}

static void what_is_new_is_new_since_the_last_round(void **state)
{
    (void)state;
    add("old", "a", "view", 90 * DAY);
    add("old", "b", "view", 91 * DAY);
    const uint32_t ended = end_round("published");
    end_round("failed");
    add("old", "c", "view", 92 * DAY);    /* an old user, a new item */
    add("young", "a", "click", 93 * DAY); /* a new user, an old item */
    add("young", "c", "click", 93 * DAY);
    const struct drift drift = measure(ended + 2);
    assert_int_equal(drift.since, ended);
    assert_int_equal(drift.events, 3);
    assert_int_equal(drift.new_users, 1);
    assert_int_equal(drift.of_new_users, 2);
    assert_int_equal(drift.new_items, 1);
    assert_int_equal(drift.of_new_items, 2);
    assert_int_equal(drift.types[code("view")], 3);
    assert_int_equal(drift.types_since[code("view")], 1);
    assert_int_equal(drift.types_since[code("click")], 2);
    /* before: views alone; since: a third of them */
    assert_true(fabs(drift_type_distance(&drift) - 2.0 / 3) < 1e-12);
    const uint32_t later = end_round("refused");
    const struct drift after = measure(later + 1);
    assert_int_equal(after.since, later);
    assert_int_equal(after.events, 0);
    assert_int_equal(after.new_users, 0);
    assert_true(isnan(drift_type_distance(&after)));
}

static void days_are_counted_back_from_the_newest(void **state)
{
    (void)state;
    add("u", "a", "view", 93 * DAY + DAY - 1);
    add("u", "b", "view", 93 * DAY);
    add("u", "c", "click", 92 * DAY);
    add("u", "d", "view", 64 * DAY); /* the last that counts */
    add("u", "e", "view", 64 * DAY - 1);
    add("u", "f", "view", TIME_UNKNOWN);
    const struct drift drift = measure(1);
    assert_int_equal(drift.last_day, 93);
    assert_int_equal(drift.days[DRIFT_DAYS - 1][code("view")], 2);
    assert_int_equal(drift.days[DRIFT_DAYS - 2][code("click")], 1);
    assert_int_equal(drift.days[0][code("view")], 1);
    uint64_t sum = 0;
    for (int day = 0; day < DRIFT_DAYS; day++)
        for (int c = 0; c < EVENT_TYPES_MAX; c++)
            sum += drift.days[day][c];
    assert_int_equal(sum, 4);
    assert_int_equal(drift.types[code("view")], 5);
}

static void a_first_round_and_an_empty_store_are_told(void **state)
{
    (void)state;
    struct buffer text = {0};
    struct drift drift = measure(1);
    assert_int_equal(drift.events, 0);
    assert_int_equal(drift.last_day, -1);
    drift_append_json(&drift, &planted.types, &text);
    json_t *value = json_loads(text.data, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(value);
    assert_true(json_is_null(json_object_get(value, "share_of_new_users")));
    assert_int_equal(json_array_size(json_object_get(value, "days")), 0);
    json_decref(value);
    add("u", "a", "view", 93 * DAY);
    drift = measure(1);
    assert_int_equal(drift.since, 0);
    assert_int_equal(drift.new_users, 1);
    buffer_clear(&text);
    drift_append_json(&drift, &planted.types, &text);
    value = json_loads(text.data, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(value);
    assert_int_equal(json_array_size(json_object_get(value, "days")), DRIFT_DAYS);
    const json_t *last = json_array_get(json_object_get(value, "days"), DRIFT_DAYS - 1);
    assert_string_equal(json_string_value(json_object_get(last, "day")), "1970-04-04");
    assert_int_equal(json_integer_value(json_object_get(last, "events")), 1);
    json_decref(value);
    buffer_free(&text);
}

struct heard {
    size_t n;
    double events;
    int64_t last_step;
};

static void hear(void *context, const char *tag, int64_t step, double value)
{
    struct heard *heard = context;
    assert_true(isfinite(value));
    if (strcmp(tag, "drift/events") == 0)
        heard->events = value;
    if (strcmp(tag, "events_by_day/view") == 0) {
        assert_true(heard->n == 0 || step > heard->last_step);
        heard->last_step = step;
        heard->n++;
    }
}

static void days_are_points_of_their_own_numbers(void **state)
{
    (void)state;
    struct heard heard = {0};
    const struct observer observer = {.context = &heard, .scalar = hear};
    add("u", "a", "view", 93 * DAY);
    const struct drift drift = measure(1);
    drift_observe(&drift, &planted.types, 1, &observer);
    assert_true(heard.events == 1);
    assert_int_equal(heard.n, DRIFT_DAYS);
    assert_int_equal(heard.last_step, 93);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_new_is_new_since_the_last_round, setup, teardown),
        cmocka_unit_test_setup_teardown(days_are_counted_back_from_the_newest, setup, teardown),
        cmocka_unit_test_setup_teardown(a_first_round_and_an_empty_store_are_told, setup, teardown),
        cmocka_unit_test_setup_teardown(days_are_points_of_their_own_numbers, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
