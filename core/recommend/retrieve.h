#pragma once
/* Scores for the eligible items that a model knows, and the newest of those that it does not. */
#include "base/arena.h"
#include "base/bitmap.h"
#include "recommend/view.h"

struct candidates {
    uint32_t *items; /* [n] rising */
    float *scores;   /* [n] */
    size_t n;
};

/* All items of `eligible` below model->n_items, scored for the query. A model with vectors is
 * scanned here, any other scores the list itself. From the arena; NO_MEMORY. */
enum status retrieve_scored(const struct model *model, const struct query *query,
                            const struct bitmap *eligible, struct arena *arena,
                            struct candidates *ret_candidates);

/* The same for items among which are the k best of those, by view->coarse, which there is, of the
 * retriever. */
enum status retrieve_coarse(const struct view *view, const struct query *query,
                            const struct bitmap *eligible, size_t k, struct arena *arena,
                            struct candidates *ret_candidates);

/* The same by likeness to one item; those without any are left out. The model has `similar`. Only
 * one with `similar_among` knows items past model->n_items, by the overlay (may be NULL). */
enum status retrieve_similar(const struct model *model, const struct overlay *overlay,
                             uint32_t item, const struct bitmap *eligible, struct arena *arena,
                             struct candidates *ret_candidates);

/* The k newest of `eligible` from item number `from` on: latest created first, equal ones by rising
 * number. *ret_items: [*ret_n] from the arena. */
enum status retrieve_newest(const struct view *view, const struct bitmap *eligible, uint32_t from,
                            size_t k, struct arena *arena, uint32_t **ret_items, size_t *ret_n);
