#pragma once
/* Which items may be shown at a time. Each item has a window [from_ms, until_ms); most windows have
 * begun long ago and end never, so a bitmap as of a reference time answers for nearly all, and a
 * heap of the turning points after it tells which few items to look at again.
 *
 * Zero-initialise, then shown_advance before the first set. Threads: any number of readers or one
 * writer.
 */
#include <stdint.h>

#include "base/bitmap.h"

struct shown_window {
    int64_t from_ms, until_ms;
};

/* Bounds of an item that is always shown, and of one that never is. */
#define SHOWN_ALWAYS ((struct shown_window){.from_ms = INT64_MIN, .until_ms = INT64_MAX})
#define SHOWN_NEVER  ((struct shown_window){.from_ms = INT64_MAX, .until_ms = INT64_MIN})

struct shown_turn {
    int64_t at_ms;
    uint32_t item;
};

struct shown {
    int64_t reference_ms;
    struct bitmap bitmap;         /* as of then */
    struct shown_window *windows; /* [bitmap.count], room for windows_capacity */
    uint32_t windows_capacity;
    /* A min-heap by time of the windows' bounds after reference_ms. A replaced window's turns stay
     * until they come or become too many: looking at an item once more does no harm. */
    struct shown_turn *turns;
    size_t n_turns, turns_capacity;
};

/* Items between the last and this one are never shown. NO_MEMORY leaves all as it was; an
 * item that has been set can always be set to SHOWN_NEVER. */
enum status shown_set(struct shown *shown, uint32_t item, struct shown_window window);

/* Moves the reference time, in either direction. Out of memory it stays where it is: shown_at is
 * then slower, not wrong. */
void shown_advance(struct shown *shown, int64_t now_ms);

/* out (of any length) = the items shown at now_ms, exactly; slow only before reference_ms. */
void shown_at(const struct shown *shown, int64_t now_ms, struct bitmap *out);

/* The first moment after now_ms at which time may change what is shown; INT64_MAX: none. For a
 * time before reference_ms it is that time itself. */
int64_t shown_next_turn(const struct shown *shown, int64_t now_ms);

uint64_t shown_bytes(const struct shown *shown);
void shown_free(struct shown *shown);
