#include "recommend/calibration.h"

#include <float.h>
#include <math.h>

enum { STEPS_MAX = 100, HALVINGS_MAX = 40 };

/* Finite for every float in 0..1. */
static double logit(float score)
{
    const double p = fmin(fmax((double)score, 1e-9), 1 - 1e-9);
    return log(p / (1 - p));
}

static double sigmoid(double x)
{
    return x >= 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x));
}

/* log(1 + exp(x)), without overflow. */
static double softplus(double x)
{
    return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x));
}

struct fitting {
    const float *scores, *labels;
    uint32_t n;
    double high, low; /* the smoothed targets */
};

static double loss(const struct fitting *f, struct calibration c)
{
    double sum = 0;
    for (uint32_t i = 0; i < f->n; i++) {
        const double z = c.slope * logit(f->scores[i]) + c.shift;
        sum += softplus(z) - (f->labels[i] > 0 ? f->high : f->low) * z;
    }
    return sum;
}

/* Gradient and the Hessian's solution; false where it is flat. */
static bool newton_step(const struct fitting *f, struct calibration at,
                        struct calibration *ret_step)
{
    double g_slope = 0, g_shift = 0, h11 = 1e-12, h12 = 0, h22 = 1e-12;
    for (uint32_t i = 0; i < f->n; i++) {
        const double x = logit(f->scores[i]), p = sigmoid(at.slope * x + at.shift);
        const double d = p - (f->labels[i] > 0 ? f->high : f->low), w = p * (1 - p);
        g_slope += d * x;
        g_shift += d;
        h11 += w * x * x;
        h12 += w * x;
        h22 += w;
    }
    const double det = h11 * h22 - h12 * h12;
    if (!(det > 0) || fabs(g_slope) + fabs(g_shift) < 1e-9 * f->n)
        return false;
    ret_step->slope = -(h22 * g_slope - h12 * g_shift) / det;
    ret_step->shift = -(h11 * g_shift - h12 * g_slope) / det;
    return true;
}

enum status calibration_fit(const float *scores, const float *labels, uint32_t n,
                            struct calibration *ret_calibration)
{
    double positives = 0;
    for (uint32_t i = 0; i < n; i++)
        positives += labels[i] > 0;
    if (positives == 0 || positives == n)
        return STATUS_OUT_OF_RANGE;
    const struct fitting f = {.scores = scores,
                              .labels = labels,
                              .n = n,
                              .high = (positives + 1) / (positives + 2),
                              .low = 1 / (n - positives + 2)};
    struct calibration at = {1, 0}, step;
    double now = loss(&f, at);
    for (int i = 0; i < STEPS_MAX && newton_step(&f, at, &step); i++) {
        struct calibration next = {at.slope + step.slope, at.shift + step.shift};
        double then = loss(&f, next);
        for (int h = 0; h < HALVINGS_MAX && !(then <= now); h++) {
            next.slope = (at.slope + next.slope) / 2;
            next.shift = (at.shift + next.shift) / 2;
            then = loss(&f, next);
        }
        if (!(then < now))
            break;
        at = next;
        now = then;
    }
    if (!(at.slope > 0) || !isfinite(at.slope) || !isfinite(at.shift))
        return STATUS_OUT_OF_RANGE;
    *ret_calibration = at;
    return STATUS_OK;
}

float calibration_apply(const struct calibration *calibration, float score)
{
    const double p = sigmoid(calibration->slope * logit(score) + calibration->shift);
    return (float)fmin(fmax(p, (double)FLT_MIN), 1 - (double)FLT_EPSILON);
}
