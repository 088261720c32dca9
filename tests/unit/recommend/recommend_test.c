/* What these catch: filters applied after the ranking (short lists), pages that overlap or skip,
 * two of a group, ties by chance, hidden items shown, an answer that names the wrong maker, a user
 * without history who gets noise instead of what is popular. */
#include <stdio.h>
#include <stdlib.h>

#include "support/test.h"

#include "base/clock.h"
#include "base/rng.h"
#include "recommend/recommend.h"
#include "support/fake_view.h"

enum { DAY_MS = 86400000 };

static struct fake_view view; /* too large for the stack */
static struct fake_model popular, other;

/* 20 items; `popular` prefers high numbers, the other low ones. */
static void set_up(const struct model_class *class, uint32_t known_items)
{
    fake_view_init(&view, 20);
    fake_view_add_model(&view, &popular, &fake_popular, 10, known_items);
    fake_view_add_model(&view, &other, class, 10, known_items);
    for (uint32_t i = 0; i < 20; i++) {
        popular.scores[i] = (float)i;
        other.scores[i] = -(float)i;
        other.vectors[3 * i] = -(float)i;
        other.vectors[3 * i + 1] = other.vectors[3 * i + 2] = 0;
        other.untouched[i] = false;
    }
}

static struct recommend_request ask(uint32_t user, uint32_t n)
{
    return (struct recommend_request){.user = user, .n = n, .now_ms = DAY_MS};
}

static struct recommendation answer_to(const struct recommend_request *request, struct arena *arena)
{
    struct recommendation made;
    assert_int_equal(recommend(&view.view, request, arena, &made), STATUS_OK);
    return made;
}

static void expect_items(const struct recommendation *made, const uint32_t *items, uint32_t n)
{
    assert_int_equal(made->n, n);
    for (uint32_t i = 0; i < n; i++)
        assert_int_equal(made->items[i].item, items[i]);
}

#define EXPECT_ITEMS(made, ...)                                                                    \
    expect_items(made, (const uint32_t[]){__VA_ARGS__},                                            \
                 sizeof((uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t))

static void who_is_known_gets_the_retriever_and_who_is_not_the_popular(void **state)
{
    (void)state;
    struct arena arena = {0};
    set_up(&fake_scorer, 20);
    struct recommend_request request = ask(QUERY_NO_USER, 3);
    struct recommendation made = answer_to(&request, &arena);
    EXPECT_ITEMS(&made, 19, 18, 17);
    assert_string_equal(made.strategy, "popular");
    assert_int_equal(made.eligible, 20);
    request.user = 3; /* known, and never did a thing */
    made = answer_to(&request, &arena);
    assert_string_equal(made.strategy, "popular");
    fake_view_touch(&view, 1, "view", 5);
    made = answer_to(&request, &arena);
    EXPECT_ITEMS(&made, 0, 1, 2);
    assert_string_equal(made.strategy, "scorer");
    assert_string_equal(made.model, "scorer");
    view.fresh = true;
    made = answer_to(&request, &arena);
    assert_string_equal(made.strategy, "fold_in");
    assert_string_equal(made.model, "scorer");
    view.fresh = false;
    request.user = 10; /* with a history that is newer than the model */
    made = answer_to(&request, &arena);
    assert_string_equal(made.strategy, "fold_in");
    request.model = &popular.model;
    made = answer_to(&request, &arena);
    EXPECT_ITEMS(&made, 19, 18, 17);
    assert_string_equal(made.strategy, "popular");
    arena_free(&arena);
}

static void who_has_no_history_gets_the_model_for_guests_where_one_is_named(void **state)
{
    (void)state;
    static const struct model_class named = {
        .name = "trending", .impersonal = true, .score = fake_score};
    static struct fake_model trending;
    struct arena arena = {0};
    set_up(&fake_scorer, 20);
    fake_view_add_model(&view, &trending, &named, 10, 20);
    for (uint32_t i = 0; i < 20; i++)
        trending.scores[i] = i == 7 ? 1 : 0;
    view.view.retriever = &other.model;
    view.view.rules.guests = &trending.model;
    const struct recommend_request guest = ask(QUERY_NO_USER, 3);
    struct recommendation made = answer_to(&guest, &arena);
    assert_string_equal(made.strategy, "trending");
    assert_int_equal(made.items[0].item, 7);
    fake_view_touch(&view, 3, "like", 0);
    const struct recommend_request known = ask(4, 3);
    made = answer_to(&known, &arena);
    assert_string_equal(made.strategy, "scorer");
    arena_free(&arena);
}

static void a_history_that_teaches_nothing_or_is_unknown_to_the_model_gets_the_popular(void **state)
{
    (void)state;
    struct arena arena = {0};
    set_up(&fake_scorer, 10);
    const struct recommend_request request = ask(3, 3);
    fake_view_touch(&view, 1, "impression", 5); /* weight 0 */
    fake_view_touch(&view, 15, "view", 5);      /* an item past the model's */
    struct recommendation made = answer_to(&request, &arena);
    assert_string_equal(made.strategy, "popular");
    EXPECT_ITEMS(&made, 9, 8, 7);
    arena_free(&arena);
}

static void vectors_give_what_their_products_say(void **state)
{
    (void)state;
    struct arena arena = {0};
    set_up(&fake_vectors, 20);
    fake_view_touch(&view, 1, "view", 5);
    other.vectors[3 * 7 + 2] = 1;  /* 100 - 7 */
    other.vectors[3 * 9 + 1] = 10; /* 100 - 9 */
    const struct recommend_request request = ask(3, 4);
    struct recommendation made = answer_to(&request, &arena);
    EXPECT_ITEMS(&made, 7, 9, 0, 1);
    assert_true(made.items[0].score == 93 && made.items[1].score == 91);
    arena_free(&arena);
}

static void what_no_model_knows_comes_last_and_newest_first(void **state)
{
    (void)state;
    struct arena arena = {0};
    set_up(&fake_scorer, 3);
    view.created[5] = 1000;
    view.created[17] = 1000; /* a tie */
    view.created[9] = TIME_UNKNOWN;
    fake_view_touch(&view, 1, "view", 5);
    struct recommend_request request = ask(3, 20);
    struct recommendation made = answer_to(&request, &arena);
    EXPECT_ITEMS(&made, 0, 1, 2, 5, 17, 19, 18, 16, 15, 14, 13, 12, 11, 10, 8, 7, 6, 4, 3, 9);
    for (uint32_t i = 1; i < made.n; i++)
        assert_true(made.items[i].score <= made.items[i - 1].score);
    /* only unknown ones are eligible: then nothing of the list is the model's */
    view.shown[0] = view.shown[1] = view.shown[2] = false;
    request.n = 2;
    made = answer_to(&request, &arena);
    EXPECT_ITEMS(&made, 5, 17);
    assert_string_equal(made.strategy, "latest");
    assert_int_equal(made.eligible, 17);
    arena_free(&arena);
}

static void without_any_model_the_newest_are_answered(void **state)
{
    (void)state;
    struct arena arena = {0};
    fake_view_init(&view, 20);
    const struct recommend_request request = ask(QUERY_NO_USER, 2);
    struct recommendation made = answer_to(&request, &arena);
    EXPECT_ITEMS(&made, 19, 18);
    assert_string_equal(made.strategy, "latest");
    fake_view_init(&view, 0);
    made = answer_to(&request, &arena);
    assert_int_equal(made.n, 0);
    assert_int_equal(made.eligible, 0);
    arena_free(&arena);
}

static void seen_items_are_hidden_by_their_type_and_for_its_time(void **state)
{
    (void)state;
    struct arena arena = {0};
    set_up(&fake_scorer, 20);
    fake_view_touch(&view, 0, "view", 0);                /* never */
    fake_view_touch(&view, 1, "like", 0);                /* for ever */
    fake_view_touch(&view, 2, "purchase", 0);            /* for 30 days */
    fake_view_touch(&view, 3, "purchase", TIME_UNKNOWN); /* unknown: for ever */
    struct recommend_request request = ask(3, 3);
    request.now_ms = 30 * (int64_t)DAY_MS - 1;
    struct recommendation made = answer_to(&request, &arena);
    EXPECT_ITEMS(&made, 0, 4, 5);
    assert_int_equal(made.eligible, 17);
    request.now_ms++;
    made = answer_to(&request, &arena);
    EXPECT_ITEMS(&made, 0, 2, 4);
    request.seen = SEEN_INCLUDE;
    made = answer_to(&request, &arena);
    EXPECT_ITEMS(&made, 0, 1, 2);
    bool hide_types[EVENT_TYPES_MAX] = {false};
    hide_types[event_types_code(&view.types, "view")] = true; /* and only views */
    request.hide_types = hide_types;
    made = answer_to(&request, &arena);
    EXPECT_ITEMS(&made, 1, 2, 3);
    arena_free(&arena);
}

static void categories_are_joined_and_excluded_items_are_not_answered(void **state)
{
    (void)state;
    struct arena arena = {0};
    set_up(&fake_scorer, 20);
    for (uint32_t i = 0; i < 20; i++)
        view.category[i] = (int)(i % 5);
    static const char *const categories[] = {"2", "4", "nowhere"};
    static const uint32_t exclude[] = {4, 12, 4000000000u};
    struct recommend_request request = ask(QUERY_NO_USER, 10);
    request.categories = categories;
    request.n_categories = 3;
    request.exclude = exclude;
    request.n_exclude = 3;
    struct recommendation made = answer_to(&request, &arena);
    EXPECT_ITEMS(&made, 19, 17, 14, 9, 7, 2);
    assert_int_equal(made.eligible, 6);
    request.categories += 2;
    request.n_categories = 1;
    made = answer_to(&request, &arena);
    assert_int_equal(made.n, 0);
    arena_free(&arena);
}

static void similar_items_leave_out_the_item_its_group_and_what_nobody_touched(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct recommendation made;
    set_up(&fake_likeness, 20);
    fake_view_group(&view, 10, 1);
    fake_view_group(&view, 11, 1);
    fake_view_group(&view, 8, 0);
    fake_view_group(&view, 12, 0);
    other.untouched[9] = true;
    struct recommend_request request = ask(QUERY_NO_USER, 3);
    assert_int_equal(recommend_similar(&view.view, 10, &request, &arena, &made), STATUS_OK);
    EXPECT_ITEMS(&made, 8, 7, 13);
    assert_string_equal(made.strategy, "likeness");
    assert_int_equal(made.eligible, 16); /* not 10, 11, 9, and one of 8 and 12 */
    request.n = 20;
    assert_int_equal(recommend_similar(&view.view, 10, &request, &arena, &made), STATUS_OK);
    assert_int_equal(made.n, 16);
    view.view.n_items = 25; /* an item that the model does not know */
    assert_int_equal(recommend_similar(&view.view, 22, &request, &arena, &made), STATUS_OK);
    assert_int_equal(made.n, 0);
    set_up(&fake_scorer, 20);
    assert_int_equal(recommend_similar(&view.view, 10, &request, &arena, &made),
                     STATUS_UNSUPPORTED);
    arena_free(&arena);
}

/* ---- against a naive recommender: sort everything, walk down ---- */

struct naive {
    uint32_t item;
    bool known;
    float score;
    int64_t created;
};

static int best_first(const void *left, const void *right)
{
    const struct naive *a = left, *b = right;
    if (a->known != b->known)
        return a->known ? -1 : 1;
    if (a->known && a->score != b->score)
        return a->score > b->score ? -1 : 1;
    if (!a->known && a->created != b->created)
        return a->created > b->created ? -1 : 1;
    return a->item < b->item ? -1 : 1;
}

static uint32_t naive_list(uint32_t n_items, const bool *excluded, uint32_t *out)
{
    static struct naive all[FAKE_ITEMS_MAX];
    static bool taken[FAKE_ITEMS_MAX];
    memset(taken, 0, sizeof taken);
    uint32_t n = 0, kept = 0;
    for (uint32_t i = 0; i < n_items; i++)
        if (view.shown[i] && !excluded[i])
            all[n++] =
                (struct naive){i, i < popular.model.n_items, popular.scores[i], view.created[i]};
    qsort(all, n, sizeof *all, best_first);
    for (uint32_t i = 0; i < n; i++) {
        const uint32_t group = view.group[all[i].item];
        if (group != UINT32_MAX && taken[group])
            continue;
        if (group != UINT32_MAX)
            taken[group] = true;
        out[kept++] = all[i].item;
    }
    return kept;
}

static void random_world(struct rng *rng, uint32_t n_items)
{
    fake_view_init(&view, n_items);
    fake_view_add_model(&view, &popular, &fake_popular, 10, rng_below(rng, n_items + 1));
    const uint32_t n_groups = 1 + rng_below(rng, 60), share = rng_below(rng, 11);
    for (uint32_t i = 0; i < n_items; i++) {
        popular.scores[i] = (float)rng_below(rng, 300) - 150; /* ties, and below 0 */
        view.created[i] = rng_below(rng, 50);
        view.shown[i] = rng_below(rng, 10) > 1;
        if (rng_below(rng, 10) < share)
            fake_view_group(&view, i, rng_below(rng, n_groups));
    }
}

static void pages_of_any_world_join_to_the_naive_list(void **state)
{
    (void)state;
    static uint32_t expected[FAKE_ITEMS_MAX], excluded_items[100];
    static bool excluded[FAKE_ITEMS_MAX];
    struct rng rng = rng_seed(7, 0);
    struct arena arena = {0};
    for (int world = 0; world < 150; world++) {
        const uint32_t n_items = 1 + rng_below(&rng, FAKE_ITEMS_MAX);
        random_world(&rng, n_items);
        memset(excluded, 0, sizeof excluded);
        struct recommend_request request = ask(QUERY_NO_USER, 1 + rng_below(&rng, 300));
        request.exclude = excluded_items;
        for (; request.n_exclude < rng_below(&rng, 100); request.n_exclude++)
            excluded[excluded_items[request.n_exclude] = rng_below(&rng, n_items)] = true;
        const uint32_t n = naive_list(n_items, excluded, expected);
        float last = INFINITY;
        for (request.offset = 0; request.offset < RECOMMEND_REACH_MAX - request.n;
             request.offset += request.n) {
            arena_reset(&arena);
            const struct recommendation made = answer_to(&request, &arena);
            const uint32_t left = request.offset < n ? n - request.offset : 0;
            assert_int_equal(made.eligible, n);
            expect_items(&made, expected + request.offset, left < request.n ? left : request.n);
            for (uint32_t i = 0; i < made.n; last = made.items[i++].score)
                assert_true(made.items[i].score <= last);
        }
    }
    arena_free(&arena);
}

static void when_memory_is_out_the_answer_says_so(void **state)
{
    (void)state;
    set_up(&fake_likeness, 10);
    fake_view_group(&view, 10, 1);
    fake_view_touch(&view, 1, "view", 5);
    static const char *const categories[] = {"0"};
    struct recommend_request request = ask(3, 20);
    request.categories = categories;
    request.n_categories = 1;
    unsigned failed = 0;
    enum status status = STATUS_NO_MEMORY, similar = STATUS_NO_MEMORY;
    for (size_t limit = 16; status != STATUS_OK || similar != STATUS_OK; limit += 16) {
        struct arena arena = {.limit = limit};
        struct recommendation made = {.n = 77};
        status = recommend(&view.view, &request, &arena, &made);
        assert_int_equal(made.n == 77, status == STATUS_NO_MEMORY);
        arena_free(&arena);
        arena = (struct arena){.limit = limit};
        similar = recommend_similar(&view.view, 1, &request, &arena, &made);
        failed += (status == STATUS_NO_MEMORY) + (similar == STATUS_NO_MEMORY);
        arena_free(&arena);
        assert_true(limit < 1 << 20);
    }
    assert_true(failed > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_is_known_gets_the_retriever_and_who_is_not_the_popular),
        cmocka_unit_test(who_has_no_history_gets_the_model_for_guests_where_one_is_named),
        cmocka_unit_test(
            a_history_that_teaches_nothing_or_is_unknown_to_the_model_gets_the_popular),
        cmocka_unit_test(vectors_give_what_their_products_say),
        cmocka_unit_test(what_no_model_knows_comes_last_and_newest_first),
        cmocka_unit_test(without_any_model_the_newest_are_answered),
        cmocka_unit_test(seen_items_are_hidden_by_their_type_and_for_its_time),
        cmocka_unit_test(categories_are_joined_and_excluded_items_are_not_answered),
        cmocka_unit_test(similar_items_leave_out_the_item_its_group_and_what_nobody_touched),
        cmocka_unit_test(pages_of_any_world_join_to_the_naive_list),
        cmocka_unit_test(when_memory_is_out_the_answer_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
