/* What these catch: a row that is not the minimum of its objective, a part of the objective left
 * out or scaled otherwise, histories longer than a panel, the wrong interactions of a long history.
 * The reference sets up and solves the normal equations in double, by elimination. */
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
#include "models/ials_solve.h"

enum { D_MAX = 40 };

struct problem {
    struct ials_side side;
    struct ials_weights weights;
    struct ials_row row;
    float *vectors, *memory, *scratch, *confidences;
    uint32_t *columns;
};

static void fill_side(struct problem *p)
{
    struct ials_side *side = &p->side;
    const size_t width = side->width;
    float *sums = calloc(spd_size(width), sizeof *sums);
    assert_non_null(sums);
    ials_gram_add(side, 0, side->n / 3, p->scratch, sums);
    ials_gram_add(side, side->n / 3, side->n, p->scratch, sums);
    for (size_t i = 0; i < width; i++)
        for (size_t j = i; j < width; j++)
            side->square[i * width + j] = side->square[j * width + i] =
                (float)p->weights.alpha0 *
                sums[spd_offset(i / TILE, j / TILE) + i % TILE * TILE + j % TILE];
    ials_side_pack(side);
    free(sums);
}

static struct problem *problem_new(size_t d, uint32_t n_vectors, uint32_t n_row)
{
    struct problem *p = calloc(1, sizeof *p);
    assert_non_null(p);
    struct rng rng = rng_seed(d, n_row);
    p->vectors = calloc((size_t)n_vectors * d, sizeof *p->vectors);
    p->memory = calloc(ials_side_size(d), sizeof *p->memory);
    p->scratch = calloc(ials_scratch_size(d, 50), sizeof *p->scratch);
    p->columns = calloc(n_row + 1, sizeof *p->columns);
    p->confidences = calloc(n_row + 1, sizeof *p->confidences);
    assert_true(p->vectors && p->memory && p->scratch && p->columns && p->confidences);
    for (size_t k = 0; k < (size_t)n_vectors * d; k++)
        p->vectors[k] = (float)(0.3 * rng_normal(&rng));
    for (uint32_t k = 0; k < n_row; k++) {
        p->columns[k] = rng_below(&rng, n_vectors);
        p->confidences[k] = (float)(rng_below(&rng, 5) ? 1 : -1) * (1 + (float)rng_below(&rng, 4));
    }
    p->weights = (struct ials_weights){
        .alpha0 = 0.2, .lambda = 0.03, .nu = 0.7, .scale = 0.5, .history_max = 50};
    const size_t width = tile_round(d);
    p->side = (struct ials_side){.vectors = p->vectors,
                                 .n = n_vectors,
                                 .n_active = n_vectors - 3,
                                 .d = d,
                                 .width = width,
                                 .square = p->memory,
                                 .tiles = p->memory + width * width};
    p->row = (struct ials_row){.columns = p->columns, .confidences = p->confidences, .n = n_row};
    fill_side(p);
    return p;
}

static void problem_free(struct problem *p)
{
    free(p->vectors);
    free(p->memory);
    free(p->scratch);
    free(p->columns);
    free(p->confidences);
    free(p);
}

static double product(const struct problem *p, uint32_t vector, const double *x)
{
    double sum = 0;
    for (size_t k = 0; k < p->side.d; k++)
        sum += x[k] * (double)p->vectors[vector * p->side.d + k];
    return sum;
}

static double reference_regularisation(const struct problem *p)
{
    return p->weights.lambda * pow(p->row.n + p->weights.alpha0 * p->side.n_active, p->weights.nu);
}

static double reference_objective(const struct problem *p, const double *x)
{
    double sum = 0, norm = 0;
    for (uint32_t k = 0; k < p->row.n; k++) {
        const double y = product(p, p->columns[k], x), c = (double)p->confidences[k];
        sum += p->weights.scale * fabs(c) * pow((c > 0 ? 1 : 0) - y, 2);
    }
    for (uint32_t i = 0; i < p->side.n; i++)
        sum += p->weights.alpha0 * pow(product(p, i, x), 2);
    for (size_t k = 0; k < p->side.d; k++)
        norm += x[k] * x[k];
    return sum + reference_regularisation(p) * norm;
}

static void add_outer(double a[D_MAX][D_MAX + 1], size_t d, const float *h, double weight)
{
    for (size_t i = 0; i < d; i++)
        for (size_t j = 0; j < d; j++)
            a[i][j] += weight * (double)h[i] * (double)h[j];
}

/* Gauss and Jordan; diagonal pivots do for a positive definite matrix. */
static void reference_solve(const struct problem *p, double *x)
{
    static double a[D_MAX][D_MAX + 1];
    const size_t d = p->side.d;
    memset(a, 0, sizeof a);
    for (uint32_t i = 0; i < p->side.n; i++)
        add_outer(a, d, p->vectors + i * d, p->weights.alpha0);
    for (uint32_t k = 0; k < p->row.n; k++) {
        const float *h = p->vectors + p->columns[k] * d;
        const double c = p->weights.scale * fabs((double)p->confidences[k]);
        add_outer(a, d, h, c);
        for (size_t i = 0; i < d && p->confidences[k] > 0; i++)
            a[i][d] += c * (double)h[i];
    }
    for (size_t i = 0; i < d; i++)
        a[i][i] += reference_regularisation(p);
    for (size_t i = 0; i < d; i++)
        for (size_t r = 0; r < d; r++) {
            const double factor = r == i ? 0 : a[r][i] / a[i][i];
            for (size_t c = i; c <= d && r != i; c++)
                a[r][c] -= factor * a[i][c];
        }
    for (size_t i = 0; i < d; i++)
        x[i] = a[i][d] / a[i][i];
}

static const size_t dimensions[] = {1, 7, 16, 17, 40};
static const uint32_t lengths[] = {1, 5, 127, 128, 129, 700};

static void an_exact_row_solves_the_normal_equations(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof dimensions / sizeof *dimensions; i++)
        for (size_t j = 0; j < sizeof lengths / sizeof *lengths; j++) {
            struct problem *p = problem_new(dimensions[i], 200, lengths[j]);
            float x[D_MAX];
            double expected[D_MAX];
            const double told = ials_solve_exact(&p->side, &p->weights, p->row, p->scratch, x);
            reference_solve(p, expected);
            for (size_t k = 0; k < p->side.d; k++)
                assert_true(fabs((double)x[k] - expected[k]) < 2e-5);
            const double objective = reference_objective(p, expected);
            assert_true(fabs(told - objective) < 1e-5 * (1 + objective));
            problem_free(p);
        }
}

static void conjugate_gradients_come_near_and_tell_the_objective(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof dimensions / sizeof *dimensions; i++)
        for (size_t j = 0; j < sizeof lengths / sizeof *lengths; j++) {
            struct problem *p = problem_new(dimensions[i], 200, lengths[j]);
            float x[D_MAX] = {0.1f};
            double now[D_MAX], expected[D_MAX], before = INFINITY;
            for (size_t step = 0; step < 3; step++) {
                const double told =
                    ials_solve_nearly(&p->side, &p->weights, p->row, 1, p->scratch, x);
                for (size_t k = 0; k < p->side.d; k++)
                    now[k] = (double)x[k];
                const double objective = reference_objective(p, now);
                assert_true(fabs(told - objective) < 1e-5 * (1 + objective));
                assert_true(objective <= before * (1 + 1e-6));
                before = objective;
            }
            ials_solve_nearly(&p->side, &p->weights, p->row, 100, p->scratch, x);
            reference_solve(p, expected);
            for (size_t k = 0; k < p->side.d; k++)
                assert_true(fabs((double)x[k] - expected[k]) < 1e-4);
            problem_free(p);
        }
}

/* More interactions than a panel of rows has room for: it is filled again in each step. */
static void a_row_longer_than_a_panel_is_solved_in_parts(void **state)
{
    (void)state;
    struct problem *p = problem_new(16, 300, 20000);
    float exact[D_MAX], near[D_MAX] = {0};
    double expected[D_MAX];
    ials_solve_exact(&p->side, &p->weights, p->row, p->scratch, exact);
    ials_solve_nearly(&p->side, &p->weights, p->row, 50, p->scratch, near);
    reference_solve(p, expected);
    for (size_t k = 0; k < 16; k++) {
        assert_true(fabs((double)exact[k] - expected[k]) < 1e-4);
        assert_true(fabs((double)near[k] - expected[k]) < 1e-4);
    }
    problem_free(p);
}

static void dislikes_alone_and_no_interactions_give_the_zero_vector(void **state)
{
    (void)state;
    struct problem *p = problem_new(17, 50, 3);
    float x[D_MAX];
    for (size_t k = 0; k < 3; k++)
        p->confidences[k] = -2;
    for (uint32_t n = 0; n <= 3; n += 3) {
        p->row.n = n;
        for (size_t k = 0; k < 17; k++)
            x[k] = 1;
        assert_true(ials_solve_exact(&p->side, &p->weights, p->row, p->scratch, x) == 0);
        for (size_t k = 0; k < 17; k++)
            assert_true(x[k] == 0);
        x[0] = 1;
        assert_true(ials_solve_nearly(&p->side, &p->weights, p->row, 3, p->scratch, x) == 0);
        assert_true(x[0] == 0);
    }
    problem_free(p);
}

/* A matrix of rank one with next to no regularisation. */
static void a_system_that_float_cannot_hold_still_gives_a_finite_row(void **state)
{
    (void)state;
    struct problem *p = problem_new(40, 30, 25);
    for (size_t k = 0; k < 30 * 40; k++)
        p->vectors[k] = 1e4f;
    p->weights.lambda = 1e-12;
    p->weights.nu = 0;
    fill_side(p);
    float x[D_MAX] = {0};
    ials_solve_exact(&p->side, &p->weights, p->row, p->scratch, x);
    double y = 0;
    for (size_t k = 0; k < 40; k++) {
        assert_true(isfinite(x[k]));
        y += 1e4 * (double)x[k];
    }
    assert_true(y > 0.3 && y < 1); /* weighed against the negative ones and alpha0 */
    problem_free(p);
}

static void the_strongest_interactions_of_a_long_row_are_kept(void **state)
{
    (void)state;
    struct problem *p = problem_new(5, 30, 200);
    struct ials_row row = {.columns = p->columns, .confidences = p->confidences, .n = 8};
    const float sizes[] = {1, -3, 2, 2, 5, 2, 1, 2};
    for (uint32_t k = 0; k < 8; k++) {
        p->columns[k] = 10 + k;
        p->confidences[k] = sizes[k];
    }
    const struct {
        uint32_t n, columns[7];
    } expected[] = {
        {1, {14}}, {2, {11, 14}}, {4, {11, 14, 15, 17}}, {7, {11, 12, 13, 14, 15, 16, 17}}};
    for (size_t i = 0; i < 4; i++) {
        const struct ials_row kept = ials_row_limit(row, 5, expected[i].n, p->scratch);
        assert_int_equal(kept.n, expected[i].n);
        for (uint32_t k = 0; k < kept.n; k++) {
            assert_int_equal(kept.columns[k], expected[i].columns[k]);
            assert_true(kept.confidences[k] == sizes[kept.columns[k] - 10]);
        }
    }
    assert_ptr_equal(ials_row_limit(row, 5, 8, p->scratch).columns, row.columns);
    problem_free(p);
}

/* The same against sorting, with many ties. */
static void the_kept_interactions_are_those_that_sorting_would_keep(void **state)
{
    (void)state;
    for (uint32_t most = 1; most <= 50; most += 7) {
        struct problem *p = problem_new(3, 30, 200);
        const struct ials_row kept = ials_row_limit(p->row, 3, most, p->scratch);
        assert_int_equal(kept.n, most);
        uint32_t at = 0;
        for (uint32_t k = 0; k < 200; k++) {
            uint32_t ahead = 0;
            for (uint32_t o = 0; o < 200; o++) {
                const float a = fabsf(p->confidences[o]), b = fabsf(p->confidences[k]);
                ahead += a > b || (a == b && o > k);
            }
            if (ahead < most) {
                assert_int_equal(kept.columns[at], p->columns[k]);
                assert_true(kept.confidences[at++] == p->confidences[k]);
            }
        }
        assert_int_equal(at, most);
        problem_free(p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_exact_row_solves_the_normal_equations),
        cmocka_unit_test(conjugate_gradients_come_near_and_tell_the_objective),
        cmocka_unit_test(a_row_longer_than_a_panel_is_solved_in_parts),
        cmocka_unit_test(dislikes_alone_and_no_interactions_give_the_zero_vector),
        cmocka_unit_test(a_system_that_float_cannot_hold_still_gives_a_finite_row),
        cmocka_unit_test(the_strongest_interactions_of_a_long_row_are_kept),
        cmocka_unit_test(the_kept_interactions_are_those_that_sorting_would_keep),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
