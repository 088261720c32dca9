#include "linalg/kernels.h"

#include "linalg/kernels_sets.h"

enum { SETS_MAX = 3 };

/* Written by the constructor below, before any other code of the program runs; const from then. */
static const struct kernels *sets[SETS_MAX + 1];

__attribute__((constructor)) static void choose(void)
{
    size_t n = 0;
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512dq"))
        sets[n++] = &kernels_avx512;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        sets[n++] = &kernels_avx2;
#endif
    sets[n] = &kernels_plain;
}

const struct kernels *kernels_get(void)
{
    return sets[0];
}

const struct kernels *const *kernels_all(void)
{
    return sets;
}

void kernels_scan_marked(const float *rows, size_t n, size_t d, const float *query,
                         const struct bitmap *marked, float *out)
{
    const struct kernels *k = kernels_get();
    for (size_t w = 0; w < bitmap_words(marked->count); w++) {
        const size_t first = w * 64;
        if (first + 64 <= n && marked->words[w] == ~UINT64_C(0)) {
            k->scan(rows + first * d, 64, d, query, out + first);
            continue;
        }
        for (uint64_t left = marked->words[w]; left; left &= left - 1) {
            const size_t i = first + (size_t)__builtin_ctzll(left);
            if (i < n)
                k->scan(rows + i * d, 1, d, query, out + i);
        }
    }
}
