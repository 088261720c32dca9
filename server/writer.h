#pragma once
/* The writer thread: one STORE_WRITE handle, group commit, feeding Live.
 *
 * Requests queue here with two functions. `apply` runs on the writer thread inside the transaction,
 * within a savepoint of its own: OK keeps its changes, anything else undoes them alone. After the
 * commit (and after Live has the changes) `done` runs on the writer thread with apply's status, or
 * with the commit's if that failed: whatever was answered OK is on disk and counted.
 *
 * While idle, and every few seconds where writes never pause, the writer checkpoints the WAL,
 * applies what other processes have written and expires old events.
 *
 * The WAL's size: a transaction takes no further write once its requests have
 * WRITER_GROUP_BYTES_MAX or made WRITER_GROUP_CHANGES_MAX changes, and after each one the WAL is
 * checkpointed if more than WRITER_WAL_BYTES of it are in use. The file so stays below
 * WRITER_WAL_BYTES and what one transaction writes; a reader in the way or one large erasure may
 * lift it above for a while, and it shrinks back to 64 MiB afterwards (journal_size_limit).
 */
#include "base/status.h"
#include "data/store.h"

struct writer;
struct site;

enum {
    WRITER_GROUP_MAX = 512,
    WRITER_GROUP_BYTES_MAX = 8 << 20,
    WRITER_GROUP_CHANGES_MAX = 20000,
    WRITER_WAL_BYTES = 16 << 20
};

struct write {
    enum status (*apply)(void *context, struct store *store, struct error *reterr);
    void (*done)(void *context, enum status status, const struct error *err);
    void *context;
    size_t bytes; /* of the request: what it may make the log grow by, more or less */
    bool alone;   /* outside of any transaction, with nothing else: the swap of snapshots */
    /* the writer's */
    struct write *next;
    enum status status;
    struct error err;
};

/* Takes the store over; it is closed by writer_stop. */
enum status writer_start(struct site *site, struct store *store, struct writer **ret_writer,
                         struct error *reterr);

/* Takes the write (the caller's memory until done has run). BUSY when the queue is full, DISK_FULL
 * when the disk has less than store.min_free left: nothing was taken. */
enum status writer_submit(struct writer *writer, struct write *write, struct error *reterr);

/* Runs `apply` and waits, whatever the queue's length: for threads that are not the HTTP layer's.
 */
enum status writer_run(struct writer *writer,
                       enum status (*apply)(void *context, struct store *store,
                                            struct error *reterr),
                       void *context, bool alone, struct error *reterr);

/* The next upkeep empties the WAL into the database, so that no old page stays in it: after an
 * erasure. */
void writer_truncate_soon(struct writer *writer);

/* Lets the queue empty, commits, checkpoints, joins. NULL is fine. */
void writer_stop(struct writer *writer);

struct writer_counts {
    uint64_t commits, writes, refused, wal_bytes;
    unsigned waiting;
};
void writer_count(struct writer *writer, struct writer_counts *ret_counts);
