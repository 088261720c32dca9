#if defined(__x86_64__)
#include <immintrin.h>
#include <math.h>

#include "linalg/kernels_sets.h"

#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx512dq"))),                 \
                             apply_to = function)
#else
#pragma GCC target("avx512f,avx512vl,avx512dq")
#endif

/* 16 sums and one vector of b: 17 of 32 registers; a is broadcast from memory. Products: 8 x 3
 * sums, 3 vectors of b and a broadcast one. */
enum { WIDTH = 16, TILE_ROWS = 16, COMBINE_VECS = 4, GEMM_ROWS = 8, GEMM_VECS = 3 };
typedef __m512 vec;

static inline vec vec_zero(void)
{
    return _mm512_setzero_ps();
}

static inline vec vec_set(float x)
{
    return _mm512_set1_ps(x);
}

static inline vec vec_load(const float *p)
{
    return _mm512_loadu_ps(p);
}

static inline void vec_store(float *p, vec v)
{
    _mm512_storeu_ps(p, v);
}

static inline __mmask16 lanes_below(size_t n)
{
    return (__mmask16)((1u << n) - 1);
}

static inline vec vec_load_part(const float *p, size_t n)
{
    return _mm512_maskz_loadu_ps(lanes_below(n), p);
}

static inline void vec_store_part(float *p, vec v, size_t n)
{
    _mm512_mask_storeu_ps(p, lanes_below(n), v);
}

static inline vec vec_fma(vec a, vec b, vec c)
{
    return _mm512_fmadd_ps(a, b, c);
}

static inline vec vec_fnma(vec a, vec b, vec c)
{
    return _mm512_fnmadd_ps(a, b, c);
}

static inline vec vec_mul(vec a, vec b)
{
    return _mm512_mul_ps(a, b);
}

static inline vec vec_add(vec a, vec b)
{
    return _mm512_add_ps(a, b);
}

static inline vec vec_sub(vec a, vec b)
{
    return _mm512_sub_ps(a, b);
}

static inline vec vec_div(vec a, vec b)
{
    return _mm512_div_ps(a, b);
}

static inline vec vec_sqrt(vec a)
{
    return _mm512_sqrt_ps(a);
}

static inline __m256 vec_halves(vec v)
{
    return _mm256_add_ps(_mm512_castps512_ps256(v), _mm512_extractf32x8_ps(v, 1));
}

static inline float vec_sum(vec v)
{
    const __m256 h = vec_halves(v);
    __m128 s = _mm_add_ps(_mm256_castps256_ps128(h), _mm256_extractf128_ps(h, 1));
    s = _mm_add_ps(s, _mm_movehl_ps(s, s));
    s = _mm_add_ss(s, _mm_movehdup_ps(s));
    return _mm_cvtss_f32(s);
}

static inline __m128 vec_sums(vec a, vec b, vec c, vec d)
{
    const __m256 s = _mm256_hadd_ps(_mm256_hadd_ps(vec_halves(a), vec_halves(b)),
                                    _mm256_hadd_ps(vec_halves(c), vec_halves(d)));
    return _mm_add_ps(_mm256_castps256_ps128(s), _mm256_extractf128_ps(s, 1));
}

#include "linalg/kernels_simd.h"

#include "linalg/kernels_learn.h"

const struct kernels kernels_avx512 = {.name = "avx512",
                                       .dot = dot,
                                       .axpy = axpy,
                                       .scan = scan,
                                       .tile_product = tile_product,
                                       .tile_factor = tile_factor,
                                       .tile_solve = tile_solve,
                                       .combine = combine,
                                       .normal_product = normal_product,
                                       .gemm = gemm,
                                       .adagrad = adagrad,
                                       .adam = adam};

#ifdef __clang__
#pragma clang attribute pop
#endif
#endif
