#pragma once
/* When each item had its events: activity as of any moment, and never of what came later. */
#include "data/dataset.h"
#include "recommend/activity.h"
#include "recommend/view.h"

/* 12 bytes an event. Any number of readers. */
struct item_times {
    uint32_t n_items;
    uint64_t *starts; /* [n_items + 1] */
    int64_t *times;   /* [n] rising within an item; known ones only */
    float *recent;    /* [n] as of each event, itself included */
};

/* Of all events that count (activity_counts) and are not in `held` (NULL: none is). NO_MEMORY. */
enum status item_times_make(const struct dataset *dataset, const struct bitmap *held,
                            struct item_times *ret_times);

/* The item's activity strictly before now_ms; TIME_UNKNOWN: all of it. */
void item_times_as_of(const struct item_times *times, uint32_t item, int64_t now_ms,
                      struct activity *ret_activity);

/* A view that knows nothing but `activity`, as of the moment it is asked for. */
struct past_view {
    struct view view; /* first */
    const struct item_times *times;
};
struct past_view item_times_view(const struct item_times *times);

void item_times_free(struct item_times *times);
