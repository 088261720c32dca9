#pragma once
/* The deep model: embeddings and dense inputs through hidden layers with ReLU (network.h). */
#include "models/predictor.h"

extern const struct predictor_class deep_class;
