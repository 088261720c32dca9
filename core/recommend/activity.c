#include "recommend/activity.h"

#include <math.h>

#include "base/clock.h"

static float fade(int64_t from_ms, int64_t to_ms)
{
    return (float)exp2(-((double)to_ms - (double)from_ms) / (double)ACTIVITY_HALF_LIFE_MS);
}

void activity_add(struct activity *activity, int64_t time_ms)
{
    if (time_ms == TIME_UNKNOWN)
        return;
    if (activity->count == 0) {
        *activity = (struct activity){time_ms, time_ms, 1, 1};
        return;
    }
    if (time_ms >= activity->last_ms) {
        activity->recent = activity->recent * fade(activity->last_ms, time_ms) + 1;
        activity->last_ms = time_ms;
    } else {
        activity->recent += fade(time_ms, activity->last_ms);
    }
    if (time_ms < activity->first_ms)
        activity->first_ms = time_ms;
    if (activity->count < UINT32_MAX)
        activity->count++;
}

float activity_recent(const struct activity *activity, int64_t now_ms)
{
    if (activity->count == 0 || now_ms <= activity->last_ms)
        return activity->recent;
    return activity->recent * fade(activity->last_ms, now_ms);
}
