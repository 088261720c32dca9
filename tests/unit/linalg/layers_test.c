/* What these catch: a backward function that is not the derivative of its forward one, units past a
 * layer's size that come to life, a loss that overflows. */
#include "linalg/layers.h"

#include <math.h>
#include <string.h>

#include "base/rng.h"
#include "linalg/kernels.h"
#include "support/gradient.h"
#include "support/test.h"

enum { N = 5, IN = 19, OUT = 21, IN_WIDTH = 32, WIDTH = 32 };

static const float step = 1e-2f;
static const double tolerance = 2e-3;

static void fill(float *x, size_t rows, size_t size, size_t width, uint64_t stream)
{
    struct rng rng = rng_seed(2, stream);
    for (size_t r = 0; r < rows; r++)
        for (size_t k = 0; k < width; k++)
            x[r * width + k] = k < size ? (float)rng_normal(&rng) : 0;
}

/* A loss that is linear in what a layer gives: its gradient there is c. */
static double weighed(const float *y, const float *c, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)y[i] * (double)c[i];
    return sum;
}

struct dense {
    float x[N * IN_WIDTH], w[IN_WIDTH * WIDTH], b[WIDTH], c[N * WIDTH];
};

static double dense_loss(void *context)
{
    const struct dense *d = context;
    float y[N * WIDTH];
    dense_forward(d->x, IN_WIDTH, d->w, d->b, y, N, IN, WIDTH);
    return weighed(y, d->c, N * WIDTH);
}

static void a_dense_layer_s_gradients_are_its_slopes(void **state)
{
    (void)state;
    struct dense d = {0};
    fill(d.x, N, IN, IN_WIDTH, 1);
    fill(d.w, IN, OUT, WIDTH, 2);
    fill(d.b, 1, OUT, WIDTH, 3);
    fill(d.c, N, OUT, WIDTH, 4);
    float dw[IN * WIDTH], db[WIDTH], dx[N * IN_WIDTH], transposed[WIDTH * IN_WIDTH];
    dense_backward_weights(d.x, IN_WIDTH, d.c, dw, N, IN, WIDTH, false);
    column_sums(d.c, db, N, WIDTH, false);
    matrix_transpose(d.w, WIDTH, transposed, IN_WIDTH, IN_WIDTH, WIDTH);
    dense_backward_input(d.c, WIDTH, transposed, dx, IN_WIDTH, N, OUT, IN_WIDTH, false);
    expect_gradient(dense_loss, &d, d.w, dw, IN * WIDTH, step, tolerance);
    expect_gradient(dense_loss, &d, d.b, db, WIDTH, step, tolerance);
    for (size_t r = 0; r < N; r++)
        expect_gradient(dense_loss, &d, d.x + r * IN_WIDTH, dx + r * IN_WIDTH, IN, step, tolerance);
}

static void gradients_of_two_halves_add_up_to_that_of_the_whole(void **state)
{
    (void)state;
    struct dense d = {0};
    fill(d.x, N, IN, IN_WIDTH, 1);
    fill(d.c, N, OUT, WIDTH, 4);
    float whole[IN * WIDTH], halves[IN * WIDTH], sums[WIDTH], added[WIDTH];
    dense_backward_weights(d.x, IN_WIDTH, d.c, whole, N, IN, WIDTH, false);
    dense_backward_weights(d.x, IN_WIDTH, d.c, halves, 2, IN, WIDTH, false);
    dense_backward_weights(d.x + 2 * IN_WIDTH, IN_WIDTH, d.c + 2 * WIDTH, halves, N - 2, IN, WIDTH,
                           true);
    column_sums(d.c, sums, N, WIDTH, false);
    column_sums(d.c, added, 2, WIDTH, false);
    column_sums(d.c + 2 * WIDTH, added, N - 2, WIDTH, true);
    for (size_t i = 0; i < IN * WIDTH; i++)
        assert_float_equal(whole[i], halves[i], 1e-5);
    for (size_t i = 0; i < WIDTH; i++)
        assert_float_equal(sums[i], added[i], 1e-5);
}

static void a_transpose_is_one(void **state)
{
    (void)state;
    float a[16 * 32], t[32 * 16];
    fill(a, 16, 32, 32, 5);
    matrix_transpose(a, 32, t, 16, 16, 32);
    for (size_t i = 0; i < 16; i++)
        for (size_t j = 0; j < 32; j++)
            assert_true(t[j * 16 + i] == a[i * 32 + j]);
}

struct hidden {
    float x[N * WIDTH], gain[WIDTH], shift[WIDTH], c[N * WIDTH];
    struct dropout dropout;
    float y[N * WIDTH], normal[N * WIDTH], inverses[N];
};

static double hidden_loss(void *context)
{
    struct hidden *h = context;
    memcpy(h->y, h->x, sizeof h->y);
    layer_norm_forward(h->y, h->normal, h->inverses, h->gain, h->shift, N, OUT, WIDTH);
    relu_forward(h->y, N, WIDTH, h->dropout, 3);
    return weighed(h->y, h->c, N * WIDTH);
}

static void normalisation_relu_and_dropout_have_their_slopes(void **state)
{
    (void)state;
    struct hidden h = {.dropout = {0.4f, 77}};
    fill(h.x, N, OUT, WIDTH, 6);
    fill(h.gain, 1, OUT, WIDTH, 7);
    fill(h.shift, 1, OUT, WIDTH, 8);
    fill(h.c, N, OUT, WIDTH, 9);
    hidden_loss(&h);
    float delta[N * WIDTH], dgain[N * WIDTH], gain_sums[WIDTH], shift_sums[WIDTH];
    memcpy(delta, h.c, sizeof delta);
    relu_backward(h.y, delta, N, WIDTH, h.dropout.share);
    column_sums(delta, shift_sums, N, WIDTH, false);
    layer_norm_backward(delta, h.normal, h.inverses, h.gain, dgain, N, OUT, WIDTH);
    column_sums(dgain, gain_sums, N, WIDTH, false);
    /* A small step, since ReLU has a corner; few inputs lie within it. */
    expect_gradient(hidden_loss, &h, h.gain, gain_sums, OUT, 1e-3f, 5e-3);
    expect_gradient(hidden_loss, &h, h.shift, shift_sums, OUT, 1e-3f, 5e-3);
    for (size_t r = 0; r < N; r++)
        expect_gradient(hidden_loss, &h, h.x + r * WIDTH, delta + r * WIDTH, OUT, 1e-3f, 5e-3);
    for (size_t r = 0; r < N; r++)
        for (size_t k = OUT; k < WIDTH; k++)
            assert_true(h.y[r * WIDTH + k] == 0 && delta[r * WIDTH + k] == 0);
}

static void dropout_leaves_out_its_share_and_keeps_the_mean(void **state)
{
    (void)state;
    enum { ROWS = 400 };
    static float x[ROWS * WIDTH], same[ROWS * WIDTH];
    for (size_t i = 0; i < ROWS * WIDTH; i++)
        x[i] = same[i] = 1;
    const struct dropout dropout = {0.25f, 5};
    relu_forward(x, ROWS, WIDTH, dropout, 0);
    size_t n_dropped = 0;
    for (size_t i = 0; i < ROWS * WIDTH; i++) {
        n_dropped += x[i] == 0;
        assert_true(x[i] == 0 || fabsf(x[i] - 4.0f / 3) < 1e-6f);
    }
    /* 12,800 draws: 4 deviations are 196. */
    assert_in_range(n_dropped, ROWS * WIDTH / 4 - 196, ROWS * WIDTH / 4 + 196);
    /* A row's draw is the same wherever its block begins. */
    relu_forward(same + 7 * WIDTH, ROWS - 7, WIDTH, dropout, 7);
    assert_memory_equal(x + 7 * WIDTH, same + 7 * WIDTH, (ROWS - 7) * WIDTH * sizeof *x);
}

struct cross {
    float x0[N * WIDTH], u[N * WIDTH], x[N * WIDTH], c[N * WIDTH];
};

static double cross_loss(void *context)
{
    const struct cross *s = context;
    float y[N * WIDTH];
    cross_forward(s->x0, s->u, s->x, y, N * WIDTH);
    return weighed(y, s->c, N * WIDTH);
}

static void a_cross_layer_s_gradients_are_its_slopes(void **state)
{
    (void)state;
    struct cross s;
    fill(s.x0, N, WIDTH, WIDTH, 10);
    fill(s.u, N, WIDTH, WIDTH, 11);
    fill(s.x, N, WIDTH, WIDTH, 12);
    fill(s.c, N, WIDTH, WIDTH, 13);
    float du[N * WIDTH], dx0[N * WIDTH] = {0};
    cross_backward(s.x0, s.u, s.c, du, dx0, N * WIDTH);
    expect_gradient(cross_loss, &s, s.u, du, N * WIDTH, step, tolerance);
    expect_gradient(cross_loss, &s, s.x0, dx0, N * WIDTH, step, tolerance);
    expect_gradient(cross_loss, &s, s.x, s.c, N * WIDTH, step, tolerance);
}

enum { ROWS = 6, DIMENSION = 3, BAG = 4 };

static const uint32_t bag_rows[BAG] = {101, 104, 101, 103};
static const float bag_values[BAG] = {1, -2, 0.5f, 3};

struct bag {
    float table[ROWS * DIMENSION], c[DIMENSION];
};

static double bag_loss(void *context)
{
    const struct bag *b = context;
    float out[DIMENSION];
    bag_forward(b->table, DIMENSION, 100, bag_rows, bag_values, BAG, out);
    return weighed(out, b->c, DIMENSION);
}

static void a_bag_of_vectors_has_its_slopes(void **state)
{
    (void)state;
    struct bag b;
    fill(b.table, ROWS, DIMENSION, DIMENSION, 14);
    fill(b.c, 1, DIMENSION, DIMENSION, 15);
    float gradients[ROWS * DIMENSION] = {0};
    bag_backward(b.c, DIMENSION, 100, bag_rows, bag_values, BAG, gradients);
    expect_gradient(bag_loss, &b, b.table, gradients, ROWS * DIMENSION, step, tolerance);
}

static void a_wide_bag_is_the_mean_column_by_column(void **state)
{
    (void)state;
    enum { WIDEST = 19 };
    float table[ROWS * WIDEST], out[WIDEST + 1];
    fill(table, ROWS, WIDEST, WIDEST, 16);
    for (size_t width = 1; width <= WIDEST; width++) {
        out[width] = 7;
        bag_forward(table, width, 100, bag_rows, bag_values, BAG, out);
        for (size_t k = 0; k < width; k++) {
            double sum = 0, size = 0;
            for (size_t i = 0; i < BAG; i++) {
                sum += (double)bag_values[i] * (double)table[(bag_rows[i] - 100) * width + k];
                size += fabs((double)bag_values[i]);
            }
            assert_true(fabs((double)out[k] - sum / size) < 1e-5);
        }
        assert_true(out[width] == 7);
    }
}

static void an_empty_bag_is_zero_and_one_of_zeros_too(void **state)
{
    (void)state;
    const float table[DIMENSION] = {1, 2, 3}, zero = 0;
    const uint32_t row = 0;
    float out[DIMENSION] = {7, 7, 7};
    bag_forward(table, DIMENSION, 0, NULL, NULL, 0, out);
    assert_true(out[0] == 0 && out[1] == 0 && out[2] == 0);
    out[0] = 7;
    bag_forward(table, DIMENSION, 0, &row, &zero, 1, out);
    assert_true(out[0] == 0);
}

struct logit {
    float s, label;
};

static double logit_loss(void *context)
{
    const struct logit *l = context;
    float delta;
    return cross_entropy(l->s, l->label, &delta);
}

static void cross_entropy_has_its_slope_and_cannot_overflow(void **state)
{
    (void)state;
    const float logits[] = {-3, -0.5f, 0, 0.25f, 4}, labels[] = {0, 0.3f, 1};
    for (size_t i = 0; i < 5; i++)
        for (size_t j = 0; j < 3; j++) {
            struct logit l = {logits[i], labels[j]};
            float delta;
            const double loss = cross_entropy(l.s, l.label, &delta);
            const double p = (double)sigmoid(l.s), y = (double)l.label;
            assert_true(fabs(loss + y * log(p) + (1 - y) * log1p(-p)) < 1e-5);
            expect_gradient(logit_loss, &l, &l.s, &delta, 1, 1e-3f, tolerance);
        }
    float delta;
    assert_true(cross_entropy(1e30f, 0, &delta) >= 0.99e30 && delta == 1);
    assert_true(cross_entropy(-1e30f, 0, &delta) == 0 && delta == 0);
    assert_true(sigmoid(-1e30f) == 0 && sigmoid(1e30f) == 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_dense_layer_s_gradients_are_its_slopes),
        cmocka_unit_test(gradients_of_two_halves_add_up_to_that_of_the_whole),
        cmocka_unit_test(a_transpose_is_one),
        cmocka_unit_test(normalisation_relu_and_dropout_have_their_slopes),
        cmocka_unit_test(dropout_leaves_out_its_share_and_keeps_the_mean),
        cmocka_unit_test(a_cross_layer_s_gradients_are_its_slopes),
        cmocka_unit_test(a_bag_of_vectors_has_its_slopes),
        cmocka_unit_test(a_wide_bag_is_the_mean_column_by_column),
        cmocka_unit_test(an_empty_bag_is_zero_and_one_of_zeros_too),
        cmocka_unit_test(cross_entropy_has_its_slope_and_cannot_overflow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
