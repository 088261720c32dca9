#pragma once
/* The retrievers of a ranker's rows: fitted here on what the rows are not to know, and forgotten.
 * The first one proposes the candidates, the others are asked what they think of them. */
#include "base/observer.h"
#include "base/parallel.h"
#include "data/dataset.h"
#include "recommend/rank_others.h"

/* A model with its settings. */
struct retriever_choice {
    const struct model_class *class;
    const void *settings;
};

struct ranker_retrievers_request {
    const struct dataset *dataset;
    const struct bitmap *unknown; /* events left out */
    struct retriever_choice first;
    const struct rank_others *others;
    const struct retriever_choice *choices; /* [n_choices] settings of the others; those that are
                                               not among them have the defaults */
    size_t n_choices;
    const struct item_records *items; /* NULL: none are known */
    uint64_t seed;
    struct parallel *pool;
    const struct observer *observer;
};

struct ranker_retrievers {
    struct model *first;
    struct model *others[RANK_OTHERS_MAX];
    struct csr by_user, by_item; /* what they were fitted on */
};

/* As the models' fits; freed in any case. */
enum status ranker_retrievers_fit(const struct ranker_retrievers_request *request,
                                  struct ranker_retrievers *ret_retrievers, struct error *reterr);
void ranker_retrievers_free(struct ranker_retrievers *retrievers);
