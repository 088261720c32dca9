/* What these catch: a Live that differs from what the store says after any sequence of changes, one
 * that depends on when it caught up or on the snapshot it stands on, the dead who still answer,
 * readers who see half of a change. */
#include "unit/data/store_fixture.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "base/rng.h"
#include "data/dataset.h"
#include "recommend/history.h"
#include "recommend/live.h"
#include "recommend/ranker.h"
#include "recommend/recommend.h"

/* ---- a base: what a snapshot at a seq would hold ---- */

struct base {
    struct live_base base;
    struct dataset *dataset;
    struct touch *touches;
    uint64_t *starts;
    struct idmap no_ids;
};

static enum status put_item(void *context, uint32_t number, const struct item_record *item)
{
    return catalogue_put(context, number, item);
}

static void base_touches(struct base *base)
{
    const struct dataset *dataset = base->dataset;
    base->starts = calloc(dataset->n_users + 1, sizeof *base->starts);
    base->touches = calloc(dataset->n_events + 1, sizeof *base->touches);
    for (uint32_t user = 0; user < dataset->n_users; user++)
        base->starts[user + 1] =
            base->starts[user] +
            dataset_touches(dataset, user, NULL, base->touches + base->starts[user]);
}

/* As of the store's present seq, or the empty one at 0. */
static struct live *live_on(struct fixture *f, struct base *base, bool empty)
{
    struct catalogue *catalogue;
    struct live *live;
    assert_int_equal(catalogue_new(&catalogue), 0);
    if (empty) {
        base->base.user_ids = base->base.item_ids = &base->no_ids;
    } else {
        const uint64_t seq = fixture_counts(f).seq;
        assert_ok(f, dataset_read(f->store, seq, &f->types, NULL, &base->dataset, &f->err));
        base_touches(base);
        assert_ok(f, store_list_items(f->store, 0, 100000, put_item, catalogue, &f->err));
        base->base = (struct live_base){.seq = seq,
                                        .n_users = base->dataset->n_users,
                                        .n_items = base->dataset->n_items,
                                        .user_ids = &base->dataset->user_ids,
                                        .item_ids = &base->dataset->item_ids,
                                        .touch_starts = base->starts,
                                        .touches = base->touches};
    }
    base->base.types = &f->types;
    static const struct signal_frame frame = {.newest_ms = NOW_MS};
    base->base.frame = empty ? &frame : &base->dataset->frame;
    assert_ok(f, live_new(&base->base, catalogue, &live, &f->err));
    return live;
}

static void base_free(struct base *base)
{
    if (base->dataset)
        dataset_free(base->dataset);
    free(base->touches);
    free(base->starts);
}

/* ---- random changes to the store ---- */

enum { USERS = 12, SESSIONS = 8, ITEMS = 20, TEXT = 16 };

static const char *const type_names[] = {"view", "like", "rating", "purchase", "impression"};

static void name(char out[TEXT], const char *what, uint32_t i)
{
    snprintf(out, TEXT, "%s%u", what, i);
}

static struct event_record random_event(struct rng *rng, char user[TEXT], char session[TEXT],
                                        char item[TEXT])
{
    name(user, "u", rng_below(rng, USERS));
    name(session, "s", rng_below(rng, SESSIONS));
    name(item, "i", rng_below(rng, ITEMS));
    struct event_record event = an_event(user, item, type_names[rng_below(rng, 5)]);
    if (rng_below(rng, 3) == 0) {
        event.user = NULL;
        event.session = session;
    }
    event.time_ms = NOW_MS - (int64_t)rng_below(rng, 100000);
    event.time_is_unknown = rng_below(rng, 10) == 0;
    if (event.time_is_unknown)
        event.time_ms = TIME_UNKNOWN;
    if (strcmp(event.type, "rating") == 0)
        event.rating = 1 + rng_below(rng, 5);
    return event;
}

static void put_random_item(struct fixture *f, struct rng *rng)
{
    char id[TEXT];
    name(id, "i", rng_below(rng, ITEMS));
    static const char *const categories[] = {"a/b", "c"};
    struct item_record item = an_item(id);
    item.categories = categories;
    item.n_categories = rng_below(rng, 3);
    item.hidden = rng_below(rng, 5) == 0;
    item.available = rng_below(rng, 5) != 0;
    if (rng_below(rng, 3) == 0)
        item.expires_ms = NOW_MS + (int64_t)rng_below(rng, 100) - 50;
    if (rng_below(rng, 3) == 0)
        item.group_id = "g";
    uint32_t number;
    bool created;
    assert_ok(f, store_put_item(f->store, &item, NOW_MS, &number, &created, &f->err));
}

/* A change may be refused, and then leaves nothing behind. */
static void allow(struct fixture *f, enum status status)
{
    if (status == STATUS_OK)
        return;
    if (status != STATUS_NOT_FOUND && status != STATUS_CONFLICT)
        fail_msg("%s", f->err.text);
    store_undo(f->store);
    assert_ok(f, store_savepoint(f->store, &f->err));
}

static void expect_or_none(struct fixture *f, enum status status)
{
    if (status != STATUS_OK && status != STATUS_NOT_FOUND)
        fail_msg("%s", f->err.text);
}

static void change_something(struct fixture *f, struct rng *rng)
{
    char user[TEXT], session[TEXT], item[TEXT], other[TEXT];
    const struct event_record event = random_event(rng, user, session, item);
    name(other, "u", rng_below(rng, USERS));
    uint64_t n;
    switch (rng_below(rng, 20)) {
    case 0:
        fixture_user(f, user);
        break;
    case 1:
        allow(f, store_erase_user(f->store, user, NOW_MS, &f->err));
        break;
    case 2:
        allow(f, store_delete_item(f->store, item, false, NOW_MS, &f->err));
        break;
    case 3:
        allow(f, store_retract_events(f->store, &f->types, user, item, NULL, NOW_MS, &n, &f->err));
        break;
    case 4:
        if (strcmp(user, other) != 0)
            allow(f, store_merge_user(f->store, user, other, NULL, NOW_MS, &n, &f->err));
        break;
    case 5:
        allow(f, store_merge_user(f->store, user, NULL, session, NOW_MS, &n, &f->err));
        break;
    case 6:
    case 7:
    case 8:
        put_random_item(f, rng);
        break;
    case 9: {
        const struct event_result added = fixture_event(f, &event);
        assert_ok(f, store_retract_event(f->store, added.event_id, NOW_MS, &f->err));
        break;
    }
    default:
        fixture_event(f, &event);
    }
}

static void change_some(struct fixture *f, struct rng *rng)
{
    fixture_write(f);
    for (uint32_t n = 1 + rng_below(rng, 8); n > 0; n--)
        change_something(f, rng);
    fixture_commit(f);
}

/* ---- what the store itself says ---- */

static enum status add_rows(void *context, const struct event_row *rows, size_t n)
{
    return history_add(context, rows, n);
}

static bool nearly(float a, float b)
{
    return a == b || (isnan(a) && isnan(b)) || fabsf(a - b) <= 1e-5f * fabsf(a);
}

static void check_user(struct fixture *f, const struct live_view *view, uint32_t user)
{
    struct history history = {.keep = f->types.max_per_user, .types = &f->types};
    struct touch *expected;
    const struct touch *touches;
    uint32_t n_expected;
    size_t n;
    bool fresh;
    struct arena arena = {0};
    assert_ok(f, store_read_user_events(f->store, user, INT64_MAX, add_rows, &history, &f->err));
    assert_int_equal(history_fold(&history, view->view.frame, &expected, &n_expected), 0);
    assert_int_equal(view->view.class->touches(&view->view, user, &arena, &touches, &n, &fresh), 0);
    assert_int_equal(n, n_expected);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(touches[i].item, expected[i].item);
        assert_int_equal(touches[i].type, expected[i].type);
        assert_int_equal(touches[i].last_ms, expected[i].last_ms);
        assert_true(nearly(touches[i].decays, expected[i].decays));
        assert_true(nearly(touches[i].value, expected[i].value));
    }
    free(expected);
    history_free(&history);
    arena_free(&arena);
}

static void check_ids(struct fixture *f, const struct live_view *view, bool all_sessions)
{
    char id[TEXT];
    struct arena arena = {0};
    struct user_record user;
    struct item_record item;
    for (uint32_t i = 0; i < USERS; i++) {
        uint32_t number = NUMBER_NONE;
        name(id, "u", i);
        expect_or_none(f, store_get_user(f->store, id, &arena, &user, &number, &f->err));
        assert_int_equal(live_find_user(view, id), number);
    }
    for (uint32_t i = 0; i < ITEMS; i++) {
        uint32_t number = NUMBER_NONE;
        name(id, "i", i);
        expect_or_none(f, store_get_item(f->store, id, &arena, &item, &number, &f->err));
        assert_int_equal(live_find_item(view, id), number);
    }
    for (uint32_t i = 0; i < SESSIONS; i++) {
        uint32_t number = NUMBER_NONE;
        name(id, "s", i);
        expect_or_none(f, store_find_session(f->store, id, &number, &f->err));
        const uint32_t found = live_find_session(view, id);
        assert_true(found == number || (!all_sessions && found == NUMBER_NONE));
    }
    arena_free(&arena);
}

struct shown_items {
    bool shown[100000];
    uint32_t n;
};

static enum status note_shown(void *context, uint32_t number, const struct item_record *item)
{
    struct shown_items *items = context;
    assert_true(number < sizeof items->shown);
    items->shown[number] = item->listed && item->available && !item->hidden &&
                           (item->expires_ms == TIME_UNKNOWN || NOW_MS < item->expires_ms);
    items->n++;
    return STATUS_OK;
}

static void check_items(struct fixture *f, const struct live_view *view)
{
    static struct shown_items items;
    memset(&items, 0, sizeof items);
    assert_ok(f, store_list_items(f->store, 0, 100000, note_shown, &items, &f->err));
    assert_int_equal(catalogue_size(live_catalogue(view)).items, items.n);
    struct bitmap eligible = {0};
    assert_int_equal(bitmap_resize(&eligible, view->view.n_items), 0);
    assert_int_equal(view->view.class->eligible(&view->view, NOW_MS, &eligible), 0);
    for (uint32_t i = 0; i < view->view.n_items; i++)
        assert_int_equal(bitmap_test(&eligible, i), items.shown[i]);
    bitmap_free(&eligible);
}

static void check_live(struct fixture *f, struct live *live, bool all_sessions)
{
    const struct store_counts counts = fixture_counts(f);
    struct live_view view;
    struct live_counts live_counts;
    assert_int_equal(live_seq(live), counts.seq);
    live_view_take(live, &view);
    for (uint32_t user = 0; user < counts.next_user; user++)
        check_user(f, &view, user);
    check_ids(f, &view, all_sessions);
    check_items(f, &view);
    live_count(&view, &live_counts);
    assert_int_equal(live_counts.users, counts.users + counts.guests);
    assert_int_equal(live_counts.items, counts.items + counts.ghost_items);
    assert_int_equal(live_counts.ghosts, counts.ghost_items);
    view.view.class->release(&view.view);
}

static void catch_up(struct fixture *f, struct live *live)
{
    assert_ok(f, live_catch_up(live, f->store, NULL, &f->err));
}

/* A Live at 0 that follows, one on each snapshot made on the way, and one at 0 made at the end: all
 * must say what the store says. */
static void any_changes_from_any_base_give_what_the_store_says(void **state)
{
    struct fixture *f = *state;
    enum { BASES = 4, ROUNDS = 120 };
    struct base bases[BASES + 2] = {0};
    struct live *lives[BASES + 2];
    f->types.half_life_ms = 50000;
    struct rng rng = rng_seed(8, 0);
    size_t n = 0;
    lives[n++] = live_on(f, &bases[0], true);
    for (uint32_t round = 0; round < ROUNDS; round++) {
        change_some(f, &rng);
        if (round % (ROUNDS / BASES) == ROUNDS / BASES / 2) {
            lives[n] = live_on(f, &bases[n], false);
            catch_up(f, lives[n]);
            check_live(f, lives[n], false);
            n++;
        }
        for (size_t i = 0; i < n; i++)
            if (rng_below(&rng, 3) > 0)
                catch_up(f, lives[i]);
        if (round % 10 == 0) {
            catch_up(f, lives[0]);
            check_live(f, lives[0], true);
        }
    }
    lives[n] = live_on(f, &bases[n], true);
    n++;
    for (size_t i = 0; i < n; i++) {
        catch_up(f, lives[i]);
        check_live(f, lives[i], i == 0 || i == n - 1);
        live_free(lives[i]);
        base_free(&bases[i]);
    }
}

/* ---- what is told apart ---- */

static const struct touch *touches_of(const struct live_view *view, uint32_t user, size_t *ret_n,
                                      bool *ret_fresh)
{
    static struct arena arena;
    const struct touch *touches;
    arena_free(&arena);
    assert_int_equal(
        view->view.class->touches(&view->view, user, &arena, &touches, ret_n, ret_fresh), 0);
    return touches;
}

static void only_users_with_changes_after_the_snapshot_are_fresh(void **state)
{
    struct fixture *f = *state;
    struct base base = {0};
    fixture_write(f);
    fixture_item(f, "i");
    const struct event_record old = an_event("old", "i", "view");
    const struct event_record busy = an_event("busy", "i", "view");
    const struct event_record gone = an_event("gone", "i", "view");
    fixture_event(f, &old);
    fixture_event(f, &busy);
    const struct event_result retracted = fixture_event(f, &gone);
    fixture_commit(f);
    struct live *live = live_on(f, &base, false);
    fixture_write(f);
    fixture_event(f, &busy);
    assert_ok(f, store_retract_event(f->store, retracted.event_id, NOW_MS, &f->err));
    fixture_commit(f);
    catch_up(f, live);

    struct live_view view;
    size_t n;
    bool fresh;
    live_view_take(live, &view);
    const uint32_t old_user = live_find_user(&view, "old"),
                   busy_user = live_find_user(&view, "busy");
    const struct touch *touches = touches_of(&view, old_user, &n, &fresh);
    assert_true(!fresh && n == 1 && touches == base.touches + base.starts[old_user]);
    touches = touches_of(&view, busy_user, &n, &fresh);
    assert_true(fresh && n == 1 && touches[0].decays == 2);
    touches_of(&view, live_find_user(&view, "gone"), &n, &fresh);
    assert_true(fresh && n == 0); /* the model still knows what is no more: it must not be asked */
    assert_int_equal(live_user_seq(&view, old_user), base.base.seq);
    assert_int_equal(live_user_seq(&view, busy_user), base.base.seq + 1);
    assert_int_equal(live_count_touches(&view, old_user), 1);
    /* a bound: what was joined counts on both sides, what was replaced once */
    assert_int_equal(live_count_touches(&view, busy_user), 2);
    assert_int_equal(live_count_touches(&view, live_find_user(&view, "gone")), 0);
    assert_int_equal(live_count_touches(&view, QUERY_NO_USER), 0);
    view.view.class->release(&view.view);
    live_free(live);
    base_free(&base);
}

static void an_erased_user_is_gone_at_once_and_may_come_back_as_another(void **state)
{
    struct fixture *f = *state;
    struct base base = {0};
    fixture_write(f);
    const struct event_record event = an_event("u", "i", "view");
    fixture_event(f, &event);
    fixture_commit(f);
    struct live *live = live_on(f, &base, false);
    fixture_write(f);
    assert_ok(f, store_erase_user(f->store, "u", NOW_MS, &f->err));
    fixture_commit(f);
    catch_up(f, live);
    struct live_view view;
    size_t n;
    bool fresh;
    live_view_take(live, &view);
    assert_int_equal(live_find_user(&view, "u"), NUMBER_NONE);
    touches_of(&view, 0, &n, &fresh);
    assert_int_equal(n, 0);
    view.view.class->release(&view.view);
    fixture_write(f);
    const uint32_t number = fixture_user(f, "u");
    fixture_commit(f);
    catch_up(f, live);
    live_view_take(live, &view);
    assert_true(number != 0 && live_find_user(&view, "u") == number);
    view.view.class->release(&view.view);
    live_free(live);
    base_free(&base);
}

static void changed_keys_are_told_once(void **state)
{
    struct fixture *f = *state;
    struct base base = {0};
    struct live *live = live_on(f, &base, true);
    bool changed = true;
    assert_ok(f, live_catch_up(live, f->store, &changed, &f->err));
    assert_false(changed);
    static const unsigned char hash[KEY_HASH_BYTES] = {1};
    uint32_t number;
    fixture_write(f);
    assert_ok(f, store_add_key(f->store, "k", SCOPE_READ, hash, NOW_MS, &number, &f->err));
    fixture_commit(f);
    assert_ok(f, live_catch_up(live, f->store, NULL, &f->err)); /* told nobody */
    assert_ok(f, live_catch_up(live, f->store, &changed, &f->err));
    assert_true(changed);
    assert_ok(f, live_catch_up(live, f->store, &changed, &f->err));
    assert_false(changed);
    live_free(live);
    base_free(&base);
}

/* ---- readers beside the writer ---- */

struct reading {
    struct live *live;
    _Atomic bool ends;
    _Atomic unsigned answers;
};

/* Whatever it answers has an id: no item is eligible that is not wholly there. */
static void *read_on(void *context)
{
    struct reading *reading = context;
    struct arena arena = {0};
    while (!atomic_load(&reading->ends)) {
        struct live_view view;
        struct recommendation made;
        live_view_take(reading->live, &view);
        const uint32_t user = live_find_user(&view, "u1");
        const struct recommend_request request = {
            .user = user == NUMBER_NONE ? QUERY_NO_USER : user, .n = 10, .now_ms = NOW_MS};
        assert_int_equal(recommend(&view.view, &request, &arena, &made), 0);
        for (uint32_t i = 0; i < made.n; i++)
            assert_true(catalogue_id(live_catalogue(&view), made.items[i].item)[0] == 'i');
        view.view.class->release(&view.view);
        arena_reset(&arena);
        atomic_fetch_add(&reading->answers, 1);
    }
    arena_free(&arena);
    return NULL;
}

static void readers_and_the_writer_do_not_disturb_each_other(void **state)
{
    enum { READERS = 3 };
    struct fixture *f = *state;
    struct base base = {0};
    struct rng rng = rng_seed(9, 0);
    change_some(f, &rng);
    struct reading reading = {.live = live_on(f, &base, false)};
    pthread_t readers[READERS];
    for (int i = 0; i < READERS; i++)
        assert_int_equal(pthread_create(&readers[i], NULL, read_on, &reading), 0);
    for (int round = 0; round < 60 || atomic_load(&reading.answers) < 100; round++) {
        change_some(f, &rng);
        catch_up(f, reading.live);
    }
    atomic_store(&reading.ends, true);
    for (int i = 0; i < READERS; i++)
        pthread_join(readers[i], NULL);
    check_live(f, reading.live, false);
    live_free(reading.live);
    base_free(&base);
}

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

/* ---- what a ranker asks for of users and items ---- */

static void put_user(struct fixture *f, const char *id, const char *attributes)
{
    const struct user_record user = {.id = id, .attributes = attributes};
    uint32_t number;
    bool created;
    fixture_write(f);
    assert_ok(f, store_put_user(f->store, &user, NOW_MS, &number, &created, &f->err));
    fixture_commit(f);
}

static void put_kind(struct fixture *f, const char *id, const char *attributes)
{
    struct item_record item = an_item(id);
    uint32_t number;
    bool created;
    item.attributes = attributes;
    fixture_write(f);
    assert_ok(f, store_put_item(f->store, &item, NOW_MS, &number, &created, &f->err));
    fixture_commit(f);
}

/* The text of the only name, "" without one. */
static const char *fact_of(const struct facts *facts, uint32_t number)
{
    struct spec_text texts[FACT_TEXTS_MAX];
    const struct fact_record record = facts_get(facts, number);
    const struct feature_value value = fact_read(&record, 0, texts);
    return value.type == FEATURE_VALUE_TEXT ? value.text : "";
}

static void expect_facts(struct fixture *f, struct live *live, const char *user, const char *item)
{
    struct live_view view;
    catch_up(f, live);
    live_view_take(live, &view);
    assert_string_equal(fact_of(view.view.user_facts, 0), user);
    assert_string_equal(fact_of(view.view.item_facts, 0), item);
    view.view.class->release(&view.view);
}

static void facts_of_users_and_items_follow_the_store(void **state)
{
    struct fixture *f = *state;
    struct ranker ranker = {0};
    struct base base = {.base.ranker = &ranker};
    fact_names_add(&ranker.columns.names[RANK_OF_USER], "user.plan");
    fact_names_add(&ranker.columns.names[RANK_OF_ITEM], "item.kind");
    put_user(f, "u0", "{\"plan\":\"basic\"}");
    put_kind(f, "i0", "{\"kind\":\"film\"}");
    struct live *live = live_on(f, &base, true);
    expect_facts(f, live, "basic", "film");
    put_user(f, "u0", "{\"plan\":\"full\"}");
    put_kind(f, "i0", "{\"kind\":\"clip\"}");
    expect_facts(f, live, "full", "clip");
    put_kind(f, "i0", "{}");
    fixture_write(f);
    assert_ok(f, store_erase_user(f->store, "u0", NOW_MS, &f->err));
    fixture_commit(f);
    expect_facts(f, live, "", "");
    live_free(live);
    base_free(&base);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(any_changes_from_any_base_give_what_the_store_says),
        WITH_STORE(only_users_with_changes_after_the_snapshot_are_fresh),
        WITH_STORE(an_erased_user_is_gone_at_once_and_may_come_back_as_another),
        WITH_STORE(changed_keys_are_told_once),
        WITH_STORE(readers_and_the_writer_do_not_disturb_each_other),
        cmocka_unit_test_setup_teardown(facts_of_users_and_items_follow_the_store, fixture_setup,
                                        fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
