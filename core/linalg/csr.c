#include "linalg/csr.h"

#include <stdlib.h>
#include <string.h>

enum status csr_alloc(uint32_t n_rows, uint32_t n_columns, uint64_t size, struct csr *ret_matrix)
{
    if (size > SIZE_MAX / sizeof(uint32_t))
        return STATUS_NO_MEMORY;
    const size_t room = size ? (size_t)size : 1;
    struct csr m = {.n_rows = n_rows, .n_columns = n_columns};
    m.starts = calloc((size_t)n_rows + 1, sizeof *m.starts);
    m.columns = malloc(room * sizeof *m.columns);
    m.values = malloc(room * sizeof *m.values);
    if (!m.starts || !m.columns || !m.values) {
        csr_free(&m);
        return STATUS_NO_MEMORY;
    }
    *ret_matrix = m;
    return STATUS_OK;
}

/* While counting, starts[c + 1] holds the size of column c; while placing, where its next entry
 * goes: at the end that is where column c + 1 starts, as it should be. */
enum status csr_transpose(const struct csr *matrix, struct csr *ret_transpose)
{
    const uint64_t size = csr_size(matrix);
    struct csr t;
    const enum status status = csr_alloc(matrix->n_columns, matrix->n_rows, size, &t);
    if (status != STATUS_OK)
        return status;
    for (uint64_t k = 0; k < size; k++)
        if (matrix->columns[k] + 1 < t.n_rows)
            t.starts[matrix->columns[k] + 2]++;
    for (uint32_t c = 2; c <= t.n_rows; c++)
        t.starts[c] += t.starts[c - 1];
    for (uint32_t r = 0; r < matrix->n_rows; r++)
        for (uint64_t k = matrix->starts[r]; k < matrix->starts[r + 1]; k++) {
            const uint64_t place = t.starts[matrix->columns[k] + 1]++;
            t.columns[place] = r;
            t.values[place] = matrix->values[k];
        }
    *ret_transpose = t;
    return STATUS_OK;
}

uint64_t csr_first_from(const struct csr *matrix, uint32_t row, uint32_t column)
{
    uint64_t low = matrix->starts[row], high = matrix->starts[row + 1];
    while (low < high) {
        const uint64_t middle = low + (high - low) / 2;
        if (matrix->columns[middle] < column)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

uint64_t csr_find(const struct csr *matrix, uint32_t row, uint32_t column)
{
    const uint64_t entry = csr_first_from(matrix, row, column);
    return entry < matrix->starts[row + 1] && matrix->columns[entry] == column ? entry : CSR_NONE;
}

void csr_free(struct csr *matrix)
{
    if (!matrix)
        return;
    free(matrix->starts);
    free(matrix->columns);
    free(matrix->values);
    *matrix = (struct csr){0};
}
