#pragma once
/* What users did after a snapshot, folded to touches as it comes: 32 bytes for each (user, item,
 * type), found by the user's number.
 *
 * A tail is added to the snapshot's touches of the user, or stands in their place (`replaced`: the
 * past was read again whole). Nothing leaves a tail but by a new snapshot, whose Live starts an
 * empty one; a user has at most one touch for each item and type.
 *
 * Zero-initialise; tail_free. Threads: any number of readers or one writer.
 */
#include "base/arena.h"
#include "data/signal.h"
#include "data/store.h"

struct tail_user {
    uint32_t number;
    uint32_t n, capacity;
    struct touch *touches; /* [n] sorted by (item, type) */
    uint64_t seq;          /* of the newest change */
    bool replaced;         /* the snapshot's touches count no more */
    bool dead;             /* erased or merged away */
    bool marked;           /* for the writer: see tail_mark */
};

struct tail {
    struct tail_user *users; /* in order of appearance */
    uint32_t n_users, users_capacity;
    uint32_t *slots; /* open addressing: places in users, UINT32_MAX is free */
    uint32_t n_slots;
    uint64_t touches_capacity; /* of all users */
};

/* NULL when nothing happened to the user. Good until the next change. */
const struct tail_user *tail_find(const struct tail *tail, uint32_t user);

/* Folds one event in. Events of one user may be older than those before. What a dead user did is
 * dropped. NO_MEMORY leaves the tail as it was. */
enum status tail_add(struct tail *tail, const struct event_types *types,
                     const struct signal_frame *frame, const struct event_row *row);

/* These touches (for free(), taken over; may be NULL) are all of the user's past, up to seq. */
enum status tail_replace(struct tail *tail, uint32_t user, uint64_t seq, struct touch *touches,
                         uint32_t n);

/* Marks the user until tail_replace or tail_kill; *ret_new: was not marked before. */
enum status tail_mark(struct tail *tail, uint32_t user, bool *ret_new);

/* The user is gone. */
enum status tail_kill(struct tail *tail, uint32_t user, uint64_t seq);

/* The snapshot's touches of a user joined with the tail's, sorted by (item, type), from the arena
 * (or one of both as it is). */
enum status tail_join(const struct tail_user *user, const struct event_types *types,
                      const struct touch *before, size_t n_before, struct arena *arena,
                      const struct touch **ret_touches, size_t *ret_n);

uint64_t tail_bytes(const struct tail *tail);
void tail_free(struct tail *tail);
