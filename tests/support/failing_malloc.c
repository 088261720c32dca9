/* To be preloaded: lets chosen allocations of a process fail, as they would without memory.
 *
 * FAIL_MALLOC_AT=K: the K-th (from 1) allocation of the process and the FAIL_MALLOC_COUNT - 1 (1,
 * or 0 for all) that follow return NULL. FAIL_MALLOC_LOG=FILE: the number of allocations is written
 * there at the end, for choosing K. Nothing is counted before `main` could be reached.
 *
 * FAIL_MALLOC_SWITCH=FILE: the file holds a struct malloc_switch, which the test changes while the
 * process runs: failing from then on, once in `odds`, by `seed`. */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

struct malloc_switch {
    _Atomic uint64_t odds; /* one in so many fails; 1: all, 0: none */
    _Atomic uint64_t seed;
    _Atomic uint64_t failed; /* counted here */
};

static atomic_ulong allocations;
static unsigned long from, count = 1;
static struct malloc_switch *by_switch;
static atomic_bool is_active;

static struct malloc_switch *map_switch(const char *path)
{
    const int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (fd < 0)
        return NULL;
    void *map = mmap(NULL, sizeof(struct malloc_switch), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    return map == MAP_FAILED ? NULL : map;
}

__attribute__((constructor)) static void start(void)
{
    const char *at = getenv("FAIL_MALLOC_AT"), *many = getenv("FAIL_MALLOC_COUNT");
    from = at ? strtoul(at, NULL, 10) : 0;
    count = many ? strtoul(many, NULL, 10) : 1;
    by_switch = map_switch(getenv("FAIL_MALLOC_SWITCH"));
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

/* SplitMix64: what the number of an allocation is mixed to, so that a seed decides which fail. */
static uint64_t mix(uint64_t x)
{
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

static bool is_unlucky(uint64_t number)
{
    const uint64_t odds = by_switch ? atomic_load(&by_switch->odds) : 0;
    if (odds == 0 || mix(atomic_load(&by_switch->seed) ^ number) % odds != 0)
        return false;
    atomic_fetch_add(&by_switch->failed, 1);
    return true;
}

static bool fails(void)
{
    if (!atomic_load_explicit(&is_active, memory_order_relaxed))
        return false;
    const unsigned long number = atomic_fetch_add(&allocations, 1) + 1;
    if ((from == 0 || number < from || (count && number - from >= count)) && !is_unlucky(number))
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

void *aligned_alloc(size_t alignment, size_t size)
{
    return fails() ? NULL : __libc_memalign(alignment, size);
}

int posix_memalign(void **ret_memory, size_t alignment, size_t size)
{
    void *memory = fails() ? NULL : __libc_memalign(alignment, size);
    if (!memory)
        return ENOMEM;
    *ret_memory = memory;
    return 0;
}
