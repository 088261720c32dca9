#pragma once
/* What autorec.c (use) and autorec_fit.c (learning) share. */
#include "models/autorec.h"
#include "models/autorec_net.h"
#include "models/rating_means.h"

enum { AUTOREC_HIDDEN_MAX = 2048 };
enum autorec_loss { AUTOREC_MULTINOMIAL, AUTOREC_RATINGS };
enum autorec_side { AUTOREC_AUTO, AUTOREC_ITEM, AUTOREC_USER };

struct autorec_settings {
    int loss, side, g;
    int64_t hidden, epochs, batch, patience;
    double lambda, dropout, rate, validation;
};

/* The settings with a value for each that is left to the loss. */
struct autorec_settings autorec_settle(const struct autorec_settings *settings);

struct autorec {
    struct model base;
    bool rates, by_item;
    uint32_t hidden;
    size_t width;           /* of a vector: hidden and two more, rounded up to whole tiles */
    double lambda;          /* of the ridge regression */
    struct autorec_net net; /* side user: its encoder is used */
    const float *items;     /* [n_items x width] */
    const float *users;     /* [n_users x width] */
    const float *encoder;   /* [(n_items + 1) x net.width] V and m; side user */
    struct rating_means means;
    float *items_memory, *users_memory, *encoder_memory; /* NULL when mapped */
};

struct autorec *autorec_new(uint32_t n_users, uint32_t n_items, uint32_t hidden, bool rates,
                            bool by_item, enum autorec_g g);
void autorec_free(struct model *model);

/* Floats of scratch for autorec_vector. */
size_t autorec_scratch_size(const struct autorec *model);

/* The query's vector from its history (or ratings), whoever asks: out[width]. */
void autorec_vector(const struct autorec *model, const struct query *query, float *scratch,
                    float *out);

/* The vectors of all users of the training data, from their histories (ratings where it rates), by
 * autorec_vector: what is stored equals what folding in gives. scratch: autorec_scratch_size floats
 * for each worker. NO_MEMORY, CANCELLED. */
enum status autorec_make_users(struct autorec *model, const struct csr *histories,
                               struct parallel *pool, const struct observer *observer,
                               float *scratch);

/* What a fit computes (autorec_net.h), over rows of n_columns. The second makes it for an observer
 * that wants it; out of memory it does without. */
struct op_graph;
void autorec_graph(const struct autorec_settings *settings, uint32_t n_columns, bool rates,
                   struct op_graph *graph);
void autorec_graph_observe(const struct autorec_settings *settings, uint32_t n_columns, bool rates,
                           const struct observer *observer);

enum status autorec_fit(const struct train_set *data, const void *settings, struct parallel *pool,
                        const struct observer *observer, struct model **ret_model,
                        struct error *reterr);
uint64_t autorec_estimate(const void *settings, uint32_t n_users, uint32_t n_items, uint64_t size);
