#pragma once
/* Which events are held out of training to measure on: one bit an event of a Dataset. */
#include <stdint.h>

#include "data/dataset.h"

enum split_kind {
    SPLIT_USER_TIME,    /* the last share of each user's events with a known time; a user all of
                           whose times are unknown gives a random share */
    SPLIT_TIME,         /* everything from one moment on, chosen so that `share` of all is held */
    SPLIT_RANDOM,       /* each event by chance */
    SPLIT_LEAVE_ONE_OUT /* each user's last event */
};
extern const char *const split_names[]; /* "user-time", "time", …; NULL at the end */

struct split_settings {
    enum split_kind kind;
    double share;       /* held out, in (0, 1); not for leave-one-out */
    uint32_t users_max; /* at most so many hold-out users, chosen by hash of the id; 0: all */
    uint64_t seed;
    const struct bitmap *without; /* events that count as though they were not there: what is held
                                     already; NULL: none */
};

/* Only pairs (user, item) as a whole are held: where a held pair also has other events, these are
 * held with it, so that a test item is never a training item. Events of types that teach nothing
 * neither count as items of the user nor towards the share, and are held only with their pair.
 * Users with fewer than 2 distinct items give nothing; by user-time and leave-one-out at least one
 * item of a user stays, and at least one event of each is held. The choice depends on the seed,
 * the ids and the events alone. OUT_OF_RANGE when nothing could be held out, or for a share
 * outside (0, 1), with the reason. */
enum status split_make(const struct dataset *dataset, const struct split_settings *settings,
                       struct bitmap *ret_held, struct error *reterr);
