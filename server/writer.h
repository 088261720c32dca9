#pragma once
/* The writer thread: one STORE_WRITE handle, group commit, feeding Live.
 *
 * Requests queue here with two functions. `apply` runs on the writer thread inside the transaction,
 * within a savepoint of its own: OK keeps its changes, anything else undoes them alone. After the
 * commit (and after Live has the changes) `done` runs on the writer thread with apply's status, or
 * with the commit's if that failed: whatever was answered OK is on disk and counted.
 */
#include "base/status.h"
#include "data/store.h"

struct writer;
struct site;

struct write {
    enum status (*apply)(void *context, struct store *store, struct error *reterr);
    void (*done)(void *context, enum status status, const struct error *err);
    void *context;
    struct write *next; /* the writer's */
    enum status status;
    struct error err;
};

enum status writer_start(struct site *site, struct store *store, struct writer **ret_writer,
                         struct error *reterr);

/* Takes the write (the caller's memory until done has run). BUSY when the queue is full: nothing
 * was taken. DISK_FULL below the reserve, checked here. */
enum status writer_submit(struct writer *writer, struct write *write);

/* Runs `apply` and waits: for threads that are not the HTTP layer's. */
enum status writer_run(struct writer *writer,
                       enum status (*apply)(void *context, struct store *store,
                                            struct error *reterr),
                       void *context, struct error *reterr);

/* Lets the queue empty, commits, checkpoints, joins. */
void writer_stop(struct writer *writer);
