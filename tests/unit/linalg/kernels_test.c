/* What these catch: a set of kernels that computes something else than its plain twin, reads or
 * writes past an end, or gives a row other bits where it stands elsewhere. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "linalg/kernels.h"

#define EACH_SET(k) (const struct kernels *const *at = kernels_all(), *k = *at; k; k = *++at)

/* Exactly n floats in a block of their own, so that a sanitizer sees what goes past them. */
static float *normals(size_t n, uint64_t stream)
{
    struct rng rng = rng_seed(1, stream);
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
    assert_string_equal(all[0]->name, "plain");
    return all[0];
}

static void assert_near(const float *a, const float *b, size_t n, float tolerance)
{
    for (size_t i = 0; i < n; i++)
        if (!(fabsf(a[i] - b[i]) <= tolerance * (1 + fabsf(b[i]))))
            fail_msg("place %zu: %g and %g", i, (double)a[i], (double)b[i]);
}

static void dot_and_axpy_agree_with_the_twin_at_any_length(void **state)
{
    (void)state;
    const struct kernels *plain = plain_twin();
    for
        EACH_SET(k)
    for (size_t d = 0; d <= 150; d++) {
        float *x = normals(d, 1), *y = normals(d, 2), *z = normals(d, 2);
        const float a = k->dot(x, y, d), b = plain->dot(x, y, d);
        assert_near(&a, &b, 1, 1e-5f);
        k->axpy(0.7f, x, y, d);
        plain->axpy(0.7f, x, z, d);
        assert_near(y, z, d, 1e-6f);
        free(x);
        free(y);
        free(z);
    }
}

static void a_scan_gives_each_row_the_same_bits_wherever_it_stands(void **state)
{
    (void)state;
    enum { N = 23 };
    const struct kernels *plain = plain_twin();
    for
        EACH_SET(k)
    for (size_t d = 1; d <= 70; d++) {
        float *rows = normals(N * d, 3), *query = normals(d, 4), out[N], twin[N], alone;
        k->scan(rows, N, d, query, out);
        plain->scan(rows, N, d, query, twin);
        assert_near(out, twin, N, 1e-5f);
        for (size_t i = 0; i < N; i++) {
            k->scan(rows + i * d, 1, d, query, &alone);
            assert_memory_equal(&alone, &out[i], sizeof alone);
        }
        free(rows);
        free(query);
    }
}

static void a_marked_scan_touches_only_what_is_marked(void **state)
{
    (void)state;
    enum { N = 200, D = 9 };
    float *rows = normals(N * D, 3), *query = normals(D, 4), all[N], out[N];
    kernels_get()->scan(rows, N, D, query, all);
    struct bitmap marked = {0};
    assert_int_equal(bitmap_resize(&marked, N + 40), STATUS_OK);
    for (uint32_t i = 0; i < N + 40; i++)
        if ((i >= 64 && i < 128) || i % 3 == 0)
            bitmap_set(&marked, i);
    for (uint32_t i = 0; i < N; i++)
        out[i] = 77;
    kernels_scan_marked(rows, N, D, query, &marked, out);
    for (uint32_t i = 0; i < N; i++)
        assert_true(out[i] == (bitmap_test(&marked, i) ? all[i] : 77));
    bitmap_free(&marked);
    free(rows);
    free(query);
}

static void tile_products_agree_with_the_twin(void **state)
{
    (void)state;
    const struct kernels *plain = plain_twin();
    for
        EACH_SET(k)
    for (size_t n = 0; n < 40; n += 13)
        for (int sign = -1; sign <= 1; sign += 2) {
            float *a = normals(n * TILE, 5), *b = normals(n * TILE, 6),
                  *tile = normals(TILE * TILE, 7), *twin = normals(TILE * TILE, 7);
            k->tile_product(a, b, n, (float)sign, tile);
            plain->tile_product(a, b, n, (float)sign, twin);
            assert_near(tile, twin, TILE * TILE, 1e-5f);
            free(a);
            free(b);
            free(tile);
            free(twin);
        }
}

static void triangles_agree_with_the_twin(void **state)
{
    (void)state;
    const struct kernels *plain = plain_twin();
    float *a = normals(20 * TILE, 8), *right = normals(TILE * TILE, 9);
    for
        EACH_SET(k)
        {
            float u[TILE * TILE] = {0}, twin[TILE * TILE] = {0}, inverses[TILE],
                           twin_inverses[TILE];
            float x[TILE * TILE], y[TILE * TILE];
            plain->tile_product(a, a, 20, 1, u);
            for (size_t t = 0; t < TILE; t++)
                u[t * (TILE + 1)] += 5;
            memcpy(twin, u, sizeof twin);
            memcpy(x, right, sizeof x);
            memcpy(y, right, sizeof y);
            assert_true(k->tile_factor(u, inverses));
            assert_true(plain->tile_factor(twin, twin_inverses));
            assert_near(inverses, twin_inverses, TILE, 1e-5f);
            for (size_t t = 0; t < TILE; t++)
                assert_near(u + t * TILE + t, twin + t * TILE + t, TILE - t, 1e-5f);
            k->tile_solve(u, inverses, x);
            plain->tile_solve(twin, twin_inverses, y);
            assert_near(x, y, TILE * TILE, 1e-5f);
            u[0] = -1;
            assert_false(k->tile_factor(u, inverses));
            u[0] = NAN;
            assert_false(k->tile_factor(u, inverses));
            u[0] = INFINITY;
            assert_false(k->tile_factor(u, inverses));
        }
    free(a);
    free(right);
}

static void panels_agree_with_the_twin(void **state)
{
    (void)state;
    const struct kernels *plain = plain_twin();
    for
        EACH_SET(k)
    for (size_t n = 0; n < 40; n += 1 + n / 6)
        for (size_t d = TILE; d <= 4 * TILE; d += TILE) {
            float *panel = normals(n * d, 10), *weights = normals(n, 11), *x = normals(d, 12),
                  *out = normals(d, 13), *twin = normals(d, 13);
            k->combine(panel, n, d, weights, out);
            plain->combine(panel, n, d, weights, twin);
            assert_near(out, twin, d, 1e-5f);
            k->normal_product(panel, n, d, weights, x, out);
            plain->normal_product(panel, n, d, weights, x, twin);
            assert_near(out, twin, d, 1e-4f);
            free(panel);
            free(weights);
            free(x);
            free(out);
            free(twin);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dot_and_axpy_agree_with_the_twin_at_any_length),
        cmocka_unit_test(a_scan_gives_each_row_the_same_bits_wherever_it_stands),
        cmocka_unit_test(a_marked_scan_touches_only_what_is_marked),
        cmocka_unit_test(tile_products_agree_with_the_twin),
        cmocka_unit_test(triangles_agree_with_the_twin),
        cmocka_unit_test(panels_agree_with_the_twin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
