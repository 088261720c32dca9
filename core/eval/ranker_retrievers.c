#include "eval/ranker_retrievers.h"

#include <stdio.h>

#include "eval/fit.h"

enum { PHASE_MAX = 64 };

struct fitting {
    const struct ranker_retrievers_request *request;
    struct train_set data;
    struct error *reterr;
};

static enum status fit(const struct fitting *f, struct retriever_choice choice, const char *phase,
                       struct model **ret_model)
{
    struct fit_cost cost;
    const enum status status =
        fit_model(choice.class, &f->data, choice.settings, "ranker_retriever", phase,
                  f->request->pool, f->request->observer, ret_model, &cost, f->reterr);
    if (status == STATUS_OK)
        fit_cost_free(&cost);
    return status;
}

static enum status fit_other(const struct fitting *f, const struct model_class *class,
                             struct model **ret_model)
{
    struct retriever_choice choice = {.class = class};
    struct arena arena = {0};
    for (size_t i = 0; i < f->request->n_choices && !choice.settings; i++)
        if (f->request->choices[i].class == class)
            choice.settings = f->request->choices[i].settings;
    if (!choice.settings)
        choice.settings = model_settings_new(class, &arena);
    char phase[PHASE_MAX];
    snprintf(phase, sizeof phase, "fitting the ranker's %s", class->name);
    const enum status status =
        choice.settings ? fit(f, choice, phase, ret_model)
                        : error_set(f->reterr, STATUS_NO_MEMORY, "out of memory for the ranker");
    arena_free(&arena);
    return status;
}

enum status ranker_retrievers_fit(const struct ranker_retrievers_request *request,
                                  struct ranker_retrievers *ret_retrievers, struct error *reterr)
{
    struct ranker_retrievers *r = ret_retrievers;
    *r = (struct ranker_retrievers){0};
    if (dataset_matrix(request->dataset, request->unknown, request->pool, &r->by_user) !=
            STATUS_OK ||
        csr_transpose(&r->by_user, &r->by_item) != STATUS_OK)
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory for the ranker");
    const struct fitting f = {.request = request,
                              .data = {.dataset = request->dataset,
                                       .held = request->unknown,
                                       .by_user = &r->by_user,
                                       .by_item = &r->by_item,
                                       .seed = request->seed,
                                       .items = request->items},
                              .reterr = reterr};
    enum status status = fit(&f, request->first, "fitting the ranker's retriever", &r->first);
    for (uint32_t o = 0; o < request->others->n && status == STATUS_OK; o++)
        status = fit_other(&f, request->others->of[o], &r->others[o]);
    return status;
}

void ranker_retrievers_free(struct ranker_retrievers *retrievers)
{
    model_free(retrievers->first);
    for (size_t o = 0; o < RANK_OTHERS_MAX; o++)
        model_free(retrievers->others[o]);
    csr_free(&retrievers->by_user);
    csr_free(&retrievers->by_item);
    *retrievers = (struct ranker_retrievers){0};
}
