#include "server/answered.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { STRIPES = 8, CACHE_LINE = 64, ENDS = ANSWERED_RANKS + 1 };

/* A list covers the places from `start` to before `end`; past ANSWERED_RANKS all are one. */
struct stripe {
    _Alignas(CACHE_LINE) _Atomic uint64_t lists[ANSWERED_STRATEGIES_MAX];
    _Atomic uint64_t covered[ENDS][ENDS]; /* [start][end] */
    _Atomic uint64_t items[ANSWERED_VERSIONS];
};

/* A name is written once, by whoever took the slot, and stays. */
enum slot_state { SLOT_FREE, SLOT_TAKEN, SLOT_NAMED };
struct slot {
    _Atomic int state;
    char name[ANSWERED_STRATEGY_BYTES];
};

struct answered {
    struct stripe stripes[STRIPES];
    struct slot slots[ANSWERED_STRATEGIES_MAX - 1];
    _Atomic uint32_t versions[ANSWERED_VERSIONS];
};

enum status answered_new(struct answered **ret_answered)
{
    struct answered *answered = aligned_alloc(CACHE_LINE, sizeof *answered);
    if (!answered)
        return STATUS_NO_MEMORY;
    memset(answered, 0, sizeof *answered);
    *ret_answered = answered;
    return STATUS_OK;
}

void answered_free(struct answered *answered)
{
    free(answered);
}

static bool is_named(const struct slot *slot)
{
    return atomic_load_explicit(&slot->state, memory_order_acquire) == SLOT_NAMED;
}

static bool take_slot(struct slot *slot, const char *strategy)
{
    int free_slot = SLOT_FREE;
    if (!atomic_compare_exchange_strong(&slot->state, &free_slot, SLOT_TAKEN))
        return false;
    strncpy(slot->name, strategy, sizeof slot->name - 1);
    atomic_store_explicit(&slot->state, SLOT_NAMED, memory_order_release);
    return true;
}

/* One that is being named by another thread is passed over: where that gives a name two slots,
 * answered_sum adds them up. */
static size_t strategy_index(struct answered *answered, const char *strategy)
{
    for (size_t i = 0; i + 1 < ANSWERED_STRATEGIES_MAX; i++) {
        struct slot *slot = &answered->slots[i];
        if (is_named(slot) ? strncmp(slot->name, strategy, sizeof slot->name - 1) == 0
                           : take_slot(slot, strategy))
            return i;
    }
    return ANSWERED_STRATEGIES_MAX - 1;
}

static void add(_Atomic uint64_t *counter, uint64_t amount)
{
    atomic_fetch_add_explicit(counter, amount, memory_order_relaxed);
}

static uint32_t place(uint64_t rank)
{
    return rank < ANSWERED_RANKS ? (uint32_t)rank : ANSWERED_RANKS;
}

void answered_add(struct answered *answered, const char *strategy, uint32_t version,
                  uint32_t offset, uint32_t n)
{
    const int cpu = sched_getcpu();
    struct stripe *stripe = &answered->stripes[cpu < 0 ? 0 : cpu % STRIPES];
    const size_t slot = version % ANSWERED_VERSIONS;
    add(&stripe->lists[strategy_index(answered, strategy)], 1);
    add(&stripe->covered[place(offset)][place((uint64_t)offset + n)], 1);
    if (atomic_load_explicit(&answered->versions[slot], memory_order_relaxed) != version)
        atomic_store_explicit(&answered->versions[slot], version, memory_order_relaxed);
    add(&stripe->items[slot], n);
}

static uint64_t sum_of(const struct answered *answered, size_t offset)
{
    uint64_t sum = 0;
    for (size_t s = 0; s < STRIPES; s++) {
        const char *stripe = (const char *)&answered->stripes[s];
        sum +=
            atomic_load_explicit((const _Atomic uint64_t *)(stripe + offset), memory_order_relaxed);
    }
    return sum;
}

static void add_strategy(struct answered_sum *sum, const char *name, uint64_t lists)
{
    size_t i = 0;
    while (i < sum->n_strategies && strcmp(sum->strategies[i], name) != 0)
        i++;
    if (i == sum->n_strategies)
        sum->strategies[sum->n_strategies++] = name;
    sum->lists[i] += lists;
}

void answered_sum(const struct answered *answered, struct answered_sum *ret_sum)
{
    struct answered_sum sum = {0};
    for (size_t i = 0; i < ANSWERED_STRATEGIES_MAX; i++) {
        const bool last = i + 1 == ANSWERED_STRATEGIES_MAX;
        const char *name = last                            ? "other"
                           : is_named(&answered->slots[i]) ? answered->slots[i].name
                                                           : NULL;
        const uint64_t lists = sum_of(answered, offsetof(struct stripe, lists) + i * 8);
        if (name && lists)
            add_strategy(&sum, name, lists);
    }
    for (size_t start = 0; start < ENDS; start++)
        for (size_t end = start; end < ENDS; end++) {
            const size_t at = (start * ENDS + end) * 8;
            const uint64_t lists = sum_of(answered, offsetof(struct stripe, covered) + at);
            for (size_t rank = start; rank < end; rank++)
                sum.ranks[rank] += lists;
        }
    for (size_t v = 0; v < ANSWERED_VERSIONS; v++) {
        sum.versions[v] = atomic_load(&answered->versions[v]);
        sum.items[v] = sum_of(answered, offsetof(struct stripe, items) + v * 8);
    }
    *ret_sum = sum;
}
