#include "train/feature_report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "data/example_subset.h"
#include "data/features/frame.h"
#include "linalg/auc.h"
#include "train/feature_counts.h"
#include "train/feature_path.h"
#include "train/permuted_field.h"

/* An interval reaches so many deviations to both sides: 99 % of a normal distribution. */
#define DEVIATIONS 2.576

enum { STREAM_HELD = 0x6865, STREAM_DEAL = 0x6465 };

/* One thing whose worth is measured: a column of the spec, or a feature that is a cross. */
struct subject {
    struct feature_worth worth;
    uint32_t column; /* not of a cross */
    double sum, sum_squares;
};

struct making {
    const struct feature_report_request *request;
    struct feature_report *report;
    struct subject *subjects; /* [report->n] */
    struct feature_source source;
    /* of the present seed */
    struct fitted *fitted; /* of a table */
    struct frame *held;
    uint32_t *rows;                   /* [n_held] of the frame */
    uint32_t *deal;                   /* [n_held] */
    float *labels, *weights, *scores; /* [n_held] */
    double auc;
    struct error *reterr;
};

void feature_report_free(struct feature_report *report)
{
    if (!report)
        return;
    arena_free(&report->arena);
    free(report);
}

static enum status refuse_memory(const struct making *m)
{
    return error_set(m->reterr, STATUS_NO_MEMORY, "out of memory for the report on features");
}

static const struct features *features_of(const struct making *m)
{
    return m->source.features(m->source.context);
}

/* ---- fits of a table's files ---- */

static enum status table_fit_seed(void *context, uint64_t seed, struct error *reterr)
{
    struct making *m = context;
    const struct feature_report_request *request = m->request;
    const struct feature_spec *spec = request->spec;
    struct feature_spec *copy;
    struct table_fit_result result;
    const struct table_fit_request fit = {.path = request->train_path,
                                          .settings = request->settings,
                                          .seed = seed,
                                          .pool = request->pool,
                                          .observer = request->observer};
    enum status status =
        feature_spec_parse(spec->file, spec->text.bytes, spec->text.length, &copy, reterr);
    if (status == STATUS_OK)
        status = table_fit(copy, &fit, &result, reterr);
    if (status == STATUS_OK)
        m->fitted = result.fitted;
    return status;
}

static const struct features *table_features(const void *context)
{
    return ((const struct making *)context)->fitted->features;
}

static const struct predictor *table_predictor(const void *context)
{
    return ((const struct making *)context)->fitted->predictor;
}

static enum status table_rows(void *context, bool held, struct frame **ret_frame,
                              struct error *reterr)
{
    const struct making *m = context;
    const struct feature_report_request *request = m->request;
    return table_read_rows(m->fitted->features, held ? request->held_path : request->train_path,
                           held ? "reading held-out rows" : "counting", request->observer,
                           ret_frame, reterr);
}

static void table_end(void *context)
{
    struct making *m = context;
    fitted_free(m->fitted);
    m->fitted = NULL;
}

static struct feature_source table_source(struct making *m)
{
    return (struct feature_source){.context = m,
                                   .name = m->request->held_path,
                                   .fit = table_fit_seed,
                                   .features = table_features,
                                   .predictor = table_predictor,
                                   .rows = table_rows,
                                   .end = table_end};
}

/* ---- subjects ---- */

static bool is_cross(const struct spec_feature *f)
{
    return f->type == FEATURE_CROSSED && f->feeds != FEEDS_NONE;
}

static enum status list_subjects(struct making *m)
{
    const struct feature_spec *spec = m->request->spec;
    struct feature_report *report = m->report;
    const uint32_t n_max = spec->n_columns + spec->n_features;
    m->subjects = arena_zalloc(&report->arena, n_max + 1, sizeof *m->subjects);
    if (!m->subjects)
        return refuse_memory(m);
    for (uint32_t c = 0; c < spec->n_columns; c++)
        if (spec->columns[c].used) {
            struct subject *subject = &m->subjects[report->n++];
            subject->column = c;
            subject->worth.name = spec->columns[c].name;
        }
    for (uint32_t f = 0; f < spec->n_features; f++)
        if (is_cross(&spec->features[f])) {
            struct subject *subject = &m->subjects[report->n++];
            subject->worth.name = spec->features[f].name;
            subject->worth.cross = true;
        }
    for (uint32_t i = 0; i < report->n; i++) {
        struct feature_worth *worth = &m->subjects[i].worth;
        worth->name = arena_strndup(&report->arena, worth->name, strlen(worth->name));
        worth->association.p = 1;
        if (!worth->name)
            return refuse_memory(m);
    }
    return STATUS_OK;
}

static const struct field *field_named(const struct feature_layout *layout, const char *name)
{
    uint32_t i = 0;
    while (i < layout->n_fields && strcmp(layout->fields[i].name, name) != 0)
        i++;
    return i < layout->n_fields ? &layout->fields[i] : NULL;
}

/* ---- association, with the features of the first seed ---- */

static enum status associate(struct making *m, const struct examples *examples, const double *dies,
                             struct subject *subject)
{
    const struct feature_spec *spec = features_spec(features_of(m));
    for (uint32_t i = 0; i < spec->n_features; i++) {
        const struct spec_feature *f = &spec->features[i];
        const struct field *field = field_named(examples->layout, f->name);
        struct association found;
        const bool cross = f->type == FEATURE_CROSSED;
        if (!field || cross != subject->worth.cross ||
            (cross ? strcmp(f->name, subject->worth.name) != 0 : f->column != subject->column))
            continue;
        if (feature_count(examples, field, f->type == FEATURE_NUMERIC, &found) != STATUS_OK)
            return refuse_memory(m);
        struct association *best = &subject->worth.association;
        if (best->degrees == 0 || found.mutual_information > best->mutual_information)
            *best = found;
        const double strength = dies[field - examples->layout->fields];
        subject->worth.dies = fmax(subject->worth.dies, strength);
    }
    return STATUS_OK;
}

static enum status associate_all(struct making *m)
{
    struct frame *frame;
    struct examples examples;
    enum status status = m->source.rows(m->source.context, false, &frame, m->reterr);
    if (status != STATUS_OK)
        return status;
    features_examples(features_of(m), frame, &examples);
    m->report->n_train = examples.n;
    double *dies = calloc((size_t)examples.layout->n_fields + 1, sizeof *dies);
    observe_progress(m->request->observer, "following the L1 path", -1);
    status = dies ? feature_path(&examples, m->request->seed, m->request->observer, dies)
                  : STATUS_NO_MEMORY;
    if (status == STATUS_CANCELLED)
        error_set(m->reterr, status, "stopped while following the L1 path");
    else if (status != STATUS_OK)
        refuse_memory(m);
    for (uint32_t i = 0; i < m->report->n && status == STATUS_OK; i++)
        status = associate(m, &examples, dies, &m->subjects[i]);
    free(dies);
    frame_free(frame);
    return status;
}

/* ---- held-out rows ---- */

/* The same rows for every seed. */
static enum status choose_held(struct making *m)
{
    const uint32_t n = frame_rows(m->held);
    const uint32_t asked = m->request->held_max;
    const uint32_t most = asked ? asked : FEATURE_REPORT_HELD_MAX;
    const uint32_t wanted = n < most ? n : most;
    struct rng rng = rng_seed(m->request->seed, STREAM_HELD);
    m->report->n_held = wanted;
    m->rows = malloc(sizeof *m->rows * wanted);
    m->deal = malloc(sizeof *m->deal * wanted);
    m->labels = malloc(3 * sizeof *m->labels * wanted);
    if (!m->rows || !m->deal || !m->labels)
        return refuse_memory(m);
    m->weights = m->labels + wanted;
    m->scores = m->weights + wanted;
    for (uint32_t i = 0, at = 0; i < n; i++)
        if (rng_below(&rng, n - i) < wanted - at) {
            m->labels[at] = frame_label(m->held, i);
            m->weights[at] = frame_weight(m->held, i);
            m->rows[at++] = i;
        }
    return STATUS_OK;
}

static enum status read_held(struct making *m)
{
    const enum status status = m->source.rows(m->source.context, true, &m->held, m->reterr);
    return status == STATUS_OK && !m->rows ? choose_held(m) : status;
}

/* ---- permutation ---- */

static enum status auc_of(struct making *m, const struct examples *examples, double *ret_auc)
{
    struct arena scratch = {0};
    const struct predictor *predictor = m->source.predictor(m->source.context);
    enum status status =
        predictor->class->predict_batch(predictor, examples, m->request->pool, m->scores, &scratch);
    if (status == STATUS_OK)
        status = auc_roc(m->scores, m->labels, m->weights, examples->n, ret_auc);
    arena_free(&scratch);
    return status == STATUS_OK ? STATUS_OK : refuse_memory(m);
}

/* Of the held-out rows as they stand in the frame. */
static enum status auc_of_held(struct making *m, double *ret_auc)
{
    struct examples all, some;
    const struct example_subset subset = {.all = &all, .rows = m->rows};
    features_examples(features_of(m), m->held, &all);
    example_subset_view(&subset, m->report->n_held, &some);
    return auc_of(m, &some, ret_auc);
}

/* Deals the column's values out anew among the rows, measures, and takes that back. */
static enum status deal_column(struct making *m, uint32_t column, struct rng *rng, double *ret_auc)
{
    const uint32_t n = m->report->n_held;
    for (uint32_t i = n; i-- > 1;) {
        m->deal[i] = rng_below(rng, i + 1);
        frame_swap(m->held, column, m->rows[i], m->rows[m->deal[i]]);
    }
    const enum status status = auc_of_held(m, ret_auc);
    for (uint32_t i = 1; i < n; i++)
        frame_swap(m->held, column, m->rows[i], m->rows[m->deal[i]]);
    return status;
}

/* The same for the entries of one cross. */
static enum status deal_cross(struct making *m, const char *name, struct rng *rng, double *ret_auc)
{
    const uint32_t n = m->report->n_held;
    struct examples all, dealt;
    struct permuted_field *permuted;
    features_examples(features_of(m), m->held, &all);
    memcpy(m->deal, m->rows, sizeof *m->deal * n);
    rng_shuffle(rng, m->deal, n);
    if (permuted_field_new(&all, field_named(all.layout, name), m->rows, m->deal, n, &permuted,
                           &dealt) != STATUS_OK)
        return refuse_memory(m);
    const enum status status = auc_of(m, &dealt, ret_auc);
    permuted_field_free(permuted);
    return status;
}

static enum status measure_subject(struct making *m, uint32_t seed, uint32_t s)
{
    struct subject *subject = &m->subjects[s];
    struct rng rng = rng_seed(m->request->seed + seed, STREAM_DEAL + s);
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < m->request->repeats && status == STATUS_OK; i++) {
        double auc = 0;
        status = subject->worth.cross ? deal_cross(m, subject->worth.name, &rng, &auc)
                                      : deal_column(m, subject->column, &rng, &auc);
        subject->sum += m->auc - auc;
        subject->sum_squares += (m->auc - auc) * (m->auc - auc);
    }
    return status;
}

static enum status measure_all(struct making *m, uint32_t seed)
{
    enum status status = auc_of_held(m, &m->auc);
    if (status == STATUS_OK && isnan(m->auc))
        return error_set(m->reterr, STATUS_OUT_OF_RANGE,
                         "%s has rows of one label only: nothing can be ranked", m->source.name);
    m->report->auc += m->auc / m->request->seeds;
    for (uint32_t s = 0; s < m->report->n && status == STATUS_OK; s++) {
        observe_progress(m->request->observer, "dealing columns", (double)s / m->report->n);
        status = observer_stops(m->request->observer)
                     ? error_set(m->reterr, STATUS_CANCELLED, "stopped while dealing columns")
                     : measure_subject(m, seed, s);
    }
    return status;
}

/* ---- seeds ---- */

static enum status run_seed(struct making *m, uint32_t seed)
{
    enum status status = m->source.fit(m->source.context, m->request->seed + seed, m->reterr);
    if (status == STATUS_OK && seed == 0)
        status = associate_all(m);
    if (status == STATUS_OK)
        status = read_held(m);
    if (status == STATUS_OK)
        status = measure_all(m, seed);
    frame_free(m->held);
    m->source.end(m->source.context);
    m->held = NULL;
    return status;
}

/* ---- the report ---- */

static int compare_worths(const void *a, const void *b)
{
    const struct feature_worth *x = a, *y = b;
    if (x->importance != y->importance)
        return x->importance < y->importance ? 1 : -1;
    return strcmp(x->name, y->name);
}

static enum status finish(struct making *m)
{
    struct feature_report *report = m->report;
    const double deals = (double)m->request->seeds * m->request->repeats;
    report->rows = arena_zalloc(&report->arena, report->n + 1, sizeof *report->rows);
    if (!report->rows)
        return refuse_memory(m);
    for (uint32_t i = 0; i < report->n; i++) {
        const struct subject *subject = &m->subjects[i];
        struct feature_worth *worth = &report->rows[i];
        *worth = subject->worth;
        worth->importance = subject->sum / deals;
        const double square = subject->sum_squares / deals - worth->importance * worth->importance;
        const double deviation = sqrt(fmax(0, square) * deals / fmax(1, deals - 1));
        worth->low = worth->importance - DEVIATIONS * deviation;
        worth->high = worth->importance + DEVIATIONS * deviation;
        worth->drop = worth->low < m->request->least;
    }
    qsort(report->rows, report->n, sizeof *report->rows, compare_worths);
    return STATUS_OK;
}

enum status feature_report_make(const struct feature_report_request *request,
                                struct feature_report **ret_report, struct error *reterr)
{
    struct making m = {.request = request, .reterr = reterr};
    m.source = request->source ? *request->source : table_source(&m);
    m.report = calloc(1, sizeof *m.report);
    enum status status = m.report ? STATUS_OK : refuse_memory(&m);
    if (status == STATUS_OK) {
        m.report->seeds = request->seeds;
        m.report->repeats = request->repeats;
        status = list_subjects(&m);
    }
    for (uint32_t seed = 0; seed < request->seeds && status == STATUS_OK; seed++)
        status = run_seed(&m, seed);
    if (status == STATUS_OK)
        status = finish(&m);
    free(m.rows);
    free(m.deal);
    free(m.labels);
    if (status == STATUS_OK)
        *ret_report = m.report;
    else
        feature_report_free(m.report);
    return status;
}

/* ---- JSON ---- */

static void add_number(struct buffer *out, const char *name, double value)
{
    buffer_printf(out, ", \"%s\": ", name);
    buffer_append_double(out, value);
}

static void add_worth(struct buffer *out, const struct feature_worth *worth)
{
    buffer_append_text(out, "{\"name\": ");
    buffer_append_json(out, worth->name, strlen(worth->name));
    buffer_printf(out, ", \"cross\": %s", worth->cross ? "true" : "false");
    add_number(out, "mutual_information", worth->association.mutual_information);
    add_number(out, "chi_squared", worth->association.chi_squared);
    buffer_printf(out, ", \"degrees\": %u", worth->association.degrees);
    add_number(out, "p", worth->association.p);
    add_number(out, "importance", worth->importance);
    add_number(out, "low", worth->low);
    add_number(out, "high", worth->high);
    add_number(out, "dies", worth->dies);
    buffer_printf(out, ", \"drop\": %s}", worth->drop ? "true" : "false");
}

void feature_report_append_json(const struct feature_report *report, struct buffer *out)
{
    buffer_append_text(out, "{\"auc\": ");
    buffer_append_double(out, report->auc);
    buffer_printf(out,
                  ", \"rows\": {\"train\": %u, \"held_out\": %u}, \"seeds\": %u, \"repeats\": %u, "
                  "\"features\": [",
                  report->n_train, report->n_held, report->seeds, report->repeats);
    for (uint32_t i = 0; i < report->n; i++) {
        buffer_append_text(out, i ? ", " : "");
        add_worth(out, &report->rows[i]);
    }
    buffer_append_text(out, "], \"drop\": [");
    bool first = true;
    for (uint32_t i = 0; i < report->n; i++)
        if (report->rows[i].drop) {
            buffer_append_text(out, first ? "" : ", ");
            buffer_append_json(out, report->rows[i].name, strlen(report->rows[i].name));
            first = false;
        }
    buffer_append_text(out, "]}");
}
