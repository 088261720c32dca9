#pragma once
/* What bpr.c (use), bpr_fit.c (learning) and bpr_batch.c (one step) share. */
#include "models/model.h"

enum {
    BPR_DIMENSIONS_MAX = 512,
    BPR_NEGATIVES_MAX = 20000,
    BPR_BATCH_MAX = 512,
    BPR_HISTORY_MAX = 2000, /* items of a user that one pass looks at, drawn anew each time */
};

enum bpr_loss { BPR_SOFTMAX, BPR_COSINE };

struct bpr_settings {
    int64_t dimensions, negatives, epochs, batch;
    double rate, temperature, margin, negative_weight, held_out, history_power;
    int loss; /* enum bpr_loss */
};

/* A model is fitted on the m items that anybody likes, numbered by their order. */
struct bpr_likes {
    uint32_t m, n_users;
    uint32_t *items;   /* [m] their numbers in the dataset */
    uint64_t *starts;  /* [n_users + 1] */
    uint32_t *columns; /* [starts[n_users]] rising places in items */
    uint32_t *users;   /* [n_active] who like at least two */
    uint32_t n_active;
};

enum bpr_table { BPR_INPUTS, BPR_OUTPUTS, BPR_TABLES };

/* a and e with Adam's two moments of each: [m x width] each, in one allocation. */
struct bpr_parameters {
    size_t width; /* the dimensions up to a whole tile; zeros there */
    float *memory;
    float *values[BPR_TABLES], *moments1[BPR_TABLES], *moments2[BPR_TABLES];
};

struct bpr_fit {
    const struct bpr_settings *settings;
    uint64_t seed;
    struct parallel *pool;
    struct bpr_likes likes;
    struct bpr_parameters parameters;
};

/* ---- one step ---- */

struct bpr_batch;

/* Memory for steps of the fit, whose likes and parameters are there; NULL when it is out. */
struct bpr_batch *bpr_batch_new(const struct bpr_fit *fit);
void bpr_batch_free(struct bpr_batch *batch);
uint64_t bpr_batch_estimate(const struct bpr_settings *settings, uint64_t m);

/* One step for the users, at most settings->batch of them; epoch and step from 1. Adds to *loss and
 * *terms the loss and the held-out items. */
void bpr_batch_step(struct bpr_batch *batch, const uint32_t *users, uint32_t n, int64_t epoch,
                    uint64_t step, float rate_factor, double *loss, double *terms);

enum status bpr_fit(const struct train_set *data, const void *settings, struct parallel *pool,
                    const struct observer *observer, struct model **ret_model,
                    struct error *reterr);
uint64_t bpr_estimate(const void *settings, uint32_t n_users, uint32_t n_items, uint64_t size);

/* ---- the model ---- */

enum { BPR_USERS, BPR_HISTORY, BPR_ITEMS, BPR_PARTS };

struct bpr {
    struct model base;
    uint32_t d; /* the dimensions and one: 1 of who asks, 0 of a liked item */
    const float
        *parts[BPR_PARTS];    /* [n_users x d] h / |h|, [n_items x d] a, [n_items x d] e / |e| */
    float *memory[BPR_PARTS]; /* of them; NULL when mapped */
};

/* A model with zeroed memory if `owned`; NULL when memory is out. */
struct bpr *bpr_new(uint32_t n_users, uint32_t n_items, uint32_t d, bool owned);
void bpr_free(struct model *model);

/* h / |h| and a 1, out[d]; zeros and a 1 for a history without a liked item of the model. */
void bpr_fold_in(const struct bpr *model, const struct query *query, float *out);
