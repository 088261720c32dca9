#include "train/ranker_features.h"

#include <stdlib.h>
#include <string.h>

#include "data/split.h"
#include "train/plan.h"

/* Its source is that of the parts, with fits of its own: they stand first. */
struct ranker_features {
    struct ranker_parts parts; /* of the present fit */
    struct ranker_features_request request;
    struct plan plan;
    struct feature_spec *spec;
    const struct predictor_class *predictor;
    struct dataset *dataset;
    struct bitmap held;
    struct rank_facts facts;
    struct impressions impressions;
};

static enum status read_spec(struct ranker_features *f, struct error *reterr)
{
    const struct settings *settings = f->request.settings;
    struct rank_others others;
    enum status status = plan_make(settings, &f->plan, reterr);
    if (status == STATUS_OK)
        status = plan_ranker_spec(&f->plan, settings, &f->spec, &others, reterr);
    f->predictor = f->plan.ranker;
    return status;
}

static enum status read_data(struct ranker_features *f, struct error *reterr)
{
    const struct ranker_features_request *request = &f->request;
    const struct split_settings split = {.kind = SPLIT_USER_TIME,
                                         .share = request->settings->training.hold_out,
                                         .seed = (uint64_t)request->settings->training.seed};
    struct rank_columns columns;
    struct store_counts counts;
    enum status status = store_count(request->store, &counts, reterr);
    if (status == STATUS_OK)
        status = dataset_read(request->store, counts.seq, request->types, request->observer,
                              &f->dataset, reterr);
    if (status == STATUS_OK)
        status = split_make(f->dataset, &split, &f->held, reterr);
    if (status == STATUS_OK)
        status = rank_columns_of(f->spec, &columns, reterr);
    if (status == STATUS_OK)
        status = rank_facts_read(request->store, f->dataset, columns.names, request->observer,
                                 &f->facts, reterr);
    if (status == STATUS_OK)
        status = impressions_read(request->store, f->dataset, &columns.names[RANK_OF_CONTEXT],
                                  request->observer, &f->impressions, reterr);
    return status;
}

enum status ranker_features_new(const struct ranker_features_request *request,
                                struct ranker_features **ret_features, struct error *reterr)
{
    struct ranker_features *f = calloc(1, sizeof *f);
    if (!f)
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory for the report on features");
    f->request = *request;
    enum status status = read_spec(f, reterr);
    if (status == STATUS_OK)
        status = read_data(f, reterr);
    if (status == STATUS_OK)
        *ret_features = f;
    else
        ranker_features_free(f);
    return status;
}

void ranker_features_free(struct ranker_features *f)
{
    if (!f)
        return;
    ranker_parts_free(&f->parts);
    impressions_free(&f->impressions);
    rank_facts_free(&f->facts);
    bitmap_free(&f->held);
    dataset_free(f->dataset);
    feature_spec_free(f->spec);
    plan_free(&f->plan);
    free(f);
}

const struct feature_spec *ranker_features_spec(const struct ranker_features *f)
{
    return f->spec;
}

/* ---- the source ---- */

static enum status fit_rows(struct ranker_features *f, const struct impressions *lists,
                            uint64_t seed, struct error *reterr)
{
    struct retriever_choice choices[SNAPSHOT_MODELS_MAX];
    const size_t n = plan_choices(&f->plan, choices);
    const struct item_records items = store_item_records(f->request.store);
    struct feature_spec *copy;
    enum status status =
        feature_spec_parse(f->spec->file, f->spec->text.bytes, f->spec->text.length, &copy, reterr);
    if (status != STATUS_OK)
        return status;
    const struct ranker_fit_request fit = {.dataset = f->dataset,
                                           .held = &f->held,
                                           .retriever = choices[f->plan.retriever],
                                           .others = choices,
                                           .n_others = n,
                                           .items = &items,
                                           .spec = copy,
                                           .predictor = f->predictor,
                                           .facts = &f->facts,
                                           .impressions = lists,
                                           .share = f->request.settings->training.hold_out,
                                           .seed = seed,
                                           .pool = f->request.pool,
                                           .observer = f->request.observer};
    return ranker_fit_parts(&fit, &f->parts, reterr);
}

/* Of what was shown where there is enough, as a round does. */
static enum status source_fit(void *context, uint64_t seed, struct error *reterr)
{
    struct ranker_features *f = context;
    enum status status = STATUS_OUT_OF_RANGE;
    if (f->impressions.n >= SHOWN_LISTS_MIN)
        status = fit_rows(f, &f->impressions, seed, reterr);
    return status == STATUS_OUT_OF_RANGE ? fit_rows(f, NULL, seed, reterr) : status;
}

static void source_end(void *context)
{
    ranker_parts_free(&((struct ranker_features *)context)->parts);
}

struct feature_source ranker_features_source(struct ranker_features *f)
{
    struct feature_source source = ranker_parts_source(&f->parts);
    source.context = f;
    source.fit = source_fit;
    source.end = source_end;
    return source;
}

/* ---- of parts ---- */

static enum status parts_fit(void *context, uint64_t seed, struct error *reterr)
{
    (void)context;
    (void)seed;
    (void)reterr;
    return STATUS_OK;
}

static const struct features *parts_features(const void *context)
{
    return ((const struct ranker_parts *)context)->features;
}

static const struct predictor *parts_predictor(const void *context)
{
    return ((const struct ranker_parts *)context)->predictor;
}

static enum status parts_rows(void *context, bool held, struct frame **ret_frame,
                              struct error *reterr)
{
    (void)reterr;
    struct ranker_parts *parts = context;
    struct frame **frame = held ? &parts->valid : &parts->train;
    *ret_frame = *frame;
    *frame = NULL;
    return STATUS_OK;
}

static void parts_end(void *context)
{
    (void)context;
}

struct feature_source ranker_parts_source(struct ranker_parts *parts)
{
    return (struct feature_source){.context = parts,
                                   .name = "the held-out part",
                                   .fit = parts_fit,
                                   .features = parts_features,
                                   .predictor = parts_predictor,
                                   .rows = parts_rows,
                                   .end = parts_end};
}
