#pragma once
/* What the files of search.h share. */
#include "eval/search.h"

/* Settings of a blend of each model's best trial, the best models first, in the result's arena.
 * Members that are not those by default are left as they are. OUT_OF_RANGE: fewer than two. */
enum status search_blend_settings(struct search_result *result, size_t n_rungs,
                                  const void *settings, const void **ret_settings);
