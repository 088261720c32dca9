#include "eval/ranker_fit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/rng.h"
#include "eval/ranker_observer.h"

/* Rows: several moments of each user, a part of the other candidates, and no more than a bound in
 * all. Every tenth user is for validation. */
enum {
    MOMENTS_MAX = 4,
    ROWS_MAX = 1 << 20,
    VALID_USERS = 10,
    ROWS_A_USER = MOMENTS_MAX * 150,
    STREAM_VALID = 0x7a1,
    STREAM_HALF = 0x7a2
};
static const double negatives_share = 0.2, mean_error_max = 0.25;

enum { POSITIVES_MIN = 50 }; /* fewer teach nothing */

struct fitting {
    const struct ranker_fit_request *request;
    struct feature_spec *spec; /* until the features have it */
    struct bitmap targets, unknown;
    struct shown_plan shown;
    struct rank_facts facts; /* borrowed; contexts by event, or by list */
    struct rank_columns columns;
    struct ranker_retrievers retrievers;
    struct item_times times;
    struct ranker_rows rows;
    struct features *features;
    struct frame *train, *valid;
    struct predictor *predictor;
    struct calibration calibration;
    struct arena arena;
    struct ranker_fit_report report;
    struct error *reterr;
};

static enum status out_of_memory(const struct fitting *f)
{
    return error_set(f->reterr, STATUS_NO_MEMORY, "out of memory for the ranker");
}

/* ---- the retrievers that know nothing of the rows ---- */

/* What is held, what the rows are labelled by, and with lists all that came after T1. */
static enum status unite(struct fitting *f)
{
    const struct ranker_fit_request *request = f->request;
    const struct dataset *d = request->dataset;
    if (bitmap_resize(&f->unknown, (uint32_t)d->n_events) != STATUS_OK)
        return out_of_memory(f);
    for (uint64_t e = 0; e < d->n_events; e++)
        if ((request->held && bitmap_test(request->held, (uint32_t)e)) ||
            (request->impressions ? d->times[e] >= f->shown.t1_ms
                                  : bitmap_test(&f->targets, (uint32_t)e)))
            bitmap_set(&f->unknown, (uint32_t)e);
    return STATUS_OK;
}

static enum status cut_time(struct fitting *f)
{
    const struct ranker_fit_request *request = f->request;
    if (!request->impressions)
        return ranker_targets(request->dataset, request->held, request->share, &f->targets,
                              f->reterr);
    return shown_plan_make(request->dataset, request->held, request->impressions, ROWS_MAX,
                           &f->shown, f->reterr);
}

static enum status fit_retrievers(struct fitting *f)
{
    const struct ranker_fit_request *request = f->request;
    enum status status = rank_columns_of(f->spec, &f->columns, f->reterr);
    if (status == STATUS_OK)
        status = cut_time(f);
    if (status == STATUS_OK)
        status = unite(f);
    if (status != STATUS_OK)
        return status;
    f->report.others = f->columns.others;
    const struct ranker_retrievers_request ask = {.dataset = request->dataset,
                                                  .unknown = &f->unknown,
                                                  .first = request->retriever,
                                                  .others = &f->columns.others,
                                                  .choices = request->others,
                                                  .n_choices = request->n_others,
                                                  .items = request->items,
                                                  .seed = request->seed,
                                                  .pool = request->pool,
                                                  .observer = request->observer};
    return ranker_retrievers_fit(&ask, &f->retrievers, f->reterr);
}

/* ---- rows ---- */

/* `held` are never looked at. */
static struct ranker_rows_request rows_request(const struct fitting *f, const struct bitmap *held,
                                               const struct past_view *past)
{
    const struct ranker_fit_request *request = f->request;
    return (struct ranker_rows_request){.dataset = request->dataset,
                                        .held = held,
                                        .targets = &f->targets,
                                        .lists = request->impressions,
                                        .which = f->shown.train,
                                        .n_which = f->shown.n_train,
                                        .retriever = f->retrievers.first,
                                        .others = (const struct model *const *)f->retrievers.others,
                                        .n_others = f->columns.others.n,
                                        .past = &past->view,
                                        .moments_max = MOMENTS_MAX,
                                        .share = request->impressions ? 1 : negatives_share,
                                        .rows_max = ROWS_MAX,
                                        .seed = request->seed,
                                        .pool = request->pool,
                                        .observer = request->observer};
}

static enum status check_rows(const struct fitting *f)
{
    const unsigned long long n = f->rows.n_positives;
    const bool shown = f->request->impressions;
    const unsigned least = shown ? SHOWN_CHOSEN_MIN : POSITIVES_MIN;
    if (n >= least && n < f->rows.n)
        return STATUS_OK;
    if (shown)
        return error_set(
            f->reterr, STATUS_OUT_OF_RANGE,
            "of the items shown %llu were chosen and %llu were not, and a ranker needs "
            "%u that were",
            n, f->rows.n - n, least);
    return error_set(f->reterr, STATUS_OUT_OF_RANGE,
                     "only %llu of the items that users came to like were among the %d best of "
                     "the retriever, and a ranker needs %u",
                     n, RANK_CANDIDATES, least);
}

/* What is shown is no sample of the candidates: those of the very moments that the retriever which
 * serves is compared at. */
static enum status look_at_candidates(struct fitting *f, const struct past_view *past)
{
    struct ranker_rows rows;
    struct ranker_rows_request ask = rows_request(f, NULL, past);
    ask.lists = NULL;
    ask.targets = f->request->held;
    ask.moments_max = 1;
    ask.share = negatives_share;
    const enum status status = ranker_rows_make(&ask, &rows, f->reterr);
    if (status != STATUS_OK)
        return status;
    f->report.retriever = ranker_shift_side_of(&rows);
    ranker_rows_free(&rows);
    return status;
}

static enum status make_rows(struct fitting *f)
{
    const struct ranker_fit_request *request = f->request;
    if (item_times_make(request->dataset, request->held, &f->times) != STATUS_OK)
        return out_of_memory(f);
    const struct past_view past = item_times_view(&f->times);
    const struct ranker_rows_request ask = rows_request(f, request->held, &past);
    enum status status = ranker_rows_make(&ask, &f->rows, f->reterr);
    if (status != STATUS_OK)
        return status;
    f->report.rows = f->rows.n;
    f->report.positives = (uint32_t)f->rows.n_positives;
    f->report.moments = f->rows.n_moments;
    f->report.wanted = f->rows.n_wanted;
    f->report.share = f->rows.share;
    f->report.of_impressions = request->impressions;
    f->report.retriever = ranker_shift_side_of(&f->rows);
    if (request->impressions && request->held)
        status = look_at_candidates(f, &past);
    return status == STATUS_OK ? check_rows(f) : status;
}

/* A user is wholly for training or wholly for validation. */
static bool is_valid_row(const struct fitting *f, uint32_t row)
{
    struct rng rng = rng_seed(f->request->seed + f->rows.users[f->rows.moments[row]], STREAM_VALID);
    return rng_below(&rng, VALID_USERS) == 0;
}

/* Which of a fit's rows. */
enum part { PART_TRAIN, PART_VALID, PART_ALL };

static enum status add_rows(const struct fitting *f, const struct ranker_rows *rows, enum part part,
                            struct frame *frame)
{
    const struct fact_names *names[RANK_FACTS];
    for (int s = 0; s < RANK_FACTS; s++)
        names[s] = facts_get(f->facts.of[s], 0).names;
    const struct rank_binding binding = rank_bind(&f->columns, names);
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < rows->n && status == STATUS_OK; i++) {
        const uint32_t m = rows->moments[i];
        if ((i & 0xfff) == 0 && observer_stops(f->request->observer))
            return error_set(f->reterr, STATUS_CANCELLED, "stopped while fitting the ranker");
        if (part != PART_ALL && is_valid_row(f, i) != (part == PART_VALID))
            continue;
        const struct rank_row row = {
            .moment = &rows->of[m],
            .item = rows->items[i],
            .numbers = rows->numbers + (size_t)i * rows->width,
            .facts = {[RANK_OF_ITEM] = facts_get(f->facts.of[RANK_OF_ITEM], rows->items[i]),
                      [RANK_OF_USER] = facts_get(f->facts.of[RANK_OF_USER], rows->users[m]),
                      [RANK_OF_CONTEXT] = facts_get(f->facts.of[RANK_OF_CONTEXT], rows->events[m])},
            .label = rows->labels[i]};
        status = rank_row_add(&binding, frame, &row, f->reterr);
    }
    return status;
}

/* The columns learn from the rows for training alone. */
static enum status fill_frames(struct fitting *f)
{
    if (f->request->facts)
        f->facts = *f->request->facts;
    if (f->request->impressions)
        f->facts.of[RANK_OF_CONTEXT] = f->request->impressions->contexts;
    struct feature_spec *spec = f->spec;
    f->spec = NULL;
    enum status status = features_new(spec, &f->features, f->reterr);
    if (status == STATUS_OK && frame_new_learning(f->features, &f->train) != STATUS_OK)
        status = out_of_memory(f);
    if (status == STATUS_OK)
        status = add_rows(f, &f->rows, PART_TRAIN, f->train);
    if (status == STATUS_OK)
        status = features_fit(f->features, f->train, NULL, 0, f->reterr);
    if (status == STATUS_OK && frame_new(f->features, true, &f->valid) != STATUS_OK)
        status = out_of_memory(f);
    return status == STATUS_OK ? add_rows(f, &f->rows, PART_VALID, f->valid) : status;
}

/* ---- the predictor ---- */

/* The best order comes before the best chances: where those are wanted, the log loss tells when to
 * stop, unless the spec says otherwise. */
static enum status stop_by_loss(struct fitting *f, const struct predictor_class *class,
                                void *settings)
{
    static const char name[] = "stop_by";
    if (feature_spec_option(features_spec(f->features), name) ||
        !option_find(class->options, class->n_options, name))
        return STATUS_OK;
    return options_set(class->options, class->n_options, settings, "key of 'model'", name, "loss",
                       &f->arena, f->reterr);
}

static enum status fit_predictor(struct fitting *f)
{
    const struct ranker_fit_request *request = f->request;
    struct examples train, valid;
    void *settings = NULL;
    const struct predictor_class *class = request->predictor;
    enum status status =
        class ? STATUS_OK : ranker_spec_predictor(features_spec(f->features), &class, f->reterr);
    if (status == STATUS_OK)
        status =
            ranker_spec_options(features_spec(f->features), class, &f->arena, &settings, f->reterr);
    if (status == STATUS_OK && request->impressions)
        status = stop_by_loss(f, class, settings);
    if (status != STATUS_OK)
        return status;
    features_examples(f->features, f->train, &train);
    features_examples(f->features, f->valid, &valid);
    const struct predictor_task task = {
        .train = &train, .valid = valid.n ? &valid : NULL, .seed = request->seed};
    const struct observer observer = ranker_observer(request->observer);
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
        before[part.n] = rows->numbers[(size_t)i * rows->width + score];
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

/* ---- are the chances right? ---- */

/* Scores of later lists, of which everything is known: nothing here was learnt from. */
struct later {
    struct ranker_rows rows;
    struct frame *frame;
    struct item_times times;
    float *scores, *labels; /* [rows.n] the first half's users first */
    uint32_t n_first;
};

static enum status make_later(const struct fitting *f, struct later *later)
{
    if (item_times_make(f->request->dataset, NULL, &later->times) != STATUS_OK ||
        frame_new(f->features, true, &later->frame) != STATUS_OK)
        return out_of_memory(f);
    const struct past_view past = item_times_view(&later->times);
    struct ranker_rows_request ask = rows_request(f, NULL, &past);
    ask.which = f->shown.later;
    ask.n_which = f->shown.n_later;
    const enum status status = ranker_rows_make(&ask, &later->rows, f->reterr);
    return status == STATUS_OK ? add_rows(f, &later->rows, PART_ALL, later->frame) : status;
}

static bool is_in_first_half(const struct fitting *f, const struct later *later, uint32_t row)
{
    const uint32_t user = later->rows.users[later->rows.moments[row]];
    struct rng rng = rng_seed(f->request->seed + user, STREAM_HALF);
    return rng_below(&rng, 2) == 0;
}

static enum status score_later(struct fitting *f, struct later *later)
{
    const uint32_t n = later->rows.n;
    struct examples examples;
    float *scores = malloc(((size_t)n + 1) * sizeof *scores);
    later->scores = malloc(((size_t)n + 1) * sizeof *later->scores);
    later->labels = malloc(((size_t)n + 1) * sizeof *later->labels);
    features_examples(f->features, later->frame, &examples);
    enum status status = scores && later->scores && later->labels ? STATUS_OK : STATUS_NO_MEMORY;
    if (status == STATUS_OK)
        status = f->predictor->class->predict_batch(f->predictor, &examples, f->request->pool,
                                                    scores, &f->arena);
    uint32_t at = 0;
    for (int half = 0; half < 2 && status == STATUS_OK; half++) {
        for (uint32_t i = 0; i < n; i++) {
            if (is_in_first_half(f, later, i) == (half == 1))
                continue;
            later->scores[at] = scores[i];
            later->labels[at++] = later->rows.labels[i];
        }
        later->n_first = half == 0 ? at : later->n_first;
    }
    free(scores);
    return status == STATUS_OK ? status : out_of_memory(f);
}

static uint32_t count_chosen(const float *labels, uint32_t n)
{
    uint32_t chosen = 0;
    for (uint32_t i = 0; i < n; i++)
        chosen += labels[i] > 0;
    return chosen;
}

/* The calibration error that is to be expected of chances that are right, with so few rows: the
 * mean absolute deviation of each group's share from its chance. */
static double error_by_chance(const struct binary_report *report, uint32_t n)
{
    double sum = 0;
    for (int g = 0; g < CALIBRATION_GROUPS; g++) {
        const double p = report->calibration[g].prediction_mean, w = report->calibration[g].weight;
        sum += w > 0 ? w * sqrt(2 / M_PI * p * (1 - p) / w) : 0;
    }
    return sum / n;
}

/* Fits on the first half of the users, measures on the second. */
static enum status fit_calibration(struct fitting *f, struct later *later)
{
    const uint32_t n = later->rows.n, n_first = later->n_first, n_second = n - n_first;
    struct calibration calibration;
    if (count_chosen(later->labels, n_first) < SHOWN_LATER_MIN ||
        count_chosen(later->labels + n_first, n_second) < SHOWN_LATER_MIN ||
        calibration_fit(later->scores, later->labels, n_first, &calibration) != STATUS_OK)
        return STATUS_OK;
    for (uint32_t i = n_first; i < n; i++)
        later->scores[i] = calibration_apply(&calibration, later->scores[i]);
    const struct binary_scores scores = {later->scores + n_first, later->labels + n_first, NULL,
                                         n_second, n_second};
    if (binary_evaluate(&scores, &f->report.later) != STATUS_OK)
        return out_of_memory(f);
    const double *values = f->report.later.values;
    f->report.later_rows = n_second;
    f->report.later_chance = error_by_chance(&f->report.later, n_second);
    f->report.calibrated =
        values[BINARY_CALIBRATION_ERROR] <= RANKER_ERROR_MAX + f->report.later_chance &&
        fabs(values[BINARY_PREDICTION_MEAN] / values[BINARY_LABEL_MEAN] - 1) <= mean_error_max;
    if (f->report.calibrated)
        f->calibration = calibration;
    return STATUS_OK;
}

static enum status calibrate(struct fitting *f)
{
    struct later later = {0};
    if (!f->request->impressions || f->shown.n_later == 0)
        return STATUS_OK;
    enum status status = make_later(f, &later);
    if (status == STATUS_OK)
        status = score_later(f, &later);
    if (status == STATUS_OK)
        status = fit_calibration(f, &later);
    ranker_rows_free(&later.rows);
    item_times_free(&later.times);
    frame_free(later.frame);
    free(later.scores);
    free(later.labels);
    return status;
}

/* ---- the whole ---- */

static enum status run(struct fitting *f)
{
    enum status status = fit_retrievers(f);
    if (status == STATUS_OK)
        status = make_rows(f);
    if (status == STATUS_OK)
        status = fill_frames(f);
    if (status == STATUS_OK)
        status = fit_predictor(f);
    if (status == STATUS_OK)
        status = calibrate(f);
    return status == STATUS_OK ? judge(f) : status;
}

static void fitting_free(struct fitting *f)
{
    feature_spec_free(f->spec);
    bitmap_free(&f->targets);
    bitmap_free(&f->unknown);
    shown_plan_free(&f->shown);
    ranker_retrievers_free(&f->retrievers);
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

/* Takes the request's spec over. *ret_fitting is to be freed unless memory was out. */
static enum status start(const struct ranker_fit_request *request, struct fitting **ret_fitting,
                         struct error *reterr)
{
    struct fitting *f = calloc(1, sizeof *f);
    if (!f) {
        feature_spec_free(request->spec);
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory for the ranker");
    }
    f->request = request;
    f->spec = request->spec;
    f->reterr = reterr;
    *ret_fitting = f;
    return STATUS_OK;
}

enum status ranker_fit_parts(const struct ranker_fit_request *request,
                             struct ranker_parts *ret_parts, struct error *reterr)
{
    const int64_t started_ns = clock_monotonic_ns();
    struct fitting *f = NULL;
    enum status status = start(request, &f, reterr);
    if (status != STATUS_OK)
        return status;
    status = run(f);
    if (status == STATUS_OK) {
        f->predictor->class->describe(f->predictor, &f->report.fit);
        f->report.seconds = clock_seconds_since(started_ns);
        *ret_parts = (struct ranker_parts){.features = f->features,
                                           .predictor = f->predictor,
                                           .train = f->train,
                                           .valid = f->valid,
                                           .retriever = request->retriever.class->name,
                                           .calibration = f->calibration,
                                           .report = f->report};
        f->features = NULL;
        f->predictor = NULL;
        f->train = f->valid = NULL;
    }
    fitting_free(f);
    return status;
}

enum status ranker_of_parts(struct ranker_parts *parts, struct ranker **ret_ranker,
                            struct error *reterr)
{
    frame_free(parts->train);
    frame_free(parts->valid);
    const enum status status = ranker_new(parts->retriever, parts->features, parts->predictor,
                                          parts->report.share, ret_ranker, reterr);
    if (status == STATUS_OK)
        (*ret_ranker)->calibration = parts->calibration;
    *parts = (struct ranker_parts){0};
    return status;
}

enum status ranker_fit(const struct ranker_fit_request *request, struct ranker **ret_ranker,
                       struct ranker_fit_report *ret_report, struct error *reterr)
{
    struct ranker_parts parts;
    enum status status = ranker_fit_parts(request, &parts, reterr);
    if (status != STATUS_OK)
        return status;
    const struct ranker_fit_report report = parts.report;
    status = ranker_of_parts(&parts, ret_ranker, reterr);
    if (status == STATUS_OK)
        *ret_report = report;
    return status;
}

void ranker_parts_free(struct ranker_parts *parts)
{
    frame_free(parts->train);
    frame_free(parts->valid);
    features_free(parts->features);
    if (parts->predictor)
        parts->predictor->class->free(parts->predictor);
    *parts = (struct ranker_parts){0};
}

/* Of a row: its numbers, in a table that doubles, and one cell a column; lists grow likewise. */
static uint64_t row_bytes(const struct feature_spec *spec, const struct rank_columns *columns)
{
    enum { FIXED = 256, NUMBER = 8, CELL = 8, VALUE = 12 };
    uint64_t bytes =
        FIXED + (uint64_t)NUMBER * rank_width(columns->others.n) + (uint64_t)CELL * spec->n_columns;
    for (uint32_t f = 0; f < spec->n_features; f++)
        if (spec->features[f].separator && *spec->features[f].separator)
            bytes += VALUE * (uint64_t)(spec->features[f].max_values < FACT_TEXTS_MAX
                                            ? spec->features[f].max_values
                                            : FACT_TEXTS_MAX);
    return bytes;
}

/* Items shown are rows twice: to learn from, and later ones to calibrate by. */
uint64_t ranker_fit_estimate(const struct feature_spec *spec, const struct rank_columns *columns,
                             uint64_t n_events, uint64_t n_users,
                             const struct ranker_stored *stored)
{
    enum { EVENT_BYTES = sizeof(int64_t) + sizeof(float) + 8 }; /* item_times, and a matrix */
    const uint64_t drawn = n_users < ROWS_MAX / ROWS_A_USER ? n_users * ROWS_A_USER : ROWS_MAX;
    const uint64_t shown = stored->n_lists < SHOWN_LISTS_MIN ? 0
                           : stored->n_shown < ROWS_MAX      ? 2 * stored->n_shown
                                                             : 2 * (uint64_t)ROWS_MAX;
    return n_events * EVENT_BYTES + (drawn > shown ? drawn : shown) * row_bytes(spec, columns) +
           ranker_stored_bytes(stored);
}
