/* What these catch: a solver that stops short of the optimum or goes by another objective, weights
 * that are nearly 0 and not 0, a path whose order of dying is wrong. */
#include "linalg/logistic.h"

#include <math.h>
#include <stdlib.h>

#include "support/test.h"

enum { GOLDEN_FEATURES = 20 };

struct golden_fit {
    double l1, l2;
    int weighted;
    double objective, loss, bias;
    double weights[GOLDEN_FEATURES];
};

#include "golden/logistic_golden.h"

static void golden_matrix(struct csr *ret_by_feature)
{
    struct csr by_example;
    assert_int_equal(csr_alloc(GOLDEN_N, GOLDEN_M, GOLDEN_N * GOLDEN_PER_ROW, &by_example),
                     STATUS_OK);
    for (uint32_t r = 0; r < GOLDEN_N; r++)
        by_example.starts[r + 1] = (r + 1) * GOLDEN_PER_ROW;
    for (uint32_t k = 0; k < GOLDEN_N * GOLDEN_PER_ROW; k++) {
        by_example.columns[k] = golden_columns[k];
        by_example.values[k] = golden_values[k];
    }
    assert_int_equal(csr_transpose(&by_example, ret_by_feature), STATUS_OK);
    csr_free(&by_example);
}

static double objective(const struct logistic_solver *solver, const struct golden_fit *fit)
{
    double sum = logistic_loss(solver);
    for (size_t j = 0; j < GOLDEN_M; j++) {
        const double w = logistic_weights(solver)[j];
        sum += fit->l1 * fabs(w) + fit->l2 / 2 * w * w;
    }
    return sum;
}

static void solutions_are_those_of_scikit_learn(void **state)
{
    (void)state;
    struct csr matrix;
    golden_matrix(&matrix);
    for (size_t i = 0; i < sizeof golden_fits / sizeof *golden_fits; i++) {
        const struct golden_fit *fit = &golden_fits[i];
        const struct logistic_problem problem = {&matrix, golden_labels,
                                                 fit->weighted ? golden_weights : NULL};
        struct logistic_solver *solver;
        assert_int_equal(logistic_new(&problem, &solver), STATUS_OK);
        assert_int_equal(logistic_solve(solver, fit->l1, fit->l2, 1e-9, NULL), STATUS_OK);
        assert_true(fabs(objective(solver, fit) - fit->objective) < 1e-8);
        assert_true(fabs(logistic_bias(solver) - fit->bias) < 1e-4);
        for (size_t j = 0; j < GOLDEN_M; j++) {
            assert_true(fabs(logistic_weights(solver)[j] - fit->weights[j]) < 1e-4);
            assert_true((logistic_weights(solver)[j] == 0) == (fit->weights[j] == 0));
        }
        logistic_free(solver);
    }
    csr_free(&matrix);
}

static void a_path_begins_at_nothing_and_ends_at_the_solution(void **state)
{
    (void)state;
    struct csr matrix;
    golden_matrix(&matrix);
    const struct logistic_problem problem = {&matrix, golden_labels, NULL};
    struct l1_path path;
    assert_int_equal(l1_path_run(&problem, 30, 0.001, 0, 1e-9, NULL, &path), STATUS_OK);
    assert_int_equal(path.n_nonzero[0], 0);
    assert_true(path.n_nonzero[1] > 0);
    for (uint32_t i = 1; i < path.n; i++) {
        assert_true(path.strengths[i] < path.strengths[i - 1]);
        assert_true(path.losses[i] <= path.losses[i - 1] + 1e-9);
    }
    struct logistic_solver *solver;
    assert_int_equal(logistic_new(&problem, &solver), STATUS_OK);
    assert_int_equal(logistic_solve(solver, path.strengths[29], 0, 1e-9, NULL), STATUS_OK);
    assert_true(fabs(path.losses[29] - logistic_loss(solver)) < 1e-6);
    for (uint32_t j = 0; j < GOLDEN_M; j++) {
        assert_true(fabs(path.weights[j] - logistic_weights(solver)[j]) < 1e-3);
        /* A weight that is there at the end died at no smaller strength. */
        assert_true(path.weights[j] == 0 || path.dies[j] >= path.strengths[29]);
    }
    logistic_free(solver);
    l1_path_free(&path);
    csr_free(&matrix);
}

/* One feature tells the label, one tells it less well, one nothing: they die in that order. */
static void what_tells_less_dies_first(void **state)
{
    (void)state;
    enum { N = 200 };
    struct csr matrix;
    float labels[N];
    assert_int_equal(csr_alloc(3, N, 3 * N, &matrix), STATUS_OK);
    for (uint32_t r = 0; r < N; r++) {
        labels[r] = (float)(r % 2);
        matrix.columns[r] = matrix.columns[N + r] = matrix.columns[2 * N + r] = r;
        matrix.values[r] = r % 4 < 2 ? 1 : -1;
        matrix.values[N + r] = r % 10 ? (r % 2 ? 1 : -1) : (r % 2 ? -1 : 1);
        matrix.values[2 * N + r] = r % 3 ? (r % 2 ? 1 : -1) : (r % 2 ? -1 : 1);
    }
    for (uint32_t j = 0; j < 3; j++)
        matrix.starts[j + 1] = (j + 1) * N;
    const struct logistic_problem problem = {&matrix, labels, NULL};
    struct l1_path path;
    assert_int_equal(l1_path_run(&problem, 50, 0.01, 0, 1e-9, NULL, &path), STATUS_OK);
    assert_true(path.dies[1] > path.dies[2]);
    assert_true(path.dies[2] > path.dies[0]);
    l1_path_free(&path);
    csr_free(&matrix);
}

/* The optimum lies at infinity; the solver must end all the same. */
static void labels_that_can_be_told_apart_do_not_hang(void **state)
{
    (void)state;
    uint64_t starts[] = {0, 4};
    uint32_t columns[] = {0, 1, 2, 3};
    float values[] = {-2, -1, 1, 2};
    const float labels[] = {0, 0, 1, 1};
    const struct csr matrix = {1, 4, starts, columns, values};
    const struct logistic_problem problem = {&matrix, labels, NULL};
    struct logistic_solver *solver;
    assert_int_equal(logistic_new(&problem, &solver), STATUS_OK);
    assert_int_equal(logistic_solve(solver, 0, 0, 1e-12, NULL), STATUS_OK);
    assert_true(isfinite(logistic_weights(solver)[0]) && logistic_loss(solver) < 1e-6);
    logistic_free(solver);
}

static bool stop(void *context)
{
    (void)context;
    return true;
}

static void a_path_stops_when_told(void **state)
{
    (void)state;
    struct csr matrix;
    golden_matrix(&matrix);
    const struct logistic_problem problem = {&matrix, golden_labels, NULL};
    const struct observer observer = {.stop = stop};
    struct l1_path path = {0};
    assert_int_equal(l1_path_run(&problem, 30, 0.001, 0, 1e-9, &observer, &path), STATUS_CANCELLED);
    assert_null(path.strengths);
    csr_free(&matrix);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(solutions_are_those_of_scikit_learn),
        cmocka_unit_test(a_path_begins_at_nothing_and_ends_at_the_solution),
        cmocka_unit_test(what_tells_less_dies_first),
        cmocka_unit_test(labels_that_can_be_told_apart_do_not_hang),
        cmocka_unit_test(a_path_stops_when_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
