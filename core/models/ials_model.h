#pragma once
/* What ials.c (use) and ials_fit.c (learning) share. */
#include "models/ials_solve.h"
#include "models/model.h"

enum { IALS_DIMENSIONS_MAX = 1024, IALS_HISTORY_MAX = 100000 };

enum ials_solver { IALS_CONJUGATE_GRADIENTS, IALS_CHOLESKY };

struct ials_settings {
    int64_t dimensions, epochs, history_max;
    double alpha0, lambda, nu;
    int solver; /* enum ials_solver */
};

struct ials {
    struct model base;
    uint32_t d;
    const float *users, *items; /* [n_users x d], [n_items x d] */
    struct ials_weights weights;
    struct ials_side side; /* the items; square and tiles in side_memory */
    float *side_memory, *users_memory, *items_memory; /* the last two NULL when mapped */
};

/* A model with its side's memory and, if `owned`, zeroed vectors; NULL when memory is out. */
struct ials *ials_new(uint32_t n_users, uint32_t n_items, uint32_t d, bool owned);
void ials_free(struct model *model);

/* What a fit computes: both halves of a sweep, and what they lower (ials.h). The second makes it
 * for an observer that wants it; out of memory it does without. */
struct op_graph;
void ials_graph(const struct ials_settings *settings, uint32_t n_users, uint32_t n_items,
                struct op_graph *graph);
void ials_graph_observe(const struct ials_settings *settings, uint32_t n_users, uint32_t n_items,
                        const struct observer *observer);

/* What a sweep costs: CPU time of its parts, of all threads. */
enum ials_part {
    IALS_USERS_GRAM,
    IALS_USERS_SOLVE,
    IALS_ITEMS_GRAM,
    IALS_ITEMS_SOLVE,
    IALS_LOSS,
    IALS_PARTS
};

/* Tells it as the costs of the graph, with the memory of vectors and of what is solved by
 * (scratch_bytes, of all threads); out of memory it does without. The vectors' assignment is a part
 * of solving. */
void ials_costs_observe(const struct ials_settings *settings, uint32_t n_users, uint32_t n_items,
                        const int64_t ns[IALS_PARTS], uint64_t scratch_bytes, int64_t epoch,
                        const struct observer *observer);

enum status ials_fit(const struct train_set *data, const void *settings, struct parallel *pool,
                     const struct observer *observer, struct model **ret_model,
                     struct error *reterr);
