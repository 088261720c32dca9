/* What these catch: a copy that still points into what it was made of, a copy cut short by memory.
 */
#include "support/test.h"

#include <stdio.h>
#include <string.h>

#include "recommend/live_batch.h"

static void copies_do_not_need_what_they_were_made_of(void **state)
{
    (void)state;
    struct live_batch batch = {0};
    char id[16], title[16], category[16];
    const char *categories[] = {category};
    for (int again = 0; again < 2; again++) {
        for (uint32_t i = 0; !live_batch_is_full(&batch); i++) {
            snprintf(id, sizeof id, "id %u", i);
            snprintf(title, sizeof title, "title %u", i);
            snprintf(category, sizeof category, "c/%u", i);
            const float vector[] = {(float)i};
            const struct item_record item = {.id = id,
                                             .title = title,
                                             .attributes = "{}",
                                             .categories = categories,
                                             .n_categories = 1,
                                             .vector = vector,
                                             .n_vector = 1};
            const struct change change = {.kind = CHANGE_ITEM, .id = id, .item = &item};
            assert_int_equal(live_batch_add(&batch, &change), STATUS_OK);
        }
        memset(id, '#', sizeof id);
        memset(title, '#', sizeof title);
        memset(category, '#', sizeof category);
        for (uint32_t i = 0; i < LIVE_BATCH_MAX; i++) {
            const struct change *copy = &batch.changes[i];
            char expected[16];
            snprintf(expected, sizeof expected, "id %u", i);
            assert_string_equal(copy->id, expected);
            assert_string_equal(copy->item->id, expected);
            snprintf(expected, sizeof expected, "title %u", i);
            assert_string_equal(copy->item->title, expected);
            snprintf(expected, sizeof expected, "c/%u", i);
            assert_string_equal(copy->item->categories[0], expected);
            assert_null(copy->item->group_id);
            assert_int_equal(copy->item->n_vector, 1);
            assert_true(copy->item->vector[0] == (float)i);
        }
        live_batch_clear(&batch);
        assert_int_equal(batch.n, 0);
    }
    live_batch_free(&batch);
}

static void without_memory_nothing_is_added(void **state)
{
    (void)state;
    struct live_batch batch = {.texts = {.limit = 16}};
    const struct item_record item = {.id = "a", .attributes = "{}"};
    const struct change change = {.kind = CHANGE_ITEM, .item = &item};
    assert_int_equal(live_batch_add(&batch, &change), STATUS_NO_MEMORY);
    assert_int_equal(batch.n, 0);
    live_batch_free(&batch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copies_do_not_need_what_they_were_made_of),
        cmocka_unit_test(without_memory_nothing_is_added),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
