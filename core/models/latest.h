#pragma once
/* What is new, newest first, the same for everyone.
 *
 *     score_i = -(newest - t_i), in days
 *
 * t_i: when the item was published, otherwise when it was made, by its record where there are
 * records; otherwise the time of its first event. `newest`: the latest t of all. An item of which
 * no time is known comes after all others. */
#include "models/model.h"

extern const struct model_class latest_class;
