#pragma once
/* What each column of a ranker's spec is worth, on the store's events: fits as a round makes them,
 * on all events but the last share of each user's; the held-out rows are those of users whom a
 * ranker was not fitted on. */
#include "data/settings.h"
#include "data/store.h"
#include "eval/ranker_fit.h"
#include "train/feature_source.h"

struct ranker_features_request {
    struct store *store;
    const struct settings *settings; /* models.retrievers, .ranker and .ranker_spec, training */
    const struct event_types *types; /* bound to the store's codes */
    struct parallel *pool;
    const struct observer *observer;
};

struct ranker_features;

/* Reads the data. Without models.ranker the spec's own mode counts. As dataset_read, plan_make,
 * rank_facts_read and impressions_read say. */
enum status ranker_features_new(const struct ranker_features_request *request,
                                struct ranker_features **ret_features, struct error *reterr);
void ranker_features_free(struct ranker_features *features); /* NULL is fine */

const struct feature_spec *ranker_features_spec(const struct ranker_features *features);
/* Borrows it. */
struct feature_source ranker_features_source(struct ranker_features *features);

/* Of a fit that has been made: one seed only. Its rows are taken; the rest is borrowed. */
struct feature_source ranker_parts_source(struct ranker_parts *parts);
