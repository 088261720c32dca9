/* What these catch: points counted twice or not at all, a square taken for one point too early,
 * many points in one spot that make the tree endless. */
#include "embed/quadtree.h"

#include <math.h>

#include "base/rng.h"
#include "support/test.h"

enum { N = 3000 };

static struct repulsion exact(const float *places, uint32_t n, uint32_t i)
{
    struct repulsion sum = {0};
    for (uint32_t j = 0; j < n; j++) {
        if (j == i)
            continue;
        const double x = (double)places[2 * i] - (double)places[2 * j],
                     y = (double)places[2 * i + 1] - (double)places[2 * j + 1],
                     q = 1 / (1 + x * x + y * y);
        sum.q += q;
        sum.x += q * q * x;
        sum.y += q * q * y;
    }
    return sum;
}

static void check(const float *places, uint32_t n)
{
    struct quadtree tree;
    assert_int_equal(quadtree_new(n, &tree), STATUS_OK);
    quadtree_build(&tree, places);
    assert_true(tree.n_nodes < 2 * n);
    assert_int_equal(tree.nodes[0].count, n);
    double q = 0, wanted_q = 0, off = 0, size = 0;
    for (uint32_t i = 0; i < n; i += 7) {
        const struct repulsion found = quadtree_repulsion(&tree, i, places + 2 * (size_t)i),
                               wanted = exact(places, n, i);
        q += found.q;
        wanted_q += wanted.q;
        off += hypot(found.x - wanted.x, found.y - wanted.y);
        size += hypot(wanted.x, wanted.y);
    }
    assert_true(fabs(q / wanted_q - 1) < 0.01);
    assert_true(off <= 0.03 * size + 1e-3);
    quadtree_free(&tree);
}

static void the_sums_are_those_over_all_points(void **state)
{
    (void)state;
    static float places[N][2];
    struct rng rng = rng_seed(1, 1);
    for (size_t i = 0; i < N; i++)
        for (size_t c = 0; c < 2; c++)
            places[i][c] = (float)(20 * rng_normal(&rng) + 30 * (double)(i % 3));
    check(places[0], N);
    for (size_t i = 0; i < N; i++) /* hundreds in each of a few spots */
        for (size_t c = 0; c < 2; c++)
            places[i][c] = (float)(i % 5 * (c + 1));
    check(places[0], N);
    for (size_t i = 0; i < N; i++) /* one that stretches the square */
        places[i][0] = places[i][1] = i ? (float)(1e-6 * rng_uniform(&rng)) : 1e6F;
    check(places[0], N);
}

/* In one spot each point sees n - 1 others at no distance, exactly. */
static void all_points_in_one_spot_count_but_do_not_push(void **state)
{
    (void)state;
    static float places[N][2];
    struct quadtree tree;
    assert_int_equal(quadtree_new(N, &tree), STATUS_OK);
    quadtree_build(&tree, places[0]);
    const struct repulsion sum = quadtree_repulsion(&tree, N / 2, places[0]);
    assert_true(sum.q == N - 1 && sum.x == 0 && sum.y == 0);
    quadtree_free(&tree);
    assert_int_equal(quadtree_new(1, &tree), STATUS_OK);
    quadtree_build(&tree, places[0]);
    assert_true(quadtree_repulsion(&tree, 0, places[0]).q == 0);
    quadtree_free(&tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_sums_are_those_over_all_points),
        cmocka_unit_test(all_points_in_one_spot_count_but_do_not_push),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
