#pragma once
/* Records on their way from the thread that reads files to the one that writes the store.
 *
 * One producer, one consumer. Entries travel in chunks of a few hundred, each with its own arena,
 * through a ring of fixed size: a full ring makes the producer wait, an empty one the consumer.
 * Order is kept. A chunk is also passed on once its texts fill IMPORT_CHUNK_BYTES, so that memory
 * stays bounded by the ring and the largest record.
 */
#include "data/readers/reader.h"

enum { IMPORT_CHUNK_ENTRIES = 256, IMPORT_CHUNK_BYTES = 1 << 18 };

enum import_kind { IMPORT_USER, IMPORT_ITEM, IMPORT_EVENT, IMPORT_BROKEN };

struct import_entry {
    enum import_kind kind;
    struct reader_place place;
    union {
        struct user_record user;
        struct item_record item;
        struct event_record event;
        const struct error *why; /* of a broken line */
    };
};

struct import_chunk {
    struct import_entry entries[IMPORT_CHUNK_ENTRIES];
    size_t n;
    struct arena arena; /* of all that the entries point to */
};

struct import_queue;

/* NULL without memory. */
struct import_queue *import_queue_new(void);
void import_queue_free(struct import_queue *queue); /* both threads are done with it */

/* ---- the producer ---- */

/* Takes a copy of the entry with all that it points to; may wait. NO_MEMORY; CANCELLED when the
 * consumer takes no more. */
enum status import_queue_add(struct import_queue *queue, const struct import_entry *entry);

/* Passes on what is left: nothing comes after it. */
void import_queue_finish(struct import_queue *queue);

/* ---- the consumer ---- */

/* The next chunk, which stays valid until the next call; NULL after the last one. May wait. */
const struct import_chunk *import_queue_take(struct import_queue *queue);

/* Takes no more: the producer's next chunk is refused. */
void import_queue_close(struct import_queue *queue);
