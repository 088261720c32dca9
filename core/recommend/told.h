#pragma once
/* A history that comes with a request and is stored nowhere: folded as events that were posted are,
 * so that what is told and what is stored make the same answer. */
#include "base/arena.h"
#include "data/signal.h"

struct told_event {
    int64_t time_ms;
    uint32_t item;
    float value; /* NaN: none */
    uint8_t type;
};

/* The events as touches, sorted by (item, type), in the arena; of more than types->max_per_user the
 * older ones teach nothing. Of equal times the order given counts. Reorders the events. NO_MEMORY.
 */
enum status told_fold(struct told_event *events, size_t n, const struct event_types *types,
                      const struct signal_frame *frame, struct arena *arena,
                      const struct touch **ret_touches, size_t *ret_n);

/* Both histories of one user, each sorted by (item, type): sorted likewise, in the arena. Of equal
 * times the second one is later. NO_MEMORY. */
enum status touches_join(const struct event_types *types, const struct touch *before,
                         size_t n_before, const struct touch *later, size_t n_later,
                         struct arena *arena, const struct touch **ret_touches, size_t *ret_n);
