#pragma once
/* A fit with its cost: what evaluations and rounds say about each model. */
#include "models/model.h"

struct fit_cost {
    double seconds;
    double *epoch_seconds; /* [n_epochs], owned */
    size_t n_epochs;
    double loss;             /* "fit/loss" after the last epoch; NaN: the model tells none */
    uint64_t peak_rss_bytes; /* of the process, from the start of the fit; 0 where unknown */
};

/* Fits by the class. The observer sees the model's scalars "fit/x" as "<stage>/<model>/x", so that
 * the curves of a hold-out fit and of a refit do not mix. phase: what progress shows, NULL: the
 * model's own words. On failure there is nothing to free. */
enum status fit_model(const struct model_class *class, const struct train_set *data,
                      const void *settings, const char *stage, const char *phase,
                      struct parallel *pool, const struct observer *observer,
                      struct model **ret_model, struct fit_cost *ret_cost, struct error *reterr);
void fit_cost_free(struct fit_cost *cost);

/* The process's highest resident size since the last reset (Linux: VmHWM, reset through
 * /proc/self/clear_refs); 0 where that cannot be read. */
void peak_rss_reset(void);
uint64_t peak_rss_bytes(void);
