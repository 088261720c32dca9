#pragma once
/* What a round is to fit, from the settings: models with their parameters, and what that will take.
 */
#include "data/features/spec.h"
#include "data/settings.h"
#include "data/store.h"
#include "eval/ranker_retrievers.h"
#include "eval/ranker_stored.h"
#include "eval/search.h"
#include "models/model.h"
#include "models/predictor.h"
#include "train/snapshot.h"

struct planned_model {
    const struct model_class *class;
    void *settings; /* owned by the plan's arena */
};

struct plan {
    struct arena arena;
    struct planned_model models[SNAPSHOT_MODELS_MAX]; /* `popular` first */
    size_t n_models;
    size_t retriever;                     /* which of them answers */
    const struct predictor_class *ranker; /* orders its best again; NULL: nothing does */
    const char *ranker_spec;              /* the YAML; of the plan's arena */
    struct rank_others ranker_others;     /* whose scores it asks for: each is among the models */
    const struct search_result *found; /* borrowed: what a search has found; NULL: there was none */
};

/* With training.models: auto there is `popular` alone, until a search has found more
 * (round_choose).
 *
 * NOT_FOUND for an unknown model or parameter, with the nearest known name and the place of the
 * setting; MALFORMED and OUT_OF_RANGE for its value. */
enum status plan_make(const struct settings *settings, struct plan *ret_plan, struct error *reterr);
void plan_free(struct plan *plan);

/* A model's settings as configured, of the plan's arena. NO_MEMORY. */
enum status plan_configured(struct plan *plan, const struct settings *settings,
                            const struct model_class *class, void **ret_settings,
                            struct error *reterr);

/* `popular`, and this one, which answers. settings are borrowed. */
void plan_choose(struct plan *plan, const struct model_class *class, void *settings);

/* The spec of models.ranker_spec, whose score.* stand for the models beside the one that answers
 * which learn from interactions; *ret_others: whose scores it asks for. As ranker_spec_read;
 * NOT_FOUND when one of those is not planned. */
enum status plan_ranker_spec(const struct plan *plan, const struct settings *settings,
                             struct feature_spec **ret_spec, struct rank_others *ret_others,
                             struct error *reterr);

/* All of its models, into out[SNAPSHOT_MODELS_MAX]; returns how many. */
size_t plan_choices(const struct plan *plan, struct retriever_choice *out);

/* Bytes that a round takes at its peak, at most: the data set, its matrices, all models, the
 * snapshot's tables, and the ranker with all that it is made from, at once. stored: what is read of
 * the store for a ranker, the new one or the active snapshot's, which is asked as well. */
uint64_t plan_estimate(const struct plan *plan, const struct store_counts *counts,
                       const struct ranker_stored *stored);

/* {"seed", "kernels", "retriever", "models": {"ials": {...}}, "found": {"ease": {...}, …}}: all
 * that decides the bytes of a fit beside the data. */
void plan_append_json(const struct plan *plan, const struct settings *settings, struct buffer *out);
