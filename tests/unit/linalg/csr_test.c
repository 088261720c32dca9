/* What these catch: entries that change place, order or value in a transpose; empty rows and
 * columns at either end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "linalg/csr.h"

static void a_transpose_has_each_entry_in_its_place(void **state)
{
    (void)state;
    /* 0 5 0 0
     * 0 0 0 0
     * 7 6 0 0 */
    struct csr m, t;
    assert_int_equal(csr_alloc(3, 4, 3, &m), STATUS_OK);
    memcpy(m.starts, (const uint64_t[]){0, 1, 1, 3}, 4 * sizeof *m.starts);
    memcpy(m.columns, (const uint32_t[]){1, 0, 1}, 3 * sizeof *m.columns);
    memcpy(m.values, (const float[]){5, 7, 6}, 3 * sizeof *m.values);
    assert_int_equal(csr_transpose(&m, &t), STATUS_OK);
    assert_int_equal(t.n_rows, 4);
    assert_int_equal(t.n_columns, 3);
    assert_memory_equal(t.starts, ((const uint64_t[]){0, 1, 3, 3, 3}), 5 * sizeof *t.starts);
    assert_memory_equal(t.columns, ((const uint32_t[]){2, 0, 2}), 3 * sizeof *t.columns);
    assert_memory_equal(t.values, ((const float[]){7, 5, 6}), 3 * sizeof *t.values);
    csr_free(&m);
    csr_free(&t);
}

static void an_entry_is_found_by_its_place_alone(void **state)
{
    (void)state;
    uint64_t starts[] = {0, 0, 3, 5};
    uint32_t columns[] = {1, 4, 9, 0, 4};
    float values[] = {1, 1, 1, 1, 1};
    const struct csr m = {3, 10, starts, columns, values};
    for (uint32_t row = 0; row < m.n_rows; row++)
        for (uint32_t column = 0; column < m.n_columns; column++) {
            uint64_t first = starts[row], entry = CSR_NONE;
            while (first < starts[row + 1] && columns[first] < column)
                first++;
            if (first < starts[row + 1] && columns[first] == column)
                entry = first;
            assert_int_equal(csr_first_from(&m, row, column), first);
            assert_int_equal(csr_find(&m, row, column), entry);
        }
}

static void transposing_twice_gives_the_matrix_back(void **state)
{
    (void)state;
    struct rng rng = rng_seed(1, 1);
    for (uint32_t round = 0; round < 30; round++) {
        struct csr m, t, back;
        const uint32_t rows = rng_below(&rng, 20), columns = 1 + rng_below(&rng, 20);
        assert_int_equal(csr_alloc(rows, columns, (uint64_t)rows * columns, &m), STATUS_OK);
        uint64_t size = 0;
        for (uint32_t r = 0; r < rows; r++) {
            for (uint32_t c = 0; c < columns; c++)
                if (rng_below(&rng, 3) == 0) {
                    m.columns[size] = c;
                    m.values[size++] = (float)rng_normal(&rng);
                }
            m.starts[r + 1] = size;
        }
        assert_int_equal(csr_transpose(&m, &t), STATUS_OK);
        assert_int_equal(csr_size(&t), size);
        assert_int_equal(csr_transpose(&t, &back), STATUS_OK);
        assert_memory_equal(back.starts, m.starts, (rows + 1) * sizeof *m.starts);
        assert_memory_equal(back.columns, m.columns, size * sizeof *m.columns);
        assert_memory_equal(back.values, m.values, size * sizeof *m.values);
        csr_free(&m);
        csr_free(&t);
        csr_free(&back);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_transpose_has_each_entry_in_its_place),
        cmocka_unit_test(an_entry_is_found_by_its_place_alone),
        cmocka_unit_test(transposing_twice_gives_the_matrix_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
