#pragma once
/* Evaluate: models x split -> Report. Full ranking over all items but the user's training items,
 * through the same Recommender that serves (a Dataset fills the view).
 */
#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/observer.h"
#include "eval/bootstrap.h"
#include "eval/metrics.h"
#include "eval/rank_facts.h"
#include "eval/test_set.h"
#include "models/model.h"

enum { EVALUATE_K_MAX = 8, EVALUATE_MODELS_MAX = 16, EVALUATE_SLICES_MAX = 8 };

/* What two models are compared by, at the first k. */
enum { COMPARED_RECALL, COMPARED_NDCG, COMPARED_COUNT };
extern const enum metric_kind compared_metrics[COMPARED_COUNT];

/* One model's mean minus another's over the same users; p corrected by Holm over the models. */
struct difference {
    struct interval interval;
    double p;
};

/* One model's figures. Per-user arrays are [n_users of the report] in rising user order. */
struct model_report {
    const char *name; /* the class's, unless the caller gave another */
    const struct model_class *class;
    const void *settings;
    struct interval values[METRIC_COUNT][EVALUATE_K_MAX]; /* by metric, by k */
    const double *per_user[METRIC_COUNT][EVALUATE_K_MAX];
    double coverage;        /* share of the items in at least one list, at the first k */
    double gini;            /* of how often items are in lists */
    double mean_popularity; /* mean training users of the listed items */
    double novelty;         /* mean of -log2(share of training users who have the item) */
    struct difference over_first[COMPARED_COUNT]; /* against models[0]; its own are zero */
    struct difference over_best[COMPARED_COUNT];  /* against models[report.best] */
    double slices[EVALUATE_SLICES_MAX][COMPARED_COUNT];
    double users_per_second;
    /* what the fit cost; from the caller */
    double fit_seconds;
    const double *epoch_seconds;
    size_t n_epochs;
    double fit_loss; /* NaN: none */
    uint64_t peak_rss_bytes;
};

/* A part of the users (by length of their history, in quarters) or of the test items (by how many
 * users have them in training: `head` are the items that together have the first fifth of all
 * interactions, `tail` those with the last fifth, `cold` have none). A slice of items measures
 * the lists by its items alone, over the users who have test items there. */
struct slice {
    char name[32];    /* "history 12-40", "items head" */
    uint32_t n_users; /* measured in it */
};

struct report {
    struct arena arena;             /* owns everything below */
    uint32_t n_users, n_warm_users; /* measured; of them with a training history */
    uint32_t n_items;               /* that could be listed */
    uint64_t n_train, n_test;       /* pairs */
    uint64_t seed;
    unsigned draws;
    size_t ks[EVALUATE_K_MAX], n_ks;
    const uint32_t *users;           /* [n_users] numbers */
    const uint32_t *history_lengths; /* [n_users] training items */
    struct slice slices[EVALUATE_SLICES_MAX];
    size_t n_slices;
    struct model_report models[EVALUATE_MODELS_MAX];
    size_t n_models;
    size_t best; /* the highest NDCG at the first k */
};

struct evaluated {
    const struct model *model;
    const char *name;     /* NULL: its class's */
    const void *settings; /* as fitted with; NULL: not reported */
    bool fresh;           /* fitted on other data than the training part: histories are folded in */
    const struct ranker *ranker;       /* orders the model's best again; NULL: none does */
    const struct model *const *beside; /* [n_beside] the further models that the ranker asks are
                                          among them */
    size_t n_beside;
    FILE *list; /* NULL, or gets TREC run lines: user Q0 item rank score name. Outside ids
                   (numbers without ids); a space in one becomes %20 */
};

struct evaluate_request {
    const struct dataset *dataset;
    const struct bitmap *held;
    const struct csr *by_user; /* dataset_matrix of the training part */
    const struct test_set *test;
    const struct item_times *times; /* of what is not held; needed by rankers. Each user asks at the
                                       moment of the first held event, and nothing later counts */
    const struct rank_facts *facts; /* what rankers ask for besides; NULL: nothing is known */
    bool only_known;           /* list only what had an event before that moment; needs times */
    const struct csr *exclude; /* items never listed for a user besides the training ones; NULL */
    const struct evaluated *models; /* [n_models], popularity first */
    size_t n_models;
    size_t ks[EVALUATE_K_MAX], n_ks; /* each 1 to RECOMMEND_N_MAX */
    uint64_t seed;
    unsigned draws;        /* of the bootstrap; 0: BOOTSTRAP_DRAWS */
    struct parallel *pool; /* NULL: in place */
    const struct observer *observer;
};

/* Fits nothing: measures fitted models. The same for any number of threads. A user without an
 * answer counts 0. OUT_OF_RANGE: a bad k, too many models, or no test item at all. IO: a list could
 * not be written. CANCELLED within a second of the observer's stop. */
enum status evaluate_models(const struct evaluate_request *request, struct report **ret_report,
                            struct error *reterr);
void report_free(struct report *report);
