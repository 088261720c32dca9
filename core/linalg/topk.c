#include "linalg/topk.h"

#include <math.h>

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
