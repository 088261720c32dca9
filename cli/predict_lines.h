#pragma once
/* Probabilities as lines of text, six decimals each: what printf("%.6f") gives, without its cost.
 */
#include <stddef.h>
#include <stdint.h>

enum predict_format { PREDICT_CSV, PREDICT_NDJSON };

extern const char *const predict_format_names[]; /* by enum predict_format, NULL at the end */

/* Bytes of the longest line. */
enum { PREDICT_LINE_MAX = 32 };

/* Writes n lines to out[n * PREDICT_LINE_MAX], not terminated; returns the bytes. Probabilities in
 * [0, 1]; what lies outside, NaN among them, becomes the nearest of 0 and 1. */
size_t predict_lines(const float *probabilities, uint32_t n, enum predict_format format, char *out);
