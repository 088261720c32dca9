#include "server/exchange.h"

#include <assert.h>
#include <microhttpd.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

enum { LOOK_AGAIN_MS = 10 };

struct exchange *exchange_new(const char *raw_target)
{
    struct exchange *exchange = calloc(1, sizeof *exchange);
    if (!exchange)
        return NULL;
    atomic_init(&exchange->holders, 1);
    exchange->raw_target = arena_strndup(&exchange->request.arena, raw_target, strlen(raw_target));
    if (!exchange->raw_target) {
        exchange_drop(exchange);
        return NULL;
    }
    return exchange;
}

void exchange_hold(struct exchange *exchange)
{
    atomic_fetch_add(&exchange->holders, 1);
}

void exchange_drop(struct exchange *exchange)
{
    if (atomic_fetch_sub(&exchange->holders, 1) > 1)
        return;
    buffer_free(&exchange->body);
    buffer_free(&exchange->request.reply.body);
    arena_free(&exchange->request.arena);
    free(exchange);
}

struct parking {
    pthread_mutex_t lock;
    pthread_cond_t emptied;
    struct exchange *first;
    size_t count;
    bool is_closed;
};

struct parking *parking_new(void)
{
    struct parking *parking = calloc(1, sizeof *parking);
    if (parking) {
        pthread_mutex_init(&parking->lock, NULL);
        pthread_cond_init(&parking->emptied, NULL);
    }
    return parking;
}

void parking_free(struct parking *parking)
{
    if (!parking)
        return;
    assert(parking->count == 0);
    pthread_cond_destroy(&parking->emptied);
    pthread_mutex_destroy(&parking->lock);
    free(parking);
}

bool parking_enter(struct parking *parking, struct exchange *exchange)
{
    pthread_mutex_lock(&parking->lock);
    if (parking->is_closed) {
        pthread_mutex_unlock(&parking->lock);
        return false;
    }
    exchange->stage = STAGE_PARKED;
    exchange->before = NULL;
    exchange->after = parking->first;
    if (exchange->after)
        exchange->after->before = exchange;
    parking->first = exchange;
    parking->count++;
    pthread_mutex_unlock(&parking->lock);
    MHD_suspend_connection(exchange->connection);
    return true;
}

void parking_leave(struct parking *parking, struct exchange *exchange)
{
    assert(exchange->stage == STAGE_PARKED);
    pthread_mutex_lock(&parking->lock);
    if (exchange->before)
        exchange->before->after = exchange->after;
    else
        parking->first = exchange->after;
    if (exchange->after)
        exchange->after->before = exchange->before;
    exchange->stage = STAGE_ANSWERED;
    if (--parking->count == 0)
        pthread_cond_broadcast(&parking->emptied);
    pthread_mutex_unlock(&parking->lock);
}

size_t parking_count(struct parking *parking)
{
    pthread_mutex_lock(&parking->lock);
    const size_t count = parking->count;
    pthread_mutex_unlock(&parking->lock);
    return count;
}

static void abandon_all(struct parking *parking)
{
    for (struct exchange *at = parking->first; at; at = at->after) {
        int state = EXCHANGE_SUSPENDED;
        if (atomic_compare_exchange_strong(&at->state, &state, EXCHANGE_ABANDONED))
            MHD_resume_connection(at->connection);
    }
}

void parking_clear(struct parking *parking)
{
    pthread_mutex_lock(&parking->lock);
    parking->is_closed = true;
    while (parking->count > 0) {
        /* One that has entered but is not yet marked SUSPENDED is met at the next look. */
        abandon_all(parking);
        const struct timespec until = clock_monotonic_in(LOOK_AGAIN_MS);
        pthread_cond_clockwait(&parking->emptied, &parking->lock, CLOCK_MONOTONIC, &until);
    }
    pthread_mutex_unlock(&parking->lock);
}
