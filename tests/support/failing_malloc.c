/* To be preloaded: lets chosen allocations of a process fail, as they would without memory.
 *
 * FAIL_MALLOC_AT=K: the K-th (from 1) allocation of the process and the FAIL_MALLOC_COUNT - 1 (1,
 * or 0 for all) that follow return NULL. FAIL_MALLOC_LOG=FILE: the number of allocations is written
 * there at the end, for choosing K. Nothing is counted before `main` could be reached. */
#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);

static atomic_ulong allocations;
static unsigned long from, count = 1;
static atomic_bool is_active;

__attribute__((constructor)) static void start(void)
{
    const char *at = getenv("FAIL_MALLOC_AT"), *many = getenv("FAIL_MALLOC_COUNT");
    from = at ? strtoul(at, NULL, 10) : 0;
    count = many ? strtoul(many, NULL, 10) : 1;
    atomic_store(&is_active, true);
}

__attribute__((destructor)) static void end(void)
{
    atomic_store(&is_active, false);
    const char *path = getenv("FAIL_MALLOC_LOG");
    FILE *file = path ? fopen(path, "w") : NULL;
    if (!file)
        return;
    fprintf(file, "%lu\n", atomic_load(&allocations));
    fclose(file);
}

static bool fails(void)
{
    if (!atomic_load_explicit(&is_active, memory_order_relaxed))
        return false;
    const unsigned long number = atomic_fetch_add(&allocations, 1) + 1;
    if (from == 0 || number < from || (count && number - from >= count))
        return false;
    errno = ENOMEM;
    return true;
}

void *malloc(size_t size)
{
    return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
    return fails() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *memory, size_t size)
{
    return fails() ? NULL : __libc_realloc(memory, size);
}
