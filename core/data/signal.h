#pragma once
/* From events to what is learnt: one pure function, for training and for the live tail alike.
 *
 * A *touch* is all that one user did with one item by one type, folded. A user's touches, sorted
 * by item then type, give the user's signals: at most one signed confidence an item.
 *
 *     decay(t)  = 2^-((newest - t) / half_life), 1 for unknown or newer t, 1 without a half-life
 *     w(v)      = weight, or weight * (v - neutral) for types by value
 *     neutral   = mean of the user's rated values, the scale's middle below 5 of them
 *     type part = w * log2(1 + sum of decays)   (sum_capped; v is the mean of the values)
 *               = w(last v) * decay(last t)     (last)
 *               = w(largest v) * decay(last t)  (max)
 *     c         = sum of the type parts, held within [-cap, cap]
 *
 * c > 0 is preference 1 with confidence c; c < 0 is preference 0 with confidence |c| (a negative
 * confidence would break positive definiteness, Hu, Koren, Volinsky 2008); c = 0 teaches nothing.
 */
#include <stddef.h>
#include <stdint.h>

#include "data/event_type.h"

struct touch {
    int64_t last_ms; /* of the newest event; TIME_UNKNOWN if all times are unknown */
    uint32_t item;
    float decays; /* sum of decay over the events */
    float value;  /* types by value, by aggregate: sum of values * decay, the newest, or the
                     largest; NaN while no event had one. 0 for other types */
    uint8_t type;
    uint8_t unused[3]; /* zero, so that touches compare and hash as bytes */
};

struct signal {
    uint32_t item;
    float confidence; /* signed, never 0 */
};

/* What a user thinks of an item, on the scale that the ratings came in. */
struct rating {
    uint32_t item;
    float value;
};

/* Where decay counts from and what a rating scale's middle is: properties of the whole data set,
 * fixed at fit and stored with the snapshot. */
struct signal_frame {
    int64_t newest_ms;   /* of all events; TIME_UNKNOWN when none has a time */
    double scale_middle; /* halfway between the lowest and highest rating seen; 0 without any */
};

/* Folds one more event of the same user, item and type in. Events come in order (time, then seq).
 * A zeroed touch with item and type set is an empty one. value is NaN for an event without; such
 * an event of a type by value teaches nothing, but hides as any other. */
void touch_add(struct touch *touch, const struct event_types *types,
               const struct signal_frame *frame, int64_t time_ms, float value);

/* Folds an event in that is too old to be learnt from (max_per_user): it teaches nothing, but what
 * it hides stays hidden. It comes before those of touch_add. */
void touch_see(struct touch *touch, const struct event_types *types, int64_t time_ms);

/* Joins two touches of the same user, item and type, `later` holding the later events. */
void touch_merge(struct touch *touch, const struct event_types *types, const struct touch *later);

/* touch_merge of two in either order of time; equal times: `b` came later. */
struct touch touch_join(const struct touch *a, const struct touch *b,
                        const struct event_types *types);

/* Below, at or above 0, as by (item, type): the order of a history. */
int touch_compare(const struct touch *a, const struct touch *b);

/* The user's signals, in rising item order, into out[n] (room for one a touch).
 * touches[n] sorted by (item, type). Returns how many were written. */
size_t signals_of_touches(const struct touch *touches, size_t n, const struct event_types *types,
                          const struct signal_frame *frame, struct signal *out);

/* When each signal's item was touched last: times[n], TIME_UNKNOWN where none of its times is
 * known. Both stand by item. */
void signals_times(const struct signal *signals, size_t n, const struct touch *touches,
                   size_t n_touches, int64_t *times);

/* What the user rated, in rising item order, into out[n]: of each item the value of its touches by
 * value, the newest where there are several types; decay, weight and neutral values play no part.
 * Returns how many were written. */
size_t ratings_of_touches(const struct touch *touches, size_t n, const struct event_types *types,
                          struct rating *out);

/* The item of the first of those signals, UINT32_MAX when there are none: whether a user has a
 * history, without reading all of it. */
uint32_t signals_first_item(const struct touch *touches, size_t n, const struct event_types *types,
                            const struct signal_frame *frame);

/* Until when the touch hides its item: HIDES_NEVER, HIDES_FOREVER or a time in ms. An unknown time
 * with a finite rule hides forever: it cannot be told when it ends. */
int64_t touch_hides_until(const struct touch *touch, const struct event_types *types);
