#include "linalg/topk.h"

#include <math.h>
#include <string.h>

/* Without a branch, for those who compare what is in no order. */
static inline bool is_worse(struct ranked a, struct ranked b)
{
    return (a.score < b.score) | ((a.score == b.score) & (a.item > b.item));
}

/* ---- a heap with the worst at its root: a newcomer replaces it if it is better ---- */

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

static void make_heap(struct ranked *list, size_t n)
{
    for (size_t i = n / 2; i-- > 0;)
        sift_down(list, i, n);
}

/* The first k stay as they come; they are a heap from then on. */
static inline size_t offer(struct ranked *heap, size_t n, size_t k, uint32_t item, float score)
{
    const struct ranked new = {.item = item, .score = isnan(score) ? -INFINITY : score};
    if (n < k) {
        heap[n++] = new;
        if (n == k)
            make_heap(heap, n);
        return n;
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

/* ---- sorting ---- */

/* Runs this short are sorted by insertion. */
enum { SHORT_RUN = 16 };

static void insertion_sort(struct ranked *list, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        const struct ranked moved = list[i];
        size_t at = i;
        for (; at > 0 && is_worse(list[at - 1], moved); at--)
            list[at] = list[at - 1];
        list[at] = moved;
    }
}

static void swap(struct ranked *a, struct ranked *b)
{
    const struct ranked kept = *a;
    *a = *b;
    *b = kept;
}

/* The median of the first, the middle and the last, put last. */
static void choose_pivot(struct ranked *list, size_t n)
{
    struct ranked *first = list, *middle = list + n / 2, *last = list + n - 1;
    if (is_worse(*first, *middle))
        swap(first, middle);
    if (is_worse(*middle, *last))
        swap(middle, last);
    if (is_worse(*first, *middle))
        swap(first, middle);
    swap(middle, last);
}

/* Those better than the last one to the front, it behind them, the others after it; returns its
 * place. Each step moves two and counts, so that no branch hangs on the comparison (Lomuto). */
static size_t partition(struct ranked *list, size_t n)
{
    choose_pivot(list, n);
    const struct ranked pivot = list[n - 1];
    size_t at = 0;
    for (size_t i = 0; i + 1 < n; i++) {
        const struct ranked moved = list[i];
        list[i] = list[at];
        list[at] = moved;
        at += is_worse(pivot, moved);
    }
    swap(&list[at], &list[n - 1]);
    return at;
}

static void sort_part(struct ranked *list, size_t n, size_t k, unsigned cuts_left)
{
    while (n > SHORT_RUN) {
        if (cuts_left-- == 0) {
            make_heap(list, n);
            unheap(list, n);
            return;
        }
        const size_t at = partition(list, n);
        sort_part(list, at, k, cuts_left);
        if (at + 1 >= k)
            return;
        list += at + 1;
        n -= at + 1;
        k -= at + 1;
    }
    insertion_sort(list, n);
}

/* Quicksort that leaves alone what lies past k; where too many cuts were bad ones the heap goes on
 * (Musser 1997). */
void ranked_sort_first(struct ranked *list, size_t n, size_t k)
{
    unsigned cuts = 2;
    for (size_t left = n; left > 1; left /= 2)
        cuts += 2;
    sort_part(list, n, k, cuts);
}

void ranked_sort(struct ranked *list, size_t n)
{
    ranked_sort_first(list, n, n);
}

/* ---- the best few ---- */

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
    ranked_sort(out, kept);
    return kept;
}

size_t topk_of_list(const uint32_t *items, const float *scores, size_t n, size_t k,
                    struct ranked *out)
{
    size_t kept = 0;
    for (size_t i = 0; i < n && k > 0; i++)
        kept = offer(out, kept, k, items[i], scores[i]);
    ranked_sort(out, kept);
    return kept;
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
