#pragma once
/* What the files of `content` share. */
#include "models/content.h"
#include "models/content_terms.h"

struct content {
    struct model base;
    uint32_t n_terms, n_records, d; /* d: of the vectors; 0: none */
    const float *fields;            /* [CONTENT_FIELDS] what each counts */
    const uint64_t *hashes;         /* [n_terms] rising */
    const uint32_t *counts;         /* [n_terms] items with the term */
    const uint64_t *starts;         /* [n_items + 1] */
    const uint32_t *terms;          /* [starts[n_items]] rising within an item */
    const float *weights;           /* [starts[n_items]] */
    const uint32_t *likes;          /* [n_items] users */
    const float *vectors;           /* [n_items x d]; zeros: none */
    void *owned[8];                 /* the arrays above, unless they lie in a mapping */
};

/* The place of a hash among n rising ones; n when it is not there. */
static inline size_t content_find(const uint64_t *hashes, size_t n, uint64_t hash)
{
    size_t low = 0, high = n;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (hashes[middle] < hash)
            low = middle + 1;
        else
            high = middle;
    }
    return low < n && hashes[low] == hash ? low : n;
}

/* models/content_overlay.c */
enum status content_overlay_new(const struct model *model, struct overlay **ret_overlay);
void content_overlay_free(struct overlay *overlay);
enum status content_overlay_item(struct overlay *overlay, uint32_t item,
                                 const struct item_record *record);
uint64_t content_overlay_bytes(const struct overlay *overlay);

/* What the overlay has of one item; NULL: nothing. */
struct content_entry {
    uint32_t item, n;
    uint64_t *hashes; /* [n] rising; weights and vector lie behind them */
    float *weights;   /* [n] */
    float *vector;    /* [d] or NULL */
};
const struct content_entry *content_overlay_find(const struct overlay *overlay, uint32_t item);
