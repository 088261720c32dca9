#pragma once
/* Feature specs written down in tests. */
#include "data/features/spec.h"

/* Parsed as the file test.yaml; the test fails when it cannot be. The spec is the caller's. */
struct feature_spec *test_spec(const char *text);
