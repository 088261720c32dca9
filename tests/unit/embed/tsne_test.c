/* What these catch: maps that do not keep groups apart, few and many points that are treated by
 * different rules, NaN from points alike or from a perplexity that is too large, bits that depend
 * on the threads, work that cannot be stopped. */
#include "embed/tsne.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "embed/affinities.h"
#include "support/test.h"

enum { D = 8, GROUPS = 6 };

/* Point i belongs to group i % GROUPS. */
static struct points points_make(uint32_t n, uint64_t seed)
{
    float *rows = malloc((size_t)n * D * sizeof *rows);
    assert_non_null(rows);
    struct rng rng = rng_seed(seed, 1);
    for (size_t i = 0; i < n; i++)
        for (size_t c = 0; c < D; c++)
            rows[i * D + c] = (float)(rng_normal(&rng) + (c == i % GROUPS ? 12 : 0));
    return (struct points){.n = n, .d = D, .rows = rows};
}

static float *fit(const struct points *points, double perplexity, int64_t iterations,
                  unsigned threads, struct tsne_map *ret_map)
{
    struct parallel *pool = NULL;
    float *places = malloc((size_t)points->n * 2 * sizeof *places);
    const struct tsne_settings settings = {.perplexity = perplexity, .iterations = iterations};
    if (threads)
        assert_int_equal(parallel_new(threads, false, &pool), STATUS_OK);
    assert_int_equal(tsne_fit(points, &settings, 3, pool, NULL, places, ret_map, NULL), STATUS_OK);
    parallel_free(pool);
    for (size_t c = 0; c < 2 * (size_t)points->n; c++)
        assert_true(isfinite(places[c]));
    return places;
}

/* How many of the points have their nearest one on the map in their own group. */
static double with_their_own(const float *places, uint32_t n, uint32_t step)
{
    uint32_t own = 0, looked = 0;
    for (uint32_t i = 0; i < n; i += step, looked++) {
        double least = INFINITY;
        uint32_t nearest = i;
        for (uint32_t j = 0; j < n; j++) {
            const double far = hypot((double)places[2 * i] - (double)places[2 * j],
                                     (double)places[2 * i + 1] - (double)places[2 * j + 1]);
            if (j != i && far < least) {
                least = far;
                nearest = j;
            }
        }
        own += nearest % GROUPS == i % GROUPS;
    }
    return (double)own / looked;
}

static void groups_stay_together_and_threads_change_nothing(void **state)
{
    (void)state;
    const struct points points = points_make(400, 1);
    struct tsne_map map, other;
    float *one = fit(&points, 20, 400, 1, &map), *two = fit(&points, 20, 400, 2, &other);
    assert_memory_equal(one, two, 400 * 2 * sizeof *one);
    assert_true(map.divergence == other.divergence && map.divergence > 0 && map.divergence < 1.5);
    assert_true(map.perplexity == 20);
    assert_true(with_their_own(one, 400, 1) > 0.99);
    free(one);
    free(two);
    free((void *)points.rows);
}

static void many_points_go_by_the_tree_and_threads_change_nothing(void **state)
{
    (void)state;
    enum { MANY = AFFINITIES_DENSE_MAX + 1, STEPS = 60 };
    const struct points points = points_make(MANY, 2);
    struct tsne_map map, other;
    float *one = fit(&points, 10, STEPS, 1, &map), *two = fit(&points, 10, STEPS, 2, &other);
    assert_memory_equal(one, two, MANY * 2 * sizeof *one);
    assert_true(with_their_own(one, MANY, 50) > 0.95);
    free(one);
    free(two);
    free((void *)points.rows);
}

/* Each kept row of p(j|i) has the entropy that was asked for; p is symmetric and sums to 1. */
static void affinities_have_the_perplexity(void **state)
{
    (void)state;
    enum { FEW = 150 };
    const struct points points = points_make(FEW, 4);
    struct affinities a;
    assert_int_equal(affinities_find(&points, 12, NULL, NULL, &a), STATUS_OK);
    assert_non_null(a.dense);
    double sum = 0;
    for (size_t i = 0; i < FEW; i++)
        for (size_t j = 0; j < FEW; j++) {
            assert_true(a.dense[i * FEW + j] == a.dense[j * FEW + i]);
            sum += (double)a.dense[i * FEW + j];
            assert_true(i != j || a.dense[i * FEW + j] == 0);
        }
    assert_true(fabs(sum - 1) < 1e-5);
    /* Of p(.|i) each has the entropy log 12; symmetric ones are spread a little more. */
    const double spread = exp(-a.entropy) / FEW;
    assert_true(spread > 11.9 && spread < 20);
    affinities_free(&a);
    free((void *)points.rows);
}

static void few_points_and_points_alike_have_places(void **state)
{
    (void)state;
    static const float alike[20 * D];
    struct tsne_map map;
    for (uint32_t n = 1; n <= 5; n++) {
        const struct points points = points_make(n, n);
        float *places = fit(&points, 1000, 300, 0, &map); /* far over the number of points */
        assert_true(map.perplexity <= fmax((n - 1) / 3.0, 1));
        assert_true(n > 1 || (places[0] == 0 && places[1] == 0));
        free(places);
        free((void *)points.rows);
    }
    const struct points same = {.n = 20, .d = D, .rows = alike};
    free(fit(&same, 5, 300, 0, &map));
    float *many = calloc((AFFINITIES_DENSE_MAX + 10) * D, sizeof *many);
    const struct points crowd = {.n = AFFINITIES_DENSE_MAX + 10, .d = D, .rows = many};
    free(fit(&crowd, 5, 3, 0, &map));
    free(many);
}

static void what_is_out_of_range_is_refused(void **state)
{
    (void)state;
    float places[4];
    struct tsne_map map;
    struct error err = {0};
    const struct points two = {.n = 2, .d = 1, .rows = (float[]){1, 2}},
                        broken = {.n = 2, .d = 1, .rows = (float[]){1, INFINITY}},
                        many = {.n = POINTS_MAX + 1, .d = 1};
    const struct tsne_settings fine = {.perplexity = 5, .iterations = 5},
                               narrow = {.perplexity = 0.5, .iterations = 5},
                               none = {.perplexity = NAN, .iterations = 5},
                               idle = {.perplexity = 5, .iterations = 0};
    const struct {
        const struct points *points;
        const struct tsne_settings *settings;
    } cases[] = {{&two, &narrow}, {&two, &none}, {&two, &idle}, {&broken, &fine}, {&many, &fine}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(
            tsne_fit(cases[i].points, cases[i].settings, 1, NULL, NULL, places, &map, &err),
            STATUS_OUT_OF_RANGE);
        assert_true(err.text[0] != '\0');
    }
}

static bool stop_later(void *context)
{
    return --*(int *)context < 0;
}

static void it_stops_when_told_to_and_says_how_far_it_came(void **state)
{
    (void)state;
    const struct points points = points_make(200, 6);
    float places[400];
    struct tsne_map map;
    struct error err = {0};
    const struct tsne_settings settings = {.perplexity = 5, .iterations = 1000};
    for (int looks = 0; looks < 40; looks += 13) {
        int left = looks;
        const struct observer observer = {.context = &left, .stop = stop_later};
        assert_int_equal(tsne_fit(&points, &settings, 1, NULL, &observer, places, &map, &err),
                         STATUS_CANCELLED);
        assert_non_null(strstr(err.text, "stopped"));
    }
    int left = 100;
    const struct observer observer = {.context = &left, .stop = stop_later};
    assert_int_equal(tsne_fit(&points, &settings, 1, NULL, &observer, places, &map, &err),
                     STATUS_CANCELLED);
    assert_non_null(strstr(err.text, "of 1000 iterations"));
    free((void *)points.rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(groups_stay_together_and_threads_change_nothing),
        cmocka_unit_test(many_points_go_by_the_tree_and_threads_change_nothing),
        cmocka_unit_test(affinities_have_the_perplexity),
        cmocka_unit_test(few_points_and_points_alike_have_places),
        cmocka_unit_test(what_is_out_of_range_is_refused),
        cmocka_unit_test(it_stops_when_told_to_and_says_how_far_it_came),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
