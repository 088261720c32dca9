#pragma once
/* What is growing: recent interest, raised or lowered by how it compares with what was usual.
 *
 *     R_i     = sum over users u with a positive signal for i of 2^-(age_ui / half_life)
 *     E_i     = sum over the same of 2^-(age_ui / (baseline * half_life)), divided by baseline
 *     score_i = R_i * (R_i + smoothing) / (E_i + smoothing)
 *
 * age_ui: of the user's newest event with the item, counted from the newest event of all. Interest
 * that comes at an even rate has R = E, so that its score is R; what has begun of late has up to
 * `baseline` times that, what has ended goes towards 0. The smoothing takes the boost from items
 * that a handful of users support. Each user counts once. Events without a time count nothing,
 * unless none has one: then all are of age 0, and the order is that of `popular`. The same for
 * everyone, whatever the history. */
#include "models/model.h"

extern const struct model_class trending_class;
