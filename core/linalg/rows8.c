#include "linalg/rows8.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "linalg/rows8_sets.h"

enum { CODE_MAX = 127, CODE_ZERO = 128, ALIGNMENT = 64 };

/* A bound is multiplied by this whenever floats have rounded it. */
#define ROUNDED_UP 1.000001

/* The largest number of a vector lies between these or is 0: no product of two vectors then
 * overflows a float, and what underflows is less than the bounds allow for. */
#define LARGEST_MIN 1e-15f
#define LARGEST_MAX 1e15f

struct rows8 {
    uint32_t n, d;
    size_t groups, n_blocks;
    uint8_t *codes;                   /* see rows8_sets.h, block after block */
    float *scales, *lengths, *errors; /* [n_blocks * ROWS8_BLOCK] */
    uint64_t bytes;
};

/* ---- one vector in 8 bits ---- */

struct coded {
    double scale, length, error; /* s, |s q|, |x - s q| */
    double sum;                  /* of q */
};

static int code_of(float x, double scale)
{
    return scale > 0 ? (int)lrint((double)x / scale) : 0;
}

/* False when a number is not finite, or too large or small for the bounds. */
static bool measure(const float *x, uint32_t d, struct coded *ret_coded)
{
    float largest = 0;
    for (uint32_t k = 0; k < d; k++) {
        if (!isfinite(x[k]))
            return false;
        largest = fmaxf(largest, fabsf(x[k]));
    }
    if (largest > LARGEST_MAX || (largest > 0 && largest < LARGEST_MIN))
        return false;
    struct coded coded = {.scale = (float)((double)largest / CODE_MAX)};
    for (uint32_t k = 0; k < d; k++) {
        const double q = code_of(x[k], coded.scale), rest = (double)x[k] - coded.scale * q;
        coded.length += coded.scale * q * coded.scale * q;
        coded.error += rest * rest;
        coded.sum += q;
    }
    coded.length = sqrt(coded.length) * ROUNDED_UP;
    coded.error = sqrt(coded.error) * ROUNDED_UP;
    *ret_coded = coded;
    return true;
}

/* ---- making the copy ---- */

static void *allocate(struct rows8 *rows, size_t size)
{
    const size_t rounded = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    rows->bytes += rounded;
    return aligned_alloc(ALIGNMENT, rounded);
}

static enum status make_room(struct rows8 *rows)
{
    const size_t padded = rows->n_blocks * ROWS8_BLOCK, floats = padded * sizeof(float);
    const size_t codes = padded * rows->groups * ROWS8_GROUP;
    rows->codes = allocate(rows, codes);
    rows->scales = allocate(rows, floats);
    rows->lengths = allocate(rows, floats);
    rows->errors = allocate(rows, floats);
    if (!rows->codes || !rows->scales || !rows->lengths || !rows->errors)
        return STATUS_NO_MEMORY;
    memset(rows->codes, CODE_ZERO, codes);
    memset(rows->scales, 0, floats);
    memset(rows->lengths, 0, floats);
    memset(rows->errors, 0, floats);
    return STATUS_OK;
}

/* Sums of d products in floats, in any order, lose at most (d + 1) 2^-24 |x| |y|; the bounds
 * themselves a few 2^-24 more. */
static double with_rounding(const struct coded *coded, uint32_t d)
{
    return (coded->error + ldexp(d + 64, -24) * (coded->length + coded->error)) * ROUNDED_UP;
}

static bool put_row(struct rows8 *rows, uint32_t i, const float *x)
{
    struct coded coded;
    if (!measure(x, rows->d, &coded))
        return false;
    rows->scales[i] = (float)coded.scale;
    rows->lengths[i] = (float)(coded.length * ROUNDED_UP);
    rows->errors[i] = (float)with_rounding(&coded, rows->d);
    uint8_t *lane = rows->codes +
                    (size_t)(i / ROWS8_LANES) * rows->groups * ROWS8_LANES * ROWS8_GROUP +
                    (size_t)(i % ROWS8_LANES) * ROWS8_GROUP;
    for (uint32_t k = 0; k < rows->d; k++)
        lane[k / ROWS8_GROUP * ROWS8_LANES * ROWS8_GROUP + k % ROWS8_GROUP] =
            (uint8_t)(CODE_ZERO + code_of(x[k], coded.scale));
    return true;
}

enum status rows8_new(const float *rows, uint32_t n, uint32_t d, struct rows8 **ret_rows)
{
    if (d == 0 || d > ROWS8_D_MAX)
        return STATUS_UNSUPPORTED;
    struct rows8 *made = calloc(1, sizeof *made);
    if (!made)
        return STATUS_NO_MEMORY;
    made->n = n;
    made->d = d;
    made->groups = (d + ROWS8_GROUP - 1) / ROWS8_GROUP;
    made->n_blocks = ((size_t)n + ROWS8_BLOCK - 1) / ROWS8_BLOCK;
    enum status status = make_room(made);
    for (uint32_t i = 0; i < n && status == STATUS_OK; i++)
        if (!put_row(made, i, rows + (size_t)i * d))
            status = STATUS_UNSUPPORTED;
    if (status == STATUS_OK)
        *ret_rows = made;
    else
        rows8_free(made);
    return status;
}

void rows8_free(struct rows8 *rows)
{
    if (!rows)
        return;
    free(rows->codes);
    free(rows->scales);
    free(rows->lengths);
    free(rows->errors);
    free(rows);
}

uint64_t rows8_bytes(const struct rows8 *rows)
{
    return sizeof *rows + rows->bytes;
}

/* ---- bounds ---- */

uint64_t rows8_bounds_plain(const struct rows8_block *block, const struct rows8_query *query,
                            float threshold, float *upper, float *lower)
{
    uint64_t above = 0;
    for (size_t i = 0; i < ROWS8_BLOCK; i++) {
        const uint8_t *lane = block->codes +
                              i / ROWS8_LANES * query->groups * ROWS8_LANES * ROWS8_GROUP +
                              i % ROWS8_LANES * ROWS8_GROUP;
        int32_t sum = -query->offset;
        for (size_t g = 0; g < query->groups; g++)
            for (size_t j = 0; j < ROWS8_GROUP; j++)
                sum += lane[g * ROWS8_LANES * ROWS8_GROUP + j] * query->codes[g * ROWS8_GROUP + j];
        const float score = block->scales[i] * query->scale * (float)sum;
        const float slack = block->errors[i] * query->length + block->lengths[i] * query->error;
        upper[i] = score + slack;
        lower[i] = score - slack;
        above |= (uint64_t)(upper[i] >= threshold) << i;
    }
    return above;
}

const rows8_bounds *rows8_all_bounds(void)
{
    static const rows8_bounds all[] = {
#if defined(__x86_64__)
        rows8_bounds_vnni,
        rows8_bounds_avx2,
#endif
        rows8_bounds_plain,
        NULL
    };
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vnni"))
        return all;
    return __builtin_cpu_supports("avx2") ? all + 1 : all + 2;
#else
    return all;
#endif
}

/* ---- candidates ---- */

static enum status code_query(const struct rows8 *rows, const float *query, struct arena *arena,
                              struct rows8_query *ret_query, bool *ret_is_coded)
{
    struct coded coded;
    *ret_is_coded = measure(query, rows->d, &coded);
    if (!*ret_is_coded)
        return STATUS_OK;
    int8_t *codes = arena_zalloc(arena, rows->groups, ROWS8_GROUP);
    if (!codes)
        return STATUS_NO_MEMORY;
    for (uint32_t k = 0; k < rows->d; k++)
        codes[k] = (int8_t)code_of(query[k], coded.scale);
    /* |y| is at most |t p| + |y - t p|. */
    *ret_query = (struct rows8_query){.codes = codes,
                                      .groups = rows->groups,
                                      .offset = (int32_t)(CODE_ZERO * coded.sum),
                                      .scale = (float)coded.scale,
                                      .length = (float)((coded.length + coded.error) * ROUNDED_UP),
                                      .error = (float)(coded.error * ROUNDED_UP)};
    return STATUS_OK;
}

/* ---- the k-th highest lower bound ---- */

static size_t put_above(float *values, size_t from, size_t to, float pivot)
{
    for (size_t i = from; i < to; i++) {
        const float moved = values[i];
        values[i] = values[from];
        values[from] = moved;
        from += moved > pivot;
    }
    return from;
}

static size_t put_equal(float *values, size_t from, size_t to, float pivot)
{
    for (size_t i = from; i < to; i++) {
        const float moved = values[i];
        values[i] = values[from];
        values[from] = moved;
        from += moved == pivot;
    }
    return from;
}

static float median(float a, float b, float c)
{
    return fmaxf(fminf(a, b), fminf(fmaxf(a, b), c));
}

/* The k highest of values[n] to the front, k from 1 to n; returns the lowest of them. By cuts at a
 * pivot (Hoare 1961) that do not branch on the values. */
static float put_highest(float *values, size_t n, size_t k)
{
    size_t from = 0, to = n;
    for (;;) {
        const float pivot = median(values[from], values[from + (to - from) / 2], values[to - 1]);
        const size_t above = put_above(values, from, to, pivot);
        if (above >= k) {
            to = above;
            continue;
        }
        const size_t equal = put_equal(values, above, to, pivot);
        if (equal >= k)
            return pivot;
        from = equal;
    }
}

/* What an upper bound must reach: the k-th highest of the lower bounds, as of when their list was
 * last cut to k. */
struct bar {
    float *values; /* [2 k] */
    size_t n, k, cut_at;
    float height;
};

static void bar_cut(struct bar *bar)
{
    bar->height = put_highest(bar->values, bar->n, bar->k);
    bar->n = bar->k;
    bar->cut_at = 2 * bar->k;
}

static void bar_raise(struct bar *bar, float lower)
{
    bar->values[bar->n++] = lower;
    if (bar->n == bar->cut_at)
        bar_cut(bar);
}

struct found {
    uint32_t *items; /* [n] rising */
    float *uppers;   /* [n] */
    size_t n;
};

static void scan_block(const struct rows8 *rows, size_t b, const struct rows8_query *query,
                       uint64_t allowed, rows8_bounds bounds, struct bar *bar, struct found *found)
{
    const size_t first = b * ROWS8_BLOCK;
    const struct rows8_block block = {.codes = rows->codes + first * rows->groups * ROWS8_GROUP,
                                      .scales = rows->scales + first,
                                      .lengths = rows->lengths + first,
                                      .errors = rows->errors + first};
    float upper[ROWS8_BLOCK], lower[ROWS8_BLOCK];
    uint64_t left = allowed & bounds(&block, query, bar->height, upper, lower);
    for (; left; left &= left - 1) {
        const size_t i = (size_t)__builtin_ctzll(left);
        if (upper[i] < bar->height)
            continue;
        found->items[found->n] = (uint32_t)(first + i);
        found->uppers[found->n++] = upper[i];
        if (lower[i] > bar->height)
            bar_raise(bar, lower[i]);
    }
}

/* Early ones were let in over a low bar. */
static size_t keep_above(struct found *found, float height)
{
    size_t kept = 0;
    for (size_t i = 0; i < found->n; i++) {
        found->items[kept] = found->items[i];
        kept += found->uppers[i] >= height;
    }
    return kept;
}

enum status rows8_candidates(const struct rows8 *rows, const float *query,
                             const struct bitmap *allowed, size_t k, struct arena *arena,
                             uint32_t **ret_items, size_t *ret_n)
{
    const size_t most = bitmap_population(allowed);
    struct bar bar = {.k = k < most ? k : most, .height = -INFINITY};
    struct found found = {.items = arena_alloc(arena, most * sizeof *found.items),
                          .uppers = arena_alloc(arena, most * sizeof *found.uppers)};
    bar.values = arena_alloc(arena, 2 * bar.k * sizeof *bar.values);
    bar.cut_at = bar.k;
    struct rows8_query coded;
    bool is_coded = false;
    if (!found.items || !found.uppers || !bar.values ||
        code_query(rows, query, arena, &coded, &is_coded) != STATUS_OK)
        return STATUS_NO_MEMORY;
    *ret_items = found.items;
    *ret_n = 0;
    if (!is_coded) {
        *ret_n = bitmap_list(allowed, rows->n, found.items);
        return STATUS_OK;
    }
    if (bar.k == 0)
        return STATUS_OK;
    const rows8_bounds bounds = *rows8_all_bounds();
    const size_t words = bitmap_words(allowed->count < rows->n ? allowed->count : rows->n);
    for (size_t b = 0; b < words; b++) {
        uint64_t word = allowed->words[b];
        if (rows->n - b * ROWS8_BLOCK < ROWS8_BLOCK)
            word &= (UINT64_C(1) << (rows->n - b * ROWS8_BLOCK)) - 1;
        if (word)
            scan_block(rows, b, &coded, word, bounds, &bar, &found);
    }
    if (bar.n > bar.k)
        bar_cut(&bar);
    *ret_n = keep_above(&found, bar.height);
    return STATUS_OK;
}
