#include "server/site_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "server/log.h"

/* Expiry goes in small steps: each user that lost an event is read again, and whoever posts waits
 * for that. */
enum {
    IDLE_MS = 500,
    UPKEEP_EVERY_MS = 2000, /* where writes never pause */
    EXPIRE_EVERY_MS = 60000,
    EXPIRE_BATCH = 250,
    EXPIRE_STEPS = 20,
    FREE_SPACE_EVERY = 64
};

struct writer {
    struct site *site;
    struct store *store;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t wakes;
    struct write *first, **last;
    unsigned waiting;
    bool ends;
    /* the thread's own */
    uint64_t data_version;
    int64_t upkept_ms, expired_ms; /* monotonic, of the last upkeep and look for old events */
    bool is_behind;                /* Live lacks something that is stored */
    _Atomic bool disk_is_full, truncates;
    _Atomic uint64_t commits, writes, refused, wal_bytes;
};

/* ---- applying a group ---- */

static void apply_one(struct writer *writer, struct write *write)
{
    write->status = store_savepoint(writer->store, &write->err);
    if (write->status != STATUS_OK)
        return;
    write->status = write->apply(write->context, writer->store, &write->err);
    if (write->status == STATUS_OK)
        write->status = store_release(writer->store, &write->err);
    else
        store_undo(writer->store);
}

static void fail_group(struct write *group, enum status status, const struct error *err)
{
    for (struct write *write = group; write; write = write->next)
        if (write->status == STATUS_OK) {
            write->status = status;
            write->err = *err;
        }
}

/* Brings what is served up to date; a failure is logged and mended by the next commit or upkeep. */
static void feed_live(struct writer *writer)
{
    struct serving *serving = site_acquire(writer->site);
    struct error err = {0};
    bool keys_changed = false;
    writer->is_behind =
        live_catch_up(serving->live, writer->store, &keys_changed, &err) != STATUS_OK;
    if (writer->is_behind)
        log_write(LOG_ERROR, "live_behind", "what was just stored is not served yet: %s", err.text);
    serving_release(writer->site, serving);
    if (keys_changed && site_reload_keys(writer->site, writer->store, &err) != STATUS_OK)
        log_write(LOG_ERROR, "keys_not_read", "access keys stay as they were: %s", err.text);
}

/* How much the transaction has changed so far. */
static uint64_t n_changes(struct writer *writer, uint64_t seq_before)
{
    struct store_counts counts = {.seq = seq_before};
    store_count(writer->store, &counts, NULL);
    return counts.seq - seq_before;
}

/* Applies as many writes as one transaction may hold, cuts the group there and returns the rest. */
static struct write *apply_group(struct writer *writer, struct write *group)
{
    struct store_counts before = {0};
    store_count(writer->store, &before, NULL);
    size_t bytes = 0;
    for (struct write *write = group;; write = write->next) {
        apply_one(writer, write);
        bytes += write->bytes;
        if (bytes < WRITER_GROUP_BYTES_MAX &&
            n_changes(writer, before.seq) < WRITER_GROUP_CHANGES_MAX && write->next)
            continue;
        struct write *rest = write->next;
        write->next = NULL;
        return rest;
    }
}

/* Commits the first of the group, and returns those that are left for the next transaction. */
static struct write *commit_group(struct writer *writer, struct write *group)
{
    struct write *rest = NULL;
    struct error err = {0};
    enum status status = store_begin(writer->store, &err);
    if (status == STATUS_OK) {
        rest = apply_group(writer, group);
        status = store_commit(writer->store, &err);
        if (status != STATUS_OK)
            store_rollback(writer->store);
    }
    if (status != STATUS_OK) {
        log_write(LOG_ERROR, "commit_failed", "nothing of this group was stored: %s", err.text);
        fail_group(group, status, &err);
        return rest;
    }
    atomic_fetch_add(&writer->commits, 1);
    feed_live(writer);
    return rest;
}

static void finish_group(struct writer *writer, struct write *group)
{
    while (group) {
        struct write *next = group->next; /* the caller frees it in done */
        atomic_fetch_add(&writer->writes, 1);
        if (group->status != STATUS_OK)
            atomic_fetch_add(&writer->refused, 1);
        group->done(group->context, group->status, &group->err);
        group = next;
    }
}

static void run_alone(struct writer *writer, struct write *write)
{
    write->status = write->apply(write->context, writer->store, &write->err);
    finish_group(writer, write);
}

/* ---- upkeep ---- */

static uint64_t wal_size(const struct writer *writer)
{
    char path[PATH_BYTES_MAX];
    struct stat info;
    if (path_join(path, writer->site->folder, STORE_FILE "-wal") != STATUS_OK ||
        stat(path, &info) != 0)
        return 0;
    return (uint64_t)info.st_size;
}

static void checkpoint(struct writer *writer, bool truncate)
{
    struct error err = {0};
    uint64_t bytes = 0;
    if (store_checkpoint(writer->store, truncate, &bytes, &err) == STATUS_OK)
        atomic_store(&writer->wal_bytes, bytes);
    else
        log_write(LOG_WARNING, "checkpoint_failed", "%s", err.text);
}

static void look_at_disk(struct writer *writer)
{
    uint64_t bytes;
    if (folder_free_bytes(writer->site->folder, &bytes) != STATUS_OK)
        return;
    const bool full = bytes < (uint64_t)writer->site->settings->store.min_free;
    if (full != atomic_exchange(&writer->disk_is_full, full))
        log_write(full ? LOG_ERROR : LOG_INFO, full ? "disk_full" : "disk_free",
                  "%llu bytes are free, store.min_free is %lld", (unsigned long long)bytes,
                  (long long)writer->site->settings->store.min_free);
}

/* What another process has committed is applied like our own. */
static void follow_others(struct writer *writer)
{
    uint64_t version;
    if (store_data_version(writer->store, &version) != STATUS_OK)
        return;
    if (version != writer->data_version || writer->is_behind) {
        writer->data_version = version;
        feed_live(writer);
    }
}

static int64_t monotonic_ms(void)
{
    return clock_monotonic_ns() / 1000000;
}

static enum status expire_step(struct writer *writer, uint32_t *ret_deleted, struct error *reterr)
{
    enum status status = store_begin(writer->store, reterr);
    if (status != STATUS_OK)
        return status;
    status = store_expire_events(writer->store, &writer->site->types, clock_now_ms(), EXPIRE_BATCH,
                                 ret_deleted, reterr);
    if (status == STATUS_OK)
        status = store_commit(writer->store, reterr);
    if (status != STATUS_OK)
        store_rollback(writer->store);
    return status;
}

static bool somebody_waits(struct writer *writer)
{
    pthread_mutex_lock(&writer->mutex);
    const bool waits = writer->first || writer->ends;
    pthread_mutex_unlock(&writer->mutex);
    return waits;
}

/* At least one step, more while nobody waits. */
static void expire_events(struct writer *writer)
{
    if (writer->expired_ms && monotonic_ms() - writer->expired_ms < EXPIRE_EVERY_MS)
        return;
    struct error err = {0};
    enum status status = STATUS_OK;
    uint32_t deleted = 0;
    int step = 0;
    for (; step < EXPIRE_STEPS && status == STATUS_OK && (step == 0 || !somebody_waits(writer));
         step++) {
        status = expire_step(writer, &deleted, &err);
        if (status == STATUS_OK && deleted)
            feed_live(writer);
    }
    if (status != STATUS_OK)
        log_write(LOG_WARNING, "expiry_failed", "%s", err.text);
    const bool has_more =
        status == STATUS_OK && (step < EXPIRE_STEPS || deleted == EXPIRE_BATCH); /* go on soon */
    writer->expired_ms = has_more ? 0 : monotonic_ms();
}

static void upkeep(struct writer *writer)
{
    writer->upkept_ms = monotonic_ms();
    look_at_disk(writer);
    follow_others(writer);
    expire_events(writer);
    const bool truncate = atomic_exchange(&writer->truncates, false);
    checkpoint(writer, truncate);
    if (truncate && wal_size(writer) > 0) /* a reader was in the way */
        atomic_store(&writer->truncates, true);
}

void writer_truncate_soon(struct writer *writer)
{
    atomic_store(&writer->truncates, true);
}

/* ---- the thread ---- */

/* Waits for work, at most IDLE_MS; NULL: idle. Under the mutex. */
static struct write *take_group(struct writer *writer)
{
    if (!writer->first && !writer->ends) {
        const struct timespec until = clock_monotonic_in(IDLE_MS);
        pthread_cond_clockwait(&writer->wakes, &writer->mutex, CLOCK_MONOTONIC, &until);
    }
    struct write *group = writer->first, **end = &writer->first;
    unsigned n = 0;
    while (*end && n < WRITER_GROUP_MAX && (!(*end)->alone || n == 0)) {
        const bool alone = (*end)->alone;
        end = &(*end)->next;
        n++;
        if (alone)
            break;
    }
    writer->first = *end;
    if (!writer->first)
        writer->last = &writer->first;
    if (n)
        *end = NULL;
    writer->waiting -= n;
    return n ? group : NULL;
}

static void keep_up(struct writer *writer)
{
    if (monotonic_ms() - writer->upkept_ms >= UPKEEP_EVERY_MS) {
        upkeep(writer);
        return;
    }
    if (atomic_load(&writer->commits) % FREE_SPACE_EVERY == 0)
        look_at_disk(writer);
    if (store_log_bytes(writer->store) > WRITER_WAL_BYTES)
        checkpoint(writer, false);
}

static void run_group(struct writer *writer, struct write *group)
{
    if (group->alone) {
        run_alone(writer, group);
        return;
    }
    while (group) {
        struct write *rest = commit_group(writer, group);
        finish_group(writer, group);
        keep_up(writer);
        group = rest;
    }
}

static void *writer_main(void *argument)
{
    struct writer *writer = argument;
    for (;;) {
        pthread_mutex_lock(&writer->mutex);
        struct write *group = take_group(writer);
        const bool ends = writer->ends;
        pthread_mutex_unlock(&writer->mutex);
        if (!group) {
            if (ends)
                return NULL;
            upkeep(writer);
            continue;
        }
        run_group(writer, group);
    }
}

enum status writer_start(struct site *site, struct store *store, struct writer **ret_writer,
                         struct error *reterr)
{
    struct writer *writer = calloc(1, sizeof *writer);
    if (!writer)
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory for the writer");
    writer->site = site;
    writer->store = store;
    writer->last = &writer->first;
    pthread_mutex_init(&writer->mutex, NULL);
    pthread_cond_init(&writer->wakes, NULL);
    store_data_version(store, &writer->data_version);
    look_at_disk(writer);
    if (pthread_create(&writer->thread, NULL, writer_main, writer) != 0) {
        free(writer);
        return error_set(reterr, STATUS_IO, "cannot start the writer's thread");
    }
    *ret_writer = writer;
    return STATUS_OK;
}

static void enqueue(struct writer *writer, struct write *write)
{
    write->next = NULL;
    write->status = STATUS_OK;
    write->err = (struct error){0};
    *writer->last = write;
    writer->last = &write->next;
    writer->waiting++;
    pthread_cond_signal(&writer->wakes);
}

enum status writer_submit(struct writer *writer, struct write *write, struct error *reterr)
{
    if (atomic_load(&writer->disk_is_full))
        return error_set(reterr, STATUS_DISK_FULL,
                         "the disk has less free than store.min_free; nothing was stored");
    pthread_mutex_lock(&writer->mutex);
    const bool full =
        writer->waiting >= (unsigned)writer->site->settings->server.queue || writer->ends;
    if (!full)
        enqueue(writer, write);
    pthread_mutex_unlock(&writer->mutex);
    return full ? error_set(reterr, STATUS_BUSY, "too many writes are waiting; try again shortly")
                : STATUS_OK;
}

struct waited {
    pthread_mutex_t mutex;
    pthread_cond_t finished;
    bool is_finished;
    enum status status;
    struct error err;
    void *context;
    enum status (*apply)(void *context, struct store *store, struct error *reterr);
};

static enum status waited_apply(void *context, struct store *store, struct error *reterr)
{
    struct waited *waited = context;
    return waited->apply(waited->context, store, reterr);
}

static void waited_done(void *context, enum status status, const struct error *err)
{
    struct waited *waited = context;
    pthread_mutex_lock(&waited->mutex);
    waited->status = status;
    waited->err = *err;
    waited->is_finished = true;
    pthread_cond_signal(&waited->finished);
    pthread_mutex_unlock(&waited->mutex);
}

enum status writer_run(struct writer *writer,
                       enum status (*apply)(void *context, struct store *store,
                                            struct error *reterr),
                       void *context, bool alone, struct error *reterr)
{
    struct waited waited = {.mutex = PTHREAD_MUTEX_INITIALIZER,
                            .finished = PTHREAD_COND_INITIALIZER,
                            .context = context,
                            .apply = apply};
    struct write write = {
        .apply = waited_apply, .done = waited_done, .context = &waited, .alone = alone};
    pthread_mutex_lock(&writer->mutex);
    enqueue(writer, &write);
    pthread_mutex_unlock(&writer->mutex);
    pthread_mutex_lock(&waited.mutex);
    while (!waited.is_finished)
        pthread_cond_wait(&waited.finished, &waited.mutex);
    pthread_mutex_unlock(&waited.mutex);
    if (waited.status != STATUS_OK && reterr)
        *reterr = waited.err;
    return waited.status;
}

void writer_stop(struct writer *writer)
{
    if (!writer)
        return;
    pthread_mutex_lock(&writer->mutex);
    writer->ends = true;
    pthread_cond_signal(&writer->wakes);
    pthread_mutex_unlock(&writer->mutex);
    pthread_join(writer->thread, NULL);
    checkpoint(writer, true);
    store_close(writer->store);
    pthread_cond_destroy(&writer->wakes);
    pthread_mutex_destroy(&writer->mutex);
    free(writer);
}

void writer_count(struct writer *writer, struct writer_counts *ret_counts)
{
    pthread_mutex_lock(&writer->mutex);
    ret_counts->waiting = writer->waiting;
    pthread_mutex_unlock(&writer->mutex);
    ret_counts->commits = atomic_load(&writer->commits);
    ret_counts->writes = atomic_load(&writer->writes);
    ret_counts->refused = atomic_load(&writer->refused);
    ret_counts->wal_bytes = atomic_load(&writer->wal_bytes);
}
