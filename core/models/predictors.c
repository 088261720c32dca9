#include "models/baseline.h"
#include "models/deep.h"
#include "models/predictor.h"
#include "models/wide.h"
#include "models/wide_deep.h"

const struct predictor_class *const predictor_classes[] = {&baseline_class, &wide_class,
                                                           &deep_class, &wide_deep_class, NULL};
