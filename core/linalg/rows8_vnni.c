#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>

#include "linalg/rows8_sets.h"

#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx512dq,avx512vnni"))),      \
                             apply_to = function)
#else
#pragma GCC target("avx512f,avx512vl,avx512dq,avx512vnni")
#endif

enum { REGISTERS = ROWS8_BLOCK / ROWS8_LANES };

uint64_t rows8_bounds_vnni(const struct rows8_block *block, const struct rows8_query *query,
                           float threshold, float *upper, float *lower)
{
    const size_t groups = query->groups, stride = groups * ROWS8_LANES * ROWS8_GROUP;
    const uint8_t *codes = block->codes;
    __m512i s0 = _mm512_setzero_si512(), s1 = s0, s2 = s0, s3 = s0;
    for (size_t g = 0; g < groups; g++, codes += ROWS8_LANES * ROWS8_GROUP) {
        int32_t four;
        memcpy(&four, query->codes + g * ROWS8_GROUP, sizeof four);
        const __m512i p = _mm512_set1_epi32(four);
        s0 = _mm512_dpbusd_epi32(s0, _mm512_loadu_si512(codes), p);
        s1 = _mm512_dpbusd_epi32(s1, _mm512_loadu_si512(codes + stride), p);
        s2 = _mm512_dpbusd_epi32(s2, _mm512_loadu_si512(codes + 2 * stride), p);
        s3 = _mm512_dpbusd_epi32(s3, _mm512_loadu_si512(codes + 3 * stride), p);
    }
    const __m512i sums[REGISTERS] = {s0, s1, s2, s3};
    const __m512 scale = _mm512_set1_ps(query->scale), length = _mm512_set1_ps(query->length),
                 error = _mm512_set1_ps(query->error), least = _mm512_set1_ps(threshold);
    const __m512i offset = _mm512_set1_epi32(query->offset);
    uint64_t above = 0;
    for (size_t r = 0; r < REGISTERS; r++) {
        const size_t i = r * ROWS8_LANES;
        const __m512 whole = _mm512_cvtepi32_ps(_mm512_sub_epi32(sums[r], offset));
        const __m512 score =
            _mm512_mul_ps(_mm512_mul_ps(_mm512_loadu_ps(block->scales + i), scale), whole);
        const __m512 slack =
            _mm512_add_ps(_mm512_mul_ps(_mm512_loadu_ps(block->errors + i), length),
                          _mm512_mul_ps(_mm512_loadu_ps(block->lengths + i), error));
        const __m512 high = _mm512_add_ps(score, slack);
        _mm512_storeu_ps(upper + i, high);
        _mm512_storeu_ps(lower + i, _mm512_sub_ps(score, slack));
        above |= (uint64_t)_mm512_cmp_ps_mask(high, least, _CMP_GE_OQ) << i;
    }
    return above;
}

#ifdef __clang__
#pragma clang attribute pop
#endif
#endif
