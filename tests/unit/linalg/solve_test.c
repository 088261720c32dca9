/* What these catch: a factor or a solve that does not satisfy the system, tiles in the wrong place,
 * an indefinite matrix that is taken, conjugate gradients that do not converge or misreport. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "linalg/solve.h"

enum { D_MAX = 7 * TILE, N = 60 };

/* A = P'P + 2 I, in tiles and as a square of doubles; b and what A x should be. */
struct system {
    size_t d;
    float tiles[(D_MAX / TILE) * (D_MAX / TILE + 1) / 2 * TILE * TILE];
    double square[D_MAX][D_MAX];
    float b[D_MAX];
};

static struct system *system_new(size_t d)
{
    struct system *s = calloc(1, sizeof *s);
    float *panel = calloc(d * N, sizeof *panel);
    assert_true(s && panel);
    s->d = d;
    struct rng rng = rng_seed(2, d);
    for (size_t r = 0; r < N; r++)
        for (size_t c = 0; c < d; c++)
            panel[c / TILE * N * TILE + r * TILE + c % TILE] = (float)rng_normal(&rng);
    for (size_t i = 0; i < d; i++) {
        s->b[i] = (float)rng_normal(&rng);
        for (size_t j = 0; j < d; j++) {
            double sum = i == j ? 2 : 0;
            for (size_t r = 0; r < N; r++)
                sum += (double)panel[i / TILE * N * TILE + r * TILE + i % TILE] *
                       (double)panel[j / TILE * N * TILE + r * TILE + j % TILE];
            s->square[i][j] = sum;
        }
    }
    spd_add_panel(s->tiles, d, panel, N * TILE, N);
    spd_add_diagonal(s->tiles, 0, d, 2);
    free(panel);
    return s;
}

static double residual(const struct system *s, const float *x)
{
    double worst = 0;
    for (size_t i = 0; i < s->d; i++) {
        double sum = -s->b[i];
        for (size_t j = 0; j < s->d; j++)
            sum += s->square[i][j] * (double)x[j];
        worst = fmax(worst, fabs(sum));
    }
    return worst;
}

static void tiles_hold_the_upper_triangle(void **state)
{
    (void)state;
    struct system *s = system_new(3 * TILE);
    assert_int_equal(spd_size(3 * TILE), 6 * TILE * TILE);
    for (size_t i = 0; i < s->d; i++)
        for (size_t j = i; j < s->d; j++) {
            const float got = s->tiles[spd_offset(i / TILE, j / TILE) + i % TILE * TILE + j % TILE];
            assert_true(fabs(got - s->square[i][j]) < 1e-3);
        }
    free(s);
}

static void a_factored_system_is_solved(void **state)
{
    (void)state;
    for (size_t d = TILE; d <= D_MAX; d += TILE) {
        struct system *s = system_new(d);
        float inverses[D_MAX], x[D_MAX], scratch[D_MAX];
        memcpy(x, s->b, sizeof x);
        assert_true(spd_factor(s->tiles, d, inverses));
        spd_solve(s->tiles, d, inverses, x, scratch);
        assert_true(residual(s, x) < 1e-3);
        free(s);
    }
}

static void a_matrix_that_is_not_positive_definite_is_refused(void **state)
{
    (void)state;
    struct system *s = system_new(3 * TILE);
    float inverses[D_MAX];
    spd_add_diagonal(s->tiles, 2 * TILE + 3, 2 * TILE + 4, -1000);
    assert_false(spd_factor(s->tiles, s->d, inverses));
    free(s);
}

static void apply_square(void *context, const float *x, float *out)
{
    const struct system *s = context;
    for (size_t i = 0; i < s->d; i++) {
        double sum = 0;
        for (size_t j = 0; j < s->d; j++)
            sum += s->square[i][j] * (double)x[j];
        out[i] = (float)sum;
    }
}

static double quadratic(struct system *s, const float *x)
{
    float ax[D_MAX];
    double sum = 0;
    apply_square(s, x, ax);
    for (size_t i = 0; i < s->d; i++)
        sum += (double)x[i] * ((double)ax[i] - 2 * (double)s->b[i]);
    return sum;
}

static void conjugate_gradients_go_down_to_the_solution(void **state)
{
    (void)state;
    struct system *s = system_new(2 * TILE);
    float x[D_MAX] = {1, -1, 1}, scratch[3 * D_MAX];
    double before = quadratic(s, x);
    for (size_t step = 0; step < 8; step++) {
        const double told = spd_improve(apply_square, s, s->d, 1, s->b, x, scratch);
        const double is = quadratic(s, x);
        assert_true(fabs(told - is) < 1e-4 * (1 + fabs(is)));
        assert_true(is < before);
        before = is;
    }
    spd_improve(apply_square, s, s->d, 100, s->b, x, scratch);
    assert_true(residual(s, x) < 1e-4);
    const float found = x[0];
    spd_improve(apply_square, s, s->d, 100, s->b, x, scratch); /* nothing left to do */
    assert_true(fabsf(x[0] - found) < 1e-6f);
    free(s);
}

static void nothing_asked_gives_nothing(void **state)
{
    (void)state;
    struct system *s = system_new(TILE);
    memset(s->b, 0, sizeof s->b);
    float x[D_MAX] = {0}, scratch[3 * D_MAX];
    assert_true(spd_improve(apply_square, s, s->d, 5, s->b, x, scratch) == 0);
    for (size_t i = 0; i < TILE; i++)
        assert_true(x[i] == 0);
    free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tiles_hold_the_upper_triangle),
        cmocka_unit_test(a_factored_system_is_solved),
        cmocka_unit_test(a_matrix_that_is_not_positive_definite_is_refused),
        cmocka_unit_test(conjugate_gradients_go_down_to_the_solution),
        cmocka_unit_test(nothing_asked_gives_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
