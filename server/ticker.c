#include "server/ticker.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"

struct ticker {
    int64_t every_ms;
    void (*tick)(void *context);
    void (*last)(void *context); /* or NULL */
    void *context;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t wakes;
    bool ends; /* under mutex */
};

/* False once it ends. */
static bool wait_tick(struct ticker *ticker)
{
    const struct timespec until = clock_monotonic_in(ticker->every_ms);
    pthread_mutex_lock(&ticker->mutex);
    if (!ticker->ends)
        pthread_cond_clockwait(&ticker->wakes, &ticker->mutex, CLOCK_MONOTONIC, &until);
    const bool ends = ticker->ends;
    pthread_mutex_unlock(&ticker->mutex);
    return !ends;
}

static void *ticker_main(void *argument)
{
    struct ticker *ticker = argument;
    while (wait_tick(ticker))
        ticker->tick(ticker->context);
    if (ticker->last)
        ticker->last(ticker->context);
    return NULL;
}

static void ticker_free(struct ticker *ticker)
{
    pthread_cond_destroy(&ticker->wakes);
    pthread_mutex_destroy(&ticker->mutex);
    free(ticker);
}

/* The new thread begins with the mutex, which is held here until *ret_ticker is set. */
enum status ticker_start(int64_t every_ms, void (*tick)(void *context), void (*last)(void *context),
                         void *context, struct ticker **ret_ticker)
{
    assert(every_ms > 0 && tick);
    struct ticker *ticker = calloc(1, sizeof *ticker);
    if (!ticker)
        return STATUS_NO_MEMORY;
    ticker->every_ms = every_ms;
    ticker->tick = tick;
    ticker->last = last;
    ticker->context = context;
    pthread_mutex_init(&ticker->mutex, NULL);
    pthread_cond_init(&ticker->wakes, NULL);
    pthread_mutex_lock(&ticker->mutex);
    const bool started = pthread_create(&ticker->thread, NULL, ticker_main, ticker) == 0;
    if (started)
        *ret_ticker = ticker;
    pthread_mutex_unlock(&ticker->mutex);
    if (started)
        return STATUS_OK;
    ticker_free(ticker);
    return STATUS_IO;
}

void ticker_end(struct ticker *ticker)
{
    pthread_mutex_lock(&ticker->mutex);
    ticker->ends = true;
    pthread_cond_signal(&ticker->wakes);
    pthread_mutex_unlock(&ticker->mutex);
}

bool ticker_ends(struct ticker *ticker)
{
    pthread_mutex_lock(&ticker->mutex);
    const bool ends = ticker->ends;
    pthread_mutex_unlock(&ticker->mutex);
    return ends;
}

void ticker_stop(struct ticker *ticker)
{
    if (!ticker)
        return;
    ticker_end(ticker);
    pthread_join(ticker->thread, NULL);
    ticker_free(ticker);
}
