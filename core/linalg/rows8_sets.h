#pragma once
/* The inner loop of rows8.c, one a file for each instruction set; for rows8.c and its test.
 *
 * Codes of ROWS8_BLOCK rows lie by 16 rows and 4 numbers, so that one register takes the same four
 * numbers of 16 rows and no sum crosses it:
 *     codes[((row / 16 * groups + k / 4) * 16 + row % 16) * 4 + k % 4] = q + 128
 */
#include <stddef.h>
#include <stdint.h>

enum { ROWS8_BLOCK = 64, ROWS8_LANES = 16, ROWS8_GROUP = 4 };

struct rows8_query {
    const int8_t *codes; /* p, [groups * 4] */
    size_t groups;
    int32_t offset;      /* 128 * sum of p: what the 128 in a row's codes adds */
    float scale;         /* t */
    float length, error; /* |y|, |y - t p|, rounded up */
};

struct rows8_block {
    const uint8_t *codes;
    const float *scales, *lengths, *errors; /* [ROWS8_BLOCK] s, |s q|, |x - s q| and rounding */
};

/* upper[i], lower[i]: bounds of row i's score. Returns the rows whose upper bound is not below the
 * threshold, one bit each. */
typedef uint64_t (*rows8_bounds)(const struct rows8_block *block, const struct rows8_query *query,
                                 float threshold, float *upper, float *lower);

/* Every one that this CPU can run, the best first; NULL at the end. */
const rows8_bounds *rows8_all_bounds(void);

uint64_t rows8_bounds_plain(const struct rows8_block *block, const struct rows8_query *query,
                            float threshold, float *upper, float *lower);
#if defined(__x86_64__)
uint64_t rows8_bounds_avx2(const struct rows8_block *block, const struct rows8_query *query,
                           float threshold, float *upper, float *lower);
uint64_t rows8_bounds_vnni(const struct rows8_block *block, const struct rows8_query *query,
                           float threshold, float *upper, float *lower);
#endif
