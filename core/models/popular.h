#pragma once
/* What most users like: the fallback, and the first row of every table.
 *
 *     score(i) = sum over users u with a positive signal for i of 2^-((newest - t_ui) / half_life)
 *
 * with t_ui the user's newest event of any type with the item and newest that of the data set; an
 * unknown time counts in full, as does everything without a half-life. Each user counts once. The
 * same for everyone, whatever the history.
 *
 * Where there are ratings it predicts them by means (models/rating_means.h). */
#include "models/model.h"

extern const struct model_class popular_class;
