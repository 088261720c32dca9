/* What these catch: rows that are not those of the subset, offsets that do not go on behind the
 * first chunk, labels that end up with another example. */
#include <string.h>

#include "data/example_subset.h"
#include "support/test.h"

enum { N = 7000, ENTRIES_MAX = 3 };

/* Example i: i % 4 entries, feature and value and label and weight all tell i. */
static void fetch_told(const void *context, const uint32_t *rows, uint32_t n,
                       struct example_batch *batch)
{
    (void)context;
    uint32_t at = 0;
    for (uint32_t i = 0; i < n; i++) {
        batch->starts[i] = at;
        for (uint32_t k = 0; k < rows[i] % (ENTRIES_MAX + 1); k++, at++) {
            batch->features[at] = rows[i] * ENTRIES_MAX + k;
            batch->values[at] = (float)rows[i] + 0.5f;
        }
        batch->labels[i] = (float)(rows[i] % 2);
        batch->weights[i] = (float)rows[i] + 1;
    }
    batch->starts[n] = at;
    batch->n = n;
}

static void a_subset_gives_its_rows_in_their_order(void **state)
{
    (void)state;
    static uint32_t rows[N], asked[N], starts[N + 1], features[N * ENTRIES_MAX];
    static float values[N * ENTRIES_MAX], labels[N], weights[N];
    const struct examples all = {
        .n = 20000, .entries_max = ENTRIES_MAX, .labelled = true, .fetch = fetch_told};
    for (uint32_t i = 0; i < N; i++) {
        rows[i] = (i * 7919) % 20000;
        asked[i] = N - 1 - i;
    }
    const struct example_subset subset = {.all = &all, .rows = rows};
    struct examples some;
    example_subset_view(&subset, N, &some);
    struct example_batch batch = {.starts = starts,
                                  .features = features,
                                  .values = values,
                                  .labels = labels,
                                  .weights = weights};
    some.fetch(some.context, asked, N, &batch);
    assert_int_equal(some.n, N);
    assert_int_equal(batch.n, N);
    for (uint32_t i = 0; i < N; i++) {
        const uint32_t row = rows[N - 1 - i], n = starts[i + 1] - starts[i];
        assert_int_equal(n, row % (ENTRIES_MAX + 1));
        for (uint32_t k = 0; k < n; k++) {
            assert_int_equal(features[starts[i] + k], row * ENTRIES_MAX + k);
            assert_true(values[starts[i] + k] == (float)row + 0.5f);
        }
        assert_true(labels[i] == (float)(row % 2) && weights[i] == (float)row + 1);
    }
    some.fetch(some.context, asked, 0, &batch);
    assert_int_equal(batch.n, 0);
    assert_int_equal(starts[0], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_subset_gives_its_rows_in_their_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
