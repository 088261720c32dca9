#pragma once
/* Data sets for tests, from lists of events written down. */
#include <assert.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/clock.h"
#include "data/dataset.h"

struct test_event {
    uint32_t user, item;
    uint8_t type;
    int64_t time;
    float value;
};

enum { TEST_LIKE = 1, TEST_RATING = 2, TEST_SEEN = 3 };

/* like: weight 1, summed; rating: by value, the last; seen: teaches nothing. */
static inline struct event_types test_types(void)
{
    struct event_types types = {.cap = 10};
    types.of[TEST_LIKE] = (struct event_type){.name = "like", .weight = 1};
    types.of[TEST_RATING] = (struct event_type){
        .name = "rating", .weight = 1, .by_value = true, .aggregate = AGGREGATE_LAST};
    types.of[TEST_SEEN] = (struct event_type){.name = "seen"};
    return types;
}

static inline struct dataset *test_dataset(const struct event_types *types,
                                           const struct test_event *events, size_t n)
{
    struct dataset_builder *builder;
    struct dataset *dataset;
    enum status status = dataset_builder_new(types, &builder);
    for (size_t i = 0; i < n && status == STATUS_OK; i++)
        status = dataset_builder_count(builder, events[i].user, events[i].item);
    if (status == STATUS_OK)
        status = dataset_builder_fill(builder);
    assert(status == STATUS_OK);
    for (size_t i = 0; i < n; i++)
        dataset_builder_add(builder, events[i].user, events[i].item, events[i].type, events[i].time,
                            events[i].value);
    status = dataset_builder_finish(builder, NULL, NULL, &dataset);
    assert(status == STATUS_OK);
    return dataset;
}
