#if defined(__x86_64__)
#include <immintrin.h>
#include <math.h>

#include "linalg/kernels_sets.h"

#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC target("avx2,fma")
#endif

/* 4 x 2 sums, 2 vectors of b and a broadcast one: 11 of 16 registers; 6 x 2 for products. */
enum { WIDTH = 8, TILE_ROWS = 4, COMBINE_VECS = 8, GEMM_ROWS = 6, GEMM_VECS = 2 };
typedef __m256 vec;

static inline vec vec_zero(void)
{
    return _mm256_setzero_ps();
}

static inline vec vec_set(float x)
{
    return _mm256_set1_ps(x);
}

static inline vec vec_load(const float *p)
{
    return _mm256_loadu_ps(p);
}

static inline void vec_store(float *p, vec v)
{
    _mm256_storeu_ps(p, v);
}

/* The sign bit of lane i is set for i < n. */
static inline __m256i lanes_below(size_t n)
{
    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

static inline vec vec_load_part(const float *p, size_t n)
{
    return _mm256_maskload_ps(p, lanes_below(n));
}

static inline void vec_store_part(float *p, vec v, size_t n)
{
    _mm256_maskstore_ps(p, lanes_below(n), v);
}

static inline vec vec_fma(vec a, vec b, vec c)
{
    return _mm256_fmadd_ps(a, b, c);
}

static inline vec vec_fnma(vec a, vec b, vec c)
{
    return _mm256_fnmadd_ps(a, b, c);
}

static inline vec vec_mul(vec a, vec b)
{
    return _mm256_mul_ps(a, b);
}

static inline vec vec_add(vec a, vec b)
{
    return _mm256_add_ps(a, b);
}

static inline vec vec_sub(vec a, vec b)
{
    return _mm256_sub_ps(a, b);
}

static inline vec vec_div(vec a, vec b)
{
    return _mm256_div_ps(a, b);
}

static inline vec vec_sqrt(vec a)
{
    return _mm256_sqrt_ps(a);
}

static inline float vec_sum(vec v)
{
    __m128 s = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    s = _mm_add_ps(s, _mm_movehl_ps(s, s));
    s = _mm_add_ss(s, _mm_movehdup_ps(s));
    return _mm_cvtss_f32(s);
}

static inline __m128 vec_sums(vec a, vec b, vec c, vec d)
{
    const __m256 s = _mm256_hadd_ps(_mm256_hadd_ps(a, b), _mm256_hadd_ps(c, d));
    return _mm_add_ps(_mm256_castps256_ps128(s), _mm256_extractf128_ps(s, 1));
}

#include "linalg/kernels_simd.h"

#include "linalg/kernels_learn.h"

const struct kernels kernels_avx2 = {.name = "avx2",
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
