/* Examples out of the rows of a frame: for each feature of the spec, its entries. */
#include "data/features/features_parts.h"

/* Where the entries of a batch go. */
struct sink {
    uint32_t *features;
    float *values;
};

static inline void put(struct sink *to, uint32_t feature, float value)
{
    *to->features++ = feature;
    *to->values++ = value;
}

static inline void put_number(struct sink *to, uint32_t feature, float value)
{
    if (value != 0)
        put(to, feature, value);
}

/* ---- numbers ---- */

static void put_linear(const struct coder *coder, float x, struct sink *to)
{
    if (isnan(x)) {
        put_number(to, coder->first, (float)coder->absent);
        if (coder->missing)
            put(to, coder->first + 1, 1);
        return;
    }
    double y = (double)x;
    if (coder->log)
        y = copysign(log1p(fabs(y)), y);
    y = (y - coder->shift) * coder->scale;
    if (coder->standard) {
        y = y < DEVIATIONS_MAX ? y : DEVIATIONS_MAX;
        y = y > -DEVIATIONS_MAX ? y : -DEVIATIONS_MAX;
    }
    put_number(to, coder->first, (float)y);
}

static inline float pick(bool first, float a, float b)
{
    const uint32_t mask = -(uint32_t)first;
    return float_of((cell_of(a) & mask) | (cell_of(b) & ~mask));
}

/* Of a number that `count` of the values do not exceed; NaN stays NaN. Which case a number falls
 * into is chance, so all are worked out and one is picked. */
static inline float place_of(const struct coder *coder, float x, uint32_t count)
{
    const uint32_t n = coder->n_numbers, last = n > 1 ? n - 2 : 0;
    const float *values = coder->numbers, *low = values + n, *high = low + n;
    const uint32_t before = count ? count - 1 : 0, at = before < last ? before : last;
    const double share =
        ((double)x - (double)values[at]) / ((double)values[at + 1] - (double)values[at]);
    float place = (float)((double)high[at] + share * ((double)low[at + 1] - (double)high[at]));
    place = pick(x == values[at], (low[at] + high[at]) / 2, place);
    place = pick(x >= values[n - 1], 1, place);
    return pick(x <= values[0], 0, place);
}

/* As many searches go side by side, since each step of one waits for the step before. */
enum { ABREAST = 8 };

/* count_up_to of each of them. */
static inline void count_abreast(const float *numbers, uint32_t n, const float x[ABREAST],
                                 uint32_t counts[ABREAST])
{
    for (size_t s = 0; s < ABREAST; s++)
        counts[s] = 0;
    while (n > 1) {
        const uint32_t half = n / 2;
        for (size_t s = 0; s < ABREAST; s++)
            counts[s] += half & -(uint32_t)(numbers[counts[s] + half - 1] <= x[s]);
        n -= half;
    }
    for (size_t s = 0; s < ABREAST; s++)
        counts[s] += n == 1 && numbers[counts[s]] <= x[s];
}

/* out[i * stride]: the places of rows[n]. */
static void find_places(const struct coder *coder, const struct frame *frame, const uint32_t *rows,
                        uint32_t n, float *out, size_t stride)
{
    for (uint32_t first = 0; first < n; first += ABREAST) {
        const uint32_t abreast = n - first < ABREAST ? n - first : ABREAST;
        float x[ABREAST];
        uint32_t counts[ABREAST];
        for (uint32_t s = 0; s < ABREAST; s++)
            x[s] = float_of(frame_row(frame, rows[first + (s < abreast ? s : 0)])[coder->cell]);
        count_abreast(coder->numbers, coder->n_numbers, x, counts);
        for (uint32_t s = 0; s < abreast; s++)
            out[(first + s) * stride] = place_of(coder, x[s], counts[s]);
    }
}

static void put_quantile(const struct coder *coder, float place, struct sink *to)
{
    if (!isnan(place)) {
        put_number(to, coder->first, place);
        return;
    }
    put(to, coder->first, .5f);
    if (coder->missing)
        put(to, coder->first + 1, 1);
}

static void put_pieces(const struct coder *coder, float x, struct sink *to)
{
    const uint32_t pieces = coder->n_numbers - 1;
    const float *ends = coder->numbers;
    if (isnan(x)) {
        if (coder->missing)
            put(to, coder->first + pieces, 1);
        return;
    }
    const uint32_t below = count_up_to(ends, pieces + 1, x);
    const uint32_t full = below > 0 ? below - 1 : 0;
    for (uint32_t i = 0; i < full; i++) {
        to->features[i] = coder->first + i;
        to->values[i] = 1;
    }
    to->features += full;
    to->values += full;
    if (below > 0 && full < pieces)
        put_number(to, coder->first + full,
                   (float)(((double)x - (double)ends[full]) /
                           ((double)ends[full + 1] - (double)ends[full])));
}

static inline uint32_t bucket_code(const struct coder *coder, float x)
{
    return isnan(x) ? 0 : 1 + count_up_to(coder->numbers, coder->n_numbers, x);
}

/* ---- hashes and crosses ---- */

static inline uint32_t hashed(const struct coder *coder, uint32_t key)
{
    return key == KEY_MISSING ? 0 : 1 + bucket_of(key, coder->buckets);
}

static void put_list(const struct coder *coder, const uint32_t *list, struct sink *to)
{
    if (list[0] == 0)
        put(to, coder->first, 1);
    uint32_t last = UINT32_MAX;
    for (uint32_t i = 1; i <= list[0]; i++) {
        const uint32_t at = coder->kind == CODER_CODE ? list[i] : hashed(coder, list[i]);
        if (at != last)
            put(to, coder->first + at, 1);
        last = at;
    }
}

/* What a cross hashes of a part without a list. */
static inline uint32_t key_of_part(const struct coder *part, const uint32_t *row)
{
    const uint32_t cell = row[part->cell];
    switch (part->kind) {
    case CODER_CODE:
        return part->keys[cell];
    case CODER_HASH:
        return cell;
    case CODER_BUCKETS: {
        const uint32_t bucket = bucket_code(part, float_of(cell));
        return bucket ? bucket + KEY_UNKNOWN : (uint32_t)KEY_MISSING;
    }
    default: {
        const float x = float_of(cell);
        if (isnan(x))
            return KEY_MISSING;
        if (part->kind == CODER_NUMBERS &&
            number_code(part->numbers, part->n_numbers, x) == CODE_UNKNOWN)
            return KEY_UNKNOWN;
        return key_of_number(x);
    }
    }
}

static inline uint64_t cross_step(uint64_t hash, uint32_t key)
{
    hash = (hash ^ key) * UINT64_C(0xd6e8feb86659fd93);
    return hash ^ hash >> 32;
}

static inline uint32_t cross_bucket(const struct coder *coder, uint64_t hash)
{
    hash = (hash ^ hash >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    return bucket_of((uint32_t)(hash >> 32), coder->buckets);
}

static const uint64_t cross_start = UINT64_C(0x9e3779b97f4a7c15);

static void put_cross(const struct coder *coder, const uint32_t *row, struct sink *to)
{
    uint64_t hash = cross_start;
    for (uint32_t p = 0; p < coder->n_parts; p++)
        hash = cross_step(hash, key_of_part(coder->parts[p], row));
    put(to, coder->first + cross_bucket(coder, hash), 1);
}

/* Shell's sort with Ciura's gaps (2001): in place and without memory of its own. */
static void sort_numbers(uint32_t *numbers, uint32_t n)
{
    static const uint32_t gaps[] = {1750, 701, 301, 132, 57, 23, 10, 4, 1};
    for (size_t g = 0; g < sizeof gaps / sizeof *gaps; g++)
        for (uint32_t i = gaps[g]; i < n; i++) {
            const uint32_t number = numbers[i];
            uint32_t at = i;
            for (; at >= gaps[g] && numbers[at - gaps[g]] > number; at -= gaps[g])
                numbers[at] = numbers[at - gaps[g]];
            numbers[at] = number;
        }
}

enum { FEW = 16 };

/* The same for a few: each goes to the place that the count of the smaller ones gives, without a
 * branch on what is chance. Equal ones fall on one place. Returns how many different ones. */
static uint32_t sort_few(uint32_t *numbers, uint32_t n)
{
    int32_t given[FEW], sorted[FEW], smaller[FEW] = {0};
    for (size_t i = 0; i < FEW; i++) {
        given[i] = i < n ? (int32_t)numbers[i] : INT32_MAX;
        sorted[i] = INT32_MAX;
    }
    for (uint32_t j = 0; j < n; j++)
        for (size_t i = 0; i < FEW; i++)
            smaller[i] += given[j] < given[i];
    for (uint32_t i = 0; i < n; i++)
        sorted[smaller[i]] = given[i];
    uint32_t kept = 0;
    for (uint32_t i = 0; i < n; i++) {
        numbers[kept] = (uint32_t)sorted[i];
        kept += sorted[i] != INT32_MAX;
    }
    return kept;
}

/* In rising order, each once. Returns how many are left. */
static uint32_t sort_distinct(uint32_t *numbers, uint32_t n)
{
    if (n <= FEW)
        return sort_few(numbers, n);
    sort_numbers(numbers, n);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < n; i++)
        if (kept == 0 || numbers[i] != numbers[kept - 1])
            numbers[kept++] = numbers[i];
    return kept;
}

/* A cross of a row: of each part the list, or the key where it has none. */
struct combinations {
    const struct coder *coder;
    const uint32_t *lists[SPEC_CROSS_MAX]; /* count, then values; NULL: no list */
    uint32_t keys[SPEC_CROSS_MAX];
    uint32_t last_list; /* the last part that has one */
};

static inline uint32_t key_of_value(const struct coder *part, uint32_t value)
{
    return part->kind == CODER_CODE ? part->keys[value] : value;
}

/* False: a part without values has no combinations. */
static bool read_combinations(const struct coder *coder, const uint32_t *row, const uint32_t *lists,
                              struct combinations *ret)
{
    ret->coder = coder;
    ret->last_list = 0;
    for (uint32_t p = 0; p < coder->n_parts; p++) {
        const struct coder *part = coder->parts[p];
        ret->lists[p] = part->list ? lists + row[part->cell] : NULL;
        ret->keys[p] = part->list ? 0 : key_of_part(part, row);
        if (part->list && ret->lists[p][0] == 0)
            return false;
        if (part->list)
            ret->last_list = p;
    }
    return true;
}

/* All values of the last list, behind the hash of what stands before it. */
static uint32_t *put_run(const struct combinations *c, uint64_t before, uint32_t *features)
{
    const struct coder *coder = c->coder, *part = coder->parts[c->last_list];
    const uint32_t *list = c->lists[c->last_list];
    for (uint32_t i = 1; i <= list[0]; i++) {
        uint64_t hash = cross_step(before, key_of_value(part, list[i]));
        for (uint32_t p = c->last_list + 1; p < coder->n_parts; p++)
            hash = cross_step(hash, c->keys[p]);
        *features++ = coder->first + cross_bucket(coder, hash);
    }
    return features;
}

/* Every combination of the parts' values: an odometer of the lists before the last one, whose last
 * wheel turns fastest. */
static void put_combinations(const struct coder *coder, const uint32_t *row, const uint32_t *lists,
                             struct sink *to)
{
    struct combinations c;
    uint32_t at[SPEC_CROSS_MAX] = {0}, *end = to->features;
    if (!read_combinations(coder, row, lists, &c))
        return;
    for (;;) {
        uint64_t hash = cross_start;
        for (uint32_t p = 0; p < c.last_list; p++)
            hash =
                cross_step(hash, c.lists[p] ? key_of_value(coder->parts[p], c.lists[p][1 + at[p]])
                                            : c.keys[p]);
        end = put_run(&c, hash, end);
        uint32_t p = c.last_list;
        while (p > 0) {
            if (c.lists[p - 1] && ++at[p - 1] < c.lists[p - 1][0])
                break;
            at[--p] = 0;
        }
        if (p == 0)
            break;
    }
    const uint32_t kept = sort_distinct(to->features, (uint32_t)(end - to->features));
    for (uint32_t i = 0; i < kept; i++)
        to->values[i] = 1;
    to->features += kept;
    to->values += kept;
}

/* ---- rows ---- */

/* *place: what place_in_advance made for CODER_QUANTILE. */
static void put_feature(const struct coder *coder, const uint32_t *row, const uint32_t *lists,
                        const float *place, struct sink *to)
{
    const uint32_t cell = row[coder->cell];
    switch (coder->kind) {
    case CODER_LINEAR:
        put_linear(coder, float_of(cell), to);
        break;
    case CODER_QUANTILE:
        put_quantile(coder, *place, to);
        break;
    case CODER_PIECES:
        put_pieces(coder, float_of(cell), to);
        break;
    case CODER_BUCKETS:
        put(to, coder->first + bucket_code(coder, float_of(cell)), 1);
        break;
    case CODER_NUMBERS:
        put(to, coder->first + number_code(coder->numbers, coder->n_numbers, float_of(cell)), 1);
        break;
    case CODER_NUMBER_HASH:
        put(to, coder->first + hashed(coder, key_of_part(coder, row)), 1);
        break;
    case CODER_CODE:
        if (coder->list)
            put_list(coder, lists + cell, to);
        else
            put(to, coder->first + cell, 1);
        break;
    case CODER_HASH:
        if (coder->list)
            put_list(coder, lists + cell, to);
        else
            put(to, coder->first + hashed(coder, cell), 1);
        break;
    case CODER_CROSS:
        if (coder->list)
            put_combinations(coder, row, lists, to);
        else
            put_cross(coder, row, to);
        break;
    }
}

/* Places among quantiles, column by column, so that one column's numbers at a time are in the first
 * cache. Each waits where its entry is written at the latest: entries are written in order, and
 * those before it never reach it. */
static void place_in_advance(const struct frame *frame, const uint32_t *rows, uint32_t n,
                             struct example_batch *batch)
{
    const struct features *features = frame->features;
    for (uint32_t i = 0; i < n; i++)
        __builtin_prefetch(frame_row(frame, rows[i]));
    for (uint32_t f = 0; f < features->spec->n_features; f++) {
        const struct coder *coder = &features->coders[f];
        if (coder->field != UINT32_MAX && coder->kind == CODER_QUANTILE)
            find_places(coder, frame, rows, n, batch->values + coder->entries_before,
                        features->entries_max);
    }
}

void features_fetch(const void *context, const uint32_t *rows, uint32_t n,
                    struct example_batch *batch)
{
    const struct frame *frame = context;
    const struct features *features = frame->features;
    struct sink to = {batch->features, batch->values};
    batch->n = n;
    batch->starts[0] = 0;
    place_in_advance(frame, rows, n, batch);
    for (uint32_t i = 0; i < n; i++) {
        const uint32_t *row = frame_row(frame, rows[i]);
        const float *places = batch->values + (size_t)i * features->entries_max;
        if (frame->labelled)
            batch->labels[i] = float_of(row[CELL_LABEL]);
        batch->weights[i] = float_of(row[CELL_WEIGHT]);
        for (uint32_t f = 0; f < features->spec->n_features; f++)
            if (features->coders[f].field != UINT32_MAX)
                put_feature(&features->coders[f], row, frame->lists,
                            places + features->coders[f].entries_before, &to);
        batch->starts[i + 1] = (uint32_t)(to.features - batch->features);
    }
}
