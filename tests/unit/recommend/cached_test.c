/* What these catch: any difference between an answer from a list and one that is computed, after
 * any change of users, items and time; a cache that is never used, or used where it must not be. */
#include "recommend/cached.h"

#include <string.h>

#include "base/clock.h"
#include "base/rng.h"
#include "data/dataset.h"
#include "unit/data/store_fixture.h"

enum { USERS = 6, ITEMS = 60, TEXT = 16, STEPS = 400, SPAN_MS = 20000 };

/* ---- a model whose order hangs on all of the history ---- */

static float score_of(uint32_t item, const struct query *query)
{
    uint32_t hash = item * 2654435761u;
    for (uint32_t i = 0; i < query->n; i++)
        hash += (query->history[i].item + 1) *
                (uint32_t)(int32_t)(query->history[i].confidence * 64) * 40503u;
    hash ^= hash >> 15;
    hash *= 2246822519u;
    return (float)(hash >> 22); /* few values: ties, too */
}

static enum status hashed_score(const struct model *model, const struct query *queries,
                                size_t n_queries, const uint32_t *items, size_t n_items, float *out,
                                struct arena *scratch)
{
    (void)scratch, (void)model;
    for (size_t q = 0; q < n_queries; q++)
        for (size_t i = 0; i < n_items; i++)
            out[q * n_items + i] = score_of(items ? items[i] : (uint32_t)i, &queries[q]);
    return STATUS_OK;
}

static const struct model_class hashed = {.name = "hashed", .score = hashed_score};
static const struct model_class popular = {
    .name = "popular", .impersonal = true, .score = hashed_score};

/* ---- a Live on what the store has at first ---- */

struct setting {
    struct fixture *f;
    struct dataset *dataset;
    struct touch *touches;
    uint64_t *starts;
    struct model models[2];
    const struct model *listed[2];
    struct list_cache *lists;
    struct live *live;
    int64_t now_ms;
};

static void name(char out[TEXT], const char *what, uint32_t i)
{
    snprintf(out, TEXT, "%s%u", what, i);
}

static void add_event(struct setting *s, struct rng *rng)
{
    static const char *const types[] = {"view", "like", "purchase", "dislike"};
    char user[TEXT], item[TEXT];
    name(user, "u", rng_below(rng, USERS));
    name(item, "i", rng_below(rng, ITEMS + 5));
    struct event_record event = an_event(user, item, types[rng_below(rng, 4)]);
    event.time_ms = s->now_ms - INT64_C(30) * 86400000 + (int64_t)rng_below(rng, SPAN_MS);
    fixture_event(s->f, &event);
}

static void put_random_item(struct setting *s, struct rng *rng, uint32_t i)
{
    static const char *const categories[] = {"a/b", "c"};
    char id[TEXT];
    name(id, "i", i);
    struct item_record item = an_item(id);
    item.categories = categories;
    item.n_categories = rng_below(rng, 3);
    item.hidden = rng_below(rng, 6) == 0;
    if (rng_below(rng, 4) == 0)
        item.published_ms = s->now_ms + (int64_t)rng_below(rng, SPAN_MS) - SPAN_MS / 2;
    if (rng_below(rng, 4) == 0)
        item.expires_ms = s->now_ms + (int64_t)rng_below(rng, SPAN_MS) - SPAN_MS / 4;
    if (rng_below(rng, 4) == 0)
        item.group_id = rng_below(rng, 2) ? "g" : "h";
    uint32_t number;
    bool created;
    assert_ok(s->f, store_put_item(s->f->store, &item, NOW_MS, &number, &created, &s->f->err));
}

static enum status put_item(void *context, uint32_t number, const struct item_record *item)
{
    return catalogue_put(context, number, item);
}

static void make_live(struct setting *s)
{
    struct fixture *f = s->f;
    const uint64_t seq = fixture_counts(f).seq;
    struct catalogue *catalogue;
    assert_int_equal(catalogue_new(&catalogue), STATUS_OK);
    assert_ok(f, dataset_read(f->store, seq, &f->types, NULL, &s->dataset, &f->err));
    const struct dataset *dataset = s->dataset;
    s->starts = calloc(dataset->n_users + 1, sizeof *s->starts);
    s->touches = calloc(dataset->n_events + 1, sizeof *s->touches);
    for (uint32_t user = 0; user < dataset->n_users; user++)
        s->starts[user + 1] =
            s->starts[user] + dataset_touches(dataset, user, NULL, s->touches + s->starts[user]);
    assert_ok(f, store_list_items(f->store, 0, 100000, put_item, catalogue, &f->err));
    for (size_t i = 0; i < 2; i++) {
        s->models[i] = (struct model){.class = i ? &hashed : &popular,
                                      .n_users = dataset->n_users,
                                      .n_items = dataset->n_items};
        s->listed[i] = &s->models[i];
    }
    const struct live_base base = {.seq = seq,
                                   .n_users = dataset->n_users,
                                   .n_items = dataset->n_items,
                                   .types = &f->types,
                                   .frame = &dataset->frame,
                                   .user_ids = &dataset->user_ids,
                                   .item_ids = &dataset->item_ids,
                                   .touch_starts = s->starts,
                                   .touches = s->touches,
                                   .models = s->listed,
                                   .n_models = 2,
                                   .retriever = s->listed[1],
                                   .lists = s->lists};
    assert_ok(f, live_new(&base, catalogue, &s->live, &f->err));
}

static void set_up(struct setting *s, struct fixture *f, struct rng *rng)
{
    *s = (struct setting){.f = f, .now_ms = clock_now_ms()};
    assert_int_equal(list_cache_new(64, &s->lists), STATUS_OK);
    fixture_write(f);
    for (uint32_t i = 0; i < ITEMS; i++)
        put_random_item(s, rng, i);
    for (int i = 0; i < 30; i++)
        add_event(s, rng);
    fixture_commit(f);
    make_live(s);
    s->now_ms = clock_now_ms() + 1; /* the catalogue does not look back */
}

static void tear_down(struct setting *s)
{
    live_free(s->live);
    list_cache_free(s->lists);
    dataset_free(s->dataset);
    free(s->touches);
    free(s->starts);
}

/* ---- changes ---- */

static void allow(struct fixture *f, enum status status)
{
    if (status == STATUS_OK)
        return;
    if (status != STATUS_NOT_FOUND && status != STATUS_CONFLICT)
        fail_msg("%s", f->err.text);
    store_undo(f->store);
    assert_ok(f, store_savepoint(f->store, &f->err));
}

static void change_something(struct setting *s, struct rng *rng)
{
    struct fixture *f = s->f;
    char user[TEXT], other[TEXT], item[TEXT];
    uint64_t n;
    name(user, "u", rng_below(rng, USERS));
    name(other, "u", rng_below(rng, USERS));
    name(item, "i", rng_below(rng, ITEMS + 5));
    switch (rng_below(rng, 12)) {
    case 0:
        allow(f, store_erase_user(f->store, user, NOW_MS, &f->err));
        break;
    case 1:
        allow(f, store_delete_item(f->store, item, false, NOW_MS, &f->err));
        break;
    case 2:
        allow(f, store_retract_events(f->store, &f->types, user, item, NULL, NOW_MS, &n, &f->err));
        break;
    case 3:
        if (strcmp(user, other) != 0)
            allow(f, store_merge_user(f->store, user, other, NULL, NOW_MS, &n, &f->err));
        break;
    case 4:
    case 5:
        add_event(s, rng);
        break;
    default:
        put_random_item(s, rng, rng_below(rng, ITEMS + 5));
    }
}

static void change_some(struct setting *s, struct rng *rng)
{
    fixture_write(s->f);
    for (uint32_t n = rng_below(rng, 3); n > 0; n--)
        change_something(s, rng);
    fixture_commit(s->f);
    assert_ok(s->f, live_catch_up(s->live, s->f->store, NULL, &s->f->err));
    s->now_ms += (int64_t)rng_below(rng, 300);
    if (rng_below(rng, 50) == 0)
        s->now_ms -= 1000; /* somebody sets the clock back */
}

/* ---- questions ---- */

static void expect_same(const struct recommendation *a, const struct recommendation *b)
{
    assert_int_equal(a->n, b->n);
    for (uint32_t i = 0; i < a->n; i++) {
        assert_int_equal(a->items[i].item, b->items[i].item);
        assert_true(a->items[i].score == b->items[i].score);
    }
    assert_int_equal(a->eligible, b->eligible);
    assert_string_equal(a->strategy, b->strategy);
    assert_string_equal(a->model, b->model);
}

static struct recommend_request ask(const struct setting *s, const struct live_view *view,
                                    uint32_t i)
{
    char user[TEXT];
    name(user, "u", i);
    const uint32_t number = live_find_user(view, user);
    return (struct recommend_request){
        .user = number == NUMBER_NONE ? QUERY_NO_USER : number, .n = 5, .now_ms = s->now_ms};
}

/* Returns whether a list gave the answer. */
static bool check(const struct setting *s, const struct live_view *view,
                  const struct recommend_request *request)
{
    struct arena arena = {0};
    struct recommendation expected, made;
    assert_int_equal(recommend(&view->view, request, &arena, &expected), STATUS_OK);
    const enum status status = cached_recommend(s->lists, view, request, &arena, &made);
    if (status == STATUS_NOT_FOUND)
        assert_int_equal(cached_make(s->lists, view, request, &arena, &made), STATUS_OK);
    else
        assert_int_equal(status, STATUS_OK);
    expect_same(&made, &expected);
    arena_free(&arena);
    return status == STATUS_OK;
}

static uint32_t ask_somebody(const struct setting *s, struct rng *rng)
{
    static const char *const categories[] = {"a", "c"};
    uint32_t exclude[10], hits = 0;
    struct live_view view;
    live_view_take(s->live, &view);
    for (int i = 0; i < 6; i++) {
        struct recommend_request request = ask(s, &view, rng_below(rng, USERS + 1));
        request.n = 1 + rng_below(rng, 12);
        request.offset = rng_below(rng, 3) ? 0 : rng_below(rng, 20);
        request.categories = categories;
        request.n_categories = rng_below(rng, 4) ? 0 : 1 + rng_below(rng, 2);
        request.exclude = exclude;
        request.n_exclude = rng_below(rng, 4) ? 0 : 10;
        for (size_t k = 0; k < 10; k++)
            exclude[k] = rng_below(rng, ITEMS);
        hits += check(s, &view, &request);
    }
    view.view.class->release(&view.view);
    return hits;
}

static void an_answer_from_a_list_is_the_one_that_is_computed(void **state)
{
    for (uint64_t seed = 0; seed < 3; seed++) {
        struct rng rng = rng_seed(21 + seed, 0);
        struct setting s;
        uint32_t hits = 0;
        set_up(&s, *state, &rng);
        for (int step = 0; step < STEPS; step++) {
            change_some(&s, &rng);
            hits += ask_somebody(&s, &rng);
        }
        assert_in_range(hits, STEPS / 2, 6 * STEPS); /* or nothing was compared */
        tear_down(&s);
    }
}

/* ---- what flushes and what does not ---- */

static void put_as(struct setting *s, const char *id, bool hidden, double price)
{
    struct item_record item = an_item(id);
    item.hidden = hidden;
    item.price = price;
    uint32_t number;
    bool created;
    fixture_write(s->f);
    assert_ok(s->f, store_put_item(s->f->store, &item, NOW_MS, &number, &created, &s->f->err));
    fixture_commit(s->f);
    assert_ok(s->f, live_catch_up(s->live, s->f->store, NULL, &s->f->err));
}

static bool asks_again(struct setting *s)
{
    struct live_view view;
    live_view_take(s->live, &view);
    const struct recommend_request request = ask(s, &view, 1);
    const bool hit = check(s, &view, &request);
    view.view.class->release(&view.view);
    return hit;
}

static void only_what_lets_an_item_in_makes_a_list_anew(void **state)
{
    struct rng rng = rng_seed(5, 0);
    struct setting s;
    set_up(&s, *state, &rng);
    put_as(&s, "i3", false, 1);
    asks_again(&s);
    assert_true(asks_again(&s));
    put_as(&s, "i3", false, 2);
    assert_true(asks_again(&s));
    put_as(&s, "i3", true, 2);
    assert_true(asks_again(&s));
    put_as(&s, "new", false, 1); /* the models do not know it */
    assert_true(asks_again(&s));
    put_as(&s, "i3", false, 2);
    assert_false(asks_again(&s));
    assert_true(asks_again(&s));
    tear_down(&s);
}

static void other_rules_of_what_is_seen_and_other_models_use_no_list(void **state)
{
    struct rng rng = rng_seed(6, 0);
    struct setting s;
    set_up(&s, *state, &rng);
    const bool hide_types[EVENT_TYPES_MAX] = {0};
    struct arena arena = {0};
    struct recommendation made;
    struct live_view view;
    live_view_take(s.live, &view);
    struct recommend_request request = ask(&s, &view, 1);
    check(&s, &view, &request);
    assert_true(check(&s, &view, &request));
    assert_int_equal(cached_recommend(NULL, &view, &request, &arena, &made), STATUS_NOT_FOUND);
    request.seen = SEEN_INCLUDE;
    assert_false(check(&s, &view, &request));
    request.seen = SEEN_HIDE;
    request.hide_types = hide_types;
    assert_false(check(&s, &view, &request));
    request.hide_types = NULL;
    request.model = s.listed[0];
    assert_false(check(&s, &view, &request));
    request.model = NULL;
    assert_true(check(&s, &view, &request));
    view.view.class->release(&view.view);
    arena_free(&arena);
    tear_down(&s);
}

static void an_erased_user_leaves_no_list(void **state)
{
    struct rng rng = rng_seed(7, 0);
    struct setting s;
    set_up(&s, *state, &rng);
    asks_again(&s);
    assert_int_equal(list_cache_count(s.lists).lists, 1);
    fixture_write(s.f);
    assert_ok(s.f, store_erase_user(s.f->store, "u1", NOW_MS, &s.f->err));
    fixture_commit(s.f);
    assert_ok(s.f, live_catch_up(s.live, s.f->store, NULL, &s.f->err));
    assert_int_equal(list_cache_count(s.lists).lists, 0);
    tear_down(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_answer_from_a_list_is_the_one_that_is_computed,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(only_what_lets_an_item_in_makes_a_list_anew, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(other_rules_of_what_is_seen_and_other_models_use_no_list,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(an_erased_user_leaves_no_list, fixture_setup,
                                        fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
