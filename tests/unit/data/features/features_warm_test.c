/* What these catch: a weight that is carried over to a feature of another meaning. */
#include "unit/data/features/sample.h"

#define LABEL "label: {column: y}\n"
enum { NEW = -1 };

/* The map from the second's features to the first's, as wanted[n]. */
static void expect_map(const char *yaml_before, const char *before, const char *yaml_now,
                       const char *now, const int *wanted, uint32_t n)
{
    struct sample a = sample_fit(yaml_before, before), b = sample_fit(yaml_now, now);
    const uint32_t features = features_layout(b.features)->n_features;
    uint32_t *map = malloc(sizeof *map * features);
    assert_non_null(map);
    assert_int_equal(features, n);
    features_warm(b.features, a.features, map);
    for (uint32_t i = 0; i < n; i++)
        if ((int)map[i] != wanted[i])
            fail_msg("feature %u was %d and not %d", i, (int)map[i], wanted[i]);
    free(map);
    sample_free(&a);
    sample_free(&b);
}
#define EXPECT(yaml_before, before, yaml_now, now, ...)                                            \
    expect_map(yaml_before, before, yaml_now, now, (const int[]){__VA_ARGS__},                     \
               sizeof((const int[]){__VA_ARGS__}) / sizeof(int))

static void texts_and_numbers_are_found_by_themselves(void **state)
{
    (void)state;
    const char *yaml = LABEL "features:\n"
                             "  c: {type: categorical, feeds: wide}\n"
                             "  x: {type: numeric}\n"
                             "  n: {type: categorical, column: x, feeds: wide}\n";
    /* before: c 0 1 a2 b3 d4, x 5, n 6 7 1:8 2:9 4:10; now: c 0 1 b2 c3 d4, x 5, n 6 7 2:8 3:9 */
    EXPECT(yaml, "c,x,y\na,1,1\nb,2,0\nd,4,0\n", yaml, "c,x,y\nb,2,1\nc,3,0\nd,2,0\n", 0, 1, 3, NEW,
           4, 5, 6, 7, 9, NEW);
}

static void fields_are_found_by_name_and_kind(void **state)
{
    (void)state;
    const char *before = LABEL "features:\n"
                               "  a: {type: categorical, buckets: 2, feeds: wide}\n"
                               "  b: {type: categorical, buckets: 2, feeds: wide}\n"
                               "  c: {type: numeric}\n"
                               "  d: {type: numeric}\n";
    const char *now = LABEL "features:\n"
                            "  d: {type: numeric, normalize: standard}\n"
                            "  c: {type: numeric}\n"
                            "  b: {type: categorical, buckets: 3, feeds: wide}\n"
                            "  a: {type: categorical, buckets: 2, feeds: wide}\n"
                            "  e: {type: numeric}\n";
    const char *csv = "a,b,c,d,e,y\n1,1,1,1,1,1\n2,2,2,2,2,0\n";
    EXPECT(before, csv, now, csv, NEW, 6, NEW, NEW, NEW, NEW, 0, 1, 2, NEW);
}

static void buckets_and_pieces_are_found_by_their_bounds(void **state)
{
    (void)state;
    const char *before =
        LABEL "features:\n  b: {type: bucketized, column: x, boundaries: [1, 2, 3], feeds: wide}\n";
    const char *now = LABEL
        "features:\n  b: {type: bucketized, column: x, boundaries: [0, 1, 2, 4], feeds: wide}\n";
    const char *csv = "x,y\n0,1\n4,0\n";
    EXPECT(before, csv, now, csv, 0, NEW, NEW, 2, NEW, NEW);
    const char *pieces =
        LABEL "features:\n  x: {type: numeric, normalize: piecewise, quantiles: 4}\n";
    /* [0 1] [1 2] [2 3] [3 4] before; [0 1.1] [1.1 2.2] [2.2 3.3] [3.3 9] now */
    EXPECT(pieces, "x,y\n0,1\n1,1\n2,0\n3,0\n4,0\n", pieces, "x,y\n0,1\n1.1,1\n2.2,0\n3.3,0\n9,0\n",
           0, 1, 2, NEW);
    /* more rows are missing, which adds a feature */
    EXPECT(pieces, "x,y\n0,1\n1,1\n2,0\n3,0\n4,0\n", pieces, "x,y\n0,1\n1,1\n2,0\n3,0\n4,0\n,1\n",
           0, 1, 2, 3, NEW);
}

static void crosses_stay_unless_a_bound_moves(void **state)
{
    (void)state;
#define CROSS(bounds, of)                                                                          \
    LABEL "features:\n  b: {type: bucketized, column: x, boundaries: [" bounds                     \
          "], feeds: none}\n  k: {type: crossed, of: [" of "], buckets: 3}\n"
    const char *csv = "a,c,x,y\n1,1,1,1\n1,2,2,0\n";
    EXPECT(CROSS("1", "a, b"), csv, CROSS("1", "a, b"), csv, 0, 1, 2);
    EXPECT(CROSS("1", "a, b"), csv, CROSS("2", "a, b"), csv, NEW, NEW, NEW);
    EXPECT(CROSS("1", "a, c"), csv, CROSS("2", "a, c"), csv, 0, 1, 2);
    EXPECT(CROSS("1", "a, c"), csv, CROSS("1", "c, a"), csv, NEW, NEW, NEW);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_and_numbers_are_found_by_themselves),
        cmocka_unit_test(fields_are_found_by_name_and_kind),
        cmocka_unit_test(buckets_and_pieces_are_found_by_their_bounds),
        cmocka_unit_test(crosses_stay_unless_a_bound_moves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
