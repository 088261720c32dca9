#pragma once
/* Examples in which the entries of one field are those of other examples. Private to the feature
 * report. */
#include "base/status.h"
#include "data/examples.h"

struct permuted_field;

/* *ret_examples has n: example i is the row rows[i] of `all`, but with what the row from[i] has in
 * the field. Copies the field's entries, borrows the rest. NO_MEMORY. */
enum status permuted_field_new(const struct examples *all, const struct field *field,
                               const uint32_t *rows, const uint32_t *from, uint32_t n,
                               struct permuted_field **ret_permuted, struct examples *ret_examples);
void permuted_field_free(struct permuted_field *permuted); /* NULL is fine */
