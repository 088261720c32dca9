#pragma once
/* Items of like content: TF-IDF over title, categories and attributes (models/content_terms.h), and
 * the vectors that items were given.
 *
 *     likeness(i, j) = v_i . v_j + e_i . e_j
 *     score(u, i)    = (sum over items j that u likes of likeness(i, j)) / (how many they are)
 *
 * v: the weights of an item's terms; e: its vector at the length that its share of the whole gives
 * it. The length of vectors is the one that most items' have; others are left out. Nothing in it
 * comes from interactions, so it knows items that nobody has touched. Items that come or change
 * after the fit are compared with one at once, by an overlay, with the terms' counts as of the fit;
 * scores of users are as of the fit, so that a change of an item leaves ranked lists as they are.
 * Items that have nothing in common are of no likeness.
 *
 * Sections: content/shape, content/fields, content/hashes, content/counts, content/starts,
 * content/terms, content/weights, content/likes, and content/vectors where there are any. No user's
 * data: nothing to erase.
 */
#include "models/model.h"

extern const struct model_class content_class;

/* How many users liked each item when the model was fitted: [n_items]. 0: a cold item. */
const uint32_t *content_likes(const struct model *model);
