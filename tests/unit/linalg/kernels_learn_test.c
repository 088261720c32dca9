/* What these catch: a product or a step of an optimizer that computes something else than its plain
 * twin, reads or writes past an end, or gives an element other bits in another shape. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "linalg/kernels.h"
#include "support/test.h"

#define EACH_SET(k) (const struct kernels *const *at = kernels_all(), *k = *at; k; k = *++at)

/* Exactly n floats in a block of their own, so that a sanitizer sees what goes past them. */
static float *normals(size_t n, uint64_t stream)
{
    struct rng rng = rng_seed(4, stream);
    float *x = malloc((n ? n : 1) * sizeof *x);
    assert_non_null(x);
    for (size_t i = 0; i < n; i++)
        x[i] = (float)rng_normal(&rng);
    return x;
}

static const struct kernels *plain_twin(void)
{
    const struct kernels *const *all = kernels_all();
    while (all[1])
        all++;
    return all[0];
}

static void assert_near(const float *a, const float *b, size_t n, float tolerance)
{
    for (size_t i = 0; i < n; i++)
        if (!(fabsf(a[i] - b[i]) <= tolerance * (1 + fabsf(b[i]))))
            fail_msg("place %zu: %g and %g", i, (double)a[i], (double)b[i]);
}

/* The triple loop, in double, for both ways in which a may lie. */
static void product(const struct gemm *g, bool add, float *out)
{
    for (size_t i = 0; i < g->m; i++)
        for (size_t j = 0; j < g->n; j++) {
            double sum = add ? (double)out[i * g->c_row + j] : 0;
            for (size_t p = 0; p < g->k; p++)
                sum += (double)g->a[i * g->a_row + p * g->a_step] * (double)g->b[p * g->b_row + j];
            out[i * g->c_row + j] = (float)sum;
        }
}

static void check_product(const struct kernels *k, size_t m, size_t n, size_t depth, bool turned)
{
    float *a = normals(m * depth, 1), *b = normals(depth * n, 2), *c = normals(m * n, 3),
          *expected = normals(m * n, 3);
    struct gemm g = {.a = a,
                     .b = b,
                     .c = c,
                     .a_row = turned ? 1 : depth,
                     .a_step = turned ? m : 1,
                     .b_row = n,
                     .c_row = n,
                     .m = m,
                     .n = n,
                     .k = depth};
    for (int add = 1; add >= 0; add--) {
        k->gemm(&g, add);
        product(&g, add, expected);
        assert_near(c, expected, m * n, 1e-4f);
    }
    free(a);
    free(b);
    free(c);
    free(expected);
}

static void products_are_those_of_three_loops_in_any_shape(void **state)
{
    (void)state;
    for
        EACH_SET(k)
    for (size_t m = 1; m <= 19; m++)
        for (size_t n = TILE; n <= 9 * TILE; n += TILE)
            for (size_t depth = 0; depth <= 40; depth += 13) {
                check_product(k, m, n, depth, false);
                check_product(k, m, n, depth, true);
            }
}

static void an_element_of_a_product_has_the_same_bits_in_any_company(void **state)
{
    (void)state;
    enum { M = 21, N = 5 * TILE, K = 33 };
    for
        EACH_SET(k)
        {
            float *a = normals(M * K, 4), *b = normals(K * N, 5), whole[M * N], row[N];
            struct gemm g = {a, b, whole, K, 1, N, N, M, N, K};
            k->gemm(&g, false);
            for (size_t i = 0; i < M; i++) {
                g.a = a + i * K;
                g.c = row;
                g.m = 1;
                k->gemm(&g, false);
                assert_memory_equal(row, whole + i * N, sizeof row);
                float tile[TILE];
                g.b = b + 2 * TILE;
                g.c = tile;
                g.n = g.c_row = TILE;
                k->gemm(&g, false);
                assert_memory_equal(tile, whole + i * N + 2 * TILE, sizeof tile);
                g = (struct gemm){a, b, whole, K, 1, N, N, M, N, K};
            }
            free(a);
            free(b);
        }
}

static void optimizers_agree_with_the_twin_at_any_length(void **state)
{
    (void)state;
    const struct kernels *plain = plain_twin();
    const struct adam_step step = {0.1f, 0.9f, 0.99f, 3, 1e-8f, 0.01f, 0.999f};
    for
        EACH_SET(k)
    for (size_t n = 0; n <= 70; n++) {
        float *g = normals(n, 6), *w = normals(n, 7), *twin = normals(n, 7), *s = normals(n, 8),
              *t = normals(n, 8), *v = normals(n, 9), *u = normals(n, 9);
        for (size_t i = 0; i < n; i++) {
            s[i] = t[i] = fabsf(s[i]) + 0.1f;
            v[i] = u[i] = fabsf(v[i]) + 0.1f;
        }
        k->adagrad(w, s, g, n, 0.05f, 0.99f);
        plain->adagrad(twin, t, g, n, 0.05f, 0.99f);
        assert_near(w, twin, n, 1e-6f);
        assert_near(s, t, n, 1e-6f);
        k->adam(w, s, v, g, n, &step);
        plain->adam(twin, t, u, g, n, &step);
        assert_near(w, twin, n, 1e-5f);
        assert_near(s, t, n, 1e-5f);
        assert_near(v, u, n, 1e-5f);
        float *const all[] = {g, w, twin, s, t, v, u};
        for (size_t i = 0; i < sizeof all / sizeof *all; i++)
            free(all[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(products_are_those_of_three_loops_in_any_shape),
        cmocka_unit_test(an_element_of_a_product_has_the_same_bits_in_any_company),
        cmocka_unit_test(optimizers_agree_with_the_twin_at_any_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
