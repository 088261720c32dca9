#pragma once
/* How the features that a retriever gives change when it is fitted anew: a ranker learns from the
 * scores of one that knew less than the one that serves. Reported, so that it can be seen when a
 * ranker looks at scores that it was not fitted on.
 */
#include "eval/ranker_rows.h"

/* `score` and `score_gap` of all candidates (rows that were drawn count for those that were not),
 * `rank` of those that were wanted; then score.NAME and rank.NAME of each further retriever. */
enum {
    SHIFT_SCORE,
    SHIFT_SCORE_GAP,
    SHIFT_RANK,
    SHIFT_FIRST, /* retriever's */
    SHIFT_MAX = SHIFT_FIRST + RANK_OTHERS_MAX * RANK_OTHER_NUMBERS,
    SHIFT_NAME_SIZE = 64
};

struct ranker_shift_side {
    int n;                                        /* of both */
    double mean[SHIFT_MAX], deviation[SHIFT_MAX]; /* NaN without rows */
};

struct ranker_shift {
    struct rank_others others;
    struct ranker_shift_side before, after;
    double shift[SHIFT_MAX]; /* of the mean, in deviations of `before`; NaN */
};

/* "score", "rank.ease". */
void ranker_shift_name(const struct ranker_shift *shift, int what, char out[SHIFT_NAME_SIZE]);

struct ranker_shift_side ranker_shift_side_of(const struct ranker_rows *rows);

/* Of the retriever that serves: rows right before the first of what is held of each user, made as
 * ranker_rows_make does. `past` as there. CANCELLED, NO_MEMORY, CORRUPT. */
struct ranker_shift_request {
    const struct dataset *dataset;
    const struct bitmap *held;
    const struct model *retriever;
    const struct rank_others *others;  /* of the ranker */
    const struct model *const *models; /* [n_models] the others are among them */
    size_t n_models;
    const struct view *past;
    uint64_t seed;
    struct parallel *pool;
    const struct observer *observer;
};
enum status ranker_shift_of(const struct ranker_shift_request *request,
                            const struct ranker_shift_side *before, struct ranker_shift *ret_shift,
                            struct error *reterr);

/* {"score": {"before": [mean, deviation], "after": [...], "shift": s}, ...} */
void ranker_shift_append_json(const struct ranker_shift *shift, struct buffer *out);
