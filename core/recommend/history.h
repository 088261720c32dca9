#pragma once
/* One user's whole past, read again from the store and folded to touches: the newest
 * `max_per_user` events teach, whatever order they come in, and no more than twice as many are ever
 * held as rows; of older ones only what they touched is kept (touch_see). Zero-initialise with
 * `keep` and `types`; history_free. */
#include "data/signal.h"
#include "data/store.h"

struct history {
    struct event_row *rows;
    size_t n, capacity;
    uint32_t keep; /* event_types.max_per_user; 0: all */
    const struct event_types *types;
    struct touch *seen; /* of older events; sorted and without repeats up to n_sorted */
    size_t n_seen, n_sorted, seen_capacity;
};

/* NO_MEMORY leaves it as it was. */
enum status history_add(struct history *history, const struct event_row *rows, size_t n);

/* *ret_touches: [*ret_n] sorted by (item, type), for free(); NULL when there are none. Reorders the
 * rows. NO_MEMORY. */
enum status history_fold(struct history *history, const struct signal_frame *frame,
                         struct touch **ret_touches, uint32_t *ret_n);

void history_free(struct history *history);
