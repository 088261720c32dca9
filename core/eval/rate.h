#pragma once
/* Rating evaluation: how far predicted ratings are from those held out.
 *
 *     RMSE = sqrt(sum (r - p)^2 / n),   MAE = sum |r - p| / n    over the n test ratings
 *
 * Intervals are percentile bootstrap over users: each draw takes users with replacement, with all
 * their ratings, so that one who rated much counts for much, and the ratings of one user are not
 * taken for independent.
 */
#include "eval/evaluate.h"

enum rating_metric { RATING_RMSE, RATING_MAE, RATING_METRIC_COUNT };
extern const char *const rating_metric_names[]; /* "rmse", "mae" */

struct rated {
    const struct model *model;
    const char *name;     /* borrowed; goes into the report */
    const void *settings; /* likewise */
};

struct rate_request {
    const struct csr *by_user; /* signals of the training part, as the models were fitted on */
    const struct csr *ratings; /* of the training part, by user */
    const struct csr *test;    /* likewise of the test part, none of them a training pair */
    const struct rated *models;
    size_t n_models; /* up to EVALUATE_MODELS_MAX, the baseline first */
    uint64_t seed;
    unsigned draws;        /* of the bootstrap; 0: BOOTSTRAP_DRAWS */
    struct parallel *pool; /* NULL: in place */
    const struct observer *observer;
};

struct model_rating_report {
    const char *name;
    const struct model_class *class;
    const void *settings;
    struct interval values[RATING_METRIC_COUNT];
    struct interval over_first[RATING_METRIC_COUNT]; /* minus models[0]'s, on the same draws */
    double ratings_per_second;
};

struct rating_report {
    uint32_t n_users; /* with test ratings */
    uint64_t n_train, n_test;
    uint64_t seed;
    unsigned draws;
    struct model_rating_report models[EVALUATE_MODELS_MAX];
    size_t n_models, best; /* the lowest RMSE */
};

/* OUT_OF_RANGE: there are no test ratings. UNSUPPORTED names the model that predicts no ratings and
 * what to do. CANCELLED within a second of the observer's stop; NO_MEMORY. The same figures for any
 * number of threads. */
enum status rate_models(const struct rate_request *request, struct rating_report *ret_report,
                        struct error *reterr);

/* UNSUPPORTED with a sentence for a class, or a model of it, that predicts no ratings. */
enum status rate_check_class(const struct model_class *class, struct error *reterr);
