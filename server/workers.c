#include "server/workers.h"

#include <pthread.h>
#include <stdlib.h>

struct workers {
    pthread_mutex_t lock; /* of the ring and is_stopping */
    pthread_cond_t filled;
    bool is_stopping;
    struct request **ring; /* [capacity], n_waiting of them from `first` on */
    size_t capacity, first, n_waiting;
    unsigned n_threads;
    pthread_t threads[];
};

/* The next request, or NULL when there is none. Locked. */
static struct request *take(struct workers *workers)
{
    if (workers->n_waiting == 0)
        return NULL;
    struct request *request = workers->ring[workers->first];
    workers->first = (workers->first + 1) % workers->capacity;
    workers->n_waiting--;
    return request;
}

static void run(struct request *request)
{
    request->on_worker = true;
    const enum handled how = request->route->handle(request);
    if (how == HANDLED_LATER)
        return;
    if (how == HANDLED_WORKER)
        reply_problem(request, 500, NULL, "the route asked for a worker on a worker");
    request_finish(request);
}

static void *work(void *argument)
{
    struct workers *workers = argument;
    for (;;) {
        pthread_mutex_lock(&workers->lock);
        while (workers->n_waiting == 0 && !workers->is_stopping)
            pthread_cond_wait(&workers->filled, &workers->lock);
        struct request *request = take(workers);
        pthread_mutex_unlock(&workers->lock);
        if (!request)
            return NULL;
        run(request);
    }
}

enum status workers_start(unsigned threads, size_t queue, struct workers **ret_workers,
                          struct error *reterr)
{
    struct workers *workers = calloc(1, sizeof *workers + threads * sizeof workers->threads[0]);
    struct request **ring = calloc(queue, sizeof *ring);
    if (!workers || !ring) {
        free(workers);
        free(ring);
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory for the workers");
    }
    workers->ring = ring;
    workers->capacity = queue;
    pthread_mutex_init(&workers->lock, NULL);
    pthread_cond_init(&workers->filled, NULL);
    for (; workers->n_threads < threads; workers->n_threads++) {
        const int failed =
            pthread_create(&workers->threads[workers->n_threads], NULL, work, workers);
        if (failed) {
            workers_stop(workers);
            return error_set_errno(reterr, failed, "starting a worker thread");
        }
    }
    *ret_workers = workers;
    return STATUS_OK;
}

bool workers_push(struct workers *workers, struct request *request)
{
    pthread_mutex_lock(&workers->lock);
    const bool taken = !workers->is_stopping && workers->n_waiting < workers->capacity;
    if (taken) {
        workers->ring[(workers->first + workers->n_waiting++) % workers->capacity] = request;
        pthread_cond_signal(&workers->filled);
    }
    pthread_mutex_unlock(&workers->lock);
    return taken;
}

size_t workers_waiting(struct workers *workers)
{
    pthread_mutex_lock(&workers->lock);
    const size_t count = workers->n_waiting;
    pthread_mutex_unlock(&workers->lock);
    return count;
}

void workers_cancel(struct workers *workers)
{
    for (;;) {
        pthread_mutex_lock(&workers->lock);
        workers->is_stopping = true;
        pthread_cond_broadcast(&workers->filled);
        struct request *request = take(workers);
        pthread_mutex_unlock(&workers->lock);
        if (!request)
            return;
        reply_problem(request, 503, NULL, "the server is stopping");
        request->reply.retry_after = 1;
        request_finish(request);
    }
}

void workers_stop(struct workers *workers)
{
    if (!workers)
        return;
    workers_cancel(workers);
    for (unsigned i = 0; i < workers->n_threads; i++)
        pthread_join(workers->threads[i], NULL);
    pthread_cond_destroy(&workers->filled);
    pthread_mutex_destroy(&workers->lock);
    free(workers->ring);
    free(workers);
}
