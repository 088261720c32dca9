#include "server/scrubber.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "server/log.h"
#include "server/site_parts.h"
#include "server/ticker.h"
#include "train/watch_users.h"

/* Each stored snapshot is clean up to some seq: no user that died before is in it. A new snapshot
 * is clean up to its own seq S, the last change that it has read. */
enum {
    VERSIONS_MAX = 1024, /* above the most that training.keep allows */
    BATCH = 4096,
    TICK_MS = 500
};

/* Work is done after this part of erase_within, so that a failed attempt leaves time for others;
 * and so often it looks for snapshots that came without a change: of rounds that were refused. */
enum { PARTS = 4 };

struct clean {
    uint32_t version;
    uint64_t seq;
};

struct scrubber {
    struct site *site;
    struct ticker *ticker;
    struct clean clean[VERSIONS_MAX];
    size_t n;
    int64_t due_ns;     /* monotonic; 0: nothing is waiting */
    int64_t looked_ns;  /* monotonic, of the last look */
    uint64_t looked_at; /* live_seq of the last look */
    uint32_t users[BATCH];
};

/* One snapshot that fails must not keep the erased in the others: each is told and tried
 * again. One that has been pruned meanwhile holds nobody. */
static bool is_failure(uint32_t version, enum status status, const struct error *err)
{
    if (status == STATUS_OK || status == STATUS_NOT_FOUND)
        return false;
    log_write(LOG_ERROR, "erasure_behind",
              "an erased user may still be in the stored snapshot %u: %s", version, err->text);
    return true;
}

/* ---- which snapshots there are, and up to where each is clean ---- */

static enum status find_clean(const struct scrubber *scrubber, const struct clean *known, size_t n,
                              struct clean *clean, struct error *reterr)
{
    for (size_t i = 0; i < n; i++)
        if (known[i].version == clean->version) {
            clean->seq = known[i].seq;
            return STATUS_OK;
        }
    return snapshot_seq(scrubber->site->snapshots, clean->version, &clean->seq, reterr);
}

/* Pictures of users go with their snapshots, and all where none are wanted any more. False when
 * some could not be removed. */
static bool keep_pictures(struct scrubber *scrubber)
{
    struct site *site = scrubber->site;
    uint32_t versions[VERSIONS_MAX];
    struct error err = {0};
    pthread_mutex_lock(&site->versions_mutex);
    const size_t n = site->settings->tensorboard.users > 0
                         ? snapshot_list(site->snapshots, versions, VERSIONS_MAX)
                         : 0;
    const enum status status = watch_users_keep(site->logdir, versions, n, &err);
    pthread_mutex_unlock(&site->versions_mutex);
    if (status != STATUS_OK)
        log_write(LOG_ERROR, "erasure_behind",
                  "an erased user may still be in TensorBoard's pictures of users: %s", err.text);
    return status == STATUS_OK;
}

/* False when one could not be read. */
static bool list_snapshots(struct scrubber *scrubber)
{
    uint32_t versions[VERSIONS_MAX];
    struct clean known[VERSIONS_MAX];
    const size_t n_known = scrubber->n;
    memcpy(known, scrubber->clean, n_known * sizeof *known);
    const size_t n = snapshot_list(scrubber->site->snapshots, versions, VERSIONS_MAX);
    bool good = true;
    scrubber->n = 0;
    for (size_t i = 0; i < n; i++) {
        struct clean clean = {.version = versions[i]};
        struct error err = {0};
        const enum status status = find_clean(scrubber, known, n_known, &clean, &err);
        if (status == STATUS_OK)
            scrubber->clean[scrubber->n++] = clean;
        else if (is_failure(clean.version, status, &err))
            good = false;
    }
    return good;
}

/* ---- one pass ---- */

static enum status erase(struct scrubber *scrubber, uint32_t version, size_t n,
                         struct error *reterr)
{
    struct site *site = scrubber->site;
    pthread_mutex_lock(&site->versions_mutex);
    enum status status = watch_users_forget(site->logdir, version, reterr);
    if (status == STATUS_OK)
        status = snapshot_erase_users(site->snapshots, version, scrubber->users, n, reterr);
    pthread_mutex_unlock(&site->versions_mutex);
    return status;
}

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
        status = erase(scrubber, clean->version, n, reterr);
        if (status != STATUS_OK)
            return status;
        clean->seq = seq;
    } while (n == BATCH);
    return STATUS_OK;
}

/* True if somebody is left to erase. */
static bool pass(struct scrubber *scrubber, struct store *store, bool now)
{
    bool waiting = !list_snapshots(scrubber);
    waiting = !keep_pictures(scrubber) || waiting;
    for (size_t i = 0; i < scrubber->n; i++) {
        struct clean *clean = &scrubber->clean[i];
        struct error err = {0};
        const enum status status = look_at(scrubber, store, clean, now, &waiting, &err);
        if (is_failure(clean->version, status, &err))
            waiting = true;
    }
    return waiting;
}

static bool is_time_to_look(const struct scrubber *scrubber, uint64_t seq, int64_t now_ns,
                            int64_t part_ns)
{
    return seq != scrubber->looked_at || now_ns - scrubber->looked_ns >= part_ns;
}

static void work(void *context)
{
    struct scrubber *scrubber = context;
    struct serving *serving = site_acquire(scrubber->site);
    const uint64_t seq = live_seq(serving->live) + serving->snapshot->version;
    serving_release(scrubber->site, serving);
    const int64_t now_ns = clock_monotonic_ns();
    const int64_t part_ns = scrubber->site->settings->privacy.erase_within_ms * 1000000 / PARTS + 1;
    const bool is_due = scrubber->due_ns && now_ns >= scrubber->due_ns;
    if (!is_due && (scrubber->due_ns || !is_time_to_look(scrubber, seq, now_ns, part_ns)))
        return;
    struct store *store;
    struct error err = {0};
    bool waiting = true;
    if (site_borrow_store(scrubber->site, &store, &err) == STATUS_OK) {
        waiting = pass(scrubber, store, is_due);
        site_return_store(scrubber->site, store);
    } else {
        log_write(LOG_ERROR, "erasure_behind", "the store could not be opened: %s", err.text);
    }
    scrubber->looked_at = seq;
    scrubber->looked_ns = now_ns;
    scrubber->due_ns = waiting ? now_ns + part_ns : 0;
}

enum status scrubber_start(struct site *site, struct scrubber **ret_scrubber, struct error *reterr)
{
    struct scrubber *scrubber = calloc(1, sizeof *scrubber);
    if (!scrubber)
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory");
    scrubber->site = site;
    scrubber->looked_at = UINT64_MAX;
    const enum status status = ticker_start(TICK_MS, work, NULL, scrubber, &scrubber->ticker);
    if (status != STATUS_OK) {
        free(scrubber);
        return error_set(reterr, status, "cannot start a thread");
    }
    *ret_scrubber = scrubber;
    return STATUS_OK;
}

void scrubber_stop(struct scrubber *scrubber)
{
    if (!scrubber)
        return;
    ticker_stop(scrubber->ticker);
    free(scrubber);
}
