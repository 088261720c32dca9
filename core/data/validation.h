#pragma once
/* A validation part, cut from training data: what settings and weights are chosen on, so that the
 * test part is never looked at.
 *
 * The last share of each user's events that are not held already (split `user-time`), of at most
 * users_max users.
 */
#include "data/dataset.h"

struct validation_request {
    const struct dataset *dataset;
    const struct bitmap *held; /* what is no training data; NULL: all is */
    const struct csr *by_user; /* dataset_matrix of the training data */
    double share;              /* in (0, 1) */
    uint32_t users_max;        /* 0: all */
    uint64_t seed;
    struct parallel *pool;
};

/* Zeroed: nothing. */
struct validation {
    struct bitmap held;          /* events: the request's and the validation part's */
    struct csr by_user, by_item; /* of what is left to learn from */
    struct csr truth; /* n_users x n_items: pairs that the training data prefer and that what is
                         left does not know; values above 0 */
    uint32_t n_users; /* with a pair in truth */
};

/* OUT_OF_RANGE when nothing can be held out that shows a preference, with the reason; NO_MEMORY.
 * Nothing to free on failure. */
enum status validation_cut(const struct validation_request *request,
                           struct validation *ret_validation, struct error *reterr);
void validation_free(struct validation *validation);
