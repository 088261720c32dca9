#include "server/reaper.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/clock.h"

struct reaper {
    pthread_t thread;
    pthread_mutex_t lock; /* of the list, n_links, is_stopping; a descriptor in it is open */
    pthread_cond_t wake;
    struct link *first;
    size_t n_links;
    uint64_t next_serial;
    bool is_stopping;
    int64_t tick_ms;
    void (*on_reaped)(void *context, struct link *link);
    void *context;
};

static void reap_if_late(struct reaper *reaper, struct link *link, int64_t now_ns)
{
    /* The phase first: link_enter takes the old deadline away before it moves the phase. */
    int phase = atomic_load(&link->phase);
    if (phase == LINK_REAPED || now_ns < atomic_load(&link->deadline_ns))
        return;
    if (phase != LINK_ANSWERING &&
        !atomic_compare_exchange_strong(&link->phase, &phase, LINK_REAPED))
        return;
    if (phase == LINK_READING)
        reaper->on_reaped(reaper->context, link);
    shutdown(link->fd, SHUT_RDWR);
}

static void *reap(void *argument)
{
    struct reaper *reaper = argument;
    pthread_mutex_lock(&reaper->lock);
    while (!reaper->is_stopping) {
        const struct timespec until = clock_monotonic_in(reaper->tick_ms);
        pthread_cond_clockwait(&reaper->wake, &reaper->lock, CLOCK_MONOTONIC, &until);
        const int64_t now_ns = clock_monotonic_ns();
        for (struct link *link = reaper->first; link; link = link->after)
            reap_if_late(reaper, link, now_ns);
    }
    pthread_mutex_unlock(&reaper->lock);
    return NULL;
}

enum status reaper_start(int64_t tick_ms, void (*on_reaped)(void *context, struct link *link),
                         void *context, struct reaper **ret_reaper)
{
    struct reaper *reaper = calloc(1, sizeof *reaper);
    if (!reaper)
        return STATUS_NO_MEMORY;
    reaper->tick_ms = tick_ms;
    reaper->on_reaped = on_reaped;
    reaper->context = context;
    pthread_mutex_init(&reaper->lock, NULL);
    pthread_cond_init(&reaper->wake, NULL);
    if (pthread_create(&reaper->thread, NULL, reap, reaper) != 0) {
        pthread_cond_destroy(&reaper->wake);
        pthread_mutex_destroy(&reaper->lock);
        free(reaper);
        return STATUS_IO;
    }
    *ret_reaper = reaper;
    return STATUS_OK;
}

void reaper_stop(struct reaper *reaper)
{
    if (!reaper)
        return;
    pthread_mutex_lock(&reaper->lock);
    reaper->is_stopping = true;
    pthread_cond_signal(&reaper->wake);
    pthread_mutex_unlock(&reaper->lock);
    pthread_join(reaper->thread, NULL);
    pthread_cond_destroy(&reaper->wake);
    pthread_mutex_destroy(&reaper->lock);
    free(reaper);
}

struct link *reaper_add(struct reaper *reaper, int fd, int64_t deadline_ns)
{
    struct link *link = calloc(1, sizeof *link);
    if (!link)
        return NULL;
    link->fd = fd;
    atomic_init(&link->phase, LINK_WAITING);
    atomic_init(&link->deadline_ns, deadline_ns);
    pthread_mutex_lock(&reaper->lock);
    link->serial = reaper->next_serial++;
    link->after = reaper->first;
    if (link->after)
        link->after->before = link;
    reaper->first = link;
    reaper->n_links++;
    pthread_mutex_unlock(&reaper->lock);
    return link;
}

void reaper_remove(struct reaper *reaper, struct link *link)
{
    pthread_mutex_lock(&reaper->lock);
    if (link->before)
        link->before->after = link->after;
    else
        reaper->first = link->after;
    if (link->after)
        link->after->before = link->before;
    reaper->n_links--;
    pthread_mutex_unlock(&reaper->lock);
    free(link);
}

bool link_enter(struct link *link, enum link_phase phase, int64_t deadline_ns)
{
    int before = atomic_load(&link->phase);
    if (before == LINK_REAPED)
        return false;
    /* The old deadline must not meet the new phase. */
    atomic_store(&link->deadline_ns, INT64_MAX);
    if (!atomic_compare_exchange_strong(&link->phase, &before, (int)phase))
        return false;
    atomic_store(&link->deadline_ns, deadline_ns);
    return true;
}

void link_set_deadline(struct link *link, int64_t deadline_ns)
{
    atomic_store(&link->deadline_ns, deadline_ns);
}

size_t reaper_count(struct reaper *reaper)
{
    pthread_mutex_lock(&reaper->lock);
    const size_t count = reaper->n_links;
    pthread_mutex_unlock(&reaper->lock);
    return count;
}

size_t reaper_count_answering(struct reaper *reaper)
{
    size_t count = 0;
    pthread_mutex_lock(&reaper->lock);
    for (const struct link *link = reaper->first; link; link = link->after)
        count += atomic_load(&link->phase) == LINK_ANSWERING;
    pthread_mutex_unlock(&reaper->lock);
    return count;
}
