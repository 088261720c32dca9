#pragma once
/* What long work tells whoever watches it, and how it is told to stop.
 *
 * Models, evaluations and rounds get one; they know nothing of terminals, TensorBoard or HTTP.
 * Any function may be NULL. All are called from the thread that started the work, never from
 * arithmetic workers; `stop` may be asked often (it reads one atomic flag).
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct observer {
    void *context;
    /* `phase` is a short constant ("reading events", "fitting ials"), share in [0, 1]. */
    void (*progress)(void *context, const char *phase, double share);
    /* One point of a curve: tag like "train/loss", step rising within the tag. */
    void (*scalar)(void *context, const char *tag, int64_t step, double value);
    /* True: give up soon (well within a second) and return STATUS_CANCELLED. */
    bool (*stop)(void *context);
};

static inline void observe_progress(const struct observer *o, const char *phase, double share)
{
    if (o && o->progress)
        o->progress(o->context, phase, share);
}

static inline void observe_scalar(const struct observer *o, const char *tag, int64_t step,
                                  double value)
{
    if (o && o->scalar)
        o->scalar(o->context, tag, step, value);
}

static inline bool observer_stops(const struct observer *o)
{
    return o && o->stop && o->stop(o->context);
}
