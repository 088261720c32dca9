#pragma once
/* Random search with successive halving over the ranges that models declare (base/option.h):
 * Bergstra and Bengio 2012; Jamieson and Talwalkar 2016.
 *
 * The trials are measured by NDCG@20 on a validation part cut from the training data; what is held
 * out of it, the test part, is never looked at. Each model's first trial has the settings given,
 * the others draw those with a range anew. Where there are many users, all trials are first fitted
 * on a third or a ninth of them, chosen by hash, and the best third of each model's goes on to
 * three times as many; histories of those left out are folded in, so that all measure the same
 * users.
 *
 * A blend is tried last and once: of the best trials of the other models, as long as it has the
 * members that it has by default.
 */
#include "base/arena.h"
#include "eval/bootstrap.h"
#include "models/model.h"

enum { SEARCH_MODELS_MAX = 16, SEARCH_TRIALS_MAX = 10000, SEARCH_RUNGS_MAX = 3 };

struct search_model {
    const struct model_class *class;
    const void *settings;   /* of the first trial; what has no range is never changed */
    const void *remembered; /* of a second one, as an earlier search found them; NULL: none */
};

struct search_request {
    const struct dataset *dataset;
    const struct bitmap *held;         /* the test part; NULL: none */
    const struct csr *by_user;         /* of what is not held */
    const struct search_model *models; /* [n_models] */
    size_t n_models;
    size_t trials;      /* of each model, at least 1 */
    double share;       /* of each user's events, for validation */
    uint32_t users_max; /* validated on; 0: all */
    double seconds;  /* no trial is begun or goes on beyond, but one of each model; 0: no limit */
    uint64_t memory; /* trials that would take more bytes are passed over; 0: no limit */
    uint64_t seed;
    struct parallel *pool;
    const struct observer *observer;
};

struct search_trial {
    size_t model;         /* whose */
    const void *settings; /* of the result's arena */
    unsigned rungs;       /* on which it was measured; 0: it failed, or there was no time */
    double ndcg[SEARCH_RUNGS_MAX];
    double seconds;      /* of all its fits */
    const char *failure; /* why it has no figure; "" */
    const double
        *per_user; /* [n_users of the result] at the last rung; NULL where it was not there */
};

struct search_result {
    struct arena arena; /* owns everything */
    size_t n_models;
    const struct model_class *classes[SEARCH_MODELS_MAX];
    uint32_t n_users; /* validated on */
    size_t n_rungs;
    uint32_t train_users[SEARCH_RUNGS_MAX]; /* fitted on */
    struct search_trial *trials;            /* [n_trials] by model, in the order drawn */
    size_t n_trials;
    size_t best[SEARCH_MODELS_MAX]; /* each model's trial; SIZE_MAX: none was measured to the end */
    size_t winner;                  /* the model with the highest NDCG@20; SIZE_MAX: none */
    struct interval behind[SEARCH_MODELS_MAX]; /* winner's NDCG@20 minus each one's, paired, at
                                                  their best; where both are measured */
    double seconds;
    bool ended_early; /* the time was over before the trials */
};

/* OUT_OF_RANGE when nothing can be cut off to validate on. CANCELLED when the observer says so. The
 * same for any number of threads, unless the time ends it. */
enum status search_run(const struct search_request *request, struct search_result **ret_result,
                       struct error *reterr);
void search_result_free(struct search_result *result);

/* Whether a search has anything to do with the class: it has ranges, or is a blend. */
bool search_knows(const struct model_class *class);

/* {"users", "train_users": [...], "seconds", "ended_early", "winner", "best": [{"model",
 * "settings", "ndcg@20", "behind": {"mean", "low", "high"}}], "trials": [{"model", "settings",
 * "ndcg@20": [by rung], "seconds", "failure"}]} */
void search_append_json(const struct search_result *result, struct buffer *out);
