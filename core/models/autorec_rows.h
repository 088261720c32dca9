#pragma once
/* The rows that AutoRec learns from: users' or items' ratings, or what users like.
 *
 * Ratings are learnt as what damped means leave of them (models/rating_means.h); a share of them is
 * kept apart, by chance, to tell when to stop. Likes are inputs of a length of 1 for each user.
 */
#include "linalg/csr.h"
#include "models/autorec_model.h"

/* Zero-initialise; autorec_rows_free in any case. */
struct autorec_rows {
    struct csr ratings;  /* by user, all of them; none of likes */
    struct csr x, valid; /* rows to encode: learnt from; kept apart */
    float *targets, *valid_targets;
    float *inputs; /* [csr_size(x)] what dropout leaves of x's values; without it they themselves */
    float *left;   /* the memory of that */
};

/* Rows of items or of users, and the means of all ratings. None at all is not an error: a site may
 * not have any yet. NO_MEMORY. */
enum status autorec_rows_read_ratings(struct autorec_rows *rows, const struct train_set *data,
                                      const struct autorec_settings *settings, bool by_item,
                                      struct parallel *pool, struct rating_means *ret_means);

/* Rows of users. NO_MEMORY. */
enum status autorec_rows_read_likes(struct autorec_rows *rows, const struct train_set *data);

/* Takes the memory that hiding needs, where there is dropout. NO_MEMORY. */
enum status autorec_rows_reserve(struct autorec_rows *rows,
                                 const struct autorec_settings *settings);

/* Hides a share of each row's entries by chance, in each epoch others, and scales up what is left,
 * so that its sum is to be expected as before (Srivastava et al. 2014; on the input as in Liang et
 * al. 2018). The same for any number of threads. */
void autorec_rows_hide(struct autorec_rows *rows, const struct autorec_settings *settings,
                       uint64_t seed, int64_t epoch, struct parallel *pool);

void autorec_rows_free(struct autorec_rows *rows);
