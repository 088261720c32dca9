#include "train/table_fit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/rng.h"
#include "data/example_subset.h"
#include "data/features/table_file.h"

/* Rows between two looks at the observer. */
enum { ROWS_A_STEP = 8192 };

/* Purpose of the random stream that draws the validation rows. */
enum { STREAM_VALIDATION = 0x7661 };

/* ---- reading ---- */

static enum status read_all(struct table_file *file, struct frame *frame, const char *phase,
                            const struct observer *observer, struct error *reterr)
{
    uint32_t n;
    do {
        observe_progress(observer, phase, table_file_share(file));
        if (observer_stops(observer))
            return error_set(reterr, STATUS_CANCELLED, "stopped while %s", phase);
        const enum status status = table_file_read(file, frame, ROWS_A_STEP, &n, reterr);
        if (status != STATUS_OK)
            return status;
    } while (n == ROWS_A_STEP);
    return STATUS_OK;
}

static enum status read_file(const struct feature_spec *spec, const char *path, const char *phase,
                             struct frame *frame, const struct observer *observer,
                             struct error *reterr)
{
    struct table_file *file;
    enum status status = table_file_open(path, spec, true, &file, reterr);
    if (status != STATUS_OK)
        return status;
    status = read_all(file, frame, phase, observer, reterr);
    table_file_close(file);
    if (status == STATUS_OK && frame_rows(frame) == 0)
        status = error_set(reterr, STATUS_OUT_OF_RANGE, "%s has no rows below its header", path);
    return status;
}

enum status table_read_rows(const struct features *features, const char *path, const char *phase,
                            const struct observer *observer, struct frame **ret_frame,
                            struct error *reterr)
{
    struct frame *frame;
    if (frame_new(features, true, &frame) != STATUS_OK)
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory for %s", path);
    const enum status status =
        read_file(features_spec(features), path, phase, frame, observer, reterr);
    if (status == STATUS_OK)
        *ret_frame = frame;
    else
        frame_free(frame);
    return status;
}

/* ---- the parts of the training rows ---- */

struct parts {
    uint32_t n_train, n_valid;
    uint32_t *rows; /* first those of training, then those of validation, each rising */
};

/* Draws exactly the share of the rows, in one pass: row i is taken with the chance of what is still
 * wanted over what is left (Knuth, algorithm 3.4.2 S). */
static enum status draw_parts(uint32_t n, double share, uint64_t seed, struct parts *parts)
{
    struct rng rng = rng_seed(seed, STREAM_VALIDATION);
    parts->n_valid = (uint32_t)(n * share);
    parts->n_train = n - parts->n_valid;
    parts->rows = malloc(sizeof *parts->rows * ((size_t)n + 1));
    if (!parts->rows)
        return STATUS_NO_MEMORY;
    uint32_t train = 0, valid = parts->n_train;
    for (uint32_t i = 0; i < n; i++) {
        const bool held_out = rng_below(&rng, n - i) < n - valid;
        parts->rows[held_out ? valid++ : train++] = i;
    }
    return STATUS_OK;
}

/* ---- fit ---- */

struct fitting {
    const struct table_fit_request *request;
    struct features *features;
    struct frame *frame;
    struct parts parts;
    uint32_t *warm; /* [n_features] */
    struct fitted *fitted;
    struct table_fit_result result;
    struct error *reterr;
};

static enum status refuse_memory(const struct fitting *f)
{
    return error_set(f->reterr, STATUS_NO_MEMORY, "out of memory while fitting");
}

static enum status read_rows(struct fitting *f)
{
    const int64_t started_ns = clock_monotonic_ns();
    if (frame_new_learning(f->features, &f->frame) != STATUS_OK)
        return refuse_memory(f);
    const enum status status = read_file(features_spec(f->features), f->request->path, "reading",
                                         f->frame, f->request->observer, f->reterr);
    f->result.frame_bytes = frame_bytes(f->frame);
    f->result.read_seconds = clock_seconds_since(started_ns);
    return status;
}

static enum status learn_features(struct fitting *f)
{
    const int64_t started_ns = clock_monotonic_ns();
    observe_progress(f->request->observer, "learning columns", -1);
    enum status status = draw_parts(frame_rows(f->frame), f->request->settings->validation,
                                    f->request->seed, &f->parts);
    if (status != STATUS_OK)
        return refuse_memory(f);
    status = features_fit(f->features, f->frame, f->parts.rows, f->parts.n_train, f->reterr);
    f->result.learn_seconds = clock_seconds_since(started_ns);
    if (status == STATUS_OK && observer_stops(f->request->observer))
        status = error_set(f->reterr, STATUS_CANCELLED, "stopped while learning columns");
    return status;
}

static enum status map_warm(struct fitting *f)
{
    const struct fitted *from = f->request->from;
    if (!from)
        return STATUS_OK;
    if (from->predictor->class != f->request->settings->class)
        return error_set(f->reterr, STATUS_OUT_OF_RANGE,
                         "a model of mode %s cannot start from one of mode %s",
                         f->request->settings->class->name, from->predictor->class->name);
    f->warm = malloc(sizeof *f->warm * ((size_t)features_layout(f->features)->n_features + 1));
    if (!f->warm)
        return refuse_memory(f);
    features_warm(f->features, from->features, f->warm);
    return STATUS_OK;
}

static enum status fit_task(struct fitting *f, const struct predictor_task *task,
                            const void *settings, struct predictor_report *ret_report)
{
    const struct table_fit_request *request = f->request;
    const struct predictor_class *class = request->settings->class;
    struct predictor *predictor;
    const enum status status =
        class->fit(task, settings, request->pool, request->observer, &predictor, f->reterr);
    if (status != STATUS_OK)
        return status;
    if (f->fitted->predictor)
        class->free(f->fitted->predictor);
    f->fitted->predictor = predictor;
    class->describe(predictor, ret_report);
    f->result.n_seen += (uint64_t)ret_report->epochs * task->train->n;
    return STATUS_OK;
}

/* Watched by nobody but for progress and stop: the curves are those of the fit that was stopped by
 * its validation. */
static enum status refit_all(struct fitting *f, const struct predictor_task *first,
                             const struct examples *all)
{
    const struct table_settings *settings = f->request->settings;
    const struct predictor_class *class = settings->class;
    const struct option *epochs = option_find(class->options, class->n_options, "epochs");
    struct table_fit_request quiet = *f->request;
    const struct table_fit_request *loud = f->request;
    struct observer observer = loud->observer ? *loud->observer : (struct observer){0};
    struct predictor_task task = *first;
    struct predictor_report report, *kept = &f->result.report;
    struct arena arena = {0};
    char text[16];
    void *values = arena_alloc(&arena, class->settings_size);
    if (!epochs || kept->best_epoch == 0 || kept->diverged_epoch) {
        arena_free(&arena);
        return STATUS_OK;
    }
    if (!values)
        return refuse_memory(f);
    memcpy(values, settings->predictor, class->settings_size);
    snprintf(text, sizeof text, "%u", kept->best_epoch);
    enum status status = option_set(epochs, values, text, &arena, f->reterr);
    task.train = all;
    task.valid = NULL;
    observer = (struct observer){
        .context = observer.context, .progress = observer.progress, .stop = observer.stop};
    quiet.observer = &observer;
    f->request = &quiet;
    if (status == STATUS_OK)
        status = fit_task(f, &task, values, &report);
    f->request = loud;
    arena_free(&arena);
    if (status == STATUS_OK) {
        kept->train_loss = report.train_loss;
        kept->wide_zero = report.wide_zero;
    }
    return status;
}

static enum status fit_predictor(struct fitting *f)
{
    const struct table_fit_request *request = f->request;
    struct examples all, train, valid;
    features_examples(f->features, f->frame, &all);
    const struct example_subset to_train = {.all = &all, .rows = f->parts.rows},
                                to_valid = {.all = &all, .rows = f->parts.rows + f->parts.n_train};
    example_subset_view(&to_train, f->parts.n_train, &train);
    example_subset_view(&to_valid, f->parts.n_valid, &valid);
    const struct predictor_task task = {.train = f->parts.n_valid ? &train : &all,
                                        .valid = f->parts.n_valid ? &valid : NULL,
                                        .warm = request->from ? request->from->predictor : NULL,
                                        .warm_features = f->warm,
                                        .seed = request->seed};
    const int64_t started_ns = clock_monotonic_ns();
    enum status status = fit_task(f, &task, request->settings->predictor, &f->result.report);
    if (status == STATUS_OK && f->parts.n_valid && request->settings->refit)
        status = refit_all(f, &task, &all);
    f->result.fit_seconds = clock_seconds_since(started_ns);
    return status;
}

/* Hands the features on to what is fitted. */
static enum status finish(struct fitting *f)
{
    struct buffer settings = {0};
    table_settings_append_json(f->request->settings, &settings);
    buffer_append_byte(&settings, '\0');
    f->fitted->settings = settings.failed ? NULL : strdup(settings.data);
    f->fitted->report = strdup("{}");
    buffer_free(&settings);
    if (!f->fitted->settings || !f->fitted->report)
        return refuse_memory(f);
    f->fitted->seed = f->request->seed;
    f->fitted->features = f->features;
    f->features = NULL;
    return STATUS_OK;
}

static enum status run(struct fitting *f)
{
    f->fitted = calloc(1, sizeof *f->fitted);
    enum status status = f->fitted ? read_rows(f) : refuse_memory(f);
    if (status == STATUS_OK)
        status = learn_features(f);
    if (status == STATUS_OK)
        status = map_warm(f);
    if (status == STATUS_OK)
        status = fit_predictor(f);
    return status == STATUS_OK ? finish(f) : status;
}

enum status table_fit(struct feature_spec *spec, const struct table_fit_request *request,
                      struct table_fit_result *ret_result, struct error *reterr)
{
    struct fitting f = {.request = request, .reterr = reterr};
    enum status status = features_new(spec, &f.features, reterr);
    if (status == STATUS_OK)
        status = run(&f);
    if (status == STATUS_OK) {
        f.result.fitted = f.fitted;
        f.result.n_train = f.parts.n_train;
        f.result.n_valid = f.parts.n_valid;
        f.result.n_features = features_layout(f.fitted->features)->n_features;
        *ret_result = f.result;
    } else {
        fitted_free(f.fitted);
    }
    frame_free(f.frame);
    features_free(f.features);
    free(f.parts.rows);
    free(f.warm);
    return status;
}

/* ---- measure ---- */

/* At the epoch whose parameters these are. */
static void show_scores(const struct fitted *fitted, const struct binary_scores *scores,
                        const struct observer *observer)
{
    struct predictor_report report;
    fitted->predictor->class->describe(fitted->predictor, &report);
    observe_scores(observer, "test/pr", report.best_epoch, scores->probabilities, scores->labels,
                   scores->weights, scores->n);
}

static enum status measure_frame(const struct fitted *fitted, const struct frame *frame,
                                 uint32_t batch, struct parallel *pool,
                                 const struct observer *observer,
                                 struct table_measured *ret_measured)
{
    const uint32_t n = frame_rows(frame);
    struct examples examples;
    struct arena scratch = {0};
    features_examples(fitted->features, frame, &examples);
    float *columns = malloc(3 * sizeof *columns * n);
    enum status status = columns ? STATUS_OK : STATUS_NO_MEMORY;
    const int64_t started_ns = clock_monotonic_ns();
    if (status == STATUS_OK)
        status = fitted->predictor->class->predict_batch(fitted->predictor, &examples, pool,
                                                         columns, &scratch);
    ret_measured->predict_seconds = clock_seconds_since(started_ns);
    for (uint32_t i = 0; i < n && status == STATUS_OK; i++) {
        columns[n + i] = frame_label(frame, i);
        columns[2 * (size_t)n + i] = frame_weight(frame, i);
    }
    const struct binary_scores scores = {.probabilities = columns,
                                         .labels = columns + n,
                                         .weights = columns + 2 * (size_t)n,
                                         .n = n,
                                         .batch = batch};
    if (status == STATUS_OK)
        status = binary_evaluate(&scores, &ret_measured->metrics);
    if (status == STATUS_OK)
        show_scores(fitted, &scores, observer);
    ret_measured->n = n;
    free(columns);
    arena_free(&scratch);
    return status;
}

enum status table_measure(const struct fitted *fitted, const char *path, uint32_t batch,
                          struct parallel *pool, const struct observer *observer,
                          struct table_measured *ret_measured, struct error *reterr)
{
    struct frame *frame;
    struct table_measured measured;
    enum status status =
        table_read_rows(fitted->features, path, "measuring", observer, &frame, reterr);
    if (status != STATUS_OK)
        return status;
    status = measure_frame(fitted, frame, batch, pool, observer, &measured);
    frame_free(frame);
    if (status != STATUS_OK)
        return error_set(reterr, status, "out of memory while measuring");
    *ret_measured = measured;
    return STATUS_OK;
}
