#include "linalg/topk.h"

#include <math.h>
#include <string.h>

/* A heap of at most k with the worst at its root: a newcomer replaces it if it is better. */

static bool is_worse(struct ranked a, struct ranked b)
{
    return a.score != b.score ? a.score < b.score : a.item > b.item;
}

static void sift_down(struct ranked *heap, size_t root, size_t n)
{
    const struct ranked moved = heap[root];
    for (;;) {
        size_t child = 2 * root + 1;
        if (child >= n)
            break;
        if (child + 1 < n && is_worse(heap[child + 1], heap[child]))
            child++;
        if (!is_worse(heap[child], moved))
            break;
        heap[root] = heap[child];
        root = child;
    }
    heap[root] = moved;
}

static void sift_up(struct ranked *heap, size_t leaf)
{
    const struct ranked moved = heap[leaf];
    while (leaf > 0 && is_worse(moved, heap[(leaf - 1) / 2])) {
        heap[leaf] = heap[(leaf - 1) / 2];
        leaf = (leaf - 1) / 2;
    }
    heap[leaf] = moved;
}

static size_t offer(struct ranked *heap, size_t n, size_t k, uint32_t item, float score)
{
    const struct ranked new = {.item = item, .score = isnan(score) ? -INFINITY : score};
    if (n < k) {
        heap[n] = new;
        sift_up(heap, n);
        return n + 1;
    }
    if (is_worse(heap[0], new)) {
        heap[0] = new;
        sift_down(heap, 0, n);
    }
    return n;
}

/* Takes the worst away, one by one, to the end of what is left. */
static void unheap(struct ranked *heap, size_t n)
{
    while (n > 1) {
        const struct ranked worst = heap[0];
        heap[0] = heap[--n];
        heap[n] = worst;
        sift_down(heap, 0, n);
    }
}

size_t topk_of_all(const float *scores, uint32_t n, const struct bitmap *allowed, size_t k,
                   struct ranked *out)
{
    size_t kept = 0;
    if (k == 0)
        return 0;
    if (!allowed) {
        for (uint32_t i = 0; i < n; i++)
            kept = offer(out, kept, k, i, scores[i]);
    } else {
        for (uint32_t i = bitmap_next(allowed, 0); i < n && i < allowed->count;
             i = bitmap_next(allowed, i + 1))
            kept = offer(out, kept, k, i, scores[i]);
    }
    unheap(out, kept);
    return kept;
}

size_t topk_of_list(const uint32_t *items, const float *scores, size_t n, size_t k,
                    struct ranked *out)
{
    size_t kept = 0;
    for (size_t i = 0; i < n && k > 0; i++)
        kept = offer(out, kept, k, items[i], scores[i]);
    unheap(out, kept);
    return kept;
}

void ranked_sort(struct ranked *list, size_t n)
{
    for (size_t i = n / 2; i-- > 0;)
        sift_down(list, i, n);
    unheap(list, n);
}

/* ---- by size: the k-th largest is found digit by digit ---- */

enum { DIGIT_BITS = 8, DIGITS = 1 << DIGIT_BITS };

/* Sizes of floats are in the order of these bits. */
static uint32_t size_bits(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits & 0x7fffffffu;
}

/* The size_bits of the k-th largest, k from 1 to n; *ret_larger: how many are larger. */
static uint32_t kth_size(const float *values, uint32_t n, size_t k, size_t *ret_larger)
{
    uint32_t found = 0;
    size_t larger = 0;
    for (int shift = 32 - DIGIT_BITS; shift >= 0; shift -= DIGIT_BITS) {
        uint32_t counts[DIGITS] = {0};
        const uint32_t known = shift + DIGIT_BITS < 32 ? ~UINT32_C(0) << (shift + DIGIT_BITS) : 0;
        for (uint32_t i = 0; i < n; i++) {
            const uint32_t bits = size_bits(values[i]);
            if ((bits & known) == found)
                counts[bits >> shift & (DIGITS - 1)]++;
        }
        uint32_t digit = DIGITS - 1;
        for (; larger + counts[digit] < k; digit--)
            larger += counts[digit];
        found |= digit << shift;
    }
    *ret_larger = larger;
    return found;
}

size_t topk_by_size(const float *values, uint32_t n, size_t k, uint32_t *out)
{
    size_t larger = 0, kept = 0;
    uint32_t least = 1;
    if (k == 0)
        return 0;
    if (k < n)
        least = kth_size(values, n, k, &larger);
    size_t equal = k < n ? k - larger : n;
    for (uint32_t i = 0; i < n; i++) {
        const uint32_t bits = size_bits(values[i]);
        if (bits == 0 || bits < least || (bits == least && equal == 0))
            continue;
        equal -= bits == least;
        out[kept++] = i;
    }
    return kept;
}
