#pragma once
/* The table interface: models that learn a label from the columns of a table.
 *
 * Examples are sparse rows of features with weights (data/examples.h); a predictor gives each the
 * probability that its label is 1. The registry is predictors.c; every class passes tests/contract.
 */
#include <stdint.h>

#include "base/arena.h"
#include "base/observer.h"
#include "base/option.h"
#include "base/parallel.h"
#include "base/sections.h"
#include "data/examples.h"

struct predictor;

/* What a predictor is fitted on. Borrowed for the call. */
struct predictor_task {
    const struct examples *train; /* labelled */
    const struct examples *valid; /* labelled, of the same layout, for stopping early; NULL: none */
    const struct predictor *warm; /* of the same class: where the parameters start; NULL: fresh */
    const uint32_t *warm_features; /* [n_features] number of each feature in `warm`, UINT32_MAX for
                                      a new one; NULL: the same numbers */
    uint64_t seed;
};

/* How a fit went and what came of it; the same after a load. */
struct predictor_report {
    uint32_t epochs, best_epoch;  /* passes done; the one whose parameters these are; 0: none */
    uint32_t diverged_epoch;      /* the pass whose loss made the fit stop; 0: none did */
    double diverged_loss;         /* mean of that pass; may be infinite or NaN */
    double train_loss;            /* mean log loss over the best pass, while it was learning; NAN */
    double valid_loss, valid_auc; /* after the best pass; NAN without validation */
    uint64_t parameters;          /* numbers learnt */
    uint64_t wide_weights, wide_zero; /* of the linear part, and those that are exactly 0 */
};

struct predictor_class {
    const char *name, *summary;
    const struct option *options;
    size_t n_options, settings_size;
    /* OUT_OF_RANGE for a training part without examples, a label outside 0..1 or a weight that is
     * not above 0 (with the example), settings that do not fit each other or the warm start, and
     * for a loss that diverges before any pass was good (with the epoch, the loss and the remedy).
     * One that diverges later ends the fit with the last good parameters, and the report says so.
     * CANCELLED within a second when the observer says stop. Same examples, seed and settings: same
     * bytes when saved, for any number of threads; the pool may be NULL. */
    enum status (*fit)(const struct predictor_task *task, const void *settings,
                       struct parallel *pool, const struct observer *observer,
                       struct predictor **ret_predictor, struct error *reterr);
    /* out[n]: the probability that the label is 1, of every example in order; an example gets the
     * same bits in any company and for any number of threads. The pool may be NULL. Features past
     * the fitted ones are ignored. NO_MEMORY is the only failure. */
    enum status (*predict_batch)(const struct predictor *predictor, const struct examples *examples,
                                 struct parallel *pool, float *out, struct arena *scratch);
    void (*describe)(const struct predictor *predictor, struct predictor_report *ret_report);
    void (*save)(const struct predictor *predictor, struct sections_writer *writer);
    /* The sections may be closed afterwards. CORRUPT with the section's name. */
    enum status (*load)(const struct sections *sections, struct predictor **ret_predictor,
                        struct error *reterr);
    void (*free)(struct predictor *predictor); /* NULL is fine */
};

struct predictor {
    const struct predictor_class *class;
    uint32_t n_features;
};

extern const struct predictor_class *const predictor_classes[]; /* NULL at the end */

/* What a pass over labelled examples tells, before any is learnt from. */
struct label_sums {
    double weight;          /* of all examples */
    double positive_weight; /* sum of weight times label */
};

/* Reads every example once. OUT_OF_RANGE as for fit, CANCELLED, NO_MEMORY. `what` begins the
 * sentence: "the training part". */
enum status labels_check(const struct examples *examples, const char *what,
                         const struct observer *observer, struct label_sums *ret_sums,
                         struct error *reterr);

/* labels[n] and weights[n] of all examples, in order. NO_MEMORY. */
enum status labels_read(const struct examples *examples, float *labels, float *weights);

/* A batch with room for `capacity` examples, from the arena. NO_MEMORY. */
enum status example_batch_init(const struct examples *examples, uint32_t capacity,
                               struct arena *arena, struct example_batch *ret_batch);
