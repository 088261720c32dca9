#pragma once
/* The writing half of an import (data/import.h): takes records from the queue into the store, in
 * batches, and counts what becomes of them. It runs in a thread of its own, and the store's handle
 * is its alone meanwhile. */
#include "data/import.h"
#include "data/import_queue.h"

/* Filled by import_paths; status and failed are for it to read when the thread has ended. */
struct import_writer {
    const struct import_job *job;
    struct import_queue *queue;
    struct import_result *result;
    int64_t now_ms;
    enum status status;
    struct error failed; /* why the writing ended, when status is not OK */
    /* the thread's own */
    bool is_open; /* a transaction */
    bool is_torn; /* an event failed half-way: its batch is given up */
    uint64_t events_committed, duplicates_committed;
    size_t in_batch;
};

/* A thread's main: until the queue ends, or something fails; then the queue is closed. */
void *import_write(void *writer);

/* A record's own fault is a broken line; anything else ends the import. */
bool import_is_records_fault(enum status status);
