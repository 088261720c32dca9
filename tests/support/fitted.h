#pragma once
/* Train sets for tests of models: a data set with its two matrices, freed together. */
#include <assert.h>
#include <stdlib.h>

#include "base/rng.h"
#include "models/model.h"
#include "support/events.h"

struct test_data {
    struct dataset *dataset;
    struct csr by_user, by_item;
    struct train_set train;
};

static inline struct test_data *test_data_new(const struct event_types *types,
                                              const struct test_event *events, size_t n,
                                              uint64_t seed)
{
    struct test_data *data = calloc(1, sizeof *data);
    assert(data);
    data->dataset = test_dataset(types, events, n);
    enum status status = dataset_matrix(data->dataset, NULL, NULL, &data->by_user);
    if (status == STATUS_OK)
        status = csr_transpose(&data->by_user, &data->by_item);
    assert(status == STATUS_OK);
    data->train = (struct train_set){.dataset = data->dataset,
                                     .by_user = &data->by_user,
                                     .by_item = &data->by_item,
                                     .seed = seed};
    return data;
}

static inline void test_data_free(struct test_data *data)
{
    csr_free(&data->by_user);
    csr_free(&data->by_item);
    dataset_free(data->dataset);
    free(data);
}

/* User u likes the items i with u + i even, but for i = u, which is withheld; item `n` is never
 * touched. */
static inline struct test_data *test_checkerboard(uint32_t n)
{
    const struct event_types types = test_types();
    struct test_event *events = calloc((size_t)n * n + 1, sizeof *events);
    assert(events);
    size_t count = 0;
    for (uint32_t u = 0; u < n; u++)
        for (uint32_t i = u % 2; i < n; i += 2)
            if (i != u)
                events[count++] = (struct test_event){u, i, TEST_LIKE, i, NAN};
    events[count++] = (struct test_event){0, n, TEST_SEEN, TIME_UNKNOWN, NAN};
    struct test_data *data = test_data_new(&types, events, count, 1);
    free(events);
    return data;
}

/* Users of four tastes among likes and ratings (dislikes too), with times, users and items without
 * any event, repeats, and one user who has nearly everything. */
static inline struct test_data *test_tastes(uint64_t seed)
{
    enum { USERS = 330, ITEMS = 97, EVENTS = 6000 };
    const struct event_types types = test_types();
    struct test_event *events = calloc(EVENTS, sizeof *events);
    assert(events);
    struct rng rng = rng_seed(11, 0);
    for (uint32_t k = 0; k < EVENTS; k++) {
        const uint32_t user = k < 80 ? 7 : 2 * rng_below(&rng, USERS / 2);
        uint32_t item = k < 80 ? k : rng_below(&rng, ITEMS / 4) * 4 + user / 2 % 4;
        if (rng_below(&rng, 5) == 0)
            item = rng_below(&rng, ITEMS);
        const bool likes = rng_below(&rng, 3) > 0;
        events[k] = (struct test_event){user, item, likes ? TEST_LIKE : TEST_RATING,
                                        (int64_t)rng_below(&rng, 1000000),
                                        likes ? NAN : (float)(1 + rng_below(&rng, 5))};
    }
    struct test_data *data = test_data_new(&types, events, EVENTS, seed);
    free(events);
    return data;
}
