/* What these catch: FTRL that is not the minimiser that it stands for, weights that do not become
 * exactly 0, corrections of Adam left out, decay where none belongs, schedules that end elsewhere.
 */
#include "linalg/optimizer.h"

#include <math.h>

#include "base/rng.h"
#include "support/test.h"

/* The weight that FTRL-proximal stands for minimises
 *     g_1:t w + 1/2 sum_s sigma_s (w - w_s)^2 + l1 |w| + (beta / alpha + l2) / 2 w^2
 * (McMahan et al. 2013, eq. 1, with beta as in algorithm 1). */
static double objective(const double *g, const double *sigma, const double *w_s, size_t n, double w,
                        const struct ftrl *f)
{
    const double fixed = (double)f->beta / (double)f->alpha + (double)f->l2 +
                         sqrt((double)f->initial_sum) / (double)f->alpha;
    double value = (double)f->l1 * fabs(w) + fixed / 2 * w * w;
    for (size_t s = 0; s < n; s++)
        value += g[s] * w + sigma[s] / 2 * (w - w_s[s]) * (w - w_s[s]);
    return value;
}

static void ftrl_minimises_what_it_stands_for(void **state)
{
    (void)state;
    enum { STEPS = 30 };
    const struct ftrl ftrl = {
        .alpha = 0.3f, .beta = 0.7f, .l1 = 0.4f, .l2 = 0.2f, .initial_sum = 0.1f};
    struct rng rng = rng_seed(3, 1);
    double g[STEPS], sigma[STEPS], w_s[STEPS], sum = (double)ftrl.initial_sum;
    float w = 0, z, n;
    ftrl_init(&ftrl, w, &z, &n);
    size_t n_zero = 0;
    for (size_t t = 0; t < STEPS; t++) {
        g[t] = rng_normal(&rng) * 0.4;
        w_s[t] = (double)w;
        sigma[t] = (sqrt(sum + g[t] * g[t]) - sqrt(sum)) / (double)ftrl.alpha;
        sum += g[t] * g[t];
        ftrl_step(&ftrl, (float)g[t], &w, &z, &n);
        const double least = objective(g, sigma, w_s, t + 1, (double)w, &ftrl);
        for (double d = -1e-2; d <= 1e-2; d += 1e-3)
            assert_true(objective(g, sigma, w_s, t + 1, (double)w + d, &ftrl) >= least - 1e-6);
        n_zero += w == 0;
    }
    assert_true(n_zero > 0 && n_zero < STEPS);
}

static void ftrl_begins_at_a_given_weight_and_stays_without_gradients(void **state)
{
    (void)state;
    const struct ftrl ftrl = {
        .alpha = 0.1f, .beta = 0.5f, .l1 = 0.4f, .l2 = 0.2f, .initial_sum = 0.1f};
    const float starts[] = {-2, -0.01f, 0, 0.3f, 5};
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
        float w = starts[i], z, n;
        ftrl_init(&ftrl, w, &z, &n);
        ftrl_step(&ftrl, 0, &w, &z, &n);
        assert_float_equal(w, starts[i], 1e-5);
    }
}

/* Adam's first step is the rate, whatever the gradient's size: that is what its corrections are
 * for. */
static void the_first_step_of_adam_is_the_rate(void **state)
{
    (void)state;
    for (int kind = OPTIMIZER_ADAM; kind <= OPTIMIZER_ADAMW; kind++) {
        const struct optimizer adam = {.kind = (enum optimizer_kind)kind, .rate = 0.01f};
        const struct optimizer_pace pace = optimizer_pace(&adam, 1, 1, true);
        float w[] = {1, 1, 1}, m[3], v[3];
        const float g[] = {1e-3f, -5, 100};
        optimizer_init(&adam, m, v, 3);
        optimizer_step(&pace, w, m, v, g, 3);
        assert_float_equal(w[0], 0.99, 1e-5);
        assert_float_equal(w[1], 1.01, 1e-5);
        assert_float_equal(w[2], 0.99, 1e-5);
    }
}

/* Ten steps against the papers' equations in double. */
static void ten_steps_of_each_are_those_of_the_papers(void **state)
{
    (void)state;
    for (int kind = OPTIMIZER_ADAGRAD; kind <= OPTIMIZER_ADAMW; kind++) {
        const struct optimizer o = {.kind = (enum optimizer_kind)kind,
                                    .rate = 0.1f,
                                    .weight_decay = 0.03f,
                                    .initial_sum = 0.1f};
        struct rng rng = rng_seed(9, 9);
        float w = 0.5f, s1, s2;
        double x = 0.5, m = 0, v = 0, sum = (double)o.initial_sum;
        optimizer_init(&o, &s1, &s2, 1);
        for (uint64_t t = 1; t <= 10; t++) {
            const float g = (float)rng_normal(&rng);
            const double rate = 0.1 * 0.7, decay = 0.03;
            double slope = (double)g;
            if (kind == OPTIMIZER_ADAM)
                slope += decay * x;
            else
                x -= rate * decay * x;
            sum += slope * slope;
            m = 0.9 * m + 0.1 * slope;
            v = 0.999 * v + 0.001 * slope * slope;
            x -= kind == OPTIMIZER_ADAGRAD ? rate * slope / sqrt(sum)
                                           : rate * (m / (1 - pow(0.9, (double)t))) /
                                                 (sqrt(v / (1 - pow(0.999, (double)t))) + 1e-8);
            const struct optimizer_pace pace = optimizer_pace(&o, 0.7f, t, true);
            optimizer_step(&pace, &w, &s1, &s2, &g, 1);
            assert_true(fabs((double)w - x) < 1e-5);
        }
    }
}

static void decay_shrinks_only_what_it_should(void **state)
{
    (void)state;
    const struct optimizer o = {
        .kind = OPTIMIZER_ADAMW, .rate = 0.1f, .weight_decay = 0.5f, .initial_sum = 0.1f};
    for (int decays = 0; decays < 2; decays++) {
        const struct optimizer_pace pace = optimizer_pace(&o, 1, 1, decays);
        float w = 2, m = 0, v = 0;
        const float g = 0;
        optimizer_step(&pace, &w, &m, &v, &g, 1);
        assert_float_equal(w, (decays ? 1.9f : 2.0f), 1e-6);
    }
}

static void schedules_rise_and_fall_where_they_should(void **state)
{
    (void)state;
    struct schedule s = {.kind = SCHEDULE_CONSTANT, .steps = 100, .warmup_steps = 10};
    for (int kind = SCHEDULE_CONSTANT; kind <= SCHEDULE_COSINE; kind++) {
        s.kind = (enum schedule_kind)kind;
        assert_float_equal(schedule_factor(&s, 1), 0.1, 1e-6);
        assert_float_equal(schedule_factor(&s, 10), 1, 1e-6);
        assert_float_equal(schedule_factor(&s, 11), 1, 1e-6);
        assert_float_equal(schedule_factor(&s, 56), kind == SCHEDULE_CONSTANT ? 1 : 0.5, 1e-6);
        const float last = schedule_factor(&s, 100);
        if (kind == SCHEDULE_CONSTANT)
            assert_float_equal(last, 1, 1e-6);
        else
            assert_true(last > 0 && last < 0.02f);
    }
    s = (struct schedule){.kind = SCHEDULE_LINEAR, .steps = 5, .warmup_steps = 5};
    assert_float_equal(schedule_factor(&s, 5), 1, 1e-6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ftrl_minimises_what_it_stands_for),
        cmocka_unit_test(ftrl_begins_at_a_given_weight_and_stays_without_gradients),
        cmocka_unit_test(the_first_step_of_adam_is_the_rate),
        cmocka_unit_test(ten_steps_of_each_are_those_of_the_papers),
        cmocka_unit_test(decay_shrinks_only_what_it_should),
        cmocka_unit_test(schedules_rise_and_fall_where_they_should),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
