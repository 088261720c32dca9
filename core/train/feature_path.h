#pragma once
/* The L1 path of the wide part over a table's features: at which strength each field dies. Private
 * to the feature report. */
#include "base/observer.h"
#include "base/status.h"
#include "data/examples.h"

/* dies[n_fields]: the largest strength of L1 at which any weight of the field is not 0, as a share
 * of the least at which all are; 0 for a field that never comes in. All fields count as linear ones
 * (categories by indicators). At most FEATURE_PATH_ROWS_MAX examples, drawn by the seed. CANCELLED,
 * NO_MEMORY. */
enum { FEATURE_PATH_ROWS_MAX = 50000 };
enum status feature_path(const struct examples *examples, uint64_t seed,
                         const struct observer *observer, double *dies);
