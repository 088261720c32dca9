#include "data/signal.h"

#include <assert.h>
#include <float.h>
#include <math.h>

#include "base/clock.h"

enum { RATINGS_FOR_A_MEAN = 5 };

/* Below this sum of decays a touch holds nothing but events that teach nothing: however many there
 * are, FLT_MIN times their number stays below it. */
#define FAINT 1e-25f

static double decay_at(const struct event_types *types, const struct signal_frame *frame,
                       int64_t time_ms)
{
    if (types->half_life_ms <= 0 || time_ms == TIME_UNKNOWN || frame->newest_ms == TIME_UNKNOWN ||
        time_ms >= frame->newest_ms)
        return 1.0;
    const double age = (double)frame->newest_ms - (double)time_ms;
    return exp2(-age / (double)types->half_life_ms);
}

static bool is_empty(const struct touch *touch)
{
    return touch->decays == 0;
}

/* A sum, the later one, or the larger one; `kept` may be NaN: none yet. */
static float join_values(enum aggregate aggregate, float kept, float later)
{
    if (isnan(kept))
        return later;
    if (isnan(later))
        return kept;
    switch (aggregate) {
    case AGGREGATE_SUM_CAPPED:
        return kept + later;
    case AGGREGATE_LAST:
        return later;
    case AGGREGATE_MAX:
        return later > kept ? later : kept;
    }
    return kept;
}

/* Every event adds at least FLT_MIN, so that a touch of very old events, or of ratings without a
 * value, is told from an empty one; log2(1 + FLT_MIN) is 0: it teaches nothing. */
void touch_add(struct touch *touch, const struct event_types *types,
               const struct signal_frame *frame, int64_t time_ms, float value)
{
    assert(touch && types && frame);
    const struct event_type *type = &types->of[touch->type];
    const double decay = decay_at(types, frame, time_ms);
    struct touch event = {.last_ms = time_ms, .item = touch->item, .type = touch->type};
    const bool counts = !type->by_value || !isnan(value);
    event.decays = counts && decay > FLT_MIN ? (float)decay : FLT_MIN;
    if (type->by_value)
        event.value = type->aggregate == AGGREGATE_SUM_CAPPED ? value * event.decays : value;
    if (is_empty(touch))
        *touch = event;
    else
        touch_merge(touch, types, &event);
}

void touch_see(struct touch *touch, const struct event_types *types, int64_t time_ms)
{
    const bool by_value = types->of[touch->type].by_value;
    struct touch event = {.last_ms = time_ms,
                          .item = touch->item,
                          .decays = FLT_MIN,
                          .value = by_value ? NAN : 0,
                          .type = touch->type};
    if (is_empty(touch))
        *touch = event;
    else
        touch_merge(touch, types, &event);
}

void touch_merge(struct touch *touch, const struct event_types *types, const struct touch *later)
{
    assert(touch->item == later->item && touch->type == later->type);
    if (is_empty(later))
        return;
    if (is_empty(touch)) {
        *touch = *later;
        return;
    }
    const struct event_type *type = &types->of[touch->type];
    touch->decays += later->decays;
    if (type->by_value)
        touch->value = join_values(type->aggregate, touch->value, later->value);
    if (later->last_ms > touch->last_ms) /* TIME_UNKNOWN is below every time */
        touch->last_ms = later->last_ms;
}

struct touch touch_join(const struct touch *a, const struct touch *b,
                        const struct event_types *types)
{
    const bool in_order = b->last_ms >= a->last_ms;
    struct touch joined = in_order ? *a : *b;
    touch_merge(&joined, types, in_order ? b : a);
    return joined;
}

int touch_compare(const struct touch *a, const struct touch *b)
{
    if (a->item != b->item)
        return a->item < b->item ? -1 : 1;
    return (a->type > b->type) - (a->type < b->type);
}

/* The one value that the touch stands for; NaN: none. */
static double touch_value(const struct touch *touch, const struct event_type *type)
{
    if (type->aggregate == AGGREGATE_SUM_CAPPED)
        return (double)touch->value / (double)touch->decays;
    return touch->value;
}

static bool is_known(const struct event_type *type)
{
    return type->name[0] != '\0';
}

static bool is_rating(const struct touch *touch, const struct event_types *types)
{
    const struct event_type *type = &types->of[touch->type];
    return is_known(type) && type->by_value && !isnan(touch->value);
}

static double neutral_value(const struct touch *touches, size_t n, const struct event_types *types,
                            const struct signal_frame *frame)
{
    double sum = 0;
    size_t rated = 0;
    for (size_t i = 0; i < n; i++) {
        if (!is_rating(&touches[i], types))
            continue;
        sum += touch_value(&touches[i], &types->of[touches[i].type]);
        rated++;
    }
    return rated < RATINGS_FOR_A_MEAN ? frame->scale_middle : sum / (double)rated;
}

static double type_part(const struct touch *touch, const struct event_types *types,
                        const struct signal_frame *frame, double neutral)
{
    const struct event_type *type = &types->of[touch->type];
    if (!is_known(type) || type->weight == 0 || touch->decays < FAINT ||
        (type->by_value && isnan(touch->value)))
        return 0;
    const double w =
        type->by_value ? type->weight * (touch_value(touch, type) - neutral) : type->weight;
    if (type->aggregate == AGGREGATE_SUM_CAPPED)
        return w * log2(1 + (double)touch->decays);
    return w * decay_at(types, frame, touch->last_ms);
}

/* Of the touches of one item, which begin at *i; moves *i past them. */
static float confidence_of_item(const struct touch *touches, size_t n, size_t *i,
                                const struct event_types *types, const struct signal_frame *frame,
                                double neutral)
{
    const uint32_t item = touches[*i].item;
    double c = 0;
    for (; *i < n && touches[*i].item == item; ++*i)
        c += type_part(&touches[*i], types, frame, neutral);
    return (float)fmax(-types->cap, fmin(types->cap, c));
}

size_t signals_of_touches(const struct touch *touches, size_t n, const struct event_types *types,
                          const struct signal_frame *frame, struct signal *out)
{
    const double neutral = neutral_value(touches, n, types, frame);
    size_t written = 0;
    for (size_t i = 0; i < n;) {
        const uint32_t item = touches[i].item;
        const float confidence = confidence_of_item(touches, n, &i, types, frame, neutral);
        if (confidence != 0)
            out[written++] = (struct signal){.item = item, .confidence = confidence};
    }
    return written;
}

void signals_times(const struct signal *signals, size_t n, const struct touch *touches,
                   size_t n_touches, int64_t *times)
{
    for (size_t s = 0, t = 0; s < n; s++) {
        times[s] = TIME_UNKNOWN;
        for (; t < n_touches && touches[t].item <= signals[s].item; t++)
            if (touches[t].item == signals[s].item && touches[t].last_ms > times[s])
                times[s] = touches[t].last_ms;
    }
}

size_t ratings_of_touches(const struct touch *touches, size_t n, const struct event_types *types,
                          struct rating *out)
{
    size_t written = 0;
    int64_t newest_ms = 0;
    for (size_t i = 0; i < n; i++) {
        const struct touch *touch = &touches[i];
        if (!is_rating(touch, types) || touch->decays < FAINT)
            continue;
        const bool same = written > 0 && out[written - 1].item == touch->item;
        if (same && touch->last_ms < newest_ms)
            continue;
        written += !same;
        newest_ms = touch->last_ms;
        out[written - 1] = (struct rating){
            .item = touch->item, .value = (float)touch_value(touch, &types->of[touch->type])};
    }
    return written;
}

uint32_t signals_first_item(const struct touch *touches, size_t n, const struct event_types *types,
                            const struct signal_frame *frame)
{
    const double neutral = neutral_value(touches, n, types, frame);
    for (size_t i = 0; i < n;) {
        const uint32_t item = touches[i].item;
        if (confidence_of_item(touches, n, &i, types, frame, neutral) != 0)
            return item;
    }
    return UINT32_MAX;
}

int64_t touch_hides_until(const struct touch *touch, const struct event_types *types)
{
    const struct event_type *type = &types->of[touch->type];
    if (!is_known(type) || type->hides_ms == HIDES_NEVER)
        return HIDES_NEVER;
    int64_t until;
    if (touch->last_ms == TIME_UNKNOWN ||
        __builtin_add_overflow(touch->last_ms, type->hides_ms, &until))
        return HIDES_FOREVER;
    return until;
}
