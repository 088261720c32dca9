#include "data/features/distinct.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- sorting ---- */

/* Bits whose order as an unsigned number is the order of the floats; -0 and 0 are one. */
static uint32_t bits_of(float value)
{
    uint32_t bits;
    value = value == 0 ? 0 : value;
    memcpy(&bits, &value, sizeof bits);
    return bits & 0x80000000u ? ~bits : bits | 0x80000000u;
}

static float value_of(uint32_t bits)
{
    float value;
    bits = bits & 0x80000000u ? bits & 0x7fffffffu : ~bits;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* By the upper 32 bits, stable: three passes of 11 bits. The result is in `b`. */
static void sort_pairs(uint64_t *a, uint64_t *b, uint32_t n)
{
    enum { DIGITS = 1 << 11 };
    for (int pass = 0; pass < 3; pass++) {
        const int shift = 32 + 11 * pass;
        uint32_t at[DIGITS] = {0}, sum = 0;
        for (uint32_t i = 0; i < n; i++)
            at[(a[i] >> shift) % DIGITS]++;
        for (uint32_t d = 0; d < DIGITS; d++) {
            const uint32_t count = at[d];
            at[d] = sum;
            sum += count;
        }
        for (uint32_t i = 0; i < n; i++)
            b[at[(a[i] >> shift) % DIGITS]++] = a[i];
        uint64_t *other = a;
        a = b;
        b = other;
    }
}

static uint32_t count_runs(const uint64_t *pairs, uint32_t n)
{
    uint32_t runs = 0;
    for (uint32_t i = 0; i < n; i++)
        runs += i == 0 || pairs[i] >> 32 != pairs[i - 1] >> 32;
    return runs;
}

static void collect(const uint64_t *pairs, uint32_t n, struct distinct *distinct)
{
    uint32_t at = UINT32_MAX;
    for (uint32_t i = 0; i < n; i++) {
        if (i == 0 || pairs[i] >> 32 != pairs[i - 1] >> 32)
            distinct->values[++at] = value_of((uint32_t)(pairs[i] >> 32));
        const uint32_t label_bits = (uint32_t)pairs[i];
        float label;
        memcpy(&label, &label_bits, sizeof label);
        distinct->counts[at]++;
        distinct->positives[at] += (double)label;
    }
}

enum status distinct_count(const float *values, const float *labels, uint32_t n,
                           struct distinct *ret_distinct)
{
    uint64_t *pairs = malloc(sizeof *pairs * ((size_t)n + 1));
    uint64_t *sorted = malloc(sizeof *sorted * ((size_t)n + 1));
    struct distinct distinct = {0};
    uint32_t rows = 0;
    if (!pairs || !sorted)
        goto fail;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t label = 0;
        if (isnan(values[i]))
            continue;
        if (labels)
            memcpy(&label, &labels[i], sizeof label);
        pairs[rows++] = (uint64_t)bits_of(values[i]) << 32 | label;
    }
    sort_pairs(pairs, sorted, rows);
    free(pairs);
    pairs = NULL;
    distinct = (struct distinct){.n = count_runs(sorted, rows), .rows = rows, .absent = n - rows};
    distinct.values = malloc(sizeof *distinct.values * ((size_t)distinct.n + 1));
    distinct.counts = calloc((size_t)distinct.n + 1, sizeof *distinct.counts);
    distinct.positives = calloc((size_t)distinct.n + 1, sizeof *distinct.positives);
    if (!distinct.values || !distinct.counts || !distinct.positives)
        goto fail;
    collect(sorted, rows, &distinct);
    free(sorted);
    *ret_distinct = distinct;
    return STATUS_OK;
fail:
    free(pairs);
    free(sorted);
    distinct_free(&distinct);
    return STATUS_NO_MEMORY;
}

void distinct_free(struct distinct *distinct)
{
    free(distinct->values);
    free(distinct->counts);
    free(distinct->positives);
    *distinct = (struct distinct){0};
}

/* ---- moments and quantiles ---- */

void distinct_moments(const struct distinct *distinct, bool log, double *ret_mean,
                      double *ret_deviation)
{
    double mean = 0, squares = 0, rows = 0;
    for (uint32_t i = 0; i < distinct->n; i++) {
        const double x = (double)distinct->values[i], count = distinct->counts[i];
        const double delta = (log ? copysign(log1p(fabs(x)), x) : x) - mean;
        rows += count;
        mean += delta * count / rows;
        squares += delta * delta * count * (rows - count) / rows;
    }
    *ret_mean = mean;
    *ret_deviation = rows > 1 ? sqrt(squares / (rows - 1)) : 0;
}

/* Walks the positions of a rising run of quantiles once. */
struct cursor {
    const struct distinct *distinct;
    uint32_t at;     /* value */
    uint64_t before; /* rows below it */
};

static double cursor_value(struct cursor *cursor, double q)
{
    const struct distinct *d = cursor->distinct;
    const double place = q * (double)(d->rows - 1), whole = floor(place);
    while (cursor->before + d->counts[cursor->at] <= (uint64_t)whole)
        cursor->before += d->counts[cursor->at++];
    const double low = (double)d->values[cursor->at];
    const bool inside =
        (uint64_t)whole + 1 < cursor->before + d->counts[cursor->at] || cursor->at + 1 == d->n;
    const double high = inside ? low : (double)d->values[cursor->at + 1];
    return low + (place - whole) * (high - low);
}

double distinct_quantile(const struct distinct *distinct, double q)
{
    assert(distinct->rows > 0 && q >= 0 && q <= 1);
    struct cursor cursor = {distinct, 0, 0};
    return cursor_value(&cursor, q);
}

static uint32_t quantiles_between(const struct distinct *distinct, uint32_t first, uint32_t last,
                                  uint32_t n, float above, float *out)
{
    struct cursor cursor = {distinct, 0, 0};
    uint32_t found = 0;
    for (uint32_t i = first; i <= last; i++) {
        const float value = (float)cursor_value(&cursor, (double)i / n);
        if (value > (found ? out[found - 1] : above))
            out[found++] = value;
    }
    return found;
}

uint32_t distinct_quantiles(const struct distinct *distinct, uint32_t n, float *out)
{
    assert(distinct->rows > 0 && n > 0);
    return quantiles_between(distinct, 0, n, n, -INFINITY, out);
}

uint32_t distinct_buckets(const struct distinct *distinct, uint32_t n, float *out)
{
    assert(distinct->rows > 0 && n > 1);
    return quantiles_between(distinct, 1, n - 1, n, distinct->values[0], out);
}

uint32_t distinct_places(const struct distinct *distinct, uint32_t points, float *out)
{
    assert(distinct->rows >= points && points > 1);
    struct cursor cursor = {distinct, 0, 0};
    float *low = out + points, *high = out + 2 * (size_t)points;
    uint32_t n = 0;
    for (uint32_t i = 0; i < points; i++) {
        const double place = (double)i / (points - 1);
        const float value = (float)cursor_value(&cursor, place);
        if (n == 0 || value > out[n - 1]) {
            out[n] = value;
            low[n++] = (float)place;
        }
        high[n - 1] = (float)place;
    }
    memmove(out + n, low, n * sizeof *out);
    memmove(out + 2 * (size_t)n, high, n * sizeof *out);
    return n;
}

/* ---- the tree ---- */

/* A node of n rows with p positives has the Gini impurity 2 (p/n)(1 - p/n). Cutting it into l and r
 * lowers the impurity, weighted by rows, by
 *     g = 2 (p_l^2/n_l + p_r^2/n_r - p^2/n),
 * which depends on sums over each side only: one pass over the distinct values finds the best. */
struct leaf {
    uint32_t first, end; /* distinct values */
    uint32_t cut;        /* the right side's first, or `first` when there is no cut */
    double gain;
};

static void find_cut(const struct distinct *d, uint64_t leaf_rows, struct leaf *leaf)
{
    double rows = 0, positives = 0, left = 0, left_positives = 0;
    for (uint32_t i = leaf->first; i < leaf->end; i++) {
        rows += d->counts[i];
        positives += d->positives[i];
    }
    const double whole = positives * positives / rows;
    leaf->cut = leaf->first;
    leaf->gain = rows * 1e-12; /* what rounding can make of no gain */
    for (uint32_t i = leaf->first; i + 1 < leaf->end; i++) {
        left += d->counts[i];
        left_positives += d->positives[i];
        const double right = rows - left, right_positives = positives - left_positives;
        if (left < (double)leaf_rows)
            continue;
        if (right < (double)leaf_rows)
            break;
        const double gain = left_positives * left_positives / left +
                            right_positives * right_positives / right - whole;
        if (gain > leaf->gain) {
            leaf->gain = gain;
            leaf->cut = i + 1;
        }
    }
}

static int compare_floats(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* The leaf to cut next, or NULL; of equal gains the one of the lowest values. */
static struct leaf *best_leaf(struct leaf *leaves, uint32_t n)
{
    struct leaf *best = NULL;
    for (struct leaf *leaf = leaves; leaf < leaves + n; leaf++)
        if (leaf->cut > leaf->first && (!best || leaf->gain > best->gain ||
                                        (leaf->gain == best->gain && leaf->first < best->first)))
            best = leaf;
    return best;
}

enum status distinct_tree(const struct distinct *distinct, uint32_t leaves, uint64_t leaf_rows,
                          float *out, uint32_t *ret_n)
{
    struct leaf *all = malloc(sizeof *all * leaves);
    if (!all)
        return STATUS_NO_MEMORY;
    uint32_t n = 1;
    all[0] = (struct leaf){.end = distinct->n};
    find_cut(distinct, leaf_rows, &all[0]);
    while (n < leaves) {
        struct leaf *leaf = best_leaf(all, n);
        if (!leaf)
            break;
        const double low = (double)distinct->values[leaf->cut - 1];
        const double high = (double)distinct->values[leaf->cut];
        out[n - 1] = (float)(low + (high - low) / 2);
        all[n] = (struct leaf){.first = leaf->cut, .end = leaf->end};
        leaf->end = leaf->cut;
        find_cut(distinct, leaf_rows, leaf);
        find_cut(distinct, leaf_rows, &all[n++]);
    }
    free(all);
    qsort(out, n - 1, sizeof *out, compare_floats);
    *ret_n = n - 1;
    return STATUS_OK;
}
