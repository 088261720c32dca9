/* What these catch: an event counted twice, other content under the same id accepted, an id made by
 * the store that does not lead back to its event, fields lost on the way through the table. */
#include "store_fixture.h"

#include <string.h>

#include "data/store_event_id.h"

static enum status add(struct fixture *f, const struct event_record *event,
                       struct event_result *ret_result)
{
    return store_add_event(f->store, &f->types, event, false, NOW_MS, ret_result, &f->err);
}

static struct event_record full_event(void)
{
    struct event_record event = an_event("u", "i", "rating");
    event.session = "s";
    event.rating = 3.5;
    event.quantity = 2;
    event.price = 9.99;
    event.progress = 0.5;
    event.currency = "EUR";
    event.order_id = "o-1";
    event.context = "{\"device\":\"phone\"}";
    event.event_id = "e-1";
    event.recommendation_id = "r-1";
    event.position = 0;
    return event;
}

static enum status keep_full_event(void *context, uint64_t seq, const struct event_record *event)
{
    const struct event_record expected = full_event();
    assert_true(seq > 0);
    assert_string_equal(event->user, expected.user);
    assert_string_equal(event->session, expected.session);
    assert_string_equal(event->item, expected.item);
    assert_string_equal(event->type, expected.type);
    assert_string_equal(event->currency, expected.currency);
    assert_string_equal(event->order_id, expected.order_id);
    assert_string_equal(event->context, expected.context);
    assert_string_equal(event->event_id, expected.event_id);
    assert_string_equal(event->recommendation_id, expected.recommendation_id);
    assert_true(event->time_ms == expected.time_ms && !event->time_is_unknown);
    assert_true(event->rating == expected.rating && event->quantity == expected.quantity);
    assert_true(event->price == expected.price && event->progress == expected.progress);
    assert_int_equal(event->position, 0);
    (*(int *)context)++;
    return STATUS_OK;
}

static void every_field_comes_back(void **state)
{
    struct fixture *f = *state;
    const struct event_record event = full_event();
    int n = 0;
    fixture_write(f);
    assert_string_equal(fixture_event(f, &event).event_id, "e-1");
    fixture_commit(f);
    assert_ok(f, store_list_events(f->store, 0, 10, keep_full_event, &n, &f->err));
    assert_ok(
        f, store_list_user_events(f->store, 0, NULL, UINT64_MAX, 10, keep_full_event, &n, &f->err));
    assert_ok(f, store_list_item_events(f->store, 0, "rating", UINT64_MAX, 10, keep_full_event, &n,
                                        &f->err));
    assert_int_equal(n, 3);
    assert_ok(f, store_list_item_events(f->store, 0, "view", UINT64_MAX, 10, keep_full_event, &n,
                                        &f->err));
    assert_int_equal(n, 3);
}

static enum status keep_absent(void *context, uint64_t seq, const struct event_record *event)
{
    (void)seq;
    assert_true(isnan(event->rating) && isnan(event->quantity) && isnan(event->price));
    assert_true(isnan(event->progress) && event->position == -1);
    assert_null(event->currency);
    assert_null(event->order_id);
    assert_null(event->context);
    assert_null(event->recommendation_id);
    assert_null(event->session);
    assert_true(event->time_is_unknown && event->time_ms == TIME_UNKNOWN);
    (*(int *)context)++;
    return STATUS_OK;
}

static void absent_fields_stay_absent(void **state)
{
    struct fixture *f = *state;
    struct event_record event = an_event("u", "i", "view");
    int n = 0;
    event.time_ms = TIME_UNKNOWN;
    event.time_is_unknown = true;
    fixture_write(f);
    fixture_event(f, &event);
    fixture_commit(f);
    assert_ok(f, store_list_events(f->store, 0, 10, keep_absent, &n, &f->err));
    assert_int_equal(n, 1);
}

static void the_same_id_and_content_counts_once(void **state)
{
    struct fixture *f = *state;
    struct event_record event = full_event();
    fixture_write(f);
    assert_false(fixture_event(f, &event).duplicate);
    const struct store_counts before = fixture_counts(f);
    assert_true(fixture_event(f, &event).duplicate);
    event.time_ms = TIME_UNKNOWN; /* a client that sends no time cannot know ours */
    assert_true(fixture_event(f, &event).duplicate);
    const struct store_counts after = fixture_counts(f);
    assert_memory_equal(&before, &after, sizeof before);
    fixture_commit(f);
}

/* Each way in which a repeated event may differ. */
static void change_field(struct event_record *event, int field)
{
    switch (field) {
    case 0:
        event->user = "another";
        return;
    case 1:
        event->session = "another";
        return;
    case 2:
        event->item = "another";
        return;
    case 3:
        event->type = "view";
        return;
    case 4:
        event->time_ms++;
        return;
    case 5:
        event->rating = NAN;
        return;
    case 6:
        event->quantity++;
        return;
    case 7:
        event->price++;
        return;
    case 8:
        event->progress = 1;
        return;
    case 9:
        event->currency = NULL;
        return;
    case 10:
        event->order_id = "another";
        return;
    case 11:
        event->context = "{}";
        return;
    case 12:
        event->recommendation_id = NULL;
        return;
    case 13:
        event->position = 1;
        return;
    }
}

static void the_same_id_with_other_content_is_a_conflict(void **state)
{
    struct fixture *f = *state;
    const struct event_record event = full_event();
    fixture_write(f);
    fixture_event(f, &event);
    const struct store_counts before = fixture_counts(f);
    for (int field = 0; field < 14; field++) {
        struct event_record other = event;
        struct event_result result;
        change_field(&other, field);
        if (add(f, &other, &result) != STATUS_CONFLICT)
            fail_msg("field %d makes no difference", field);
        assert_string_equal(f->err.pointer, "/event_id");
    }
    const struct store_counts after = fixture_counts(f);
    assert_memory_equal(&before, &after, sizeof before);
    fixture_commit(f);
}

static void a_made_id_leads_back_to_its_event(void **state)
{
    struct fixture *f = *state;
    struct event_record event = an_event("u", "i", "view");
    fixture_write(f);
    struct event_result first = fixture_event(f, &event);
    event.time_ms++;
    const struct event_result second = fixture_event(f, &event);
    assert_int_equal(strlen(first.event_id), MADE_ID_LENGTH);
    assert_true(strcmp(first.event_id, second.event_id) < 0); /* in order of time */
    struct event_record again = event;
    again.event_id = second.event_id;
    assert_true(fixture_event(f, &again).duplicate);
    again.rating = 1;
    struct event_result result;
    assert_int_equal(add(f, &again, &result), STATUS_CONFLICT);
    assert_ok(f, store_retract_event(f->store, first.event_id, NOW_MS, &f->err));
    assert_int_equal(fixture_counts(f).events, 1);
    fixture_commit(f);
}

/* An id of the right form whose check is wrong is a client's own. */
static void an_id_that_only_looks_made_is_a_clients(void **state)
{
    struct fixture *f = *state;
    struct event_record event = an_event("u", "i", "view");
    char forged[MADE_ID_LENGTH + 1];
    fixture_write(f);
    const struct event_result real = fixture_event(f, &event);
    memcpy(forged, real.event_id, sizeof forged);
    forged[MADE_ID_LENGTH - 1] = forged[MADE_ID_LENGTH - 1] == '0' ? '1' : '0';
    assert_int_equal(store_retract_event(f->store, forged, NOW_MS, &f->err), STATUS_NOT_FOUND);
    event.event_id = forged;
    assert_false(fixture_event(f, &event).duplicate);
    assert_true(fixture_event(f, &event).duplicate);
    assert_int_equal(fixture_counts(f).events, 2);
    fixture_commit(f);
}

static void a_retracted_event_is_not_revived(void **state)
{
    struct fixture *f = *state;
    const struct event_record event = full_event();
    fixture_write(f);
    fixture_event(f, &event);
    assert_ok(f, store_retract_event(f->store, "e-1", NOW_MS, &f->err));
    assert_int_equal(fixture_counts(f).events, 0);
    assert_true(fixture_event(f, &event).duplicate);
    assert_int_equal(fixture_counts(f).events, 0);
    assert_ok(f, store_retract_event(f->store, "e-1", NOW_MS, &f->err)); /* repeatable */
    assert_int_equal(store_retract_event(f->store, "e-2", NOW_MS, &f->err), STATUS_NOT_FOUND);
    fixture_commit(f);
}

static void an_unknown_type_is_refused_with_the_nearest(void **state)
{
    struct fixture *f = *state;
    const struct event_record event = an_event("u", "i", "viev");
    struct event_result result;
    fixture_write(f);
    assert_int_equal(add(f, &event, &result), STATUS_NOT_FOUND);
    assert_non_null(strstr(f->err.text, "view"));
    assert_string_equal(f->err.pointer, "/type");
    assert_int_equal(fixture_counts(f).next_user, 0);
    fixture_commit(f);
}

static void a_guest_is_one_user_for_each_session(void **state)
{
    struct fixture *f = *state;
    struct event_record event = an_event(NULL, "i", "view");
    uint32_t number;
    fixture_write(f);
    event.session = "s1";
    fixture_event(f, &event);
    fixture_event(f, &event);
    event.session = "s2";
    fixture_event(f, &event);
    event.user = "u"; /* says nothing about whose session it is */
    fixture_event(f, &event);
    const struct store_counts counts = fixture_counts(f);
    assert_int_equal(counts.guests, 2);
    assert_int_equal(counts.users, 1);
    assert_ok(f, store_find_session(f->store, "s2", &number, &f->err));
    assert_int_equal(number, 1);
    assert_int_equal(store_find_session(f->store, "s3", &number, &f->err), STATUS_NOT_FOUND);
    fixture_commit(f);
}

static void types_keep_their_codes_whatever_the_order(void **state)
{
    struct fixture *f = *state;
    struct event_types types;
    event_types_init(&types);
    const struct event_type view = types.of[2];
    memset(types.of, 0, sizeof types.of);
    snprintf(types.of[1].name, sizeof types.of[1].name, "wish");
    types.of[1].weight = 7;
    types.of[2] = view;
    fixture_write(f);
    assert_ok(f, store_bind_types(f->store, &types, &f->err));
    assert_string_equal(types.of[2].name, "view");
    assert_true(types.of[2].weight == 1);
    assert_string_equal(types.of[8].name, "wish"); /* after the seven that were there */
    assert_true(types.of[8].weight == 7);
    assert_string_equal(types.of[6].name, "purchase"); /* known, but without a meaning now */
    assert_true(types.of[6].weight == 0 && types.of[6].hides_ms == HIDES_NEVER);
    fixture_commit(f);
}

/* Catches a retraction that is overlooked because the transaction began without any. */
static void a_retraction_counts_within_its_transaction(void **state)
{
    struct fixture *f = *state;
    struct event_record event = an_event("u", "i", "view");
    event.event_id = "one";
    fixture_write(f);
    fixture_event(f, &event);
    event.event_id = "two";
    fixture_event(f, &event); /* looked for retractions, found none */
    assert_ok(f, store_retract_event(f->store, "one", NOW_MS, &f->err));
    event.event_id = "one";
    assert_true(fixture_event(f, &event).duplicate);
    fixture_commit(f);
}

/* Catches users and items left behind by events that were refused: an import has no savepoint to
 * take them away again. */
static void a_refused_event_changes_nothing(void **state)
{
    struct fixture *f = *state;
    struct event_record event = an_event("u", "i", "view");
    event.event_id = "one";
    struct event_result result;
    fixture_write(f);
    fixture_event(f, &event);
    const struct store_counts before = fixture_counts(f);
    event.user = "new", event.item = "new";
    assert_int_equal(store_add_event(f->store, &f->types, &event, false, NOW_MS, &result, &f->err),
                     STATUS_CONFLICT);
    event.event_id = NULL, event.type = "unheard-of";
    assert_int_equal(store_add_event(f->store, &f->types, &event, false, NOW_MS, &result, &f->err),
                     STATUS_NOT_FOUND);
    const struct store_counts after = fixture_counts(f);
    assert_memory_equal(&after, &before, sizeof before);
    fixture_commit(f);
}

/* Catches events of a type that the configuration has dropped: taken silently, or kept for ever
 * because their name is not found to retract them. */
static void a_type_that_is_configured_no_longer_takes_no_events(void **state)
{
    struct fixture *f = *state;
    struct event_record event = an_event("u", "i", "purchase");
    struct event_result result;
    uint64_t retracted = 0;
    fixture_write(f);
    fixture_event(f, &event);
    struct event_types types;
    event_types_init(&types);
    types.of[6] = (struct event_type){.name = "sale"};
    assert_ok(f, store_bind_types(f->store, &types, &f->err));
    event.item = "j";
    assert_int_equal(store_add_event(f->store, &types, &event, false, NOW_MS, &result, &f->err),
                     STATUS_NOT_FOUND);
    assert_string_equal(f->err.pointer, "/type");
    assert_ok(f, store_retract_events(f->store, &types, "u", NULL, "purchase", NOW_MS, &retracted,
                                      &f->err));
    assert_int_equal(retracted, 1);
    fixture_commit(f);
}

static void a_reader_binds_types_without_writing(void **state)
{
    struct fixture *f = *state;
    struct event_types types;
    struct store *reader;
    event_types_init(&types);
    snprintf(types.of[8].name, sizeof types.of[8].name, "wish");
    assert_ok(f, store_open(f->folder, STORE_READ, &reader, &f->err));
    assert_ok(f, store_bind_types(reader, &types, &f->err));
    assert_string_equal(types.of[8].name, "wish");
    store_close(reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(every_field_comes_back),
        WITH_STORE(absent_fields_stay_absent),
        WITH_STORE(the_same_id_and_content_counts_once),
        WITH_STORE(the_same_id_with_other_content_is_a_conflict),
        WITH_STORE(a_made_id_leads_back_to_its_event),
        WITH_STORE(an_id_that_only_looks_made_is_a_clients),
        WITH_STORE(a_retracted_event_is_not_revived),
        WITH_STORE(a_retraction_counts_within_its_transaction),
        WITH_STORE(a_refused_event_changes_nothing),
        WITH_STORE(an_unknown_type_is_refused_with_the_nearest),
        WITH_STORE(a_guest_is_one_user_for_each_session),
        WITH_STORE(types_keep_their_codes_whatever_the_order),
        WITH_STORE(a_type_that_is_configured_no_longer_takes_no_events),
        WITH_STORE(a_reader_binds_types_without_writing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
