#include "data/import.h"

#include <inttypes.h>
#include <math.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "data/import_write.h"
#include "data/occurrence.h"

/* Two threads share the work: the caller's reads, checks and names the events, another one writes
 * the store (data/import_write.h). What is broken takes the same way as what is whole, so that
 * faults of the text and of the store are counted in the order of the lines. */

enum {
    HASH_BYTES = 12, /* of an event's content: two of 10^9 meet by chance once in 10^10 */
    MADE_ID_MAX = 2 * HASH_BYTES + 24,
};

/* The reading half. */
struct importer {
    const struct import_job *job;
    struct import_queue *queue;
    struct occurrences seen;
    struct buffer content;
    struct error failed; /* why the reading ended, where the reader does not know */
    int64_t now_ms;
};

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

/* ---- records ---- */

static enum status pass_on(struct importer *im, const struct import_entry *entry)
{
    const enum status status = import_queue_add(im->queue, entry);
    if (status == STATUS_NO_MEMORY)
        error_set(&im->failed, status, "out of memory for what is being read");
    return status;
}

static enum status on_broken(void *context, const struct reader_place *place,
                             const struct error *why)
{
    struct importer *im = context;
    const struct import_entry entry = {.kind = IMPORT_BROKEN, .place = *place, .why = why};
    const enum status status = pass_on(im, &entry);
    if (status != STATUS_OK || !im->job->stop_on_error)
        return status;
    return why->status ? why->status : STATUS_MALFORMED; /* the writer says so too */
}

/* Passes on what fits, and why it does not otherwise. */
static enum status settle(struct importer *im, const struct import_entry *entry, enum status status,
                          const struct error *why)
{
    if (status == STATUS_OK)
        return pass_on(im, entry);
    if (import_is_records_fault(status))
        return on_broken(im, &entry->place, why);
    im->failed = *why;
    return im->failed.status = status;
}

static enum status on_user(void *context, const struct reader_place *place,
                           const struct user_record *user)
{
    struct error why = {0};
    const struct import_entry entry = {.kind = IMPORT_USER, .place = *place, .user = *user};
    const enum status status = user_check(user, &why);
    return settle(context, &entry, status, &why);
}

static enum status on_item(void *context, const struct reader_place *place,
                           const struct item_record *item)
{
    struct error why = {0};
    const struct import_entry entry = {.kind = IMPORT_ITEM, .place = *place, .item = *item};
    const enum status status = item_check(item, &why);
    return settle(context, &entry, status, &why);
}

static enum status on_event(void *context, const struct reader_place *place,
                            const struct event_record *event)
{
    struct importer *im = context;
    struct error why = {0};
    struct import_entry entry = {.kind = IMPORT_EVENT, .place = *place, .event = *event};
    char id[MADE_ID_MAX + 1];
    enum status status = event_check(event, im->now_ms, &why);
    if (status == STATUS_OK)
        status = event_check_type(event, im->job->types, &why);
    if (status == STATUS_OK && im->job->store && !event->event_id) {
        status = make_id(im, event, id);
        entry.event.event_id = id;
        if (status != STATUS_OK)
            error_set(&why, status, "out of memory for the ids of events");
    }
    return settle(im, &entry, status, &why);
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
        *reterr = im->failed.status != STATUS_OK ? im->failed : err;
        return status;
    }
    return STATUS_OK;
}

/* The writer is behind the reader: where both failed, its failure came first. */
static enum status import_all(struct importer *im, struct import_writer *writer,
                              const char *const *paths, size_t n_paths, struct error *reterr)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, import_write, writer) != 0)
        return error_set(reterr, STATUS_NO_MEMORY, "cannot start the thread that writes the store");
    struct error err = {0};
    const enum status status = read_paths(im, paths, n_paths, &err);
    import_queue_finish(im->queue);
    pthread_join(thread, NULL);
    if (writer->status != STATUS_OK)
        err = writer->failed;
    if (reterr && (status != STATUS_OK || writer->status != STATUS_OK))
        *reterr = err;
    return writer->status != STATUS_OK ? writer->status : status;
}

enum status import_paths(const struct import_job *job, const char *const *paths, size_t n_paths,
                         struct import_result *ret_result, struct error *reterr)
{
    *ret_result = (struct import_result){0};
    struct importer im = {.job = job, .queue = import_queue_new(), .now_ms = clock_now_ms()};
    if (!im.queue)
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory for an import");
    struct import_writer writer = {
        .job = job, .queue = im.queue, .result = ret_result, .now_ms = im.now_ms};
    const enum status status = import_all(&im, &writer, paths, n_paths, reterr);
    import_queue_free(im.queue);
    occurrences_free(&im.seen);
    buffer_free(&im.content);
    return status;
}
