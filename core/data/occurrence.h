#pragma once
/* How often each content has been seen: an event that a file repeats gets another id each time, and
 * the same ids when the file is read again.
 *
 * A table of 8 bytes a slot, a slot for every 0.7 contents, keeps 48 bits of each content's hash
 * and its count. It grows to at most 128 MiB, that is 11.7 million different contents; what comes
 * after them, and the repetitions of one content past 65,534, count in 2^18 counters that several
 * contents share. Sharing skips numbers, so that what is the same still gets different numbers, and
 * reading the same file again still gives the same ones.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* Zero-initialise; slots_max may be set lower than the default (a power of two). */
struct occurrences {
    uint64_t *slots; /* [n_slots] upper 48 bits: hash, lower 16: count; 0 is free */
    size_t n_slots, used;
    size_t slots_max; /* 0: 2^24 */
    uint64_t *shared; /* [OCCURRENCES_SHARED], once needed */
};

enum { OCCURRENCES_SHARED = 1 << 18 };

/* A number that no earlier content with this hash got; 0 for the first. NO_MEMORY. */
enum status occurrence_next(struct occurrences *seen, uint64_t hash, uint64_t *ret_number);

/* Frees all and starts again. */
void occurrences_free(struct occurrences *seen);
