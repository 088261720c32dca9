/* What these catch: each rule of the gate missing, reversed or judged on the wrong users; a verdict
 * whose reason does not say which rule decided. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "train/gate.h"

enum { N = 1000 };

/* Planted figures: a mean and noise that is partly shared, as users are easy or hard for all. */
struct planted {
    double fresh[N], popular[N], active[N], past[12];
    struct gate_input input;
    struct buffer reason;
    struct gate_verdict verdict;
};

static void plant(double *values, double mean, uint64_t stream)
{
    struct rng shared = rng_seed(1, 0), own = rng_seed(1, stream);
    for (int i = 0; i < N; i++)
        values[i] = mean + 0.1 * rng_normal(&shared) + 0.02 * rng_normal(&own);
}

static void planted_init(struct planted *p, double fresh, double popular, double active)
{
    memset(p, 0, sizeof *p);
    plant(p->fresh, fresh, 1);
    plant(p->popular, popular, 2);
    plant(p->active, active, 3);
    p->input = (struct gate_input){.name = "ials",
                                   .n = N,
                                   .fresh = p->fresh,
                                   .popular = p->popular,
                                   .active_serves = true,
                                   .n_after = N,
                                   .fresh_after = p->fresh,
                                   .active_after = p->active,
                                   .popular_after = p->popular,
                                   .active_stored = NAN,
                                   .past_relative = p->past,
                                   .seed = 1};
}

static void judge(struct planted *p)
{
    assert_int_equal(gate_judge(&p->input, &p->verdict, &p->reason), STATUS_OK);
}

static void assert_says(const struct planted *p, const char *words)
{
    if (!strstr(p->reason.data, words))
        fail_msg("the reason does not say '%s': %s", words, p->reason.data);
}

static void a_better_model_is_published(void **state)
{
    (void)state;
    struct planted p;
    planted_init(&p, 0.42, 0.2, 0.40);
    judge(&p);
    assert_true(p.verdict.publish && !p.verdict.popular_instead && p.verdict.compared);
    assert_true(p.verdict.over_active.low > 0);
    assert_true(fabs(p.verdict.relative - 2.1) < 0.1);
    assert_says(&p, "above 0");
    buffer_free(&p.reason);
}

static void a_model_not_surely_above_popular_is_refused(void **state)
{
    (void)state;
    struct planted p;
    planted_init(&p, 0.2, 0.2, 0.3);
    p.input.n = 50; /* the interval is wide then */
    p.input.active_serves = false;
    judge(&p);
    assert_true(!p.verdict.publish && p.verdict.popular_instead);
    assert_says(&p, "not surely above 0");
    assert_says(&p, "popular does");
    buffer_free(&p.reason);
}

static void a_model_below_the_active_one_is_refused_and_the_active_stays(void **state)
{
    (void)state;
    struct planted p;
    planted_init(&p, 0.38, 0.2, 0.40);
    judge(&p);
    assert_true(!p.verdict.publish && !p.verdict.popular_instead);
    assert_says(&p, "reaches below -1 %");
    assert_says(&p, "the active snapshot goes on");
    buffer_free(&p.reason);
}

static void a_loss_within_one_percent_is_let_through(void **state)
{
    (void)state;
    struct planted p;
    planted_init(&p, 0.5, 0.2, 0.5);
    for (int i = 0; i < N; i++)
        p.fresh[i] = p.active[i] - 0.002;
    judge(&p);
    assert_true(p.verdict.publish);
    assert_true(p.verdict.over_active.high < 0);
    buffer_free(&p.reason);
}

static void with_few_users_only_a_gross_drop_refuses(void **state)
{
    (void)state;
    struct planted p;
    planted_init(&p, 0.38, 0.2, 0.6);
    p.input.n_after = GATE_USERS_MIN - 1; /* on these it would lose */
    p.input.active_stored = 0.4;
    judge(&p);
    assert_true(p.verdict.publish && !p.verdict.compared);
    assert_says(&p, "Only 199 users");
    buffer_clear(&p.reason);
    p.input.active_stored = 0.5;
    judge(&p);
    assert_true(!p.verdict.publish && !p.verdict.popular_instead);
    assert_says(&p, "is more than 20 % below");
    buffer_free(&p.reason);
}

static void levels_of_past_rounds_stop_a_slow_ratchet_down(void **state)
{
    (void)state;
    struct planted p;
    planted_init(&p, 0.4, 0.2, 0.4);
    p.past[0] = 2.0;
    p.past[9] = 2.2;
    p.input.n_past = 10;
    for (int i = 0; i < N; i++)
        p.fresh[i] = p.active[i];
    judge(&p);
    assert_true(!p.verdict.publish && !p.verdict.popular_instead);
    assert_says(&p, "more than 3 % below");
    buffer_free(&p.reason);
}

static void the_eleventh_round_back_is_forgotten(void **state)
{
    (void)state;
    struct planted p;
    planted_init(&p, 0.4, 0.2, 0.4);
    p.past[0] = 1.9;
    p.past[10] = 5.0;
    p.input.n_past = 11;
    for (int i = 0; i < N; i++)
        p.fresh[i] = p.active[i];
    judge(&p);
    assert_true(p.verdict.publish);
    buffer_free(&p.reason);
}

static void popular_serves_where_the_active_model_is_below_it(void **state)
{
    (void)state;
    struct planted p;
    planted_init(&p, 0.15, 0.2, 0.17);
    judge(&p);
    assert_true(!p.verdict.publish && p.verdict.popular_instead);
    assert_says(&p, "itself below popular");
    buffer_free(&p.reason);
}

static void a_first_round_has_nothing_to_compare_with(void **state)
{
    (void)state;
    struct planted p;
    planted_init(&p, 0.3, 0.2, 0.9);
    p.input.active_serves = false;
    p.input.n_after = 0;
    judge(&p);
    assert_true(p.verdict.publish && !p.verdict.compared);
    buffer_free(&p.reason);
}

static void figures_of_zero_are_refused_without_a_division(void **state)
{
    (void)state;
    struct planted p;
    planted_init(&p, 0, 0, 0);
    memset(p.fresh, 0, sizeof p.fresh);
    memset(p.popular, 0, sizeof p.popular);
    p.input.active_serves = false;
    judge(&p);
    assert_true(!p.verdict.publish && p.verdict.popular_instead && isnan(p.verdict.relative));
    buffer_free(&p.reason);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_better_model_is_published),
        cmocka_unit_test(a_model_not_surely_above_popular_is_refused),
        cmocka_unit_test(a_model_below_the_active_one_is_refused_and_the_active_stays),
        cmocka_unit_test(a_loss_within_one_percent_is_let_through),
        cmocka_unit_test(with_few_users_only_a_gross_drop_refuses),
        cmocka_unit_test(levels_of_past_rounds_stop_a_slow_ratchet_down),
        cmocka_unit_test(the_eleventh_round_back_is_forgotten),
        cmocka_unit_test(popular_serves_where_the_active_model_is_below_it),
        cmocka_unit_test(a_first_round_has_nothing_to_compare_with),
        cmocka_unit_test(figures_of_zero_are_refused_without_a_division),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
