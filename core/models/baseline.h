#pragma once
/* The weighted mean of the labels, for every example: what a predictor has to beat. Of all
 * constants it has the least log loss and squared error. */
#include "models/predictor.h"

extern const struct predictor_class baseline_class;
