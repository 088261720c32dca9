#pragma once
/* How much is going on around an item, as of a moment: what a ranker knows of popularity and age.
 *
 *     count  = events of types with a weight above 0, with a known time
 *     recent = sum over them of 2^-((last - t) / half-life), counted from the newest one
 *
 * `recent` is brought to any later moment by one factor, so that a sum kept up to date event by
 * event (Live) equals one that is looked up in the past (training rows): both add by
 * activity_add, in order of time. An event that comes late is worth what it would have been.
 */
#include <stdint.h>

#include "data/event_type.h"

#define ACTIVITY_HALF_LIFE_MS (INT64_C(30) * 24 * 60 * 60 * 1000)

struct activity {
    int64_t first_ms, last_ms; /* of its events; meaningless while count is 0 */
    uint32_t count;
    float recent; /* as of last_ms */
};

/* Zero-initialise. An unknown time counts nothing: it has no place before or after a moment. */
void activity_add(struct activity *activity, int64_t time_ms);

/* `recent` as of now_ms, not before last_ms. */
float activity_recent(const struct activity *activity, int64_t now_ms);

/* Does an event of this type count? */
static inline bool activity_counts(const struct event_type *type)
{
    return type->name[0] != '\0' && type->weight > 0;
}
