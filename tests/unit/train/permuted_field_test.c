/* What these catch: entries of the wrong row, a field's neighbours that are overwritten when it
 * has more or fewer entries than before; numbers counted in the wrong group. */
#include "train/permuted_field.h"

#include "support/csr_examples.h"
#include "support/test.h"
#include "train/feature_counts.h"

/* Three fields of 2, 3 and 2 features; the middle one has 0 to 3 entries. */
static const struct field fields[] = {{.name = "a", .first = 0, .size = 2, .wide = true},
                                      {.name = "b", .first = 2, .size = 3, .wide = true},
                                      {.name = "c", .first = 5, .size = 2, .wide = true}};
static const struct feature_layout layout = {fields, 3, 7};

static void only_the_field_changes(void **state)
{
    (void)state;
    uint64_t starts[] = {0, 2, 5, 10};
    uint32_t columns[] = {0, 5, 1, 3, 6, 0, 2, 3, 4, 5};
    float values[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
    const struct csr matrix = {
        .n_rows = 3, .n_columns = 7, .starts = starts, .columns = columns, .values = values};
    const float labels[] = {0, 1, 0};
    const struct csr_examples source = {.matrix = &matrix, .labels = labels};
    const struct examples all = csr_examples(&source, &layout);
    const uint32_t rows[] = {2, 0}, from[] = {0, 2}, asked[] = {0, 1};
    struct permuted_field *permuted;
    struct examples dealt;
    assert_int_equal(permuted_field_new(&all, &fields[1], rows, from, 2, &permuted, &dealt),
                     STATUS_OK);
    uint32_t got_starts[3], got[16];
    float got_values[16], got_labels[2], got_weights[2];
    struct example_batch batch = {.starts = got_starts,
                                  .features = got,
                                  .values = got_values,
                                  .labels = got_labels,
                                  .weights = got_weights};
    dealt.fetch(dealt.context, asked, 2, &batch);
    const uint32_t expected[] = {0, 5, 0, 2, 3, 4, 5};
    const float expected_values[] = {6, 10, 1, 7, 8, 9, 2};
    assert_int_equal(got_starts[1], 2);
    assert_int_equal(got_starts[2], 7);
    assert_memory_equal(got, expected, sizeof expected);
    assert_memory_equal(got_values, expected_values, sizeof expected_values);
    permuted_field_free(permuted);
}

enum { N = 3200 };

/* Example i: in field a, as a number i / 2, so that each comes twice; label: i in the upper half.
 */
static void fetch_numbers(const void *context, const uint32_t *rows, uint32_t n,
                          struct example_batch *batch)
{
    (void)context;
    for (uint32_t i = 0; i < n; i++) {
        batch->starts[i] = i;
        batch->features[i] = 0;
        batch->values[i] = (float)(rows[i] / 2);
        batch->labels[i] = (float)(rows[i] >= N / 2);
        batch->weights[i] = 1;
    }
    batch->starts[n] = n;
    batch->n = n;
}

static void numbers_are_counted_by_groups_and_categories_by_themselves(void **state)
{
    (void)state;
    const struct examples examples = {
        .layout = &layout, .n = N, .entries_max = 1, .labelled = true, .fetch = fetch_numbers};
    struct association found;
    assert_int_equal(feature_count(&examples, &fields[0], true, &found), STATUS_OK);
    assert_int_equal(found.degrees, FEATURE_COUNT_GROUPS - 1);
    assert_true(found.mutual_information > 0.98 && found.mutual_information <= 1);
    assert_int_equal(feature_count(&examples, &fields[0], false, &found), STATUS_OK);
    assert_int_equal(found.degrees, 0); /* one category */
    assert_int_equal(feature_count(&examples, &fields[2], false, &found), STATUS_OK);
    assert_true(found.p == 1); /* nobody has the field */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_field_changes),
        cmocka_unit_test(numbers_are_counted_by_groups_and_categories_by_themselves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
