#include "data/import_write.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

/* A transaction writes each page that it changed once, and events change pages all over the newest
 * run of each index (store_runs.c): the more of a run's events one transaction holds, the fewer
 * pages go to the log. It also keeps every other writer waiting, so beside a daemon it is short. */
enum {
    BATCH = 65536,       /* records in one transaction */
    BATCH_BESIDE = 2000, /* the same, when a daemon writes too */
    CHECKPOINT_LOG_BYTES = 64 << 20,
    PAUSE_US = 10000, /* between batches, when a daemon writes too */
};

/* ---- transactions ---- */

static enum status begin(struct import_writer *w)
{
    const enum status status = w->job->store ? store_begin(w->job->store, &w->failed) : STATUS_OK;
    w->is_open = status == STATUS_OK;
    return status;
}

static enum status commit(struct import_writer *w)
{
    struct store *store = w->job->store;
    if (!store)
        return STATUS_OK;
    w->in_batch = 0;
    w->is_open = false;
    const enum status status = store_commit(store, &w->failed);
    if (status != STATUS_OK)
        return status;
    w->events_committed = w->result->events;
    w->duplicates_committed = w->result->duplicates;
    uint64_t wal_bytes;
    /* A checkpoint that a reader stops short is tried again later. */
    if (store_log_bytes(store) > CHECKPOINT_LOG_BYTES)
        store_checkpoint(store, false, &wal_bytes, NULL);
    return STATUS_OK;
}

/* The batch goes as a whole, and what was counted of it. */
static void give_up_batch(struct import_writer *w)
{
    if (w->job->store)
        store_rollback(w->job->store);
    w->result->events = w->events_committed;
    w->result->duplicates = w->duplicates_committed;
}

static enum status count_record(struct import_writer *w)
{
    if (++w->in_batch < (w->job->yields ? BATCH_BESIDE : BATCH))
        return STATUS_OK;
    enum status status = commit(w);
    if (status == STATUS_OK && w->job->yields)
        usleep(PAUSE_US);
    return status == STATUS_OK ? begin(w) : status;
}

/* ---- broken lines ---- */

static enum status on_broken(struct import_writer *w, const struct reader_place *place,
                             const struct error *why)
{
    const uint64_t n = w->result->broken++;
    if (n < IMPORT_SHOWN_MAX) {
        struct error *shown = &w->result->first[n];
        *shown = *why;
        if (*why->pointer)
            error_prefix(shown, "%s: ", why->pointer);
        snprintf(shown->pointer, sizeof shown->pointer, "%s:%" PRIu64, place->file, place->line);
    }
    if (!w->job->stop_on_error)
        return STATUS_OK;
    w->failed = w->result->first[0];
    return w->failed.status = why->status ? why->status : STATUS_MALFORMED;
}

bool import_is_records_fault(enum status status)
{
    return status == STATUS_MALFORMED || status == STATUS_OUT_OF_RANGE ||
           status == STATUS_NOT_FOUND || status == STATUS_CONFLICT || status == STATUS_TOO_LARGE;
}

static enum status settle(struct import_writer *w, const struct reader_place *place,
                          enum status status, const struct error *why)
{
    if (status == STATUS_OK)
        return w->job->store ? store_release(w->job->store, &w->failed) : STATUS_OK;
    if (w->job->store)
        store_undo(w->job->store);
    if (import_is_records_fault(status))
        return on_broken(w, place, why);
    w->failed = *why;
    return w->failed.status = status;
}

static enum status enter(struct import_writer *w)
{
    return w->job->store ? store_savepoint(w->job->store, &w->failed) : STATUS_OK;
}

/* ---- records ---- */

static enum status put_record(struct import_writer *w, const struct import_entry *entry,
                              struct error *reterr)
{
    struct store *store = w->job->store;
    uint32_t number;
    bool created;
    if (!store)
        return STATUS_OK;
    return entry->kind == IMPORT_USER
               ? store_put_user(store, &entry->user, w->now_ms, &number, &created, reterr)
               : store_put_item(store, &entry->item, w->now_ms, &number, &created, reterr);
}

static enum status on_record(struct import_writer *w, const struct import_entry *entry)
{
    struct error why = {0};
    enum status status = enter(w);
    if (status != STATUS_OK)
        return status;
    status = put_record(w, entry, &why);
    *(entry->kind == IMPORT_USER ? &w->result->users : &w->result->items) += status == STATUS_OK;
    status = settle(w, &entry->place, status, &why);
    return status == STATUS_OK ? count_record(w) : status;
}

/* Without a savepoint, which would cost as much as the event: a refused event has changed nothing,
 * and one that failed otherwise takes its batch along. */
static enum status on_event(struct import_writer *w, const struct import_entry *entry)
{
    struct error why = {0};
    struct event_result added = {0};
    enum status status = STATUS_OK;
    if (w->job->store)
        status = store_add_event(w->job->store, w->job->types, &entry->event, w->job->auto_items,
                                 w->now_ms, &added, &why);
    if (status == STATUS_OK) {
        *(added.duplicate ? &w->result->duplicates : &w->result->events) += 1;
        return count_record(w);
    }
    if (import_is_records_fault(status)) {
        status = on_broken(w, &entry->place, &why);
        return status == STATUS_OK ? count_record(w) : status;
    }
    w->is_torn = true;
    w->failed = why;
    return w->failed.status = status;
}

static enum status write_entry(struct import_writer *w, const struct import_entry *entry)
{
    switch (entry->kind) {
    case IMPORT_USER:
    case IMPORT_ITEM:
        return on_record(w, entry);
    case IMPORT_EVENT:
        return on_event(w, entry);
    case IMPORT_BROKEN:
        break;
    }
    return on_broken(w, &entry->place, entry->why);
}

static enum status write_all(struct import_writer *w)
{
    enum status status = STATUS_OK;
    const struct import_chunk *chunk;
    while (status == STATUS_OK && (chunk = import_queue_take(w->queue)))
        for (size_t i = 0; status == STATUS_OK && i < chunk->n; i++)
            status = write_entry(w, &chunk->entries[i]);
    return status;
}

/* What was read before a broken line or Ctrl-C stays. */
static enum status finish(struct import_writer *w, enum status status)
{
    struct error first = w->failed;
    const enum status committed = w->is_torn || !w->is_open ? status : commit(w);
    if (committed != STATUS_OK)
        give_up_batch(w);
    if (status == STATUS_OK)
        return committed;
    w->failed = first;
    return status;
}

void *import_write(void *writer)
{
    struct import_writer *w = writer;
    w->status = begin(w);
    if (w->status == STATUS_OK)
        w->status = finish(w, write_all(w));
    import_queue_close(w->queue);
    return NULL;
}
