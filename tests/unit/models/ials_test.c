/* What these catch: a loss that is not the one minimised or that rises, user vectors that are not
 * the minimum for the item vectors, settings that depend on the weights of the event types, a
 * solver that leads elsewhere. The rest is in tests/contract. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "linalg/kernels.h"
#include "models/ials.h"
#include "models/ials_model.h"
#include "support/fitted.h"

enum { EPOCHS = 6, SWEEPS = 10 };

struct losses {
    double values[SWEEPS + 1];
    int64_t last;
};

static void keep_loss(void *context, const char *tag, int64_t step, double value)
{
    struct losses *losses = context;
    assert_string_equal(tag, "fit/loss");
    assert_int_equal(step, losses->last + 1);
    losses->values[losses->last = step] = value;
}

static struct ials *fit(const struct test_data *data, const char *solver, const char *epochs,
                        struct losses *losses)
{
    static const char *const names[] = {"dimensions", "lambda", "nu", "solver", "epochs"};
    const char *const values[] = {"11", "0.02", "0.8", solver, epochs};
    struct arena arena = {0};
    void *settings = model_settings_new(&ials_class, &arena);
    assert_non_null(settings);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(options_set(ials_class.options, ials_class.n_options, settings,
                                     "parameter", names[i], values[i], &arena, NULL),
                         STATUS_OK);
    const struct observer observer = {.context = losses, .scalar = losses ? keep_loss : NULL};
    struct model *model;
    assert_int_equal(ials_class.fit(&data->train, settings, NULL, &observer, &model, NULL),
                     STATUS_OK);
    arena_free(&arena);
    return (struct ials *)model;
}

static double product(const float *a, const float *b, size_t d)
{
    double sum = 0;
    for (size_t k = 0; k < d; k++)
        sum += (double)a[k] * (double)b[k];
    return sum;
}

static uint32_t active_rows(const struct csr *m)
{
    uint32_t n = 0;
    for (uint32_t r = 0; r < m->n_rows; r++)
        n += m->starts[r + 1] > m->starts[r];
    return n;
}

static double regularisation(const struct csr *m, const float *vectors, size_t d, double others)
{
    double sum = 0;
    for (uint32_t r = 0; r < m->n_rows; r++) {
        const double n = (double)(m->starts[r + 1] - m->starts[r]);
        const float *x = vectors + r * d;
        sum += 0.02 * pow(n + 0.3 * others, 0.8) * product(x, x, d);
    }
    return sum;
}

/* The objective of ials.h, pair by pair, with the settings of fit(). */
static double brute_loss(const struct test_data *data, const struct ials *model)
{
    const struct csr *m = &data->by_user;
    double sizes = 0, loss = 0;
    for (uint64_t k = 0; k < csr_size(m); k++)
        sizes += fabs((double)m->values[k]);
    const double scale = (double)csr_size(m) / sizes;
    for (uint32_t u = 0; u < m->n_rows; u++) {
        const float *w = model->users + u * model->d;
        for (uint32_t i = 0; i < m->n_columns; i++)
            loss += 0.3 * pow(product(w, model->items + i * model->d, model->d), 2);
        for (uint64_t k = m->starts[u]; k < m->starts[u + 1]; k++) {
            const double y = product(w, model->items + m->columns[k] * model->d, model->d);
            const double c = (double)m->values[k];
            loss += scale * fabs(c) * pow((c > 0) - y, 2);
        }
    }
    return loss + regularisation(m, model->users, model->d, active_rows(&data->by_item)) +
           regularisation(&data->by_item, model->items, model->d, active_rows(m));
}

/* The last reported loss is that before the final user step, which lowers it a little further. */
static void the_loss_is_the_objective_and_falls(void **state)
{
    (void)state;
    static const char *const solvers[] = {"cg", "cholesky"};
    for (size_t i = 0; i < 2; i++) {
        struct test_data *data = test_tastes(3);
        struct losses losses = {0};
        struct ials *model = fit(data, solvers[i], "6", &losses);
        assert_int_equal(losses.last, EPOCHS);
        for (size_t e = 2; e <= EPOCHS; e++)
            assert_true(losses.values[e] < losses.values[e - 1]);
        const double loss = brute_loss(data, model), last = losses.values[EPOCHS];
        assert_true(loss < last && loss > last - (losses.values[EPOCHS - 1] - last));
        model_free(&model->base);
        test_data_free(data);
    }
}

/* Three steps from where the last sweep ended are as good as solving each row. */
static void ten_sweeps_lose_a_thousandth_at_most_against_the_exact_solver(void **state)
{
    (void)state;
    for (uint64_t seed = 3; seed < 8; seed++) {
        struct test_data *data = test_tastes(seed), *again = test_tastes(seed);
        struct losses nearly = {0}, exact = {0};
        model_free(&fit(data, "cg", "10", &nearly)->base);
        model_free(&fit(again, "cholesky", "10", &exact)->base);
        assert_true(nearly.values[SWEEPS] < exact.values[SWEEPS] * 1.001);
        test_data_free(data);
        test_data_free(again);
    }
}

/* Long after convergence the final step changes next to nothing: then both must be equal. */
static void the_loss_at_the_end_is_that_of_every_pair_counted_singly(void **state)
{
    (void)state;
    struct test_data *data = test_tastes(3);
    struct test_data *again = test_tastes(3);
    struct ials *model = fit(data, "cholesky", "400", NULL),
                *nearly = fit(again, "cg", "400", NULL);
    const double exact = brute_loss(data, model), near = brute_loss(data, nearly);
    assert_true(fabs(exact - near) < 2e-3 * exact); /* minima differ by the way there */
    double objectives = 0;
    float *scratch = calloc(ials_scratch_size(model->d, 2000), sizeof *scratch), x[16];
    assert_non_null(scratch);
    const struct csr *m = &data->by_user;
    for (uint32_t u = 0; u < m->n_rows; u++) {
        const struct ials_row row = {.columns = m->columns + m->starts[u],
                                     .confidences = m->values + m->starts[u],
                                     .n = (uint32_t)(m->starts[u + 1] - m->starts[u])};
        objectives += ials_solve_exact(&model->side, &model->weights, row, scratch, x);
        assert_memory_equal(x, model->users + u * model->d, model->d * sizeof *x);
    }
    objectives += regularisation(&data->by_item, model->items, model->d, active_rows(m));
    assert_true(fabs(objectives - exact) < 1e-5 * exact);
    free(scratch);
    model_free(&model->base);
    model_free(&nearly->base);
    test_data_free(data);
    test_data_free(again);
}

static void heavier_event_types_change_nothing(void **state)
{
    (void)state;
    struct ials *models[2];
    struct test_data *data[2];
    for (size_t i = 0; i < 2; i++) {
        data[i] = test_checkerboard(20);
        for (uint64_t k = 0; i == 1 && k < csr_size(&data[i]->by_user); k++)
            data[i]->by_user.values[k] = data[i]->by_item.values[k] = 3;
        models[i] = fit(data[i], "cg", "6", NULL);
    }
    for (uint32_t k = 0; k < 20 * models[0]->d; k++)
        assert_true(fabsf(models[0]->users[k] - models[1]->users[k]) < 1e-5f);
    for (size_t i = 0; i < 2; i++) {
        model_free(&models[i]->base);
        test_data_free(data[i]);
    }
}

static void another_seed_gives_other_vectors(void **state)
{
    (void)state;
    struct test_data *a = test_tastes(3), *b = test_tastes(4);
    struct ials *x = fit(a, "cg", "2", NULL), *y = fit(b, "cg", "2", NULL);
    assert_memory_not_equal(x->items, y->items, x->d * sizeof *x->items);
    model_free(&x->base);
    model_free(&y->base);
    test_data_free(a);
    test_data_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_loss_is_the_objective_and_falls),
        cmocka_unit_test(ten_sweeps_lose_a_thousandth_at_most_against_the_exact_solver),
        cmocka_unit_test(the_loss_at_the_end_is_that_of_every_pair_counted_singly),
        cmocka_unit_test(heavier_event_types_change_nothing),
        cmocka_unit_test(another_seed_gives_other_vectors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
