#include "linalg/optimizer.h"

#include <math.h>

static const double adam_beta1 = 0.9, adam_beta2 = 0.999;
static const float adam_epsilon = 1e-8f;

void optimizer_init(const struct optimizer *optimizer, float *state1, float *state2, size_t n)
{
    const float first = optimizer->kind == OPTIMIZER_ADAGRAD ? optimizer->initial_sum : 0;
    for (size_t i = 0; i < n; i++) {
        state1[i] = first;
        state2[i] = 0;
    }
}

struct optimizer_pace optimizer_pace(const struct optimizer *optimizer, float rate_factor,
                                     uint64_t step, bool decays)
{
    struct optimizer_pace pace = {.kind = optimizer->kind};
    const float rate = optimizer->rate * rate_factor;
    const float decay = decays ? optimizer->weight_decay : 0;
    const double t = (double)step;
    pace.step = (struct adam_step){.rate = rate, .keep = 1 - rate * decay};
    if (optimizer->kind == OPTIMIZER_ADAGRAD)
        return pace;
    pace.step.rate = (float)((double)rate / (1 - pow(adam_beta1, t)));
    pace.step.v_scale = (float)(1 / sqrt(1 - pow(adam_beta2, t)));
    pace.step.beta1 = (float)adam_beta1;
    pace.step.beta2 = (float)adam_beta2;
    pace.step.epsilon = adam_epsilon;
    if (optimizer->kind == OPTIMIZER_ADAM) {
        pace.step.l2 = decay;
        pace.step.keep = 1;
    }
    return pace;
}

void optimizer_step(const struct optimizer_pace *pace, float *parameters, float *state1,
                    float *state2, const float *gradients, size_t n)
{
    if (pace->kind == OPTIMIZER_ADAGRAD)
        kernels_get()->adagrad(parameters, state1, gradients, n, pace->step.rate, pace->step.keep);
    else
        kernels_get()->adam(parameters, state1, state2, gradients, n, &pace->step);
}

/* What divides in the closed form. */
static float ftrl_strength(const struct ftrl *ftrl, float root)
{
    return (ftrl->beta + root) / ftrl->alpha + ftrl->l2;
}

void ftrl_init(const struct ftrl *ftrl, float w, float *ret_z, float *ret_n)
{
    *ret_n = ftrl->initial_sum;
    *ret_z = -w * ftrl_strength(ftrl, sqrtf(ftrl->initial_sum));
    if (w != 0)
        *ret_z -= copysignf(ftrl->l1, w);
}

void ftrl_step(const struct ftrl *ftrl, float g, float *w, float *z, float *n)
{
    const float sum = *n + g * g, root = sqrtf(sum), sigma = (root - sqrtf(*n)) / ftrl->alpha;
    const float moved = *z + g - sigma * *w;
    *z = moved;
    *n = sum;
    const float excess = fabsf(moved) - ftrl->l1;
    *w = excess <= 0 ? 0 : -copysignf(excess, moved) / ftrl_strength(ftrl, root);
}

float schedule_factor(const struct schedule *schedule, uint64_t step)
{
    if (step <= schedule->warmup_steps)
        return (float)((double)step / (double)schedule->warmup_steps);
    const uint64_t rest = schedule->steps - schedule->warmup_steps;
    const double share = rest > 0 ? (double)(step - schedule->warmup_steps - 1) / (double)rest : 0;
    switch (schedule->kind) {
    case SCHEDULE_LINEAR:
        return (float)fmax(0, 1 - share);
    case SCHEDULE_COSINE:
        return (float)(0.5 + 0.5 * cos(fmin(1, share) * 3.14159265358979323846));
    default:
        return 1;
    }
}
