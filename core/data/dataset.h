#pragma once
/* All interactions up to one seq, in memory, immutable: what models are fitted on.
 *
 * Rows and columns are the store's numbers, so numbers of erased users are empty rows. A user's
 * events stand in order of time (unknown times first), then seq. Built once by a dataset_builder
 * (two passes over the same events: count, then fill; the events themselves are never held twice),
 * then shared by any number of readers.
 *
 * Memory: 17 bytes an event, 8 a user, plus the ids.
 */
#include <stdint.h>

#include "base/bitmap.h"
#include "base/idmap.h"
#include "base/observer.h"
#include "base/parallel.h"
#include "data/signal.h"
#include "linalg/csr.h"

struct store;

struct dataset {
    uint64_t seq;              /* the last change included; 0 when read from files */
    uint32_t n_users, n_items; /* rows, columns */
    uint64_t n_events;
    struct event_types types;
    struct signal_frame frame;
    struct idmap user_ids, item_ids;
    uint64_t *starts;    /* [n_users + 1] */
    int64_t *times;      /* [n_events] ms or TIME_UNKNOWN */
    uint32_t *items;     /* [n_events] */
    float *values;       /* [n_events] rating, NaN without */
    uint8_t *type_codes; /* [n_events] */
};

/* Reads the store up to `seq` in short transactions. Ids of users and items come along. */
enum status dataset_read(struct store *store, uint64_t seq, const struct event_types *types,
                         const struct observer *observer, struct dataset **ret_dataset,
                         struct error *reterr);

/* From events that are already numbered (files, generators, tests): count every event in a first
 * pass, then add them all again in the same order, that of their seq. What was not counted is left
 * out, and a user of whom less was added than counted just has less: a store may lose events
 * between the passes. TOO_LARGE past 2^32 - 1 events. */
struct dataset_builder;
enum status dataset_builder_new(const struct event_types *types,
                                struct dataset_builder **ret_builder);
enum status dataset_builder_count(struct dataset_builder *builder, uint32_t user, uint32_t item);
enum status dataset_builder_fill(struct dataset_builder *builder); /* between the passes */
void dataset_builder_add(struct dataset_builder *builder, uint32_t user, uint32_t item,
                         uint8_t type, int64_t time_ms, float value);
/* The maps are moved in (and emptied), on success; NULL: no ids. Numbers that only a map has are
 * empty rows and columns. Frees the builder in any case. */
enum status dataset_builder_finish(struct dataset_builder *builder, struct idmap *user_ids,
                                   struct idmap *item_ids, struct dataset **ret_dataset);
void dataset_builder_free(struct dataset_builder *builder);

/* The user's touches without the events marked in `held` (one bit an event; NULL: none left out),
 * sorted by (item, type), into out: room for one an event of the user. Returns how many. Only the
 * newest max_per_user events teach; older ones are seen (touch_see). */
size_t dataset_touches(const struct dataset *dataset, uint32_t user, const struct bitmap *held,
                       struct touch *out);

/* Signed confidences by user: n_users x n_items, from all events not in `held`. The same for any
 * number of threads. */
enum status dataset_matrix(const struct dataset *dataset, const struct bitmap *held,
                           struct parallel *pool, struct csr *ret_by_user);

/* What users rated (ratings_of_touches) by user, n_users x n_items, from all events not in `held`.
 * The same for any number of threads. NO_MEMORY. */
enum status dataset_ratings(const struct dataset *dataset, const struct bitmap *held,
                            struct parallel *pool, struct csr *ret_by_user);

void dataset_free(struct dataset *dataset);
