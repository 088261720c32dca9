#pragma once
/* The types of interaction: what each teaches, what it hides, how long it is kept.
 *
 * The store gives each type name a code (1 .. 255) that never changes; the configuration gives the
 * name its meaning. A code without a meaning (a type that is configured no longer) teaches nothing
 * and hides nothing.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

enum { EVENT_TYPES_MAX = 256, EVENT_TYPE_NAME_MAX = 64 };

#define HIDES_NEVER    INT64_C(0)
#define HIDES_FOREVER  INT64_MAX
#define RETAIN_FOREVER INT64_MAX

enum aggregate {
    AGGREGATE_SUM_CAPPED, /* weight * log2(1 + sum of decays) */
    AGGREGATE_LAST,       /* the newest event alone */
    AGGREGATE_MAX         /* the one with the largest value */
};

struct event_type {
    char name[EVENT_TYPE_NAME_MAX + 1]; /* "" : this code has no meaning */
    double weight;                      /* of one event; negative: dislike; 0: teaches nothing */
    bool by_value;                      /* weight is multiplied by (rating - neutral): ratings */
    enum aggregate aggregate;
    int64_t hides_ms;     /* HIDES_NEVER, HIDES_FOREVER, or for so long after the event */
    int64_t retention_ms; /* older events are deleted; RETAIN_FOREVER */
    bool retired;         /* the store has events of it, the configuration knows it no longer */
};

struct event_types {
    struct event_type of[EVENT_TYPES_MAX]; /* by code; code 0 is never used */
    int64_t half_life_ms; /* weights halve with this age, counted from the newest event; 0: never */
    uint32_t max_per_user; /* newest events of a user that are learnt from; 0: all */
    double cap;            /* a pair's confidence is at most this */
};

/* The types of http.md with their defaults: impression (0, never), view (1), click (1), like (3,
 * forever), rating (by value, last, forever), purchase (5, 30 days), dislike (-1, forever), under
 * the codes 1 to 7 in this order; no half-life, max_per_user 10,000, cap 10. */
void event_types_init(struct event_types *types);

/* Code of a configured name, or 0. */
uint8_t event_types_code(const struct event_types *types, const char *name);

/* The same, or the code of a retired name: for what concerns stored events. */
uint8_t event_types_code_stored(const struct event_types *types, const char *name);

/* The configured name nearest to an unknown one, or NULL. */
const char *event_types_nearest(const struct event_types *types, const char *name);
