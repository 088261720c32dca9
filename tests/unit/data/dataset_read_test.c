/* What these catch: events of the store that are lost, doubled or given to another user on their
 * way into a data set; events after the seq asked for; ids that do not come along. */
#include "store_fixture.h"

#include <string.h>

#include "data/dataset.h"

static void add(struct fixture *f, const char *user, const char *item, const char *type,
                int64_t time_ms, double rating)
{
    struct event_record event = an_event(user, item, type);
    event.time_ms = time_ms;
    event.rating = rating;
    fixture_event(f, &event);
}

static void the_stores_events_come_with_their_ids_up_to_the_seq(void **state)
{
    struct fixture *f = *state;
    fixture_write(f);
    add(f, "ann", "x", "like", NOW_MS - 5, NAN);
    add(f, "bob", "y", "rating", NOW_MS - 7, 4);
    add(f, "ann", "y", "view", NOW_MS - 9, NAN);
    fixture_commit(f);
    const uint64_t seq = fixture_counts(f).seq;
    fixture_write(f);
    add(f, "bob", "x", "like", NOW_MS, NAN); /* later */
    fixture_commit(f);

    struct dataset *d;
    assert_ok(f, dataset_read(f->store, seq, &f->types, NULL, &d, &f->err));
    assert_int_equal(d->seq, seq);
    assert_int_equal(d->n_events, 3);
    const uint32_t ann = idmap_find(&d->user_ids, "ann", 3),
                   bob = idmap_find(&d->user_ids, "bob", 3), x = idmap_find(&d->item_ids, "x", 1),
                   y = idmap_find(&d->item_ids, "y", 1);
    assert_true(ann < d->n_users && bob < d->n_users && x < d->n_items && y < d->n_items);
    assert_int_equal(d->starts[ann + 1] - d->starts[ann], 2);
    const uint64_t first = d->starts[ann], rated = d->starts[bob];
    assert_int_equal(d->items[first], y); /* the older one first */
    assert_int_equal(d->items[first + 1], x);
    assert_int_equal(d->times[first + 1], NOW_MS - 5);
    assert_int_equal(d->type_codes[first + 1], event_types_code(&f->types, "like"));
    assert_int_equal(d->items[rated], y);
    assert_true(d->values[rated] == 4);
    assert_int_equal(d->frame.newest_ms, NOW_MS - 5);
    dataset_free(d);
}

static void an_empty_store_gives_an_empty_data_set(void **state)
{
    struct fixture *f = *state;
    struct dataset *d;
    assert_ok(f, dataset_read(f->store, fixture_counts(f).seq, &f->types, NULL, &d, &f->err));
    assert_int_equal(d->n_events, 0);
    dataset_free(d);
}

static bool stop_at_once(void *context)
{
    (void)context;
    return true;
}

static void reading_stops_when_told(void **state)
{
    struct fixture *f = *state;
    fixture_write(f);
    add(f, "ann", "x", "like", NOW_MS, NAN);
    fixture_commit(f);
    const struct observer observer = {.stop = stop_at_once};
    struct dataset *d = NULL;
    struct error err = {0};
    assert_int_equal(dataset_read(f->store, fixture_counts(f).seq, &f->types, &observer, &d, &err),
                     STATUS_CANCELLED);
    assert_true(strlen(err.text) > 0);
    assert_null(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(the_stores_events_come_with_their_ids_up_to_the_seq),
        WITH_STORE(an_empty_store_gives_an_empty_data_set),
        WITH_STORE(reading_stops_when_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
