#include "recommend/list_cache.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { WAYS = 4, LOCKS = 64, CACHE_LINE = 64 };

struct slot {
    struct list_key key; /* its time: from when on it holds */
    int64_t until_ms;
    const char *strategy, *model; /* NULL: the slot is free */
    uint64_t used;                /* rises with each use within the sets of one lock */
    uint32_t n;
    struct ranked best[LIST_ITEMS_MAX];
    bool calibrated;
};

static_assert(sizeof(struct slot) <= LIST_BYTES, "LIST_BYTES tells the truth");

/* Sets i, i + LOCKS, i + 2 LOCKS, … are under lock i. */
struct guard {
    _Alignas(CACHE_LINE) pthread_mutex_t lock;
    uint64_t clock, hits, misses;
    uint32_t lists;
};

struct list_cache {
    size_t n_sets;
    struct slot *slots; /* [n_sets * WAYS] */
    struct guard guards[LOCKS];
};

/* Waiters spin before they sleep: a list is copied in less time than a system call takes. */
static void init_guards(struct list_cache *cache)
{
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ADAPTIVE_NP);
    for (size_t i = 0; i < LOCKS; i++)
        pthread_mutex_init(&cache->guards[i].lock, &attributes);
    pthread_mutexattr_destroy(&attributes);
}

enum status list_cache_new(uint32_t lists, struct list_cache **ret_cache)
{
    assert(lists > 0);
    struct list_cache *cache = aligned_alloc(CACHE_LINE, sizeof *cache);
    if (!cache)
        return STATUS_NO_MEMORY;
    memset(cache, 0, sizeof *cache);
    cache->n_sets = ((size_t)lists + WAYS - 1) / WAYS;
    cache->slots = calloc(cache->n_sets * WAYS, sizeof *cache->slots); /* untouched until used */
    if (!cache->slots) {
        free(cache);
        return STATUS_NO_MEMORY;
    }
    init_guards(cache);
    *ret_cache = cache;
    return STATUS_OK;
}

void list_cache_free(struct list_cache *cache)
{
    if (!cache)
        return;
    for (size_t i = 0; i < LOCKS; i++)
        pthread_mutex_destroy(&cache->guards[i].lock);
    free(cache->slots);
    free(cache);
}

/* ---- one set, under its lock ---- */

struct set {
    struct guard *guard;
    struct slot *slots; /* [WAYS] */
};

static struct set lock_set(struct list_cache *cache, uint32_t user)
{
    const size_t i = (user * UINT64_C(0x9e3779b97f4a7c15) >> 20) % cache->n_sets;
    const struct set set = {.guard = &cache->guards[i % LOCKS], .slots = cache->slots + i * WAYS};
    pthread_mutex_lock(&set.guard->lock);
    return set;
}

static void unlock_set(const struct set *set)
{
    pthread_mutex_unlock(&set->guard->lock);
}

static struct slot *find_slot(const struct set *set, uint32_t user)
{
    for (size_t i = 0; i < WAYS; i++)
        if (set->slots[i].model && set->slots[i].key.user == user)
            return &set->slots[i];
    return NULL;
}

static bool holds(const struct slot *slot, const struct list_key *key)
{
    return slot->key.generation == key->generation && slot->key.seq == key->seq &&
           slot->key.gains == key->gains && slot->key.now_ms <= key->now_ms &&
           key->now_ms < slot->until_ms;
}

enum status list_cache_get(struct list_cache *cache, const struct list_key *key,
                           struct arena *arena, struct ranked_list *ret_list)
{
    enum status status = STATUS_NOT_FOUND;
    struct ranked *best = arena_alloc(arena, LIST_ITEMS_MAX * sizeof *best);
    if (!best)
        return STATUS_NO_MEMORY;
    const struct set set = lock_set(cache, key->user);
    struct slot *slot = find_slot(&set, key->user);
    if (slot && holds(slot, key)) {
        memcpy(best, slot->best, slot->n * sizeof *best);
        *ret_list = (struct ranked_list){.best = best,
                                         .n = slot->n,
                                         .strategy = slot->strategy,
                                         .model = slot->model,
                                         .calibrated = slot->calibrated};
        slot->used = ++set.guard->clock;
        status = STATUS_OK;
    }
    set.guard->hits += status == STATUS_OK;
    set.guard->misses += status != STATUS_OK;
    unlock_set(&set);
    return status;
}

/* The user's own, a free one, or the one used longest ago. */
static struct slot *choose_slot(const struct set *set, uint32_t user)
{
    struct slot *chosen = find_slot(set, user);
    for (size_t i = 0; i < WAYS && !chosen; i++)
        if (!set->slots[i].model)
            chosen = &set->slots[i];
    if (chosen)
        return chosen;
    chosen = set->slots;
    for (size_t i = 1; i < WAYS; i++)
        if (set->slots[i].used < chosen->used)
            chosen = &set->slots[i];
    return chosen;
}

void list_cache_put(struct list_cache *cache, const struct list_key *key, int64_t until_ms,
                    const struct ranked_list *list)
{
    assert(list->model && list->strategy);
    const struct set set = lock_set(cache, key->user);
    struct slot *slot = choose_slot(&set, key->user);
    set.guard->lists += slot->model == NULL;
    slot->key = *key;
    slot->until_ms = until_ms;
    slot->strategy = list->strategy;
    slot->model = list->model;
    slot->calibrated = list->calibrated;
    slot->used = ++set.guard->clock;
    slot->n = list->n < LIST_ITEMS_MAX ? list->n : LIST_ITEMS_MAX;
    memcpy(slot->best, list->best, slot->n * sizeof *slot->best);
    unlock_set(&set);
}

void list_cache_forget(struct list_cache *cache, uint32_t user)
{
    const struct set set = lock_set(cache, user);
    struct slot *slot = find_slot(&set, user);
    if (slot) {
        memset(slot, 0, sizeof *slot);
        set.guard->lists--;
    }
    unlock_set(&set);
}

struct list_cache_counts list_cache_count(struct list_cache *cache)
{
    struct list_cache_counts counts = {0};
    for (size_t i = 0; i < LOCKS; i++) {
        struct guard *guard = &cache->guards[i];
        pthread_mutex_lock(&guard->lock);
        counts.hits += guard->hits;
        counts.misses += guard->misses;
        counts.lists += guard->lists;
        pthread_mutex_unlock(&guard->lock);
    }
    return counts;
}
