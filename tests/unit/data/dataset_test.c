/* What these catch: events that land in another row or order, a fold that depends on the thread
 * count, limits that count the wrong events, ids that are lost, passes that do not agree. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/rng.h"
#include "support/events.h"

static void events_stand_by_user_time_and_order_of_arrival(void **state)
{
    (void)state;
    const struct event_types types = test_types();
    const struct test_event events[] = {
        {2, 5, TEST_LIKE, 30, NAN}, {0, 1, TEST_LIKE, 20, NAN},
        {2, 6, TEST_SEEN, 10, NAN}, {2, 7, TEST_RATING, TIME_UNKNOWN, 4},
        {2, 8, TEST_LIKE, 10, NAN}, {0, 2, TEST_RATING, 20, 1},
    };
    struct dataset *d = test_dataset(&types, events, 6);
    assert_int_equal(d->n_users, 3);
    assert_int_equal(d->n_items, 9);
    assert_int_equal(d->n_events, 6);
    assert_memory_equal(d->starts, ((const uint64_t[]){0, 2, 2, 6}), 4 * sizeof *d->starts);
    assert_memory_equal(d->items, ((const uint32_t[]){1, 2, 7, 6, 8, 5}), 6 * sizeof *d->items);
    assert_memory_equal(d->times, ((const int64_t[]){20, 20, TIME_UNKNOWN, 10, 10, 30}),
                        6 * sizeof *d->times);
    assert_memory_equal(d->type_codes, ((const uint8_t[]){1, 2, 2, 3, 1, 1}), 6);
    assert_true(d->values[1] == 1 && d->values[2] == 4 && isnan(d->values[5]));
    assert_int_equal(d->frame.newest_ms, 30);
    assert_true(d->frame.scale_middle == 2.5);
    dataset_free(d);
}

static void a_data_set_may_be_empty(void **state)
{
    (void)state;
    const struct event_types types = test_types();
    struct dataset *d = test_dataset(&types, NULL, 0);
    assert_int_equal(d->n_users, 0);
    assert_int_equal(d->frame.newest_ms, TIME_UNKNOWN);
    struct csr m;
    assert_int_equal(dataset_matrix(d, NULL, NULL, &m), STATUS_OK);
    assert_int_equal(csr_size(&m), 0);
    csr_free(&m);
    dataset_free(d);
}

static void ids_widen_the_data_set_and_move_in(void **state)
{
    (void)state;
    const struct event_types types = test_types();
    struct idmap users = {0}, items = {0};
    assert_int_equal(idmap_add(&users, 4, "eve", 3), STATUS_OK);
    assert_int_equal(idmap_add(&items, 0, "x", 1), STATUS_OK);
    struct dataset_builder *builder;
    struct dataset *d;
    assert_int_equal(dataset_builder_new(&types, &builder), STATUS_OK);
    assert_int_equal(dataset_builder_count(builder, 1, 2), STATUS_OK);
    assert_int_equal(dataset_builder_fill(builder), STATUS_OK);
    dataset_builder_add(builder, 1, 2, TEST_LIKE, 5, NAN);
    assert_int_equal(dataset_builder_finish(builder, &users, &items, &d), STATUS_OK);
    assert_int_equal(d->n_users, 5);
    assert_int_equal(d->n_items, 3);
    assert_int_equal(d->starts[5], 1);
    assert_int_equal(idmap_find(&d->user_ids, "eve", 3), 4);
    assert_int_equal(users.count, 0);
    dataset_free(d);
}

/* A store may lose a user's events, or move them to another user, between the passes. */
static void a_second_pass_that_differs_leaves_no_gap(void **state)
{
    (void)state;
    const struct event_types types = test_types();
    struct dataset_builder *builder;
    struct dataset *d;
    assert_int_equal(dataset_builder_new(&types, &builder), STATUS_OK);
    for (uint32_t i = 0; i < 6; i++)
        assert_int_equal(dataset_builder_count(builder, i / 2, i), STATUS_OK);
    assert_int_equal(dataset_builder_fill(builder), STATUS_OK);
    dataset_builder_add(builder, 0, 0, TEST_LIKE, 9, NAN);
    dataset_builder_add(builder, 2, 5, TEST_LIKE, 2, NAN);
    dataset_builder_add(builder, 2, 4, TEST_LIKE, 1, NAN);
    dataset_builder_add(builder, 2, 3, TEST_LIKE, 0, NAN); /* one too many */
    dataset_builder_add(builder, 7, 3, TEST_LIKE, 0, NAN); /* a user that was not there */
    dataset_builder_add(builder, 1, 9, TEST_LIKE, 0, NAN); /* an item that was not there */
    assert_int_equal(dataset_builder_finish(builder, NULL, NULL, &d), STATUS_OK);
    assert_int_equal(d->n_events, 3);
    assert_memory_equal(d->starts, ((const uint64_t[]){0, 1, 1, 3}), 4 * sizeof *d->starts);
    assert_memory_equal(d->items, ((const uint32_t[]){0, 4, 5}), 3 * sizeof *d->items);
    dataset_free(d);
}

static void touches_are_sorted_folded_and_leave_out_what_is_held(void **state)
{
    (void)state;
    const struct event_types types = test_types();
    const struct test_event events[] = {
        {0, 5, TEST_LIKE, 1, NAN}, {0, 2, TEST_RATING, 2, 3}, {0, 5, TEST_LIKE, 3, NAN},
        {0, 2, TEST_RATING, 4, 5}, {0, 2, TEST_LIKE, 5, NAN}, {0, 2, TEST_RATING, 6, 1},
    };
    struct dataset *d = test_dataset(&types, events, 6);
    struct bitmap held = {0};
    assert_int_equal(bitmap_resize(&held, 6), STATUS_OK);
    bitmap_set(&held, 5);
    struct touch touches[6];
    assert_int_equal(dataset_touches(d, 0, &held, touches), 3);
    assert_int_equal(touches[0].item, 2);
    assert_int_equal(touches[0].type, TEST_LIKE);
    assert_int_equal(touches[1].type, TEST_RATING);
    assert_true(touches[1].value == 5);
    assert_int_equal(touches[1].last_ms, 4);
    assert_int_equal(touches[2].item, 5);
    assert_true(touches[2].decays == 2);
    bitmap_free(&held);
    dataset_free(d);
}

static void only_the_newest_events_that_are_not_held_teach(void **state)
{
    (void)state;
    struct event_types types = test_types();
    types.max_per_user = 2;
    struct test_event events[5];
    for (uint32_t i = 0; i < 5; i++)
        events[i] = (struct test_event){0, i, TEST_LIKE, i, NAN};
    struct dataset *d = test_dataset(&types, events, 5);
    struct touch touches[5];
    struct signal signals[5];
    assert_int_equal(dataset_touches(d, 0, NULL, touches), 5); /* the others still hide */
    assert_int_equal(signals_of_touches(touches, 5, &d->types, &d->frame, signals), 2);
    assert_int_equal(signals[0].item, 3);
    struct bitmap held = {0};
    assert_int_equal(bitmap_resize(&held, 5), STATUS_OK);
    bitmap_set(&held, 4);
    assert_int_equal(dataset_touches(d, 0, &held, touches), 4);
    assert_int_equal(signals_of_touches(touches, 4, &d->types, &d->frame, signals), 2);
    assert_int_equal(signals[0].item, 2);
    bitmap_free(&held);
    dataset_free(d);
}

/* Sorting is the data set's own: compare with folding each pair by a search. */
static void many_touches_equal_those_found_by_search(void **state)
{
    (void)state;
    enum { N = 500 };
    const struct event_types types = test_types();
    struct rng rng = rng_seed(3, 0);
    struct test_event events[N];
    for (uint32_t i = 0; i < N; i++)
        events[i] = (struct test_event){0, rng_below(&rng, 40), (uint8_t)(1 + rng_below(&rng, 3)),
                                        i, (float)rng_below(&rng, 5)};
    struct dataset *d = test_dataset(&types, events, N);
    struct touch touches[N];
    const size_t n = dataset_touches(d, 0, NULL, touches);
    size_t pairs = 0;
    for (uint32_t item = 0; item < 40; item++)
        for (uint8_t type = 1; type <= 3; type++) {
            struct touch expected = {.item = item, .type = type};
            for (uint32_t i = 0; i < N; i++)
                if (events[i].item == item && events[i].type == type)
                    touch_add(&expected, &types, &d->frame, i, events[i].value);
            if (expected.decays > 0) {
                assert_true(pairs < n);
                assert_memory_equal(&touches[pairs++], &expected, sizeof expected);
            }
        }
    assert_int_equal(n, pairs);
    dataset_free(d);
}

static void the_matrix_is_the_same_for_any_number_of_threads(void **state)
{
    (void)state;
    enum { N = 20000 };
    const struct event_types types = test_types();
    struct rng rng = rng_seed(4, 0);
    struct test_event *events = calloc(N, sizeof *events);
    assert_non_null(events);
    for (uint32_t i = 0; i < N; i++)
        events[i] = (struct test_event){rng_below(&rng, 900), rng_below(&rng, 50),
                                        (uint8_t)(1 + rng_below(&rng, 3)), i, (float)i};
    struct dataset *d = test_dataset(&types, events, N);
    struct csr alone, shared;
    struct parallel *pool;
    assert_int_equal(parallel_new(3, false, &pool), STATUS_OK);
    assert_int_equal(dataset_matrix(d, NULL, NULL, &alone), STATUS_OK);
    assert_int_equal(dataset_matrix(d, NULL, pool, &shared), STATUS_OK);
    assert_true(csr_size(&alone) > N / 4 && csr_size(&alone) < N);
    assert_int_equal(csr_size(&alone), csr_size(&shared));
    assert_memory_equal(alone.starts, shared.starts, (d->n_users + 1) * sizeof *alone.starts);
    assert_memory_equal(alone.columns, shared.columns, csr_size(&alone) * sizeof *alone.columns);
    assert_memory_equal(alone.values, shared.values, csr_size(&alone) * sizeof *alone.values);
    for (uint32_t u = 0; u < d->n_users; u++)
        for (uint64_t k = alone.starts[u] + 1; k < alone.starts[u + 1]; k++)
            assert_true(alone.columns[k - 1] < alone.columns[k]);
    parallel_free(pool);
    csr_free(&alone);
    csr_free(&shared);
    dataset_free(d);
    free(events);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_stand_by_user_time_and_order_of_arrival),
        cmocka_unit_test(a_data_set_may_be_empty),
        cmocka_unit_test(ids_widen_the_data_set_and_move_in),
        cmocka_unit_test(a_second_pass_that_differs_leaves_no_gap),
        cmocka_unit_test(touches_are_sorted_folded_and_leave_out_what_is_held),
        cmocka_unit_test(only_the_newest_events_that_are_not_held_teach),
        cmocka_unit_test(many_touches_equal_those_found_by_search),
        cmocka_unit_test(the_matrix_is_the_same_for_any_number_of_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
