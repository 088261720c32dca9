#pragma once
/* Some of the examples, as examples: the training and the validation part of one table. */
#include "data/examples.h"

struct example_subset {
    const struct examples *all;
    const uint32_t *rows; /* [n] numbers among them, in any order */
};

/* *ret_examples has rows[n] of subset->all. Borrows the subset and what it names. */
void example_subset_view(const struct example_subset *subset, uint32_t n,
                         struct examples *ret_examples);
