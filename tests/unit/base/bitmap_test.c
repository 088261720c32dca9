/* What these catch: bits past the end that are counted, sizes that differ, ends at a word's border.
 */
#include "base/bitmap.h"

#include "base/rng.h"
#include "support/test.h"

static const uint32_t counts[] = {0, 1, 63, 64, 65, 127, 128, 129, 1000};
enum { N_COUNTS = 9, MODEL_MAX = 1024 };

static struct bitmap random_bitmap(struct rng *rng, uint32_t count, bool model[MODEL_MAX])
{
    struct bitmap b = {0};
    assert_int_equal(bitmap_resize(&b, count), STATUS_OK);
    for (uint32_t i = 0; i < MODEL_MAX; i++)
        model[i] = false;
    for (uint32_t i = 0; i < count; i++)
        if (rng_below(rng, 3) == 0) {
            bitmap_set(&b, i);
            model[i] = true;
        }
    return b;
}

/* bitmap_list is what asking for one bit after the other gives. */
static void expect_list(const struct bitmap *b, uint32_t end)
{
    uint32_t list[MODEL_MAX + 1], n = bitmap_list(b, end, list), i = 0;
    for (uint32_t at = bitmap_next(b, 0); at < b->count && at < end; at = bitmap_next(b, at + 1))
        assert_int_equal(list[i++], at);
    assert_int_equal(n, i);
}

static void expect_model(const struct bitmap *b, const bool model[MODEL_MAX])
{
    uint32_t population = 0, at = bitmap_next(b, 0);
    for (uint32_t i = 0; i < b->count; i++) {
        assert_int_equal(bitmap_test(b, i), model[i]);
        population += model[i];
        if (model[i]) {
            assert_int_equal(at, i);
            at = bitmap_next(b, i + 1);
        }
    }
    assert_int_equal(at, b->count);
    assert_int_equal(bitmap_population(b), population);
    assert_false(bitmap_test(b, b->count));
    assert_false(bitmap_test(b, UINT32_MAX));
    expect_list(b, b->count);
    expect_list(b, b->count / 2);
    expect_list(b, UINT32_MAX);
}

static void set_operations_equal_a_plain_model_for_all_sizes(void **state)
{
    (void)state;
    struct rng rng = rng_seed(1, 0);
    static bool left[MODEL_MAX], right[MODEL_MAX];
    for (int i = 0; i < N_COUNTS; i++)
        for (int j = 0; j < N_COUNTS; j++)
            for (int operation = 0; operation < 4; operation++) {
                struct bitmap a = random_bitmap(&rng, counts[i], left);
                struct bitmap b = random_bitmap(&rng, counts[j], right);
                expect_model(&a, left);
                static void (*const operations[])(struct bitmap *, const struct bitmap *) = {
                    bitmap_and, bitmap_and_not, bitmap_or, bitmap_copy};
                operations[operation](&a, &b);
                for (uint32_t k = 0; k < counts[i]; k++)
                    left[k] = operation == 0   ? left[k] && right[k]
                              : operation == 1 ? left[k] && !right[k]
                              : operation == 2 ? left[k] || right[k]
                                               : right[k];
                expect_model(&a, left);
                expect_model(&b, right);
                bitmap_free(&a);
                bitmap_free(&b);
            }
}

static void bits_that_come_back_after_shrinking_are_zero(void **state)
{
    (void)state;
    for (int i = 0; i < N_COUNTS; i++)
        for (int j = 0; j < N_COUNTS; j++) {
            struct bitmap b = {0};
            assert_int_equal(bitmap_resize(&b, counts[i]), STATUS_OK);
            bitmap_fill(&b, true);
            assert_int_equal(bitmap_population(&b), counts[i]);
            assert_int_equal(bitmap_resize(&b, counts[j]), STATUS_OK);
            const uint32_t kept = counts[i] < counts[j] ? counts[i] : counts[j];
            assert_int_equal(bitmap_population(&b), kept);
            assert_int_equal(bitmap_resize(&b, 1000), STATUS_OK);
            assert_int_equal(bitmap_population(&b), kept);
            assert_int_equal(bitmap_next(&b, kept), 1000);
            bitmap_fill(&b, false);
            assert_int_equal(bitmap_population(&b), 0);
            bitmap_free(&b);
        }
}

static void clearing_takes_one_bit_and_none_past_the_end(void **state)
{
    (void)state;
    struct bitmap b = {0};
    bitmap_fill(&b, true);
    bitmap_clear(&b, 0);
    assert_int_equal(bitmap_next(&b, 0), 0);
    assert_int_equal(bitmap_resize(&b, 70), STATUS_OK);
    bitmap_fill(&b, true);
    bitmap_clear(&b, 64);
    bitmap_clear(&b, 70);
    bitmap_clear(&b, 5000);
    assert_int_equal(bitmap_population(&b), 69);
    assert_int_equal(bitmap_next(&b, 64), 65);
    assert_int_equal(bitmap_next(&b, 5000), 70);
    bitmap_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(set_operations_equal_a_plain_model_for_all_sizes),
        cmocka_unit_test(bits_that_come_back_after_shrinking_are_zero),
        cmocka_unit_test(clearing_takes_one_bit_and_none_past_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
