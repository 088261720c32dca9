#pragma once
/* Rows that a ranker learns from, without a leak.
 *
 * Each user's time line is cut in three: what the retrievers were fitted on, the *targets*, and
 * what is held out to measure on. A row is a candidate that the retrievers, which know nothing of
 * the targets, proposed at a moment: right before one of the user's targets. History, counts and
 * scores are as of then; the label is 1 if that candidate is liked from then on, within the
 * targets. Several moments of a user see histories of different lengths.
 *
 * Of the candidates all positives become rows and each other one with a chance of `share`: a model
 * that is fitted on them estimates the odds times 1 / share, so that log(share) is to be added to
 * its log-odds. What is not among the candidates is no row: a ranker cannot help it.
 *
 * Where it is known which items were shown, the rows are those: a moment is a list, its rows are
 * the items shown that are among the candidates, and the label is 1 for those chosen
 * (eval/impressions.h). Nothing is drawn, so that what is estimated is the chance itself.
 *
 * Of the newest event that each row's values were made from the time is known. One that is not
 * before the row's moment makes the whole fail: it is a leak.
 */
#include "base/observer.h"
#include "base/parallel.h"
#include "data/dataset.h"
#include "eval/impressions.h"
#include "eval/item_times.h"
#include "recommend/rank_values.h"

struct ranker_rows_request {
    const struct dataset *dataset;
    const struct bitmap *held;       /* events after the targets: never looked at; NULL: none */
    const struct bitmap *targets;    /* events in none of `held`; not with lists */
    const struct impressions *lists; /* NULL: rows are drawn from the candidates */
    const uint32_t *which;           /* [n_which] of the lists, rising */
    uint32_t n_which;
    const struct model *retriever;     /* fitted without both */
    const struct model *const *others; /* [n_others] further ones, likewise; they propose nothing */
    size_t n_others;                   /* at most RANK_OTHERS_MAX */
    const struct view *past; /* asked for `activity` alone, of what is not held (item_times_view) */
    uint32_t moments_max;    /* of a user, the first target's always among them; above 0 */
    double share;            /* of the candidates that are no positives, in (0, 1] */
    uint32_t rows_max;       /* later users are left out beyond it; above 0 */
    uint64_t seed;
    struct parallel *pool;
    const struct observer *observer;
};

struct ranker_rows {
    uint32_t n, n_moments;
    uint32_t width;         /* rank_width of the request's n_others */
    float *numbers;         /* [n x width] */
    uint32_t *items;        /* [n] */
    uint32_t *moments;      /* [n] index into `of`, rising */
    unsigned char *labels;  /* [n] 0 or 1 */
    struct rank_moment *of; /* [n_moments] */
    uint32_t *users;        /* [n_moments] rising */
    uint32_t *events;       /* [n_moments] the event of the dataset that the moment is right before;
                               with lists: the list's number in `contexts` */
    uint64_t n_positives;   /* rows of label 1 */
    uint64_t n_wanted;      /* liked targets (items chosen) of all moments, among the candidates or
                               not */
    double share;
};

/* The last `share` of each user's events that are not held, have a known time and teach something;
 * what else the user did from the first of them on goes with them. Users with fewer than two such
 * events give none. NO_MEMORY; OUT_OF_RANGE when nobody gives any. */
enum status ranker_targets(const struct dataset *dataset, const struct bitmap *held, double share,
                           struct bitmap *ret_targets, struct error *reterr);

/* The same rows for any number of threads. CORRUPT: a value was made from what came after its
 * moment. CANCELLED within a second of the observer's stop; NO_MEMORY. */
enum status ranker_rows_make(const struct ranker_rows_request *request,
                             struct ranker_rows *ret_rows, struct error *reterr);
void ranker_rows_free(struct ranker_rows *rows);

/* Area under the ROC curve of scores[n] for the labels: chance that a positive is above another row
 * of the same moment, ties half, averaged over moments that have both. NaN without any. NO_MEMORY
 * is -1. */
double ranker_rows_auc(const struct ranker_rows *rows, const float *scores);
