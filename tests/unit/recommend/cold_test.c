/* What these catch: cold items at another place on another page, lost or twice in a list, in lists
 * of whom they are not like, scores that rise. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "models/content.h"
#include "recommend/cold.h"
#include "recommend/recommend.h"
#include "support/fake_view.h"
#include "support/fitted.h"

enum { ITEMS = 200, WARM = 120 };

/* Items below WARM are liked, the others nobody has touched; kinds by number, of three. */
static struct test_data *make_data(void)
{
    const struct event_types types = test_types();
    struct test_event events[WARM + 1];
    for (uint32_t i = 0; i < WARM; i++)
        events[i] = (struct test_event){i % 7, i, TEST_LIKE, i, NAN};
    events[WARM] = (struct test_event){0, ITEMS - 1, TEST_SEEN, 1, NAN};
    struct test_data *data = test_data_new(&types, events, WARM + 1, 1);
    test_data_describe(data, ITEMS, 3);
    return data;
}

static struct fake_view view;
static struct fake_model popular, other;

static struct model *set_up(uint32_t every)
{
    struct test_data *data = make_data();
    struct arena arena = {0};
    struct model *content = NULL;
    const void *settings = model_settings_new(&content_class, &arena);
    assert_int_equal(content_class.fit(&data->train, settings, NULL, NULL, &content, NULL),
                     STATUS_OK);
    arena_free(&arena);
    test_data_free(data);
    fake_view_init(&view, ITEMS);
    fake_view_add_model(&view, &popular, &fake_popular, 10, ITEMS);
    fake_view_add_model(&view, &other, &fake_scorer, 10, ITEMS);
    for (uint32_t i = 0; i < ITEMS; i++)
        popular.scores[i] = other.scores[i] = -(float)i;
    view.view.rules.content = content;
    view.view.rules.cold_every = every;
    return content;
}

static struct recommendation ask(uint32_t n, uint32_t offset, struct arena *arena)
{
    const struct recommend_request request = {.user = 3, .n = n, .offset = offset, .now_ms = 1};
    struct recommendation made;
    assert_int_equal(recommend(&view.view, &request, arena, &made), STATUS_OK);
    return made;
}

static bool is_cold(uint32_t item)
{
    return item >= WARM;
}

static void one_place_in_so_many_goes_to_a_cold_item_of_the_users_kind(void **state)
{
    (void)state;
    struct model *content = set_up(5);
    struct arena arena = {0};
    fake_view_touch(&view, 4, "view", 1);
    const struct recommendation made = ask(60, 0, &arena);
    assert_int_equal(made.n, 60);
    for (uint32_t i = 0; i < made.n; i++) {
        assert_int_equal(is_cold(made.items[i].item), i % 5 == 4);
        if (is_cold(made.items[i].item)) /* of kind 1, as item 4 is */
            assert_int_equal(made.items[i].item % 3, 1);
        assert_true(i == 0 || made.items[i].score <= made.items[i - 1].score);
    }
    model_free(content);
    arena_free(&arena);
}

static void pages_join_and_every_item_comes_once(void **state)
{
    (void)state;
    for (uint32_t every = 1; every <= 9; every += 2) {
        struct model *content = set_up(every);
        struct arena arena = {0};
        bool seen[ITEMS] = {false};
        fake_view_touch(&view, 4, "view", 1);
        for (uint32_t i = 0; i < ITEMS; i += 13)
            fake_view_group(&view, i, i % 3);
        const struct recommendation whole = ask(ITEMS, 0, &arena);
        assert_int_equal(whole.n, whole.eligible);
        for (uint32_t i = 0; i < whole.n; i++) {
            assert_false(seen[whole.items[i].item]);
            seen[whole.items[i].item] = true;
        }
        for (uint32_t at = 0; at < whole.n; at += 7) {
            const struct recommendation page = ask(7, at, &arena);
            for (uint32_t i = 0; i < page.n; i++)
                assert_int_equal(page.items[i].item, whole.items[at + i].item);
        }
        model_free(content);
        arena_free(&arena);
    }
}

static void who_likes_nothing_gets_no_cold_items_and_no_rule_none_either(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct model *content = set_up(5);
    struct recommendation made = ask(60, 0, &arena);
    for (uint32_t i = 0; i < made.n; i++)
        assert_int_equal(made.items[i].item, i);
    fake_view_touch(&view, 4, "dislike", 1);
    made = ask(60, 0, &arena);
    for (uint32_t i = 0; i < made.n; i++)
        assert_false(is_cold(made.items[i].item));
    model_free(content);
    content = set_up(0);
    fake_view_touch(&view, 4, "view", 1);
    made = ask(60, 0, &arena);
    for (uint32_t i = 0; i < made.n; i++)
        assert_int_equal(made.items[i].item, i);
    model_free(content);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_place_in_so_many_goes_to_a_cold_item_of_the_users_kind),
        cmocka_unit_test(pages_join_and_every_item_comes_once),
        cmocka_unit_test(who_likes_nothing_gets_no_cold_items_and_no_rule_none_either),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
