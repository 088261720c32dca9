#pragma once
/* A model that is one number an item, the same for everyone: what `popular` and its like share.
 *
 * Sections of a class "name": name/shape (users, items) and name/scores. No user's data: nothing to
 * erase.
 */
#include "models/model.h"

struct item_scores {
    struct model base;
    const float *scores; /* [n_items] finite */
    float *owned;        /* scores, unless they lie in a mapping */
};

/* Scores of 0, to be filled through `owned`; NULL when memory is out. */
struct item_scores *item_scores_new(const struct model_class *class, uint32_t n_users,
                                    uint32_t n_items);

/* For the tables of the classes. */
enum status item_scores_score(const struct model *model, const struct query *queries,
                              size_t n_queries, const uint32_t *items, size_t n_items, float *out,
                              struct arena *scratch);
void item_scores_save(const struct model *model, struct sections_writer *writer);
enum status item_scores_load(const struct model_class *class, const struct sections *sections,
                             struct model **ret_model, struct error *reterr);
void item_scores_free(struct model *model);

/* The newest time of each entry of data->by_user, of events of any type that are not held:
 * *ret_times [entries], for free(); TIME_UNKNOWN where no time is known. The same for any number of
 * threads. NO_MEMORY; CANCELLED when the observer says so. */
enum status entry_times_make(const struct train_set *data, struct parallel *pool,
                             const struct observer *observer, int64_t **ret_times);
