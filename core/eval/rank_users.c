#include "eval/rank_users.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/clock.h"

/* A chunk grows and shrinks so that it takes a fraction of a second: between chunks the observer is
 * asked whether to stop. */
enum { BLOCK_USERS = 8, CHUNK_MIN = 64, CHUNK_MAX = 4096 };
static const double chunk_seconds_low = 0.05, chunk_seconds_high = 0.2;

struct ranking {
    const struct rank_users_request *request;
    bool hide[EVENT_TYPES_MAX]; /* whatever the user did with an item in training hides it */
    struct arena *arenas;       /* by worker */
    struct recommended *items;  /* [CHUNK_MAX x n] */
    uint32_t *lengths;          /* [CHUNK_MAX] */
    uint32_t first, count;      /* the chunk */
    _Atomic bool failed;
};

static void rank_user(struct ranking *ranking, uint32_t in_chunk, struct arena *arena)
{
    const struct rank_users_request *request = ranking->request;
    const uint32_t user = request->users[ranking->first + in_chunk];
    struct recommend_request ask = {.user = user,
                                    .n = request->n,
                                    .now_ms = request->moments ? request->moments[user].now_ms : 0,
                                    .seen = SEEN_HIDE,
                                    .hide_types = ranking->hide};
    if (request->moments && request->contexts)
        ask.context = facts_get(request->contexts, request->moments[user].event);
    if (request->exclude) {
        const uint64_t *starts = request->exclude->starts;
        ask.exclude = request->exclude->columns + starts[user];
        ask.n_exclude = (size_t)(starts[user + 1] - starts[user]);
        if (ask.n_exclude > RECOMMEND_EXCLUDE_MAX)
            ask.n_exclude = RECOMMEND_EXCLUDE_MAX;
    }
    struct recommendation answer;
    arena_reset(arena);
    if (recommend(request->view, &ask, arena, &answer) != STATUS_OK) {
        atomic_store(&ranking->failed, true);
        return;
    }
    struct recommended *out = ranking->items + (size_t)in_chunk * request->n;
    for (uint32_t i = 0; i < answer.n; i++)
        out[i] = answer.items[i];
    ranking->lengths[in_chunk] = answer.n;
}

static void rank_block(void *context, size_t block, unsigned worker)
{
    struct ranking *ranking = context;
    const uint32_t from = (uint32_t)block * BLOCK_USERS;
    for (uint32_t i = from; i < from + BLOCK_USERS && i < ranking->count; i++)
        rank_user(ranking, i, &ranking->arenas[worker]);
}

static enum status rank_chunk(struct ranking *ranking)
{
    const struct rank_users_request *request = ranking->request;
    const size_t n_blocks = (ranking->count + BLOCK_USERS - 1) / BLOCK_USERS;
    parallel_for(request->pool, n_blocks, rank_block, ranking, &ranking->failed);
    if (ranking->failed)
        return STATUS_NO_MEMORY;
    for (uint32_t i = 0; i < ranking->count; i++)
        request->each(request->context, ranking->first + i, ranking->items + (size_t)i * request->n,
                      ranking->lengths[i]);
    return STATUS_OK;
}

/* Idle workers must not wait for a lock of malloc (base/parallel.h): what one answer takes is
 * measured here, and each worker's arena gets one block of twice that. */
static enum status warm_arenas(struct ranking *ranking)
{
    const unsigned threads = parallel_threads(ranking->request->pool);
    rank_user(ranking, 0, &ranking->arenas[0]);
    const size_t room = 2 * ranking->arenas[0].used;
    for (unsigned i = 0; i < threads; i++) {
        arena_free(&ranking->arenas[i]);
        if (!arena_alloc(&ranking->arenas[i], room))
            return STATUS_NO_MEMORY;
    }
    return ranking->failed ? STATUS_NO_MEMORY : STATUS_OK;
}

static enum status rank_all(struct ranking *ranking)
{
    const struct rank_users_request *request = ranking->request;
    uint32_t chunk = CHUNK_MIN;
    enum status status = request->n_users ? warm_arenas(ranking) : STATUS_OK;
    while (status == STATUS_OK && ranking->first < request->n_users) {
        if (observer_stops(request->observer))
            return STATUS_CANCELLED;
        const uint32_t left = request->n_users - ranking->first;
        ranking->count = left < chunk ? left : chunk;
        const int64_t started_ns = clock_monotonic_ns();
        status = rank_chunk(ranking);
        const double seconds = clock_seconds_since(started_ns);
        ranking->first += ranking->count;
        if (seconds < chunk_seconds_low && chunk < CHUNK_MAX)
            chunk *= 2;
        else if (seconds > chunk_seconds_high && chunk > BLOCK_USERS)
            chunk /= 2;
        const double share = (double)ranking->first / request->n_users;
        observe_progress(request->observer, "evaluating",
                         request->share_from + share * (request->share_to - request->share_from));
    }
    return status;
}

enum status rank_users(const struct rank_users_request *request)
{
    const unsigned threads = parallel_threads(request->pool);
    struct ranking ranking = {.request = request};
    for (size_t i = 0; i < EVENT_TYPES_MAX; i++)
        ranking.hide[i] = true;
    ranking.arenas = calloc(threads, sizeof *ranking.arenas);
    ranking.items = calloc((size_t)CHUNK_MAX * request->n, sizeof *ranking.items);
    ranking.lengths = calloc(CHUNK_MAX, sizeof *ranking.lengths);
    enum status status = STATUS_NO_MEMORY;
    if (ranking.arenas && ranking.items && ranking.lengths)
        status = rank_all(&ranking);
    for (unsigned i = 0; ranking.arenas && i < threads; i++)
        arena_free(&ranking.arenas[i]);
    free(ranking.arenas);
    free(ranking.items);
    free(ranking.lengths);
    return status;
}
