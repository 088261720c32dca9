#pragma once
/* How one user would rate one item, by a model of the view, with everything the user has rated up
 * to now. */
#include "recommend/view.h"

/* The model of that name, NULL when the view has none of it. Without a name the first that predicts
 * ratings, `popular` after all others; NULL when none does. */
const struct model *recommend_rating_model(const struct view *view, const char *name);

bool recommend_predicts(const struct model *model);

/* NO_MEMORY is the only failure. The model predicts. */
enum status recommend_rating(const struct view *view, const struct model *model, uint32_t user,
                             uint32_t item, struct arena *arena, float *ret_rating);
