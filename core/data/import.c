#include "data/import.h"

#include <inttypes.h>
#include <math.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "data/occurrence.h"

/* A transaction writes each page that it changed once, and events change pages all over the newest
 * run of each index (store_runs.c): the more of a run's events one transaction holds, the fewer
 * pages go to the log. It also keeps every other writer waiting, so beside a daemon it is short. */
enum {
    BATCH = 65536,       /* records in one transaction */
    BATCH_BESIDE = 2000, /* the same, when a daemon writes too */
    CHECKPOINT_LOG_BYTES = 64 << 20,
    PAUSE_US = 10000, /* between batches, when a daemon writes too */
    HASH_BYTES = 12,  /* of an event's content: two of 10^9 meet by chance once in 10^10 */
    MADE_ID_MAX = 2 * HASH_BYTES + 24,
};

struct importer {
    const struct import_job *job;
    struct import_result *result;
    struct occurrences seen;
    struct buffer content;
    struct error failed; /* why the import itself ended */
    bool is_torn;        /* an event failed half-way: its batch is given up */
    uint64_t events_committed, duplicates_committed;
    int64_t now_ms;
    size_t in_batch;
};

/* ---- transactions ---- */

static enum status begin(struct importer *im)
{
    return im->job->store ? store_begin(im->job->store, &im->failed) : STATUS_OK;
}

static enum status commit(struct importer *im)
{
    struct store *store = im->job->store;
    if (!store)
        return STATUS_OK;
    im->in_batch = 0;
    const enum status status = store_commit(store, &im->failed);
    if (status != STATUS_OK)
        return status;
    im->events_committed = im->result->events;
    im->duplicates_committed = im->result->duplicates;
    uint64_t wal_bytes;
    /* A checkpoint that a reader stops short is tried again later. */
    if (store_log_bytes(store) > CHECKPOINT_LOG_BYTES)
        store_checkpoint(store, false, &wal_bytes, NULL);
    return STATUS_OK;
}

/* The batch goes as a whole, and what was counted of it. */
static void give_up_batch(struct importer *im)
{
    if (im->job->store)
        store_rollback(im->job->store);
    im->result->events = im->events_committed;
    im->result->duplicates = im->duplicates_committed;
}

static enum status count_record(struct importer *im)
{
    if (++im->in_batch < (im->job->yields ? BATCH_BESIDE : BATCH))
        return STATUS_OK;
    enum status status = commit(im);
    if (status == STATUS_OK && im->job->yields)
        usleep(PAUSE_US);
    return status == STATUS_OK ? begin(im) : status;
}

/* ---- broken lines ---- */

static enum status on_broken(void *context, const struct reader_place *place,
                             const struct error *why)
{
    struct importer *im = context;
    const uint64_t n = im->result->broken++;
    if (n < IMPORT_SHOWN_MAX) {
        struct error *shown = &im->result->first[n];
        *shown = *why;
        if (*why->pointer)
            error_prefix(shown, "%s: ", why->pointer);
        snprintf(shown->pointer, sizeof shown->pointer, "%s:%" PRIu64, place->file, place->line);
    }
    if (!im->job->stop_on_error)
        return STATUS_OK;
    im->failed = im->result->first[0];
    return im->failed.status = why->status ? why->status : STATUS_MALFORMED;
}

/* A record's own fault is a broken line; anything else ends the import. */
static bool is_records_fault(enum status status)
{
    return status == STATUS_MALFORMED || status == STATUS_OUT_OF_RANGE ||
           status == STATUS_NOT_FOUND || status == STATUS_CONFLICT || status == STATUS_TOO_LARGE;
}

static enum status settle(struct importer *im, const struct reader_place *place, enum status status,
                          const struct error *why)
{
    if (status == STATUS_OK)
        return im->job->store ? store_release(im->job->store, &im->failed) : STATUS_OK;
    if (im->job->store)
        store_undo(im->job->store);
    if (is_records_fault(status))
        return on_broken(im, place, why);
    im->failed = *why;
    return im->failed.status = status;
}

static enum status enter(struct importer *im)
{
    return im->job->store ? store_savepoint(im->job->store, &im->failed) : STATUS_OK;
}

/* ---- records ---- */

static enum status on_user(void *context, const struct reader_place *place,
                           const struct user_record *user)
{
    struct importer *im = context;
    struct error why = {0};
    uint32_t number;
    bool created;
    enum status status = enter(im);
    if (status != STATUS_OK)
        return status;
    status = user_check(user, &why);
    if (status == STATUS_OK && im->job->store)
        status = store_put_user(im->job->store, user, im->now_ms, &number, &created, &why);
    im->result->users += status == STATUS_OK;
    status = settle(im, place, status, &why);
    return status == STATUS_OK ? count_record(im) : status;
}

static enum status on_item(void *context, const struct reader_place *place,
                           const struct item_record *item)
{
    struct importer *im = context;
    struct error why = {0};
    uint32_t number;
    bool created;
    enum status status = enter(im);
    if (status != STATUS_OK)
        return status;
    status = item_check(item, &why);
    if (status == STATUS_OK && im->job->store)
        status = store_put_item(im->job->store, item, im->now_ms, &number, &created, &why);
    im->result->items += status == STATUS_OK;
    status = settle(im, place, status, &why);
    return status == STATUS_OK ? count_record(im) : status;
}

/* ---- ids of events that have none ---- */

/* A length tells an absent text from an empty one, and where the next field begins. */
static void add_text(struct buffer *content, const char *text)
{
    const uint32_t length = text ? (uint32_t)strlen(text) : UINT32_MAX;
    buffer_append(content, &length, sizeof length);
    if (text)
        buffer_append(content, text, length);
}

static void add_number(struct buffer *content, double value)
{
    const double one_nan = isnan(value) ? NAN : value;
    buffer_append(content, &one_nan, sizeof one_nan);
}

/* All that makes two events the same one. */
static void write_content(const struct event_record *event, struct buffer *content)
{
    const int64_t whole[] = {event->time_ms, event->position};
    buffer_clear(content);
    buffer_append(content, whole, sizeof whole);
    add_text(content, event->user);
    add_text(content, event->session);
    add_text(content, event->item);
    add_text(content, event->type);
    add_number(content, event->rating);
    add_number(content, event->quantity);
    add_number(content, event->price);
    add_number(content, event->progress);
    add_text(content, event->currency);
    add_text(content, event->order_id);
    add_text(content, event->recommendation_id);
    add_text(content, event->context);
}

/* An id made from the event's content and its occurrence number. */
static enum status make_id(struct importer *im, const struct event_record *event,
                           char id[MADE_ID_MAX + 1])
{
    unsigned char hash[crypto_generichash_BYTES_MIN];
    uint64_t short_hash;
    uint64_t number;
    write_content(event, &im->content);
    if (im->content.failed)
        return STATUS_NO_MEMORY;
    crypto_generichash(hash, sizeof hash, (const unsigned char *)im->content.data, im->content.size,
                       NULL, 0);
    memcpy(&short_hash, hash, sizeof short_hash);
    const enum status status = occurrence_next(&im->seen, short_hash, &number);
    if (status != STATUS_OK)
        return status;
    id[0] = 'i';
    sodium_bin2hex(id + 1, 2 * HASH_BYTES + 1, hash, HASH_BYTES);
    if (number)
        sprintf(id + 1 + 2 * HASH_BYTES, "-%" PRIu64, number);
    return STATUS_OK;
}

static enum status store_event(struct importer *im, const struct event_record *event,
                               struct error *why)
{
    struct event_record named = *event;
    char id[MADE_ID_MAX + 1];
    struct event_result added = {0};
    enum status status = STATUS_OK;
    if (!event->event_id) {
        status = make_id(im, event, id);
        named.event_id = id;
    }
    if (status == STATUS_OK)
        status = store_add_event(im->job->store, im->job->types, &named, im->job->auto_items,
                                 im->now_ms, &added, why);
    im->result->events += status == STATUS_OK && !added.duplicate;
    im->result->duplicates += status == STATUS_OK && added.duplicate;
    return status;
}

/* Without a savepoint, which would cost as much as the event: a refused event has changed nothing,
 * and one that failed otherwise takes its batch along. */
static enum status on_event(void *context, const struct reader_place *place,
                            const struct event_record *event)
{
    struct importer *im = context;
    struct error why = {0};
    enum status status = event_check(event, im->now_ms, &why);
    if (status == STATUS_OK)
        status = event_check_type(event, im->job->types, &why);
    if (status == STATUS_OK && im->job->store)
        status = store_event(im, event, &why);
    else
        im->result->events += status == STATUS_OK;
    if (status == STATUS_OK)
        return count_record(im);
    if (is_records_fault(status)) {
        status = on_broken(im, place, &why);
        return status == STATUS_OK ? count_record(im) : status;
    }
    im->is_torn = true;
    im->failed = why;
    return im->failed.status = status;
}

/* ---- the whole ---- */

static enum status read_paths(struct importer *im, const char *const *paths, size_t n_paths,
                              struct error *reterr)
{
    const struct reader_sink sink = {
        .context = im, .user = on_user, .item = on_item, .event = on_event, .broken = on_broken};
    for (size_t i = 0; i < n_paths; i++) {
        struct error err = {0};
        occurrences_free(&im->seen); /* each path counts by itself: the same one twice is one */
        const enum status status =
            im->job->reader->read(paths[i], &im->job->settings, &sink, im->job->observer, &err);
        if (status == STATUS_OK)
            continue;
        /* The sink's own reason says more than what the reader makes of it. */
        if (reterr)
            *reterr = im->failed.status != STATUS_OK ? im->failed : err;
        return status;
    }
    return STATUS_OK;
}

enum status import_paths(const struct import_job *job, const char *const *paths, size_t n_paths,
                         struct import_result *ret_result, struct error *reterr)
{
    *ret_result = (struct import_result){0};
    struct importer im = {.job = job, .result = ret_result, .now_ms = clock_now_ms()};
    enum status status = begin(&im);
    if (status != STATUS_OK && reterr)
        *reterr = im.failed;
    if (status == STATUS_OK) {
        status = read_paths(&im, paths, n_paths, reterr);
        /* What was read before a broken line or Ctrl-C stays. */
        const enum status committed = im.is_torn ? status : commit(&im);
        if (status == STATUS_OK && committed != STATUS_OK && reterr)
            *reterr = im.failed;
        status = status == STATUS_OK ? committed : status;
        if (committed != STATUS_OK)
            give_up_batch(&im);
    }
    occurrences_free(&im.seen);
    buffer_free(&im.content);
    return status;
}
