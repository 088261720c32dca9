/* What these catch: settings chosen on what is measured later, a validation pair that is also
 * learnt from, truth that is lost, a part cut from nothing. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "data/split.h"
#include "data/validation.h"
#include "support/events.h"

enum { USERS = 120, ITEMS = 50, EVENTS = 3000 };

static struct dataset *random_dataset(void)
{
    static struct test_event events[EVENTS];
    const struct event_types types = test_types();
    struct rng rng = rng_seed(9, 0);
    for (uint32_t i = 0; i < EVENTS; i++)
        events[i] = (struct test_event){rng_below(&rng, USERS), rng_below(&rng, ITEMS),
                                        (uint8_t)(1 + rng_below(&rng, 3)),
                                        (int64_t)rng_below(&rng, 1000000), 3};
    return test_dataset(&types, events, EVENTS);
}

static float value_at(const struct csr *m, uint32_t row, uint32_t column)
{
    for (uint64_t e = m->starts[row]; e < m->starts[row + 1]; e++)
        if (m->columns[e] == column)
            return m->values[e];
    return 0;
}

static void the_test_part_is_neither_learnt_from_nor_validated_on(void **state)
{
    (void)state;
    struct dataset *d = random_dataset();
    const struct split_settings split = {.kind = SPLIT_USER_TIME, .share = 0.25, .seed = 3};
    struct bitmap held;
    struct csr by_user;
    struct validation v;
    assert_int_equal(split_make(d, &split, &held, NULL), STATUS_OK);
    assert_int_equal(dataset_matrix(d, &held, NULL, &by_user), STATUS_OK);
    const struct validation_request request = {
        .dataset = d, .held = &held, .by_user = &by_user, .share = 0.25, .seed = 3};
    assert_int_equal(validation_cut(&request, &v, NULL), STATUS_OK);
    uint64_t n_truth = 0;
    uint32_t n_users = 0;
    for (uint32_t u = 0; u < USERS; u++) {
        const uint64_t before = n_truth;
        for (uint32_t i = 0; i < ITEMS; i++) {
            const float all = value_at(&by_user, u, i), left = value_at(&v.by_user, u, i),
                        truth = value_at(&v.truth, u, i);
            assert_true(left == 0 || all != 0);
            assert_true(truth == 0 || left == 0);
            assert_true((truth > 0) == (all > 0 && left == 0));
            assert_true(value_at(&v.by_item, i, u) == left);
            n_truth += truth > 0;
        }
        n_users += n_truth > before;
    }
    assert_int_equal(n_users, v.n_users);
    assert_true(n_truth > csr_size(&by_user) / 8 && n_truth < csr_size(&by_user) / 2);
    for (uint32_t e = 0; e < d->n_events; e++)
        assert_true(!bitmap_test(&held, e) || bitmap_test(&v.held, e));
    validation_free(&v);
    csr_free(&by_user);
    bitmap_free(&held);
    dataset_free(d);
}

static void what_cannot_be_cut_is_refused_with_the_reason(void **state)
{
    (void)state;
    const struct event_types types = test_types();
    const struct test_event events[] = {{0, 0, TEST_LIKE, 1, NAN}, {0, 1, TEST_LIKE, 2, NAN}};
    struct dataset *d = test_dataset(&types, events, 2);
    struct bitmap held = {0};
    struct csr by_user;
    struct validation v;
    struct error err = {0};
    assert_int_equal(bitmap_resize(&held, 2), STATUS_OK);
    bitmap_set(&held, 1); /* one item is left */
    assert_int_equal(dataset_matrix(d, &held, NULL, &by_user), STATUS_OK);
    const struct validation_request request = {
        .dataset = d, .held = &held, .by_user = &by_user, .share = 0.25, .seed = 3};
    assert_int_equal(validation_cut(&request, &v, &err), STATUS_OUT_OF_RANGE);
    assert_non_null(strstr(err.text, "no user has two different items"));
    csr_free(&by_user);
    bitmap_free(&held);
    dataset_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_test_part_is_neither_learnt_from_nor_validated_on),
        cmocka_unit_test(what_cannot_be_cut_is_refused_with_the_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
