#pragma once
/* Sparse matrices in compressed rows: who touched what, and how much. */
#include <stdint.h>

#include "base/status.h"

/* Rows hold their columns in rising order, each at most once. Owned arrays (csr_free). */
struct csr {
    uint32_t n_rows, n_columns;
    uint64_t *starts;  /* [n_rows + 1] */
    uint32_t *columns; /* [starts[n_rows]] */
    float *values;     /* [starts[n_rows]] */
};

static inline uint64_t csr_size(const struct csr *m)
{
    return m->starts ? m->starts[m->n_rows] : 0;
}

/* Arrays for `size` entries; starts zeroed. */
enum status csr_alloc(uint32_t n_rows, uint32_t n_columns, uint64_t size, struct csr *ret_matrix);

/* The transpose, by counting: O(size + rows + columns), rows of the result again in order. */
enum status csr_transpose(const struct csr *matrix, struct csr *ret_transpose);

/* The first entry of the row whose column is not below `column`; the row's end when there is none.
 */
uint64_t csr_first_from(const struct csr *matrix, uint32_t row, uint32_t column);

/* The entry at (row, column), CSR_NONE when there is none. */
#define CSR_NONE UINT64_MAX
uint64_t csr_find(const struct csr *matrix, uint32_t row, uint32_t column);

void csr_free(struct csr *matrix);
