#pragma once
/* Logistic regression with L1 and L2, solved to its optimum, and the path over strengths of L1.
 *
 *     f(w, b) = sum_r a_r loss(b + x_r w, y_r) / sum_r a_r + l1 |w|_1 + l2 / 2 |w|^2
 *
 * with the log loss of labels in 0..1; the bias is not penalised. Newton's way as in newGLMNET
 * (Yuan, Ho and Lin 2012, algorithm 3; Friedman, Hastie and Tibshirani 2010): the loss is replaced
 * by its quadratic approximation, that is minimised by cyclic coordinate descent over the weights
 * that are not 0 or want to leave it, and a line search makes sure that f falls. One thread.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/observer.h"
#include "linalg/csr.h"

struct logistic_problem {
    const struct csr *by_feature; /* features x examples */
    const float *labels;          /* [examples] in 0..1 */
    const float *weights;         /* [examples] above 0; NULL: all 1 */
};

struct logistic_solver;

/* Begins at w = 0. The problem is borrowed until the solver is freed. NO_MEMORY. */
enum status logistic_new(const struct logistic_problem *problem,
                         struct logistic_solver **ret_solver);
void logistic_free(struct logistic_solver *solver); /* NULL is fine */

/* Goes on from the weights at hand until the largest violation of the optimality conditions
 * |subgradient_j| is at most `tolerance`, or the loss falls no more in double. l1, l2 >= 0.
 * CANCELLED when the observer says stop: the weights are then somewhere on the way. */
enum status logistic_solve(struct logistic_solver *solver, double l1, double l2, double tolerance,
                           const struct observer *observer);

/* Of the last solution: [features], valid until the next call; mean loss without penalties. */
const double *logistic_weights(const struct logistic_solver *solver);
double logistic_bias(const struct logistic_solver *solver);
double logistic_loss(const struct logistic_solver *solver);

/* The least strength at which all weights are 0, for any l2. NO_MEMORY never; CANCELLED. */
enum status logistic_l1_max(struct logistic_solver *solver, const struct observer *observer,
                            double *ret_l1);

/* What becomes of the weights as L1 falls from where all are 0. */
struct l1_path {
    uint32_t n;          /* strengths */
    double *strengths;   /* [n] falling, from l1_max in equal ratios */
    double *losses;      /* [n] mean log loss */
    uint32_t *n_nonzero; /* [n] */
    double *dies;        /* [features] the largest strength at which the weight is not 0; 0: none */
    double *weights;     /* [features] at the last strength */
};

/* `n` strengths (2 or more) down to l1_max * ratio, each begun at the solution before (Friedman et
 * al. 2010, section 2.5). Owned arrays (l1_path_free). NO_MEMORY, CANCELLED. */
enum status l1_path_run(const struct logistic_problem *problem, uint32_t n, double ratio, double l2,
                        double tolerance, const struct observer *observer,
                        struct l1_path *ret_path);
void l1_path_free(struct l1_path *path);
