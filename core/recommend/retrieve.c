#include "recommend/retrieve.h"

#include <math.h>

#include "linalg/kernels.h"

/* ---- scored by a model ---- */

/* The set's items below `end`, and room for their scores. */
static enum status list_items(const struct bitmap *set, uint32_t end, struct arena *arena,
                              struct candidates *ret_candidates)
{
    const size_t room = bitmap_population(set);
    uint32_t *items = arena_alloc(arena, room * sizeof *items);
    float *scores = arena_alloc(arena, room * sizeof *scores);
    if (!items || !scores)
        return STATUS_NO_MEMORY;
    *ret_candidates =
        (struct candidates){.items = items, .scores = scores, .n = bitmap_list(set, end, items)};
    return STATUS_OK;
}

/* How many of items[n] from the first on are neighbours. */
static size_t run_length(const uint32_t *items, size_t n)
{
    size_t length = 1;
    while (length < n && items[length] == items[0] + length)
        length++;
    return length;
}

static enum status find_vector(const struct model *model, const struct query *query,
                               struct arena *arena, float **ret_vector)
{
    uint32_t d;
    model->class->item_vectors(model, &d);
    *ret_vector = arena_alloc(arena, d * sizeof **ret_vector);
    return *ret_vector ? model->class->query_vector(model, query, *ret_vector, arena)
                       : STATUS_NO_MEMORY;
}

static void scan_vectors(const struct model *model, const float *vector,
                         struct candidates *candidates)
{
    uint32_t d;
    const float *rows = model->class->item_vectors(model, &d);
    const struct kernels *kernels = kernels_get();
    for (size_t i = 0; i < candidates->n;) {
        const size_t n = run_length(candidates->items + i, candidates->n - i);
        kernels->scan(rows + (size_t)candidates->items[i] * d, n, d, vector,
                      candidates->scores + i);
        i += n;
    }
}

enum status retrieve_scored(const struct model *model, const struct query *query,
                            const struct bitmap *eligible, struct arena *arena,
                            struct candidates *ret_candidates)
{
    enum status status = list_items(eligible, model->n_items, arena, ret_candidates);
    if (status != STATUS_OK || ret_candidates->n == 0)
        return status;
    if (model->class->item_vectors) {
        float *vector;
        status = find_vector(model, query, arena, &vector);
        if (status == STATUS_OK)
            scan_vectors(model, vector, ret_candidates);
        return status;
    }
    return model->class->score(model, query, 1, ret_candidates->items, ret_candidates->n,
                               ret_candidates->scores, arena);
}

enum status retrieve_coarse(const struct view *view, const struct query *query,
                            const struct bitmap *eligible, size_t k, struct arena *arena,
                            struct candidates *ret_candidates)
{
    struct candidates candidates;
    float *vector;
    enum status status = find_vector(view->retriever, query, arena, &vector);
    if (status == STATUS_OK)
        status = rows8_candidates(view->coarse, vector, eligible, k, arena, &candidates.items,
                                  &candidates.n);
    if (status != STATUS_OK)
        return status;
    candidates.scores = arena_alloc(arena, candidates.n * sizeof *candidates.scores);
    if (!candidates.scores)
        return STATUS_NO_MEMORY;
    scan_vectors(view->retriever, vector, &candidates);
    *ret_candidates = candidates;
    return STATUS_OK;
}

/* Fills the candidates' scores with their likeness. */
static enum status score_likeness(const struct model *model, const struct overlay *overlay,
                                  uint32_t item, struct arena *arena, struct candidates *candidates)
{
    if (model->class->similar_among)
        return model->class->similar_among(model, overlay, item, candidates->items, candidates->n,
                                           candidates->scores, arena);
    float *likeness = arena_alloc(arena, model->n_items * sizeof *likeness);
    if (!likeness)
        return STATUS_NO_MEMORY;
    const enum status status = model->class->similar(model, item, likeness, arena);
    for (size_t i = 0; i < candidates->n && status == STATUS_OK; i++)
        candidates->scores[i] = likeness[candidates->items[i]];
    return status;
}

enum status retrieve_similar(const struct model *model, const struct overlay *overlay,
                             uint32_t item, const struct bitmap *eligible, struct arena *arena,
                             struct candidates *ret_candidates)
{
    const uint32_t end = model->class->similar_among ? eligible->count : model->n_items;
    enum status status = list_items(eligible, end, arena, ret_candidates);
    if (status == STATUS_OK)
        status = score_likeness(model, overlay, item, arena, ret_candidates);
    if (status != STATUS_OK)
        return status;
    size_t kept = 0;
    for (size_t i = 0; i < ret_candidates->n; i++) {
        if (ret_candidates->items[i] == item || !isfinite(ret_candidates->scores[i]))
            continue;
        ret_candidates->items[kept] = ret_candidates->items[i];
        ret_candidates->scores[kept++] = ret_candidates->scores[i];
    }
    ret_candidates->n = kept;
    return STATUS_OK;
}

/* ---- newest first ---- */

struct dated {
    int64_t created_ms;
    uint32_t item;
};

static bool is_older(struct dated a, struct dated b)
{
    return a.created_ms != b.created_ms ? a.created_ms < b.created_ms : a.item > b.item;
}

/* The heap's root is its oldest; puts `dated` in at the root's place. */
static void heap_replace_root(struct dated *heap, size_t n, struct dated dated)
{
    size_t at = 0;
    for (size_t child; (child = 2 * at + 1) < n; at = child) {
        if (child + 1 < n && is_older(heap[child + 1], heap[child]))
            child++;
        if (!is_older(heap[child], dated))
            break;
        heap[at] = heap[child];
    }
    heap[at] = dated;
}

static void heap_add(struct dated *heap, size_t n, struct dated dated)
{
    size_t at = n;
    for (; at > 0 && is_older(dated, heap[(at - 1) / 2]); at = (at - 1) / 2)
        heap[at] = heap[(at - 1) / 2];
    heap[at] = dated;
}

/* The highest set bit below `end`, or UINT32_MAX. */
static uint32_t bitmap_before(const struct bitmap *set, uint32_t end)
{
    if (end == 0)
        return UINT32_MAX;
    size_t at = (end - 1) / 64;
    uint64_t word = set->words[at] & ~UINT64_C(0) >> (63 - (end - 1) % 64);
    while (word == 0) {
        if (at-- == 0)
            return UINT32_MAX;
        word = set->words[at];
    }
    return (uint32_t)(at * 64 + 63 - (size_t)__builtin_clzll(word));
}

/* From the highest number down: later items are mostly newer, so that the heap soon holds what it
 * will hold in the end. */
enum status retrieve_newest(const struct view *view, const struct bitmap *eligible, uint32_t from,
                            size_t k, struct arena *arena, uint32_t **ret_items, size_t *ret_n)
{
    if (k > eligible->count)
        k = eligible->count;
    struct dated *heap = arena_alloc(arena, k * sizeof *heap);
    uint32_t *items = arena_alloc(arena, k * sizeof *items);
    if (!heap || !items)
        return STATUS_NO_MEMORY;
    size_t n = 0;
    for (uint32_t item = bitmap_before(eligible, eligible->count);
         item != UINT32_MAX && item >= from && k > 0; item = bitmap_before(eligible, item)) {
        const struct dated dated = {.created_ms = view->class->created_ms(view, item),
                                    .item = item};
        if (n < k)
            heap_add(heap, n++, dated);
        else if (is_older(heap[0], dated))
            heap_replace_root(heap, n, dated);
    }
    *ret_n = n;
    while (n > 0) { /* the oldest that is left goes to the end */
        items[n - 1] = heap[0].item;
        n--;
        heap_replace_root(heap, n, heap[n]);
    }
    *ret_items = items;
    return STATUS_OK;
}
