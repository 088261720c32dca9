#pragma once
/* What changed in the data: since the last round that ended well, and from day to day.
 *
 * A user (or item) is new who has had no event up to the last round; such users are what a model of
 * that round could not know. Whoever was erased or merged since counts as what is left of them.
 */
#include "base/observer.h"
#include "data/dataset.h"
#include "data/store.h"

enum { DRIFT_DAYS = 30 };

struct drift {
    uint32_t since;  /* version of that round; 0: there is none, and all is new */
    uint64_t events; /* since then */
    uint64_t of_new_users, of_new_items; /* of these events */
    uint64_t new_users, new_items;
    uint64_t types[EVENT_TYPES_MAX];       /* events by code, of all */
    uint64_t types_since[EVENT_TYPES_MAX]; /* of those since then */
    int64_t last_day; /* of the newest event that has a time, in days since 1970; -1: none has */
    uint64_t days[DRIFT_DAYS][EVENT_TYPES_MAX]; /* events by day, the last one last */
};

/* dataset: all events of the store up to a seq; `version` is the round under way. */
enum status drift_measure(struct store *store, const struct dataset *dataset, uint32_t version,
                          struct drift *ret_drift, struct error *reterr);

/* How far the mix of types since the last round is from the mix before it: half the sum of the
 * differences of their shares, 0 (the same) to 1 (nothing in common). NaN where one is empty. */
double drift_type_distance(const struct drift *drift);

/* {"since", "events", "new_users", "new_items", "share_of_new_users", "share_of_new_items" (of the
 * events), "type_distance", "types": {"<name>": {"before", "since"}}, "days": [{"day", "events"}]}
 */
void drift_append_json(const struct drift *drift, const struct event_types *types,
                       struct buffer *out);

/* Scalars "drift/…" of the same at step `version`, and "events_by_day/<type>" at the days' own
 * numbers. */
void drift_observe(const struct drift *drift, const struct event_types *types, uint32_t version,
                   const struct observer *observer);
