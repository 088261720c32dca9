#pragma once
/* Probabilities from a fitted network. */
#include "models/network.h"

/* struct predictor_class.predict_batch of every network. */
enum status network_predict(const struct predictor *predictor, const struct examples *examples,
                            struct parallel *pool, float *out, struct arena *scratch);

/* The same for the examples first .. first + n - 1, to out[n]. */
enum status network_predict_some(const struct network *network, const struct examples *examples,
                                 uint32_t first, uint32_t n, struct parallel *pool, float *out,
                                 struct arena *scratch);
