#pragma once
/* What the held events of a dataset hold for each user: the truth that lists are measured by. */
#include "base/bitmap.h"
#include "data/dataset.h"
#include "linalg/csr.h"

struct test_set {
    struct csr items; /* n_users x n_items of the dataset; values are confidences above 0 */
    uint32_t n_users; /* with at least one test item */
};

/* Pairs that signal a preference (algorithms: confidence above 0, a user's neutral rating taken
 * over all that the user rated), that are in no training event, and whose item still exists. */
enum status test_set_of_split(const struct dataset *dataset, const struct bitmap *held,
                              struct test_set *ret_test);

/* The part of `test` that `touches` (by user, [starts[n_users]..], users past n_users have none) do
 * not know, in *ret_new, and the rest in *ret_known: what an older snapshot cannot have learnt
 * from, and what it can. */
struct touch;
enum status test_set_divide(const struct test_set *test, uint32_t n_users, const uint64_t *starts,
                            const struct touch *touches, struct test_set *ret_new,
                            struct test_set *ret_known);

void test_set_free(struct test_set *test);
