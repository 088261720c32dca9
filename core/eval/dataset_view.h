#pragma once
/* A Dataset, without its held events, as what the Recommender sees: so `evaluate` and the gate ask
 * the very code that serves.
 *
 * Every item that still has an id may be shown (all items of a dataset without ids); there are no
 * categories, groups or clocks. A user's touches are those of the training part.
 */
#include "data/dataset.h"
#include "eval/item_times.h"
#include "recommend/view.h"

/* Borrows all it is given, which must outlive it. Any number of threads may read it. */
struct dataset_view {
    struct view view; /* first */
    const struct dataset *dataset;
    const struct bitmap *held; /* NULL: nothing is held */
    bool fresh;                /* the models were fitted on something else: they must fold in */
    struct bitmap eligible;
    const struct item_times *times; /* NULL: activity is not known, and nothing is ranked again */
};

/* retriever: one of models[n_models]. NO_MEMORY. */
enum status dataset_view_init(struct dataset_view *ret_view, const struct dataset *dataset,
                              const struct bitmap *held, const struct model *const *models,
                              size_t n_models, const struct model *retriever, bool fresh);

/* Has its retriever's best ordered again; both borrowed. times: of what is not held. */
void dataset_view_rank(struct dataset_view *view, const struct ranker *ranker,
                       const struct item_times *times);
void dataset_view_free(struct dataset_view *view);

/* May the item be shown, and so be measured? */
bool dataset_has_item(const struct dataset *dataset, uint32_t item);
