/* What a feature of refitted columns was called before. */
#include <stdlib.h>

#include "data/features/features_parts.h"

static const struct spec_feature *spec_of(const struct features *features, uint32_t i)
{
    return &features->spec->features[i];
}

/* The feature of that name, of the same type, on the same column. */
static uint32_t find_before(const struct features *before, const struct features *now, uint32_t i)
{
    const struct spec_feature *f = spec_of(now, i);
    for (uint32_t j = 0; j < before->spec->n_features; j++) {
        const struct spec_feature *g = spec_of(before, j);
        if (strcmp(g->name, f->name) == 0 && now->coders[i].kind == before->coders[j].kind &&
            (f->type == FEATURE_CROSSED || strcmp(now->spec->columns[f->column].name,
                                                  before->spec->columns[g->column].name) == 0))
            return j;
    }
    return UINT32_MAX;
}

static bool same_numbers(const struct coder *a, const struct coder *b)
{
    return a->n_numbers == b->n_numbers &&
           (a->n_numbers == 0 ||
            memcmp(a->numbers, b->numbers, a->n_numbers * sizeof *a->numbers) == 0);
}

static void map_all(const struct coder *now, const struct coder *before, uint32_t *map)
{
    for (uint32_t i = 0; i < now->size && i < before->size; i++)
        map[now->first + i] = before->first + i;
}

static void map_texts(const struct coder *now, const struct coder *before, uint32_t *map)
{
    map[now->first + CODE_MISSING] = before->first + CODE_MISSING;
    map[now->first + CODE_UNKNOWN] = before->first + CODE_UNKNOWN;
    for (uint32_t code = CODE_FIRST; code < now->size; code++) {
        size_t length;
        const char *text = vocabulary_text(now->texts, code, &length);
        const uint32_t known = vocabulary_find(before->texts, text, length);
        if (known != CODE_UNKNOWN)
            map[now->first + code] = before->first + known;
    }
}

static void map_numbers(const struct coder *now, const struct coder *before, uint32_t *map)
{
    map[now->first + CODE_MISSING] = before->first + CODE_MISSING;
    map[now->first + CODE_UNKNOWN] = before->first + CODE_UNKNOWN;
    for (uint32_t i = 0; i < now->n_numbers; i++) {
        const uint32_t known = number_code(before->numbers, before->n_numbers, now->numbers[i]);
        if (known != CODE_UNKNOWN)
            map[now->first + CODE_FIRST + i] = before->first + known;
    }
}

/* End b of a run of buckets: boundary b - 1, or nothing below the first and above the last. */
static float bucket_end(const struct coder *coder, uint32_t b)
{
    return b == 0 ? -INFINITY : b > coder->n_numbers ? INFINITY : coder->numbers[b - 1];
}

/* A bucket is the same if both its ends are. */
static void map_buckets(const struct coder *now, const struct coder *before, uint32_t *map)
{
    map[now->first] = before->first;
    for (uint32_t b = 0, c = 0; b <= now->n_numbers; b++) {
        while (c < before->n_numbers && bucket_end(before, c) < bucket_end(now, b))
            c++;
        if (bucket_end(before, c) == bucket_end(now, b) &&
            bucket_end(before, c + 1) == bucket_end(now, b + 1))
            map[now->first + 1 + b] = before->first + 1 + c;
    }
}

/* The piece that covers at least half of both. At most one does. */
static void map_pieces(const struct coder *now, const struct coder *before, uint32_t *map)
{
    const uint32_t n = now->n_numbers - 1, m = before->n_numbers - 1;
    for (uint32_t p = 0, q = 0; p < n; p++) {
        const double low = (double)now->numbers[p], high = (double)now->numbers[p + 1];
        while (q > 0 && (double)before->numbers[q] > low)
            q--;
        for (; q < m && (double)before->numbers[q] < high; q++) {
            const double from = (double)before->numbers[q], to = (double)before->numbers[q + 1];
            const double both = fmin(high, to) - fmax(low, from);
            if (2 * both > high - low && 2 * both > to - from) {
                map[now->first + p] = before->first + q;
                break;
            }
        }
        if (q == m)
            q = m - 1;
    }
    if (now->missing && before->missing)
        map[now->first + n] = before->first + m;
}

/* Crosses hash values as they are, so that only the bounds of a bucketized part can change what one
 * of their buckets means, and a number's being known. */
static bool same_parts(const struct features *now, uint32_t i, const struct features *before,
                       uint32_t j)
{
    const struct spec_feature *f = spec_of(now, i), *g = spec_of(before, j);
    const struct coder *a = &now->coders[i], *b = &before->coders[j];
    if (a->n_parts != b->n_parts || a->buckets != b->buckets)
        return false;
    for (uint32_t p = 0; p < a->n_parts; p++)
        if (strcmp(f->of[p].bytes, g->of[p].bytes) != 0 || a->parts[p]->kind != b->parts[p]->kind ||
            (a->parts[p]->kind == CODER_BUCKETS && !same_numbers(a->parts[p], b->parts[p])))
            return false;
    return true;
}

static void map_feature(const struct features *now, uint32_t i, const struct features *before,
                        uint32_t j, uint32_t *map)
{
    const struct coder *a = &now->coders[i], *b = &before->coders[j];
    switch (a->kind) {
    case CODER_LINEAR:
    case CODER_QUANTILE:
        if (spec_of(now, i)->normalize == spec_of(before, j)->normalize && a->log == b->log)
            map_all(a, b, map);
        break;
    case CODER_PIECES:
        map_pieces(a, b, map);
        break;
    case CODER_BUCKETS:
        map_buckets(a, b, map);
        break;
    case CODER_NUMBERS:
        map_numbers(a, b, map);
        break;
    case CODER_CODE:
        map_texts(a, b, map);
        break;
    case CODER_NUMBER_HASH:
    case CODER_HASH:
        if (a->buckets == b->buckets)
            map_all(a, b, map);
        break;
    case CODER_CROSS:
        if (same_parts(now, i, before, j))
            map_all(a, b, map);
        break;
    }
}

void features_warm(const struct features *now, const struct features *before, uint32_t *map)
{
    for (uint32_t f = 0; f < now->layout.n_features; f++)
        map[f] = UINT32_MAX;
    for (uint32_t i = 0; i < now->spec->n_features; i++) {
        if (now->coders[i].field == UINT32_MAX)
            continue;
        const uint32_t j = find_before(before, now, i);
        if (j != UINT32_MAX && before->coders[j].field != UINT32_MAX)
            map_feature(now, i, before, j, map);
    }
}
