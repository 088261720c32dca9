#include "models/baseline.h"
#include "models/predictor.h"

const struct predictor_class *const predictor_classes[] = {&baseline_class, NULL};
