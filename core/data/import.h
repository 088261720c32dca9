#pragma once
/* Records from a reader into the store: checked by the rules of data/records.h, in batches of some
 * thousand, repeatable.
 *
 * An event without an id of its own gets one made of its content and of how often that content came
 * before in the same path (data/occurrence.h): importing a path again, or twice at once, changes
 * nothing, while two equal lines of one file stay two events. */
#include "base/observer.h"
#include "data/readers/reader.h"
#include "data/store.h"

struct import_job {
    const struct reader_class *reader;
    struct reader_settings settings;
    struct store *store; /* STORE_WRITE; NULL: a dry run, which checks only */
    const struct event_types *types;
    bool auto_items;    /* list items that only events name */
    bool stop_on_error; /* at the first broken line; what came before it stays */
    bool yields;        /* pauses between batches for a daemon that writes too */
    const struct observer *observer;
};

enum { IMPORT_SHOWN_MAX = 5 };

struct import_result {
    uint64_t users, items, events, duplicates; /* events and duplicates together were read */
    uint64_t broken;
    struct error first[IMPORT_SHOWN_MAX]; /* of the broken lines; pointer is file:line */
};

/* On failure the batches that were committed stay; importing again goes on from there. */
enum status import_paths(const struct import_job *job, const char *const *paths, size_t n_paths,
                         struct import_result *ret_result, struct error *reterr);
