#pragma once
/* recommend() with the help of lists that were ranked a moment ago (recommend/list_cache.h). The
 * answer is the same as without. */
#include "recommend/list_cache.h"
#include "recommend/live.h"
#include "recommend/recommend.h"

/* From the user's list: for a request that asks no other model and leaves the rule of what counts
 * as seen alone, and tells nothing of the user; categories, exclusions and `only` only take from a
 * list. NOT_FOUND when there is none that
 * holds, or too little of it is eligible; NO_MEMORY. The cache may be NULL. */
enum status cached_recommend(struct list_cache *cache, const struct live_view *view,
                             const struct recommend_request *request, struct arena *arena,
                             struct recommendation *ret_recommendation);

/* recommend(), and keeps the list if it is of use: one without categories and exclusions, and with
 * LIST_RESERVE more than was asked for. The cache may be NULL. */
enum status cached_make(struct list_cache *cache, const struct live_view *view,
                        const struct recommend_request *request, struct arena *arena,
                        struct recommendation *ret_recommendation);
