#pragma once
/* Optimizers over flat arrays: one step for n parameters that lie together.
 *
 * Each parameter has two numbers of state, in arrays of the same order as the parameters:
 *
 *     adagrad   sum of squared gradients         (unused)
 *     adam(w)   mean of gradients m              mean of squared gradients v
 *     ftrl      z                                sum of squared gradients n
 *
 * Sparse parameters (rows of embeddings, weights of features) are stepped only where the batch
 * touched them. For AdaGrad and FTRL that is the same as stepping all, as a gradient of 0 changes
 * nothing; but for Adam it is the lazy form: moments and decay stand still between a row's batches,
 * while the corrections 1 - beta^t go by the count of all steps.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "linalg/kernels.h"

enum optimizer_kind { OPTIMIZER_ADAGRAD, OPTIMIZER_ADAM, OPTIMIZER_ADAMW };

/* AdaGrad: Duchi et al. 2011. Adam: Kingma and Ba 2015 (beta .9, .999, epsilon 1e-8). AdamW:
 * Loshchilov and Hutter 2019; the decay is decoupled for AdaGrad too, for Adam it is an L2 term. */
struct optimizer {
    enum optimizer_kind kind;
    float rate, weight_decay;
    float initial_sum; /* AdaGrad's sums start here, above 0 */
};

/* Fills both states of n parameters. */
void optimizer_init(const struct optimizer *optimizer, float *state1, float *state2, size_t n);

/* What all parameters of one step share. */
struct optimizer_pace {
    enum optimizer_kind kind;
    struct adam_step step; /* rate and keep also for AdaGrad */
};

/* For step number `step` (from 1), with the rate times `rate_factor` from the schedule. `decays` is
 * false for what no decay should touch: biases, gains. */
struct optimizer_pace optimizer_pace(const struct optimizer *optimizer, float rate_factor,
                                     uint64_t step, bool decays);

/* One step along -gradients[n]. */
void optimizer_step(const struct optimizer_pace *pace, float *parameters, float *state1,
                    float *state2, const float *gradients, size_t n);

/* FTRL-proximal, per coordinate (McMahan et al. 2013, algorithm 1): for gradient g
 *
 *     sigma = (sqrt(n + g^2) - sqrt(n)) / alpha,  z += g - sigma w,  n += g^2
 *     w = 0 where |z| <= l1, else -(z - sign(z) l1) / ((beta + sqrt(n)) / alpha + l2)
 *
 * so that weights become exactly 0, and come back when the sum of their gradients calls for it. */
struct ftrl {
    float alpha, beta, l1, l2; /* alpha above 0, the rest at least 0 */
    float initial_sum;         /* n starts here */
};

/* The state of one weight that starts at w. */
void ftrl_init(const struct ftrl *ftrl, float w, float *ret_z, float *ret_n);
void ftrl_step(const struct ftrl *ftrl, float g, float *w, float *z, float *n);

/* The rate over a fit, as a factor in 0..1. */
enum schedule_kind {
    SCHEDULE_CONSTANT,
    SCHEDULE_LINEAR, /* down to 0 at the end */
    SCHEDULE_COSINE, /* the same by half a cosine (Loshchilov and Hutter 2017, without restarts) */
};

struct schedule {
    enum schedule_kind kind;
    uint64_t steps;        /* of the whole fit, at least 1 */
    uint64_t warmup_steps; /* rising linearly from 0 over these first */
};

float schedule_factor(const struct schedule *schedule, uint64_t step); /* step from 1 */
