#pragma once
/* The best few of many scores: by falling score, equal ones by rising item number, so that a list
 * is the same on every run and machine. NaN counts as -INFINITY. */
#include <stddef.h>
#include <stdint.h>

#include "base/bitmap.h"

struct ranked {
    uint32_t item;
    float score;
};

/* Of scores[n] with item number = index; only items whose bit is set (allowed NULL: all; items past
 * its count are not allowed). out: room for k. Returns how many: min(k, allowed ones below n).
 * O(n + hits log k); takes no memory. */
size_t topk_of_all(const float *scores, uint32_t n, const struct bitmap *allowed, size_t k,
                   struct ranked *out);

/* The same of scores[n] for the item numbers items[n], in any order and all allowed. */
size_t topk_of_list(const uint32_t *items, const float *scores, size_t n, size_t k,
                    struct ranked *out);

/* Sorts by falling score, then rising item; in place, takes no memory. */
void ranked_sort(struct ranked *list, size_t n);

/* The same for the first k places; what comes behind them is in no order. */
void ranked_sort_first(struct ranked *list, size_t n, size_t k);

/* The k values of values[n] that are largest in size (equal ones by rising index, zeros never), as
 * rising indices into out: room for k. Returns how many. O(n), takes no memory. No NaN. */
size_t topk_by_size(const float *values, uint32_t n, size_t k, uint32_t *out);
