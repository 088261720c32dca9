#include "eval/ranker_fit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/embedded.h"
#include "base/rng.h"
#include "base/text.h"
#include "data/yaml.h"
#include "eval/fit.h"

/* Rows: several moments of each user, a part of the other candidates, and no more than a bound in
 * all. Every tenth user is for validation. */
enum {
    MOMENTS_MAX = 4,
    ROWS_MAX = 1 << 20,
    VALID_USERS = 10,
    ROW_BYTES = 500,
    ROWS_A_USER = MOMENTS_MAX * 150,
    STREAM_VALID = 0x7a1
};
static const double negatives_share = 0.2;
static const char mode_name[] = "mode", default_mode[] = "wide_deep";

enum { POSITIVES_MIN = 50 }; /* fewer teach nothing */

struct fitting {
    const struct ranker_fit_request *request;
    struct feature_spec *spec; /* until the features have it */
    struct bitmap targets, unknown;
    struct csr by_user, by_item;
    struct model *retriever;
    struct item_times times;
    struct ranker_rows rows;
    struct features *features;
    struct frame *train, *valid;
    struct predictor *predictor;
    struct arena arena;
    struct ranker_fit_report report;
    struct error *reterr;
};

static enum status out_of_memory(const struct fitting *f)
{
    return error_set(f->reterr, STATUS_NO_MEMORY, "out of memory for the ranker");
}

/* ---- the retriever that knows nothing of the rows ---- */

static enum status unite(struct fitting *f)
{
    const struct dataset *d = f->request->dataset;
    if (bitmap_resize(&f->unknown, (uint32_t)d->n_events) != STATUS_OK)
        return out_of_memory(f);
    for (uint64_t e = 0; e < d->n_events; e++)
        if (bitmap_test(&f->targets, (uint32_t)e) ||
            (f->request->held && bitmap_test(f->request->held, (uint32_t)e)))
            bitmap_set(&f->unknown, (uint32_t)e);
    return STATUS_OK;
}

static enum status fit_retriever(struct fitting *f)
{
    const struct ranker_fit_request *request = f->request;
    struct fit_cost cost;
    enum status status =
        ranker_targets(request->dataset, request->held, request->share, &f->targets, f->reterr);
    if (status == STATUS_OK)
        status = unite(f);
    if (status != STATUS_OK)
        return status;
    if (dataset_matrix(request->dataset, &f->unknown, request->pool, &f->by_user) != STATUS_OK ||
        csr_transpose(&f->by_user, &f->by_item) != STATUS_OK)
        return out_of_memory(f);
    const struct train_set data = {request->dataset, &f->unknown, &f->by_user, &f->by_item,
                                   request->seed};
    status = fit_model(request->retriever, &data, request->retriever_settings, "ranker_retriever",
                       "fitting the ranker's retriever", request->pool, request->observer,
                       &f->retriever, &cost, f->reterr);
    if (status == STATUS_OK)
        fit_cost_free(&cost);
    return status;
}

/* ---- rows ---- */

static enum status make_rows(struct fitting *f)
{
    const struct ranker_fit_request *request = f->request;
    if (item_times_make(request->dataset, request->held, &f->times) != STATUS_OK)
        return out_of_memory(f);
    const struct past_view past = item_times_view(&f->times);
    const struct ranker_rows_request ask = {.dataset = request->dataset,
                                            .held = request->held,
                                            .targets = &f->targets,
                                            .retriever = f->retriever,
                                            .past = &past.view,
                                            .moments_max = MOMENTS_MAX,
                                            .share = negatives_share,
                                            .rows_max = ROWS_MAX,
                                            .seed = request->seed,
                                            .pool = request->pool,
                                            .observer = request->observer};
    const enum status status = ranker_rows_make(&ask, &f->rows, f->reterr);
    if (status != STATUS_OK)
        return status;
    f->report.rows = f->rows.n;
    f->report.positives = (uint32_t)f->rows.n_positives;
    f->report.moments = f->rows.n_moments;
    f->report.wanted = f->rows.n_wanted;
    f->report.share = f->rows.share;
    if (f->rows.n_positives < POSITIVES_MIN || f->rows.n == f->rows.n_positives)
        return error_set(f->reterr, STATUS_OUT_OF_RANGE,
                         "only %llu of the items that users came to like were among the %d best of "
                         "the retriever, and a ranker needs %d",
                         (unsigned long long)f->rows.n_positives, RANK_CANDIDATES, POSITIVES_MIN);
    return STATUS_OK;
}

/* A user is wholly for training or wholly for validation. */
static bool is_valid_row(const struct fitting *f, uint32_t row)
{
    struct rng rng = rng_seed(f->request->seed + f->rows.users[f->rows.moments[row]], STREAM_VALID);
    return rng_below(&rng, VALID_USERS) == 0;
}

static enum status add_rows(const struct fitting *f, bool valid, const struct rank_columns *columns,
                            struct frame *frame)
{
    static const struct rank_facts none;
    const struct ranker_rows *rows = &f->rows;
    const struct rank_facts *facts = f->request->facts ? f->request->facts : &none;
    const struct fact_names *names[RANK_FACTS];
    for (int s = 0; s < RANK_FACTS; s++)
        names[s] = facts_get(facts->of[s], 0).names;
    const struct rank_binding binding = rank_bind(columns, names);
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < rows->n && status == STATUS_OK; i++) {
        const uint32_t m = rows->moments[i];
        if ((i & 0xfff) == 0 && observer_stops(f->request->observer))
            return error_set(f->reterr, STATUS_CANCELLED, "stopped while fitting the ranker");
        if (is_valid_row(f, i) != valid)
            continue;
        const struct rank_row row = {
            .moment = &rows->of[m],
            .item = rows->items[i],
            .numbers = rows->numbers + (size_t)i * RANK_NUMBERS,
            .facts = {[RANK_OF_ITEM] = facts_get(facts->of[RANK_OF_ITEM], rows->items[i]),
                      [RANK_OF_USER] = facts_get(facts->of[RANK_OF_USER], rows->users[m]),
                      [RANK_OF_CONTEXT] = facts_get(facts->of[RANK_OF_CONTEXT], rows->events[m])},
            .label = rows->labels[i]};
        status = rank_row_add(&binding, frame, &row, f->reterr);
    }
    return status;
}

/* The columns learn from the rows for training alone. */
static enum status fill_frames(struct fitting *f)
{
    struct rank_columns columns;
    enum status status = rank_columns_of(f->spec, &columns, f->reterr);
    if (status != STATUS_OK)
        return status;
    struct feature_spec *spec = f->spec;
    f->spec = NULL;
    status = features_new(spec, &f->features, f->reterr);
    if (status == STATUS_OK && frame_new_learning(f->features, &f->train) != STATUS_OK)
        status = out_of_memory(f);
    if (status == STATUS_OK)
        status = add_rows(f, false, &columns, f->train);
    if (status == STATUS_OK)
        status = features_fit(f->features, f->train, NULL, 0, f->reterr);
    if (status == STATUS_OK && frame_new(f->features, true, &f->valid) != STATUS_OK)
        status = out_of_memory(f);
    return status == STATUS_OK ? add_rows(f, true, &columns, f->valid) : status;
}

/* ---- the predictor ---- */

static const char *predictor_name(const void *context, size_t i)
{
    (void)context;
    return predictor_classes[i]->name;
}

enum status ranker_predictor_need(const char *name, const struct predictor_class **ret_class,
                                  struct error *reterr)
{
    size_t n = 0;
    for (; predictor_classes[n]; n++)
        if (strcmp(predictor_classes[n]->name, name) == 0) {
            *ret_class = predictor_classes[n];
            return STATUS_OK;
        }
    const char *nearest = text_nearest(name, n, predictor_name, NULL);
    return error_set(reterr, STATUS_NOT_FOUND, "there is no ranker '%.60s'; %s '%s'%s", name,
                     nearest ? "did you mean" : "there is", nearest ? nearest : default_mode,
                     nearest ? "?" : "");
}

static enum status find_class(const struct feature_spec *spec,
                              const struct predictor_class **ret_class, struct error *reterr)
{
    const char *mode = feature_spec_option(spec, mode_name);
    const enum status status = ranker_predictor_need(mode ? mode : default_mode, ret_class, reterr);
    for (uint32_t i = 0; status != STATUS_OK && i < spec->n_options; i++)
        if (strcmp(spec->options[i].name, mode_name) == 0)
            error_prefix(reterr, "%s:%u: ", spec->file, spec->options[i].line);
    return status;
}

/* Has any of the predictors such an option? */
static bool is_known(const char *name)
{
    for (size_t i = 0; predictor_classes[i]; i++)
        if (option_find(predictor_classes[i]->options, predictor_classes[i]->n_options, name))
            return true;
    return false;
}

/* The options of the spec's model, but for its name and those that only another one has. */
static enum status set_options(const struct feature_spec *spec, const struct predictor_class *class,
                               struct arena *arena, void **ret_settings, struct error *reterr)
{
    void *settings = arena_zalloc(arena, 1, class->settings_size);
    enum status status = settings ? options_init(class->options, class->n_options, settings, arena)
                                  : STATUS_NO_MEMORY;
    if (status != STATUS_OK)
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory for the ranker");
    for (uint32_t i = 0; i < spec->n_options; i++) {
        const struct spec_option *given = &spec->options[i];
        struct error err = {0};
        if (strcmp(given->name, mode_name) == 0 ||
            (!option_find(class->options, class->n_options, given->name) && is_known(given->name)))
            continue;
        status = options_set(class->options, class->n_options, settings, "key of 'model'",
                             given->name, given->value, arena, &err);
        if (status != STATUS_OK)
            return yaml_refuse(spec->file, given->line, status, reterr, "%s", err.text);
    }
    *ret_settings = settings;
    return STATUS_OK;
}

/* The curves of a predictor are "train/loss" and the like: here "ranker/train/loss". */
static void prefix_scalar(void *context, const char *tag, int64_t step, double value)
{
    const struct observer *outer = context;
    char name[96];
    snprintf(name, sizeof name, "ranker/%s", tag);
    observe_scalar(outer, name, step, value);
}

static void pass_progress(void *context, const char *phase, double share)
{
    (void)phase;
    observe_progress(context, "fitting the ranker", share);
}

static bool pass_stop(void *context)
{
    return observer_stops(context);
}

static enum status fit_predictor(struct fitting *f)
{
    const struct ranker_fit_request *request = f->request;
    struct examples train, valid;
    void *settings = NULL;
    const struct predictor_class *class = request->predictor;
    enum status status =
        class ? STATUS_OK : find_class(features_spec(f->features), &class, f->reterr);
    if (status == STATUS_OK)
        status = set_options(features_spec(f->features), class, &f->arena, &settings, f->reterr);
    if (status != STATUS_OK)
        return status;
    features_examples(f->features, f->train, &train);
    features_examples(f->features, f->valid, &valid);
    const struct predictor_task task = {
        .train = &train, .valid = valid.n ? &valid : NULL, .seed = request->seed};
    const struct observer observer = {.context = (void *)(uintptr_t)request->observer,
                                      .progress = pass_progress,
                                      .scalar = prefix_scalar,
                                      .stop = pass_stop};
    f->report.predictor = class->name;
    return class->fit(&task, settings, request->pool, request->observer ? &observer : NULL,
                      &f->predictor, f->reterr);
}

/* ---- how well it orders ---- */

static size_t number_named(const char *name)
{
    size_t i = 0;
    while (strcmp(rank_values[i].name, name) != 0)
        i++;
    return i;
}

/* The rows for validation alone, as rows of their own: their AUC by the ranker, by the retriever.
 */
static enum status judge(struct fitting *f)
{
    struct ranker_rows *rows = &f->rows;
    struct examples valid;
    features_examples(f->features, f->valid, &valid);
    float *ours = malloc(((size_t)valid.n + 1) * sizeof *ours);
    float *before = malloc(((size_t)valid.n + 1) * sizeof *before);
    enum status status = ours && before ? STATUS_OK : STATUS_NO_MEMORY;
    if (status == STATUS_OK)
        status = f->predictor->class->predict_batch(f->predictor, &valid, f->request->pool, ours,
                                                    &f->arena);
    const size_t score = number_named("score");
    struct ranker_rows part = {.labels = rows->labels, .moments = rows->moments};
    /* In place: a row that is kept never stands before where it goes. */
    for (uint32_t i = 0; i < rows->n && status == STATUS_OK; i++) {
        if (!is_valid_row(f, i))
            continue;
        before[part.n] = rows->numbers[(size_t)i * RANK_NUMBERS + score];
        part.labels[part.n] = rows->labels[i];
        part.moments[part.n++] = rows->moments[i];
    }
    if (status == STATUS_OK) {
        f->report.auc = ranker_rows_auc(&part, ours);
        f->report.auc_before = ranker_rows_auc(&part, before);
    }
    free(ours);
    free(before);
    return status == STATUS_OK ? status : out_of_memory(f);
}

/* ---- the whole ---- */

static enum status run(struct fitting *f)
{
    enum status status = fit_retriever(f);
    if (status == STATUS_OK)
        status = make_rows(f);
    if (status == STATUS_OK)
        status = fill_frames(f);
    if (status == STATUS_OK)
        status = fit_predictor(f);
    return status == STATUS_OK ? judge(f) : status;
}

static void fitting_free(struct fitting *f)
{
    feature_spec_free(f->spec);
    bitmap_free(&f->targets);
    bitmap_free(&f->unknown);
    csr_free(&f->by_user);
    csr_free(&f->by_item);
    model_free(f->retriever);
    item_times_free(&f->times);
    ranker_rows_free(&f->rows);
    frame_free(f->train);
    frame_free(f->valid);
    features_free(f->features);
    if (f->predictor)
        f->predictor->class->free(f->predictor);
    arena_free(&f->arena);
    free(f);
}

enum status ranker_fit(const struct ranker_fit_request *request, struct ranker **ret_ranker,
                       struct ranker_fit_report *ret_report, struct error *reterr)
{
    const int64_t started_ns = clock_monotonic_ns();
    struct fitting *f = calloc(1, sizeof *f);
    if (!f) {
        feature_spec_free(request->spec);
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory for the ranker");
    }
    f->request = request;
    f->spec = request->spec;
    f->reterr = reterr;
    enum status status = run(f);
    if (status == STATUS_OK) {
        f->predictor->class->describe(f->predictor, &f->report.fit);
        frame_free(f->train);
        frame_free(f->valid);
        f->train = f->valid = NULL;
        status = ranker_new(request->retriever->name, f->features, f->predictor, f->rows.share,
                            ret_ranker, reterr);
        f->features = NULL;
        f->predictor = NULL;
    }
    f->report.seconds = clock_seconds_since(started_ns);
    if (status == STATUS_OK)
        *ret_report = f->report;
    fitting_free(f);
    return status;
}

enum status ranker_spec_read(const char *path, const struct predictor_class *predictor,
                             struct feature_spec **ret_spec, struct error *reterr)
{
    struct feature_spec *spec;
    struct rank_columns columns;
    struct arena arena = {0};
    void *settings;
    enum status status = *path ? feature_spec_read(path, &spec, reterr)
                               : feature_spec_parse(ranker_files[0].name, ranker_files[0].bytes,
                                                    ranker_files[0].size, &spec, reterr);
    if (status != STATUS_OK)
        return status;
    status = rank_columns_of(spec, &columns, reterr);
    if (status == STATUS_OK && !predictor)
        status = find_class(spec, &predictor, reterr);
    if (status == STATUS_OK)
        status = set_options(spec, predictor, &arena, &settings, reterr);
    arena_free(&arena);
    if (status == STATUS_OK)
        *ret_spec = spec;
    else
        feature_spec_free(spec);
    return status;
}

uint64_t ranker_fit_estimate(uint64_t n_events, uint64_t n_users)
{
    const uint64_t rows = n_users < ROWS_MAX / ROWS_A_USER ? n_users * ROWS_A_USER : ROWS_MAX;
    enum { EVENT_BYTES = sizeof(int64_t) + sizeof(float) + 8 }; /* item_times, and a matrix */
    return n_events * EVENT_BYTES + rows * ROW_BYTES;
}
