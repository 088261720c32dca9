#include "embed/alias.h"

#include <math.h>

#include "support/test.h"

/* Catches a table that gives a column's rest to the wrong one. */
static void draws_follow_the_weights(void **state)
{
    (void)state;
    enum { N = 7, DRAWS = 400000 };
    const double weights[N] = {5, 0, 1, 0.25, 30, 0, 2};
    double sum = 0;
    uint32_t seen[N] = {0};
    struct alias alias;
    assert_int_equal(alias_new(weights, N, &alias), STATUS_OK);
    struct rng rng = rng_seed(1, 2);
    for (int k = 0; k < DRAWS; k++)
        seen[alias_draw(&alias, &rng)]++;
    for (int i = 0; i < N; i++)
        sum += weights[i];
    for (int i = 0; i < N; i++) {
        const double share = weights[i] / sum, expected = share * DRAWS;
        assert_true(fabs(seen[i] - expected) <= 5 * sqrt(expected * (1 - share)));
    }
    alias_free(&alias);
}

/* Catches draws of what cannot occur where rounding leaves a rest. */
static void what_has_no_weight_is_never_drawn(void **state)
{
    (void)state;
    enum { N = 1000 };
    double weights[N] = {0};
    for (int i = 0; i < N; i += 3)
        weights[i] = 1.0 / (i + 1);
    struct alias alias;
    assert_int_equal(alias_new(weights, N, &alias), STATUS_OK);
    for (uint32_t i = 0; i < N; i++) {
        assert_true(weights[alias.others[i]] > 0);
        assert_true(weights[i] > 0 || alias.cuts[i] == 0);
    }
    alias_free(&alias);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(draws_follow_the_weights),
        cmocka_unit_test(what_has_no_weight_is_never_drawn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
