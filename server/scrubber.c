#include "server/scrubber.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "server/log.h"
#include "server/site_parts.h"

/* Each stored snapshot is clean up to some seq: no user that died before is in it. A new snapshot
 * is clean up to its own seq S, the last change that it has read. */
enum { VERSIONS_MAX = 64, BATCH = 4096, TICK_MS = 500 };

/* Work is done after this part of erase_within, so that a failed attempt leaves time for others. */
enum { PARTS = 4 };

struct clean {
    uint32_t version;
    uint64_t seq;
};

struct scrubber {
    struct site *site;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t wakes;
    bool ends;
    struct clean clean[VERSIONS_MAX];
    size_t n;
    int64_t due_ns;     /* monotonic; 0: nothing is waiting */
    uint64_t looked_at; /* live_seq of the last look */
    uint32_t users[BATCH];
};

/* ---- which snapshots there are, and up to where each is clean ---- */

static enum status note_version(void *context, const struct model_version *version)
{
    struct scrubber *scrubber = context;
    for (size_t i = 0; i < scrubber->n; i++)
        if (scrubber->clean[i].version == version->version && scrubber->clean[i].seq == 0)
            scrubber->clean[i].seq = version->seq;
    return STATUS_OK;
}

static uint64_t clean_seq(const struct clean *known, size_t n, uint32_t version)
{
    for (size_t i = 0; i < n; i++)
        if (known[i].version == version)
            return known[i].seq;
    return 0;
}

static enum status list_snapshots(struct scrubber *scrubber, struct store *store,
                                  struct error *reterr)
{
    uint32_t versions[VERSIONS_MAX];
    struct clean known[VERSIONS_MAX];
    const size_t n_known = scrubber->n;
    memcpy(known, scrubber->clean, n_known * sizeof *known);
    scrubber->n = snapshot_list(scrubber->site->snapshots, versions, VERSIONS_MAX);
    for (size_t i = 0; i < scrubber->n; i++)
        scrubber->clean[i] = (struct clean){versions[i], clean_seq(known, n_known, versions[i])};
    return store_list_versions(store, UINT32_MAX, UINT32_MAX, note_version, scrubber, reterr);
}

/* ---- one pass ---- */

/* True if users have died that the snapshot may still hold; scrubs them when `now` is asked for. */
static enum status look_at(struct scrubber *scrubber, struct store *store, struct clean *clean,
                           bool now, bool *ret_waiting, struct error *reterr)
{
    size_t n;
    uint64_t seq;
    do {
        enum status status =
            store_read_deaths(store, clean->seq, scrubber->users, BATCH, &n, &seq, reterr);
        if (status != STATUS_OK || n == 0)
            return status;
        if (!now) {
            *ret_waiting = true;
            return STATUS_OK;
        }
        status = snapshot_erase_users(scrubber->site->snapshots, clean->version, scrubber->users, n,
                                      reterr);
        if (status != STATUS_OK)
            return status;
        clean->seq = seq;
    } while (n == BATCH);
    return STATUS_OK;
}

static enum status pass(struct scrubber *scrubber, struct store *store, bool now, bool *ret_waiting,
                        struct error *reterr)
{
    enum status status = list_snapshots(scrubber, store, reterr);
    for (size_t i = 0; status == STATUS_OK && i < scrubber->n; i++)
        if (scrubber->clean[i].seq > 0)
            status = look_at(scrubber, store, &scrubber->clean[i], now, ret_waiting, reterr);
    return status;
}

static void work(struct scrubber *scrubber)
{
    struct serving *serving = site_acquire(scrubber->site);
    const uint64_t seq = live_seq(serving->live) + serving->snapshot->version;
    serving_release(scrubber->site, serving);
    const int64_t now_ns = clock_monotonic_ns();
    const bool is_due = scrubber->due_ns && now_ns >= scrubber->due_ns;
    if (!is_due && (scrubber->due_ns || seq == scrubber->looked_at))
        return;
    struct store *store;
    struct error err = {0};
    bool waiting = false;
    enum status status = site_borrow_store(scrubber->site, &store, &err);
    if (status == STATUS_OK) {
        status = pass(scrubber, store, is_due, &waiting, &err);
        site_return_store(scrubber->site, store);
    }
    const int64_t within_ns = scrubber->site->settings->privacy.erase_within_ms * 1000000;
    if (status != STATUS_OK)
        log_write(LOG_ERROR, "erasure_behind",
                  "an erased user may still be in a stored snapshot: %s", err.text);
    scrubber->looked_at = seq;
    scrubber->due_ns = waiting || status != STATUS_OK ? now_ns + within_ns / PARTS + 1 : 0;
}

static void *scrubber_main(void *argument)
{
    struct scrubber *scrubber = argument;
    pthread_mutex_lock(&scrubber->mutex);
    while (!scrubber->ends) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += TICK_MS * 1000000L;
        until.tv_sec += until.tv_nsec / 1000000000L;
        until.tv_nsec %= 1000000000L;
        pthread_cond_timedwait(&scrubber->wakes, &scrubber->mutex, &until);
        if (scrubber->ends)
            break;
        pthread_mutex_unlock(&scrubber->mutex);
        work(scrubber);
        pthread_mutex_lock(&scrubber->mutex);
    }
    pthread_mutex_unlock(&scrubber->mutex);
    return NULL;
}

enum status scrubber_start(struct site *site, struct scrubber **ret_scrubber, struct error *reterr)
{
    struct scrubber *scrubber = calloc(1, sizeof *scrubber);
    if (!scrubber)
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory");
    scrubber->site = site;
    scrubber->looked_at = UINT64_MAX;
    pthread_mutex_init(&scrubber->mutex, NULL);
    pthread_cond_init(&scrubber->wakes, NULL);
    if (pthread_create(&scrubber->thread, NULL, scrubber_main, scrubber) != 0) {
        free(scrubber);
        return error_set(reterr, STATUS_IO, "cannot start a thread");
    }
    *ret_scrubber = scrubber;
    return STATUS_OK;
}

void scrubber_stop(struct scrubber *scrubber)
{
    if (!scrubber)
        return;
    pthread_mutex_lock(&scrubber->mutex);
    scrubber->ends = true;
    pthread_cond_signal(&scrubber->wakes);
    pthread_mutex_unlock(&scrubber->mutex);
    pthread_join(scrubber->thread, NULL);
    pthread_cond_destroy(&scrubber->wakes);
    pthread_mutex_destroy(&scrubber->mutex);
    free(scrubber);
}
