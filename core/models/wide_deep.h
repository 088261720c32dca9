#pragma once
/* Wide & deep (Cheng et al. 2016): both parts in one logit and one loss, FTRL-proximal for the wide
 * part and AdaGrad or Adam for the deep one in the same step (network.h, network_fit.h). */
#include "models/predictor.h"

extern const struct predictor_class wide_deep_class;
