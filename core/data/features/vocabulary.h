#pragma once
/* Texts of one categorical column and their codes.
 *
 * Code 0 is a missing value and 1 an unknown one; the texts follow. While a vocabulary learns it
 * takes in each new text; vocabulary_select then makes the one that is kept. Threads: any number of
 * readers, or one writer.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

enum { CODE_MISSING, CODE_UNKNOWN, CODE_FIRST };

enum {
    VOCABULARY_TEXTS_MAX = 1 << 21, /* different texts while learning */
    VOCABULARY_BYTES_MAX = 1 << 27, /* of all of them together */
};

struct vocabulary_slot {
    uint32_t hash, code; /* code 0: free */
};

/* Zero-initialise. */
struct vocabulary {
    uint32_t n;       /* texts: codes 2 .. n + 1 */
    uint32_t n_slots; /* a power of two, or 0 */
    uint32_t *starts; /* [n + 1] byte offsets */
    char *bytes;
    struct vocabulary_slot *slots;
    uint32_t starts_capacity, bytes_capacity;
};

/* A hash that is the same on every machine and in every version, since models are stored by it:
 * eight bytes at a time, little-endian, by multiplication; splitmix64's finaliser. */
uint64_t feature_hash(const char *bytes, size_t length);

/* The code of a text, or CODE_UNKNOWN. */
uint32_t vocabulary_find(const struct vocabulary *vocabulary, const char *bytes, size_t length);

/* The code of a text, which is added where it is new. NO_MEMORY; TOO_LARGE past the limits. */
enum status vocabulary_add(struct vocabulary *vocabulary, const char *bytes, size_t length,
                           uint32_t *ret_code);

/* The text of a code from CODE_FIRST on; not terminated. */
static inline const char *vocabulary_text(const struct vocabulary *vocabulary, uint32_t code,
                                          size_t *ret_length)
{
    const uint32_t *start = vocabulary->starts + (code - CODE_FIRST);
    *ret_length = start[1] - start[0];
    return vocabulary->bytes + start[0];
}

/* The texts with at least min_count counts, of them the max_size most frequent (equally frequent
 * ones by bytes), in the order of their bytes. counts[n + 2] by code; map[n + 2] gets the new code
 * of each old one. *ret_left_out: those with enough counts for which there was no room. NO_MEMORY.
 */
enum status vocabulary_select(const struct vocabulary *vocabulary, const uint64_t *counts,
                              uint64_t min_count, uint32_t max_size,
                              struct vocabulary *ret_selected, uint32_t *map,
                              uint32_t *ret_left_out);

void vocabulary_free(struct vocabulary *vocabulary);
