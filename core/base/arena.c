#include "base/arena.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_MIN = 4096, BLOCK_MAX = 1 << 20, ALIGNMENT = 16 };

struct arena_block {
    struct arena_block *before;
    size_t size, used;
    _Alignas(ALIGNMENT) unsigned char bytes[];
};

static struct arena_block *add_block(struct arena *arena, size_t at_least)
{
    size_t size = arena->last ? 2 * arena->last->size : BLOCK_MIN;
    if (size > BLOCK_MAX)
        size = BLOCK_MAX;
    if (size < at_least)
        size = at_least;
    if (size > SIZE_MAX - sizeof(struct arena_block))
        return NULL;
    struct arena_block *block = malloc(sizeof *block + size);
    if (!block)
        return NULL;
    *block = (struct arena_block){.before = arena->last, .size = size};
    arena->last = block;
    return block;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    if (size > SIZE_MAX - ALIGNMENT)
        return NULL;
    const size_t rounded = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (arena->limit && (rounded > arena->limit || arena->used > arena->limit - rounded))
        return NULL;
    struct arena_block *block = arena->last;
    if (!block || block->size - block->used < rounded)
        block = add_block(arena, rounded);
    if (!block)
        return NULL;
    void *result = block->bytes + block->used;
    block->used += rounded;
    arena->used += rounded;
    return result;
}

void *arena_zalloc(struct arena *arena, size_t count, size_t size)
{
    size_t total;
    if (__builtin_mul_overflow(count, size, &total))
        return NULL;
    void *result = arena_alloc(arena, total);
    if (result)
        memset(result, 0, total);
    return result;
}

char *arena_strndup(struct arena *arena, const char *bytes, size_t length)
{
    if (length == SIZE_MAX)
        return NULL;
    char *copy = arena_alloc(arena, length + 1);
    if (copy) {
        if (length)
            memcpy(copy, bytes, length);
        copy[length] = '\0';
    }
    return copy;
}

void arena_free(struct arena *arena)
{
    struct arena_block *block = arena->last;
    while (block) {
        struct arena_block *before = block->before;
        free(block);
        block = before;
    }
    arena->last = NULL;
    arena->used = 0;
}

void arena_reset(struct arena *arena)
{
    struct arena_block **largest = &arena->last;
    if (!*largest)
        return;
    for (struct arena_block **at = &arena->last; *at; at = &(*at)->before)
        if ((*at)->size > (*largest)->size)
            largest = at;
    struct arena_block *keep = *largest;
    *largest = keep->before;
    arena_free(arena);
    keep->before = NULL;
    keep->used = 0;
    arena->last = keep;
}
