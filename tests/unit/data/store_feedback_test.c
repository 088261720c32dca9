/* What these catch: a choice or a list that is read twice or never when reading goes on, a position
 * that is none, a range that is not kept. */
#include "store_fixture.h"

#include <string.h>

#include "base/clock.h"

struct read {
    size_t n;
    struct choice_row choices[8];
    struct list_row lists[8];
    char ids[8][32];
};

static void keep_id(struct read *read, const char *id)
{
    snprintf(read->ids[read->n], sizeof read->ids[0], "%s", id ? id : "-");
}

static enum status see_choice(void *context, const struct choice_row *row)
{
    struct read *read = context;
    keep_id(read, row->recommendation_id);
    read->choices[read->n++] = *row;
    return STATUS_OK;
}

static enum status see_list(void *context, const struct list_row *row)
{
    struct read *read = context;
    keep_id(read, row->recommendation_id);
    read->lists[read->n++] = *row;
    return STATUS_OK;
}

static enum status end_at_once(void *context, const struct choice_row *row)
{
    (void)context;
    (void)row;
    return STATUS_CANCELLED;
}

static void fill(struct fixture *f)
{
    fixture_write(f);
    struct event_record event = an_event("u", "a", "click");
    fixture_event(f, &event);
    event.recommendation_id = "list-1";
    event.position = 0;
    fixture_event(f, &event);
    event.item = "b";
    event.type = "purchase";
    event.position = 7;
    fixture_event(f, &event);
    const char *const items[] = {"a", "b", "c"};
    struct impression_record impression = {.user = "u",
                                           .recommendation_id = "list-1",
                                           .items = items,
                                           .n_items = 3,
                                           .time_ms = NOW_MS};
    assert_ok(f, store_add_impression(f->store, &impression, NOW_MS, &f->err));
    impression.recommendation_id = NULL;
    impression.n_items = 1;
    assert_ok(f, store_add_impression(f->store, &impression, NOW_MS, &f->err));
    fixture_commit(f);
}

static void choices_come_with_their_list_and_place(void **state)
{
    struct fixture *f = *state;
    struct read read = {0};
    uint64_t seq;
    fill(f);
    const uint64_t upto = fixture_counts(f).seq;
    assert_ok(f, store_read_choices(f->store, 0, upto, 100, see_choice, &read, &seq, &f->err));
    assert_int_equal(seq, upto);
    assert_int_equal(read.n, 3);
    static const char *const ids[] = {"-", "list-1", "list-1"};
    static const int32_t positions[] = {-1, 0, 7};
    for (size_t i = 0; i < 3; i++) {
        assert_string_equal(read.ids[i], ids[i]);
        assert_int_equal(read.choices[i].position, positions[i]);
    }
    assert_int_equal(read.choices[2].type, event_types_code(&f->types, "purchase"));
    assert_int_equal(read.choices[0].item, read.choices[1].item);
    assert_int_not_equal(read.choices[0].item, read.choices[2].item);
}

static void lists_come_with_their_length(void **state)
{
    struct fixture *f = *state;
    struct read read = {0};
    uint64_t seq;
    fill(f);
    const uint64_t upto = fixture_counts(f).seq;
    assert_ok(f, store_read_lists(f->store, 0, upto, 100, see_list, &read, &seq, &f->err));
    assert_int_equal(seq, upto);
    assert_int_equal(read.n, 2);
    assert_int_equal(read.lists[0].n_items, 3);
    assert_int_equal(read.lists[1].n_items, 1);
    assert_string_equal(read.ids[0], "list-1");
    assert_string_equal(read.ids[1], "-");
}

static void reading_in_steps_sees_each_once(void **state)
{
    struct fixture *f = *state;
    struct read read = {0};
    uint64_t seq = 0;
    fill(f);
    const uint64_t upto = fixture_counts(f).seq;
    for (int step = 0; step < 8 && seq < upto; step++)
        assert_ok(f, store_read_choices(f->store, seq, upto, 1, see_choice, &read, &seq, &f->err));
    assert_int_equal(read.n, 3);
    assert_int_equal(seq, upto);
    assert_ok(f, store_read_choices(f->store, upto, upto, 1, see_choice, &read, &seq, &f->err));
    assert_int_equal(seq, upto);
    assert_ok(f, store_read_choices(f->store, upto, 0, 1, see_choice, &read, &seq, &f->err));
    assert_int_equal(seq, upto); /* never back */
    assert_int_equal(read.n, 3);
    assert_int_equal(store_read_choices(f->store, 0, upto, 9, end_at_once, NULL, &seq, &f->err),
                     STATUS_CANCELLED);
    assert_int_equal(seq, upto);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(choices_come_with_their_list_and_place),
        WITH_STORE(lists_come_with_their_length),
        WITH_STORE(reading_in_steps_sees_each_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
