#pragma once
/* Which items may be answered at all, before anything is scored: what may be shown now, in the
 * asked categories, not excluded, not hidden because the user has seen it. */
#include "recommend/recommend.h"

/* touches: the asking user's. *ret_set has view->n_items bits, from the arena. NO_MEMORY. */
enum status eligible_set(const struct view *view, const struct recommend_request *request,
                         const struct touch *touches, size_t n_touches, struct arena *arena,
                         struct bitmap *ret_set);

/* The first moment after now_ms at which one of these touches ceases to hide its item by its type's
 * rule; INT64_MAX: none does. */
int64_t eligible_next_turn(const struct view *view, int64_t now_ms, const struct touch *touches,
                           size_t n_touches);

/* How many of the set can be answered, at most one of a group. NO_MEMORY. */
enum status eligible_count(const struct view *view, const struct bitmap *set, struct arena *arena,
                           uint32_t *ret_count);

/* An empty bitmap in the arena; words NULL when memory is out. */
struct bitmap bitmap_in_arena(struct arena *arena, uint32_t count);
