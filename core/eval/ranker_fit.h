#pragma once
/* Fits a ranker by the protocol without a leak.
 *
 * The time line of each user is cut: [start, T1) for a retriever of its own, which is fitted here
 * and forgotten; (T1, T2] for the rows; what is held out, after T2, is never looked at. So no
 * caller can pass in a retriever that has seen what it is to be judged by.
 */
#include "eval/rank_facts.h"
#include "eval/ranker_rows.h"
#include "recommend/ranker.h"

struct ranker_fit_request {
    const struct dataset *dataset;
    const struct bitmap *held; /* NULL: nothing */
    const struct model_class *retriever;
    const void *retriever_settings;
    struct feature_spec *spec;               /* taken over, in any case */
    const struct predictor_class *predictor; /* NULL: the one that the spec names */
    const struct rank_facts *facts;          /* what the spec asks for besides; NULL: nothing */
    double share; /* of each user's events that are not held, for the rows; in (0, 1) */
    uint64_t seed;
    struct parallel *pool;
    const struct observer *observer; /* sees the scalars "ranker/…" */
};

/* How it went: what a report says of a ranker. */
struct ranker_fit_report {
    const char *predictor; /* "wide_deep"; constant */
    uint32_t rows, positives, moments;
    uint64_t wanted;   /* liked items after the moments: those that the retriever had proposed are
                          the positives */
    double share;      /* of the other candidates that are rows */
    double auc;        /* of the ranker within a moment, for users it was not fitted on; NaN */
    double auc_before; /* of the retriever's own order on the same rows */
    double seconds;
    struct predictor_report fit;
};

/* OUT_OF_RANGE: too little to learn from, with the reason; MALFORMED, NOT_FOUND: what is wrong with
 * the spec; CORRUPT: a leak; CANCELLED within a second of the observer's stop; NO_MEMORY. */
enum status ranker_fit(const struct ranker_fit_request *request, struct ranker **ret_ranker,
                       struct ranker_fit_report *ret_report, struct error *reterr);

/* The spec from a file, or for "" the program's own, with all that can be checked before there are
 * rows: its columns (rank_columns_of) and the options of the predictor (NULL: the one that it
 * names). Options that only another predictor has do not count. NOT_FOUND, MALFORMED,
 * OUT_OF_RANGE with file, line and the nearest name. */
enum status ranker_spec_read(const char *path, const struct predictor_class *predictor,
                             struct feature_spec **ret_spec, struct error *reterr);

/* NOT_FOUND with the nearest name, or with all of them. */
enum status ranker_predictor_need(const char *name, const struct predictor_class **ret_class,
                                  struct error *reterr);

/* Bytes that a fit needs beyond the retriever's. */
uint64_t ranker_fit_estimate(uint64_t n_events, uint64_t n_users);
