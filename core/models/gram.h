#pragma once
/* X' W X, column by column, for models that learn from what users like together.
 *
 * X is 1 where a user's signal for an item is positive and 0 elsewhere: dislikes are left out. W is
 * diagonal, a weight above 0 for each user. Column j costs the summed histories of the users of j;
 * it is made in one worker's scratch, handed on and forgotten, so that nothing here grows with the
 * square of the catalogue.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/observer.h"
#include "base/parallel.h"
#include "linalg/csr.h"

/* One column: entries above 0 only, in no order, that of the item itself among them. The arrays
 * are the worker's scratch: the receiver may change them. */
struct gram_column {
    uint32_t item; /* which */
    size_t n;
    uint32_t *items; /* [n] */
    float *sums;     /* [n] */
};

struct gram_request {
    const struct csr *by_user, *by_item; /* signed confidences and their transpose */
    const float *user_weights;           /* [n_users] above 0 */
    const char *phase;                   /* what progress says */
    void (*each)(void *context, const struct gram_column *column, unsigned worker);
    void *context;
};

/* Calls `each` once for every item that anybody likes, from several workers at once and in any
 * order; a column is the same whichever worker makes it. NO_MEMORY; CANCELLED when the observer
 * says so, asked every few hundred million additions. */
enum status gram_columns(const struct gram_request *request, struct parallel *pool,
                         const struct observer *observer);

/* Bytes of scratch that gram_columns takes. */
uint64_t gram_estimate(uint32_t n_items);

/* likes[r]: the positive entries of row r. */
void gram_count_likes(const struct csr *matrix, uint32_t *likes);

/* likes^-power for each row, 1 for a row without: new, [n_rows]; NULL when memory is out. */
float *gram_weights(const struct csr *matrix, double power);
