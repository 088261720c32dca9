#pragma once
/* Evaluate: models x split -> Report. Full ranking over all items but the user's training items,
 * through the same Recommender that serves (a Dataset fills the view).
 */
#include <stdint.h>
#include <stdio.h>

#include "base/observer.h"
#include "data/dataset.h"
#include "eval/bootstrap.h"
#include "eval/metrics.h"
#include "models/model.h"

enum { EVALUATE_K_MAX = 8, EVALUATE_MODELS_MAX = 16 };

/* What the test part holds for each user: positive items, not among the user's training items. */
struct test_set {
    struct csr items; /* n_users x n_items; values are confidences above 0 */
    uint32_t n_users; /* with at least one test item */
};

/* From the held events of a dataset: pairs whose held events alone signal a preference and that are
 * in no training event. */
enum status test_set_of_split(const struct dataset *dataset, const struct bitmap *held,
                              struct test_set *ret_test);
void test_set_free(struct test_set *test);

/* One model's figures. Per-user arrays are [n_users of the test set] in rising user order. */
struct model_report {
    const struct model_class *class;
    const void *settings;
    struct interval values[METRIC_COUNT][EVALUATE_K_MAX]; /* by metric, by k */
    double *per_user[METRIC_COUNT];                       /* at the first k */
    double coverage;        /* share of items in at least one list, at the first k */
    double gini;            /* of how often items are in lists */
    double mean_popularity; /* mean training users of the listed items */
    double novelty;         /* mean of -log2(share of training users who have the item) */
    double fit_seconds, users_per_second;
    double *epoch_seconds;
    size_t n_epochs;
    uint64_t peak_rss_bytes;
};

struct report {
    struct arena arena;             /* owns everything below */
    uint32_t n_users, n_warm_users; /* measured; of them with a training history */
    uint32_t n_items;
    uint64_t n_train, n_test;
    size_t ks[EVALUATE_K_MAX], n_ks;
    uint32_t *users;           /* [n_users] numbers */
    uint32_t *history_lengths; /* [n_users] */
    struct model_report models[EVALUATE_MODELS_MAX];
    size_t n_models;
};

struct evaluate_settings {
    size_t ks[EVALUATE_K_MAX], n_ks;
    uint64_t seed;
    unsigned bootstrap_draws; /* 0: 1,000 */
};

/* Fits nothing: measures fitted models. The lists of model i go to lists[i] (TREC run lines: user
 * Q0 item rank score tag) where lists and lists[i] are not NULL. Popularity should be models[0].
 * The same for any number of threads. */
enum status evaluate_models(const struct dataset *dataset, const struct bitmap *held,
                            const struct test_set *test, const struct model *const *models,
                            size_t n_models, const struct evaluate_settings *settings,
                            struct parallel *pool, const struct observer *observer,
                            FILE *const *lists, struct report **ret_report, struct error *reterr);
void report_free(struct report *report);
