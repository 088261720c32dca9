#pragma once
/* Sets of item numbers, one bit each, 64 to a word. Bits past `count` in the last word are zero:
 * every function keeps that, so that counting and scanning need no special end. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/status.h"

struct bitmap {
    uint64_t *words; /* [bitmap_words(count)] */
    uint32_t count;  /* bits */
};

static inline size_t bitmap_words(uint32_t count)
{
    return ((size_t)count + 63) / 64;
}

static inline bool bitmap_test(const struct bitmap *b, uint32_t bit)
{
    return bit < b->count && (b->words[bit / 64] >> bit % 64 & 1);
}

static inline void bitmap_set(struct bitmap *b, uint32_t bit)
{
    b->words[bit / 64] |= UINT64_C(1) << bit % 64;
}

static inline void bitmap_clear(struct bitmap *b, uint32_t bit)
{
    if (bit < b->count)
        b->words[bit / 64] &= ~(UINT64_C(1) << bit % 64);
}

/* Grows (new bits 0) or shrinks an owned bitmap; zero-initialised ones start empty. */
enum status bitmap_resize(struct bitmap *b, uint32_t count);
void bitmap_free(struct bitmap *b);

void bitmap_fill(struct bitmap *b, bool value);

/* a &= b, a &= ~b, a |= b over the bits of a; bits that b lacks count as 0. */
void bitmap_and(struct bitmap *a, const struct bitmap *b);
void bitmap_and_not(struct bitmap *a, const struct bitmap *b);
void bitmap_or(struct bitmap *a, const struct bitmap *b);

/* a = b over the bits of a. */
void bitmap_copy(struct bitmap *a, const struct bitmap *b);

uint32_t bitmap_population(const struct bitmap *b);

/* The set bits below `end` in rising order into out, which has room for bitmap_population of them;
 * returns how many. Word by word: several times as fast as asking for one after the other. */
uint32_t bitmap_list(const struct bitmap *b, uint32_t end, uint32_t *out);

/* The first set bit at or after `from`, or b->count. */
uint32_t bitmap_next(const struct bitmap *b, uint32_t from);
