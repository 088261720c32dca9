#pragma once
/* Counts of a field's values by label, over examples: what associations are made of. Private to
 * the feature report. */
#include "base/observer.h"
#include "data/examples.h"
#include "eval/association.h"

/* Quantile groups that numbers are cut into. */
enum { FEATURE_COUNT_GROUPS = 32 };

/* *ret_association of the field with the label. A category counts as itself (of several in one
 * example each for its share); with `numbers` an example counts for the quantile group of the sum
 * of the field's values, which rises with the number that they encode. NO_MEMORY. */
enum status feature_count(const struct examples *examples, const struct field *field, bool numbers,
                          struct association *ret_association);
