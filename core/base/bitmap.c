#include "base/bitmap.h"

static void clear_past_end(struct bitmap *b)
{
    if (b->count % 64)
        b->words[b->count / 64] &= (UINT64_C(1) << b->count % 64) - 1;
}

enum status bitmap_resize(struct bitmap *b, uint32_t count)
{
    const size_t before = bitmap_words(b->count), after = bitmap_words(count);
    if (after != before || !b->words) {
        uint64_t *words = realloc(b->words, sizeof *words * (after ? after : 1));
        if (!words)
            return STATUS_NO_MEMORY;
        if (after > before)
            memset(words + before, 0, sizeof *words * (after - before));
        b->words = words;
    }
    b->count = count;
    clear_past_end(b);
    return STATUS_OK;
}

void bitmap_free(struct bitmap *b)
{
    free(b->words);
    *b = (struct bitmap){0};
}

void bitmap_fill(struct bitmap *b, bool value)
{
    if (b->count == 0)
        return;
    memset(b->words, value ? 0xff : 0, sizeof *b->words * bitmap_words(b->count));
    clear_past_end(b);
}

static size_t common_words(const struct bitmap *a, const struct bitmap *b)
{
    const size_t n = bitmap_words(a->count), m = bitmap_words(b->count);
    return n < m ? n : m;
}

void bitmap_and(struct bitmap *a, const struct bitmap *b)
{
    const size_t common = common_words(a, b), all = bitmap_words(a->count);
    for (size_t i = 0; i < common; i++)
        a->words[i] &= b->words[i];
    for (size_t i = common; i < all; i++)
        a->words[i] = 0;
}

void bitmap_and_not(struct bitmap *a, const struct bitmap *b)
{
    const size_t common = common_words(a, b);
    for (size_t i = 0; i < common; i++)
        a->words[i] &= ~b->words[i];
}

void bitmap_or(struct bitmap *a, const struct bitmap *b)
{
    const size_t common = common_words(a, b);
    for (size_t i = 0; i < common; i++)
        a->words[i] |= b->words[i];
    if (a->count)
        clear_past_end(a);
}

void bitmap_copy(struct bitmap *a, const struct bitmap *b)
{
    bitmap_fill(a, false);
    bitmap_or(a, b);
}

uint32_t bitmap_population(const struct bitmap *b)
{
    uint32_t population = 0;
    for (size_t i = 0; i < bitmap_words(b->count); i++)
        population += (uint32_t)__builtin_popcountll(b->words[i]);
    return population;
}

uint32_t bitmap_next(const struct bitmap *b, uint32_t from)
{
    if (from >= b->count)
        return b->count;
    size_t at = from / 64;
    uint64_t word = b->words[at] & ~UINT64_C(0) << from % 64;
    while (word == 0) {
        if (++at >= bitmap_words(b->count))
            return b->count;
        word = b->words[at];
    }
    return (uint32_t)(at * 64 + (size_t)__builtin_ctzll(word));
}

uint32_t bitmap_list(const struct bitmap *b, uint32_t end, uint32_t *out)
{
    uint32_t n = 0;
    if (end > b->count)
        end = b->count;
    for (size_t at = 0; at < bitmap_words(end); at++) {
        uint64_t word = b->words[at];
        const uint32_t first = (uint32_t)(at * 64);
        if (end - first < 64)
            word &= (UINT64_C(1) << (end - first)) - 1;
        for (; word; word &= word - 1)
            out[n++] = first + (uint32_t)__builtin_ctzll(word);
    }
    return n;
}
