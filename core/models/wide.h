#pragma once
/* The wide model: logistic regression over features and crosses of them, one weight each, learnt by
 * FTRL-proximal (McMahan et al. 2013), so that weights that do not pay become exactly 0. */
#include "models/predictor.h"

extern const struct predictor_class wide_class;
