#pragma once
/* How often each content has been seen: an event that a file repeats gets another id each time,
 * and the same ids when the file is read again.
 *
 * Eight bytes a slot, a slot for every 0.7 contents. Of a content 48 bits of its hash are kept: two
 * that agree in them share a counter, which skips a number and harms nothing.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* Zero-initialise. */
struct occurrences {
    uint64_t *slots; /* [n_slots] upper 48 bits: hash, lower 16: count; 0 is free */
    size_t n_slots, used;
};

/* How often the content was seen before, counting this time from then on; stays at 65,534.
 * NO_MEMORY. */
enum status occurrence_next(struct occurrences *seen, uint64_t hash, uint32_t *ret_before);
void occurrences_free(struct occurrences *seen);
