#pragma once
/* What came of the lists that were given: read from the store, in small steps.
 *
 * An item counts as chosen when an event on it, of a type whose weight is positive, names the
 * answer that held it (recommendation_id, signed by this site). The same item of the same answer
 * counts once, as far as the last FEEDBACK_CHOICES choices are remembered. An answer's items count
 * as shown when an impression names it. A place is that of the event's `position`.
 */
#include <stdint.h>

#include "server/figures.h"

enum {
    FEEDBACK_ROWS_MAX = 50000, /* of each kind, that one step reads */
    FEEDBACK_CHOICES = 1 << 15 /* that are remembered, at least */
};

struct feedback;
struct site;
struct store;

/* Begins behind after_seq. NO_MEMORY. */
enum status feedback_new(struct site *site, uint64_t after_seq, struct feedback **ret_feedback);
void feedback_free(struct feedback *feedback);

/* Reads on up to upto_seq, as far as one step goes, and adds to the figures' events, shown and
 * chosen. *ret_rest: there is more. As the store says; what was not read is read next time. */
enum status feedback_read(struct feedback *feedback, struct store *store, uint64_t upto_seq,
                          struct figures *figures, bool *ret_rest, struct error *reterr);
