#pragma once
/* Items that nobody has touched, in lists of those who have a history.
 *
 * No model of interactions knows them; `content` does. Where the view's rules name it, the eligible
 * items that nobody liked when it was fitted, and that are like what the user likes, stand in
 * a list of their own, best first. Every `cold_every`-th place of the answer (before offset and
 * groups) goes to the next of them, until they are used up; what is left of them follows when all
 * else is. Such an item has the score of the one before it, so that scores never rise.
 */
#include "linalg/topk.h"
#include "recommend/retrieve.h"
#include "recommend/view.h"

enum { COLD_MAX = 1000 /* in one answer: every second place of the farthest reach */ };

struct cold_items {
    struct ranked *best; /* [n] */
    size_t n;
    uint32_t every;
};

/* The cold items for this history, taken out of `eligible`. None where the rules say so or the
 * history holds nothing. All from the arena; NO_MEMORY. */
enum status cold_take(const struct view *view, const struct touch *touches, size_t n_touches,
                      struct bitmap *eligible, struct arena *arena, struct cold_items *ret_cold);

/* The first k of both lists joined, into out[k]: others[n_others] are the k best of the others, or
 * all of them. Returns how many there are. */
size_t cold_join(const struct cold_items *cold, const struct ranked *others, size_t n_others,
                 size_t k, struct ranked *out);
