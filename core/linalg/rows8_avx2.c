#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>

#include "linalg/rows8_sets.h"

#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
#else
#pragma GCC target("avx2")
#endif

enum { HALF = 8 };

/* Of 8 rows: `codes` are theirs of the first group, the next group's lie `step` further on. Bytes
 * are widened first: products of bytes with sign would not fit into their sums of two. */
static __m256i sums_of_half(const uint8_t *codes, size_t step, const struct rows8_query *query)
{
    __m256i low = _mm256_setzero_si256(), high = low; /* two sums a row */
    for (size_t g = 0; g < query->groups; g++, codes += step) {
        int32_t four;
        memcpy(&four, query->codes + g * ROWS8_GROUP, sizeof four);
        const __m256i p = _mm256_cvtepi8_epi16(_mm_set1_epi32(four));
        const __m128i *q = (const __m128i *)codes;
        low = _mm256_add_epi32(low, _mm256_madd_epi16(_mm256_cvtepu8_epi16(_mm_loadu_si128(q)), p));
        high = _mm256_add_epi32(high,
                                _mm256_madd_epi16(_mm256_cvtepu8_epi16(_mm_loadu_si128(q + 1)), p));
    }
    /* Sums of rows 0 1 4 5 2 3 6 7, brought in order. */
    return _mm256_permute4x64_epi64(_mm256_hadd_epi32(low, high), _MM_SHUFFLE(3, 1, 2, 0));
}

uint64_t rows8_bounds_avx2(const struct rows8_block *block, const struct rows8_query *query,
                           float threshold, float *upper, float *lower)
{
    const size_t step = ROWS8_LANES * ROWS8_GROUP, stride = query->groups * step;
    const __m256 scale = _mm256_set1_ps(query->scale), length = _mm256_set1_ps(query->length),
                 error = _mm256_set1_ps(query->error), least = _mm256_set1_ps(threshold);
    const __m256i offset = _mm256_set1_epi32(query->offset);
    uint64_t above = 0;
    for (size_t i = 0; i < ROWS8_BLOCK; i += HALF) {
        const uint8_t *codes =
            block->codes + i / ROWS8_LANES * stride + i % ROWS8_LANES * ROWS8_GROUP;
        const __m256i sums = _mm256_sub_epi32(sums_of_half(codes, step, query), offset);
        const __m256 score = _mm256_mul_ps(_mm256_mul_ps(_mm256_loadu_ps(block->scales + i), scale),
                                           _mm256_cvtepi32_ps(sums));
        const __m256 slack =
            _mm256_add_ps(_mm256_mul_ps(_mm256_loadu_ps(block->errors + i), length),
                          _mm256_mul_ps(_mm256_loadu_ps(block->lengths + i), error));
        const __m256 high = _mm256_add_ps(score, slack);
        _mm256_storeu_ps(upper + i, high);
        _mm256_storeu_ps(lower + i, _mm256_sub_ps(score, slack));
        const int bits = _mm256_movemask_ps(_mm256_cmp_ps(high, least, _CMP_GE_OQ));
        above |= (uint64_t)(unsigned)bits << i;
    }
    return above;
}

#ifdef __clang__
#pragma clang attribute pop
#endif
#endif
