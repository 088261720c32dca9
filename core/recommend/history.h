#pragma once
/* One user's whole past, read again from the store and folded to touches: the newest
 * `max_per_user` events count, whatever order they come in, and no more than twice as many are ever
 * held. Zero-initialise with `keep`; history_free. */
#include "data/signal.h"
#include "data/store.h"

struct history {
    struct event_row *rows;
    size_t n, capacity;
    uint32_t keep; /* event_types.max_per_user; 0: all */
};

/* NO_MEMORY leaves it as it was. */
enum status history_add(struct history *history, const struct event_row *rows, size_t n);

/* *ret_touches: [*ret_n] sorted by (item, type), for free(); NULL when there are none. Reorders the
 * rows. NO_MEMORY. */
enum status history_fold(struct history *history, const struct event_types *types,
                         const struct signal_frame *frame, struct touch **ret_touches,
                         uint32_t *ret_n);

void history_free(struct history *history);
