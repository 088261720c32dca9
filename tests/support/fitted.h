#pragma once
/* Train sets for tests of models: a data set with its two matrices, freed together. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/rng.h"
#include "models/model.h"
#include "support/events.h"

struct test_data {
    struct dataset *dataset;
    struct csr by_user, by_item;
    struct train_set train;
    struct item_records records;
    uint32_t n_records, n_kinds; /* items below n_records are of kind item % n_kinds */
};

/* A title, a category by kind, a tag and a vector each: what content has to tell kinds by. */
static inline enum status test_records_read(void *context, item_records_each each,
                                            void *each_context, struct error *reterr)
{
    const struct test_data *data = context;
    enum status status = STATUS_OK;
    (void)reterr;
    for (uint32_t i = 0; i < data->n_records && status == STATUS_OK; i++) {
        const uint32_t kind = i % data->n_kinds;
        const float vector[2] = {(float)((kind + 1) % 2), (float)(kind % 2)};
        char title[32], category[32], attributes[48];
        const char *const categories[] = {category};
        snprintf(title, sizeof title, "Item %u", i);
        snprintf(category, sizeof category, "kinds/%u", kind);
        snprintf(attributes, sizeof attributes, "{\"tags\":[\"of %u\"]}", kind);
        const struct item_record record = {.id = title,
                                           .attributes = attributes,
                                           .title = title,
                                           .categories = categories,
                                           .n_categories = 1,
                                           .published_ms = TIME_UNKNOWN,
                                           .created_ms = TIME_UNKNOWN,
                                           .vector = vector,
                                           .n_vector = 2};
        status = each(each_context, i, &record);
    }
    return status;
}

static inline void test_data_describe(struct test_data *data, uint32_t n_records, uint32_t n_kinds)
{
    data->n_records = n_records;
    data->n_kinds = n_kinds;
    data->records = (struct item_records){.context = data, .read = test_records_read};
    data->train.items = &data->records;
}

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
    test_data_describe(data, n, 2);
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
    test_data_describe(data, data->dataset->n_items - 1, 4);
    free(events);
    return data;
}
