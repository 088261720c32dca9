#pragma once
/* From scores to probabilities (Platt 2000): p = sigmoid(slope * logit(score) + shift), with the
 * slope and shift that make the labels of examples most likely which took no part in the fit; by
 * Newton's method on Platt's smoothed targets (Lin, Lin, Weng 2007). A positive slope keeps the
 * order, which isotonic steps would tie.
 */
#include <stdint.h>

#include "base/status.h"

struct calibration {
    double slope, shift; /* slope 0: none */
};

/* scores[n] in (0, 1), labels 0 or 1, at least one of each: OUT_OF_RANGE otherwise, or when the
 * slope is not above 0: then the scores do not order the labels. */
enum status calibration_fit(const float *scores, const float *labels, uint32_t n,
                            struct calibration *ret_calibration);

/* Above 0 and below 1. */
float calibration_apply(const struct calibration *calibration, float score);
