#pragma once
/* The simplest prediction of a rating, and what a model of ratings has to beat:
 *
 *     b(u, i) = mean + o_i + o_u
 *     o_i = sum_u (r_ui - mean - o_u) / (n_i + damping)
 *     o_u = sum_i (r_ui - mean - o_i) / (n_u + damping)
 *
 * over what is rated (Koren, Bell, Volinsky 2009, with the damped means of Funk 2006), found by
 * alternating. A user's offset follows from the items' alone, so that only these are kept, and who
 * comes later is served as well as who was there.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/parallel.h"
#include "base/sections.h"
#include "data/signal.h"
#include "linalg/csr.h"

struct rating_means {
    uint32_t n_items;
    float mean, low, high; /* of all ratings; low > high: there are none */
    const float *offsets;  /* [n_items] 0 for an item that nobody rated */
    float *owned;          /* offsets and the three before them, unless they are mapped */
};

/* ratings: by user, and its transpose. NO_MEMORY. */
enum status rating_means_fit(const struct csr *by_user, const struct csr *by_item,
                             struct rating_means *ret_means);
void rating_means_free(struct rating_means *means);

bool rating_means_any(const struct rating_means *means);

/* o_u of who rated these; ratings of items past n_items are skipped. */
float rating_means_user(const struct rating_means *means, const struct rating *ratings, uint32_t n);

/* o_i; 0 for an item past the model's. */
float rating_means_item(const struct rating_means *means, uint32_t item);

/* Within low .. high. */
float rating_means_clip(const struct rating_means *means, float rating);

/* One section of n_items + 3 numbers. */
void rating_means_save(const struct rating_means *means, const char *section,
                       struct sections_writer *writer);
/* CORRUPT with the section's name. Points into the mapping. */
enum status rating_means_load(const struct sections *sections, const char *section,
                              uint32_t n_items, struct rating_means *ret_means,
                              struct error *reterr);
