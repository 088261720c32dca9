#pragma once
/* Fits a ranker by the protocol without a leak.
 *
 * The time line of each user is cut: [start, T1) for retrievers of its own, which are fitted here
 * and forgotten: the one that proposes, and those whose scores and ranks the spec asks for; (T1,
 * T2] for the rows; what is held out, after T2, is never looked at. So no caller can pass in a
 * retriever that has seen what it is to be judged by.
 *
 * With lists of what was shown, time is cut for all at once instead (eval/ranker_shown.h), rows are
 * the items shown, and the scores are calibrated on later lists: on one half of their users, and
 * measured on the other. They are probabilities if on that half the calibration error is at most
 * RANKER_ERROR_MAX above what chance alone makes with so many rows, and the mean of all within a
 * quarter of what was chosen.
 */
#include "eval/binary_metrics.h"
#include "eval/rank_facts.h"
#include "eval/ranker_retrievers.h"
#include "eval/ranker_rows.h"
#include "eval/ranker_shift.h"
#include "eval/ranker_shown.h"
#include "eval/ranker_spec.h"
#include "eval/ranker_stored.h"
#include "recommend/ranker.h"

struct ranker_fit_request {
    const struct dataset *dataset;
    const struct bitmap *held; /* NULL: nothing */
    struct retriever_choice retriever;
    const struct retriever_choice *others; /* [n_others] settings of further ones that the spec may
                                              name; the defaults for what is not among them */
    size_t n_others;
    const struct item_records *items; /* for retrievers that look at them; NULL: none are known */
    struct feature_spec *spec;        /* taken over, in any case */
    const struct predictor_class *predictor; /* NULL: the one that the spec names */
    const struct rank_facts *facts;          /* what the spec asks for besides; NULL: nothing */
    const struct impressions *impressions;   /* what was shown; NULL: rows are drawn */
    double share; /* of each user's events that are not held, for the rows; in (0, 1) */
    uint64_t seed;
    struct parallel *pool;
    const struct observer *observer; /* sees the scalars "ranker/…" */
};

#define RANKER_ERROR_MAX 0.05

/* How it went: what a report says of a ranker. */
struct ranker_fit_report {
    const char *predictor; /* "wide_deep"; constant */
    uint32_t rows, positives, moments;
    uint64_t wanted;     /* liked items after the moments: those that the retriever had proposed are
                            the positives */
    double share;        /* of the other candidates that are rows */
    double auc;          /* of the ranker within a moment, for users it was not fitted on; NaN */
    double auc_before;   /* of the retriever's own order on the same rows */
    bool of_impressions; /* rows were items shown */
    bool calibrated;     /* scores are probabilities */
    uint32_t later_rows; /* items shown later, on which the chances were measured */
    double later_chance; /* the calibration error of chances that are right, with so many rows */
    struct binary_report later;         /* of those; of impressions alone */
    struct ranker_shift_side retriever; /* of the rows: what ranker_shift_of compares with */
    struct rank_others others;          /* the further retrievers whose scores it looks at */
    double seconds;
    struct predictor_report fit;
};

/* OUT_OF_RANGE: too little to learn from (of impressions: try without), with the reason; MALFORMED,
 * NOT_FOUND: what is wrong with the spec; CORRUPT: a leak; CANCELLED within a second of the
 * observer's stop; NO_MEMORY. */
enum status ranker_fit(const struct ranker_fit_request *request, struct ranker **ret_ranker,
                       struct ranker_fit_report *ret_report, struct error *reterr);

/* What a fit is made of, for those who look closer. */
struct ranker_parts {
    struct features *features;
    struct predictor *predictor;
    struct frame *train, *valid; /* its rows, labelled; `valid` took no part */
    const char *retriever;       /* constant */
    struct calibration calibration;
    struct ranker_fit_report report;
};
enum status ranker_fit_parts(const struct ranker_fit_request *request,
                             struct ranker_parts *ret_parts, struct error *reterr);
/* The ranker that they make, which takes them; the rows go. As ranker_new. */
enum status ranker_of_parts(struct ranker_parts *parts, struct ranker **ret_ranker,
                            struct error *reterr);
void ranker_parts_free(struct ranker_parts *parts);

/* Bytes that a fit needs beyond its retrievers': the rows that so many users or so many items shown
 * give at most, in columns as the spec has them. */
uint64_t ranker_fit_estimate(const struct feature_spec *spec, const struct rank_columns *columns,
                             uint64_t n_events, uint64_t n_users,
                             const struct ranker_stored *stored);
