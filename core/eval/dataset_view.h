#pragma once
/* A Dataset, without its held events, as what the Recommender sees: so `evaluate` and the gate ask
 * the very code that serves.
 *
 * Every item that still has an id may be shown (all items of a dataset without ids); there are no
 * categories, groups or clocks. A user's touches are those of the training part.
 */
#include "data/dataset.h"
#include "eval/item_times.h"
#include "eval/rank_facts.h"
#include "recommend/view.h"

/* Borrows all it is given, which must outlive it. Any number of threads may read it. */
struct dataset_view {
    struct view view; /* first */
    const struct dataset *dataset;
    const struct bitmap *held; /* NULL: nothing is held */
    bool fresh;                /* the models were fitted on something else: they must fold in */
    struct bitmap eligible;
    bool only_known;                /* items without an event before the moment may not be shown */
    const struct item_times *times; /* NULL: activity is not known, and nothing is ranked again */
};

/* retriever: one of models[n_models]. NO_MEMORY. */
enum status dataset_view_init(struct dataset_view *ret_view, const struct dataset *dataset,
                              const struct bitmap *held, const struct model *const *models,
                              size_t n_models, const struct model *retriever, bool fresh);

/* Tells it the past: activity as of each moment, from what is not held; borrowed. With it the
 * retriever's best are ordered again (ranker NULL: not), and with only_known what had no event
 * before the moment may not be shown. facts: of users and items, borrowed; NULL: none. */
void dataset_view_date(struct dataset_view *view, const struct item_times *times,
                       const struct ranker *ranker, const struct rank_facts *facts,
                       bool only_known);
void dataset_view_free(struct dataset_view *view);

/* May the item be shown, and so be measured? */
bool dataset_has_item(const struct dataset *dataset, uint32_t item);
