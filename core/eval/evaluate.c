#include "eval/evaluate.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "eval/dataset_view.h"
#include "eval/rank_users.h"
#include "eval/slices.h"
#include "recommend/ranker.h"

const enum metric_kind compared_metrics[COMPARED_COUNT] = {METRIC_RECALL, METRIC_NDCG};

struct evaluation {
    const struct evaluate_request *request;
    struct report *report;
    size_t k_max;
    uint32_t *users_of;     /* [n_items] users with the item in training */
    uint32_t *listed;       /* [n_items] lists with the item, at the first k; of one model */
    unsigned char *parts;   /* [n_items] enum item_part */
    double n_train_users;   /* with a training item; at least 1 */
    struct part_sums *sums; /* [n_models] */
    size_t at_model;        /* whose lists come in */
    double *values[METRIC_COUNT][EVALUATE_K_MAX];
    double popularity, bits; /* sums over its listed items */
    uint64_t n_listed;
    struct buffer line;             /* of the TREC run */
    struct rank_moment_of *moments; /* [n_users of the dataset] when each asks */
};

/* ---- one list ---- */

static void append_id(struct buffer *out, const struct idmap *ids, uint32_t number)
{
    size_t length = 0;
    const char *id = number < ids->count ? idmap_id(ids, number, &length) : NULL;
    if (length == 0) {
        buffer_printf(out, "%u", number);
        return;
    }
    for (size_t i = 0; i < length; i++)
        if (id[i] == ' ')
            buffer_append_text(out, "%20");
        else
            buffer_append_byte(out, id[i]);
}

static void write_list(struct evaluation *e, uint32_t user, const struct recommended *items,
                       uint32_t n)
{
    const struct evaluated *evaluated = &e->request->models[e->at_model];
    const struct dataset *dataset = e->request->dataset;
    buffer_clear(&e->line);
    for (uint32_t i = 0; i < n; i++) {
        append_id(&e->line, &dataset->user_ids, user);
        buffer_append_text(&e->line, " Q0 ");
        append_id(&e->line, &dataset->item_ids, items[i].item);
        buffer_printf(&e->line, " %u %.9g %s\n", i + 1, (double)items[i].score,
                      e->report->models[e->at_model].name);
    }
    /* A failure shows in ferror at the end; a buffer that failed writes a part and is reported. */
    if (e->line.size)
        fwrite(e->line.data, 1, e->line.size, evaluated->list);
}

static void count_listed(struct evaluation *e, const struct recommended *items, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        const uint32_t users = e->users_of[items[i].item];
        e->listed[items[i].item]++;
        e->popularity += users;
        e->bits -= log2((users ? users : 1) / e->n_train_users);
    }
    e->n_listed += n;
}

static void take_list(void *context, uint32_t at, const struct recommended *items, uint32_t n)
{
    struct evaluation *e = context;
    const struct report *report = e->report;
    const uint32_t user = report->users[at];
    const struct csr *truth = &e->request->test->items;
    const size_t n_test = (size_t)(truth->starts[user + 1] - truth->starts[user]);
    unsigned char hits[RECOMMEND_N_MAX] = {0};
    for (uint32_t i = 0; i < n; i++)
        hits[i] = csr_find(truth, user, items[i].item) != CSR_NONE;
    for (int m = 0; m < METRIC_COUNT; m++)
        for (size_t k = 0; k < report->n_ks; k++)
            e->values[m][k][at] =
                metrics[m].of_list(hits, metrics[m].whole_list ? e->k_max : report->ks[k], n_test);
    const uint32_t first = (uint32_t)report->ks[0];
    count_listed(e, items, n < first ? n : first);
    part_sums_add(&e->sums[e->at_model], e->parts, items, hits, first,
                  truth->columns + truth->starts[user], n_test);
    if (e->request->models[e->at_model].list)
        write_list(e, user, items, n);
}

/* ---- one model ---- */

static enum status allocate_values(struct evaluation *e)
{
    struct report *report = e->report;
    struct model_report *model = &report->models[e->at_model];
    for (int m = 0; m < METRIC_COUNT; m++)
        for (size_t k = 0; k < report->n_ks; k++) {
            e->values[m][k] = arena_zalloc(&report->arena, report->n_users, sizeof(double));
            if (!e->values[m][k])
                return STATUS_NO_MEMORY;
            model->per_user[m][k] = e->values[m][k];
        }
    return STATUS_OK;
}

static void finish_model(struct evaluation *e, double seconds)
{
    const struct report *report = e->report;
    struct model_report *model = &e->report->models[e->at_model];
    const uint32_t n_items = e->request->dataset->n_items;
    uint32_t covered = 0, n = 0;
    for (uint32_t i = 0; i < n_items; i++) {
        covered += e->listed[i] > 0;
        if (dataset_has_item(e->request->dataset, i))
            e->listed[n++] = e->listed[i];
    }
    model->coverage = report->n_items ? (double)covered / report->n_items : 0;
    model->gini = metric_gini(e->listed, n);
    model->mean_popularity = e->n_listed ? e->popularity / (double)e->n_listed : 0;
    model->novelty = e->n_listed ? e->bits / (double)e->n_listed : 0;
    model->users_per_second = seconds > 0 ? report->n_users / seconds : 0;
}

static enum status rank_for_model(struct evaluation *e, const struct view *view)
{
    const struct evaluate_request *request = e->request;
    const double n_models = (double)request->n_models;
    const struct rank_users_request ask = {
        .view = view,
        .users = e->report->users,
        .n_users = e->report->n_users,
        .n = (uint32_t)e->k_max,
        .exclude = request->exclude,
        .moments = e->moments,
        .contexts = request->facts ? request->facts->of[RANK_OF_CONTEXT] : NULL,
        .pool = request->pool,
        .observer = request->observer,
        .share_from = (double)e->at_model / n_models,
        .share_to = (double)(e->at_model + 1) / n_models,
        .each = take_list,
        .context = e};
    memset(e->listed, 0, request->dataset->n_items * sizeof *e->listed);
    e->popularity = e->bits = 0;
    e->n_listed = 0;
    const int64_t started_ns = clock_monotonic_ns();
    const enum status status = rank_users(&ask);
    if (status == STATUS_OK)
        finish_model(e, clock_seconds_since(started_ns));
    return status;
}

static enum status evaluate_model(struct evaluation *e, struct error *reterr)
{
    const struct evaluate_request *request = e->request;
    const struct evaluated *evaluated = &request->models[e->at_model];
    struct model_report *model = &e->report->models[e->at_model];
    model->class = evaluated->model->class;
    model->name = evaluated->name ? evaluated->name : model->class->name;
    model->settings = evaluated->settings;
    struct dataset_view view;
    const struct model *models[1 + RANK_OTHERS_MAX] = {evaluated->model};
    size_t n = 1;
    if (evaluated->ranker) {
        const struct rank_others *others = &evaluated->ranker->columns.others;
        rank_others_find(others, evaluated->beside, evaluated->n_beside, models + 1);
        for (uint32_t o = 0; o < others->n; o++)
            if (models[1 + o])
                models[n++] = models[1 + o];
    }
    enum status status = allocate_values(e);
    if (status == STATUS_OK)
        status = dataset_view_init(&view, request->dataset, request->held, models, n,
                                   evaluated->model, evaluated->fresh);
    if (status != STATUS_OK)
        return error_set(reterr, status, "out of memory while evaluating %s", model->name);
    dataset_view_date(&view, request->times, evaluated->ranker, request->facts,
                      request->only_known);
    status = rank_for_model(e, &view.view);
    dataset_view_free(&view);
    if (status != STATUS_OK)
        return error_set(reterr, status, "%s while evaluating %s", status_name(status),
                         model->name);
    if (evaluated->list &&
        (e->line.failed || fflush(evaluated->list) != 0 || ferror(evaluated->list)))
        return error_set_errno(reterr, errno, "cannot write the lists of %s", model->name);
    return STATUS_OK;
}

/* ---- intervals and differences ---- */

static enum status bootstrap_values(const struct evaluation *e)
{
    struct report *report = e->report;
    enum { MOST = METRIC_COUNT * EVALUATE_K_MAX };
    for (size_t i = 0; i < report->n_models; i++) {
        if (observer_stops(e->request->observer))
            return STATUS_CANCELLED;
        struct model_report *model = &report->models[i];
        const double *series[MOST];
        struct interval intervals[MOST];
        size_t n = 0;
        for (int m = 0; m < METRIC_COUNT; m++)
            for (size_t k = 0; k < report->n_ks; k++)
                series[n++] = model->per_user[m][k];
        const enum status status = bootstrap_means(series, n, report->n_users, report->draws,
                                                   report->seed, e->request->pool, intervals, NULL);
        if (status != STATUS_OK)
            return status;
        n = 0;
        for (int m = 0; m < METRIC_COUNT; m++)
            for (size_t k = 0; k < report->n_ks; k++)
                model->values[m][k] = intervals[n++];
    }
    return STATUS_OK;
}

static struct difference *difference_at(struct model_report *model, bool best, int compared)
{
    return best ? &model->over_best[compared] : &model->over_first[compared];
}

/* Every model against one of them, by one metric; scratch[n_models x n_users]. */
static enum status compare_to(const struct evaluation *e, size_t to, bool best, int compared,
                              double *scratch)
{
    struct report *report = e->report;
    const enum metric_kind metric = compared_metrics[compared];
    const double *base = report->models[to].per_user[metric][0];
    const double *series[EVALUATE_MODELS_MAX];
    struct interval intervals[EVALUATE_MODELS_MAX];
    double p[EVALUATE_MODELS_MAX];
    size_t n = 0;
    for (size_t i = 0; i < report->n_models; i++) {
        if (i == to)
            continue;
        double *differences = scratch + n * report->n_users;
        for (uint32_t u = 0; u < report->n_users; u++)
            differences[u] = report->models[i].per_user[metric][0][u] - base[u];
        series[n++] = differences;
    }
    const enum status status = bootstrap_means(series, n, report->n_users, report->draws,
                                               report->seed, e->request->pool, intervals, p);
    if (status != STATUS_OK)
        return status;
    holm_correct(p, n);
    n = 0;
    for (size_t i = 0; i < report->n_models; i++)
        if (i == to)
            *difference_at(&report->models[i], best, compared) = (struct difference){.p = 1};
        else {
            *difference_at(&report->models[i], best, compared) =
                (struct difference){intervals[n], p[n]};
            n++;
        }
    return STATUS_OK;
}

static enum status compare_models(const struct evaluation *e)
{
    struct report *report = e->report;
    for (size_t i = 1; i < report->n_models; i++)
        if (report->models[i].values[METRIC_NDCG][0].mean >
            report->models[report->best].values[METRIC_NDCG][0].mean)
            report->best = i;
    double *scratch = calloc(report->n_models, report->n_users * sizeof *scratch);
    enum status status = scratch ? STATUS_OK : STATUS_NO_MEMORY;
    for (int c = 0; c < COMPARED_COUNT && status == STATUS_OK; c++) {
        status = compare_to(e, 0, false, c, scratch);
        if (status == STATUS_OK)
            status = compare_to(e, report->best, true, c, scratch);
    }
    free(scratch);
    return status;
}

/* ---- the whole ---- */

static enum status check_request(const struct evaluate_request *request, struct error *reterr)
{
    assert(request->n_models > 0 && request->n_ks > 0);
    if (request->n_models > EVALUATE_MODELS_MAX)
        return error_set(reterr, STATUS_OUT_OF_RANGE, "at most %d models can be compared at once",
                         EVALUATE_MODELS_MAX);
    if (request->n_ks > EVALUATE_K_MAX)
        return error_set(reterr, STATUS_OUT_OF_RANGE, "at most %d list lengths k can be given",
                         EVALUATE_K_MAX);
    for (size_t i = 0; i < request->n_ks; i++)
        if (request->ks[i] < 1 || request->ks[i] > RECOMMEND_N_MAX)
            return error_set(reterr, STATUS_OUT_OF_RANGE, "k must be from 1 to %d",
                             RECOMMEND_N_MAX);
    if (request->test->n_users == 0)
        return error_set(reterr, STATUS_OUT_OF_RANGE,
                         "nothing to measure on: no held-out event is a preference for an item "
                         "that is not in the user's training part");
    return STATUS_OK;
}

static enum status fill_users(const struct evaluate_request *request, struct report *report)
{
    const struct csr *truth = &request->test->items, *train = request->by_user;
    report->n_users = request->test->n_users;
    uint32_t *users = arena_zalloc(&report->arena, report->n_users, sizeof *users);
    uint32_t *lengths = arena_zalloc(&report->arena, report->n_users, sizeof *lengths);
    if (!users || !lengths)
        return STATUS_NO_MEMORY;
    uint32_t n = 0;
    for (uint32_t u = 0; u < truth->n_rows; u++) {
        if (truth->starts[u + 1] == truth->starts[u])
            continue;
        users[n] = u;
        lengths[n] = (uint32_t)(train->starts[u + 1] - train->starts[u]);
        report->n_warm_users += lengths[n++] > 0;
    }
    report->users = users;
    report->history_lengths = lengths;
    return STATUS_OK;
}

static enum status fill_report(struct evaluation *e)
{
    const struct evaluate_request *request = e->request;
    struct report *report = e->report;
    report->n_train = csr_size(request->by_user);
    report->n_test = csr_size(&request->test->items);
    report->seed = request->seed;
    report->draws = request->draws ? request->draws : BOOTSTRAP_DRAWS;
    report->n_models = request->n_models;
    report->n_ks = request->n_ks;
    memcpy(report->ks, request->ks, sizeof report->ks);
    for (size_t i = 0; i < request->n_ks; i++)
        if (request->ks[i] > e->k_max)
            e->k_max = request->ks[i];
    for (uint32_t i = 0; i < request->dataset->n_items; i++)
        report->n_items += dataset_has_item(request->dataset, i);
    return fill_users(request, report);
}

/* Right before the first event that is held. */
static void find_moments(const struct evaluate_request *request, struct rank_moment_of *moments)
{
    const struct dataset *d = request->dataset;
    for (uint32_t u = 0; u < d->n_users; u++) {
        moments[u] = (struct rank_moment_of){TIME_UNKNOWN, NO_EVENT};
        for (uint64_t e = d->starts[u]; request->held && e < d->starts[u + 1]; e++)
            if (bitmap_test(request->held, (uint32_t)e) && d->times[e] != TIME_UNKNOWN) {
                moments[u] = (struct rank_moment_of){d->times[e], (uint32_t)e};
                break;
            }
    }
}

static enum status count_training(struct evaluation *e)
{
    const struct csr *train = e->request->by_user;
    const size_t n_items = e->request->dataset->n_items ? e->request->dataset->n_items : 1;
    e->users_of = calloc(n_items, sizeof *e->users_of);
    e->listed = calloc(n_items, sizeof *e->listed);
    e->parts = calloc(n_items, sizeof *e->parts);
    e->sums = calloc(e->request->n_models, sizeof *e->sums);
    e->moments = calloc((size_t)e->request->dataset->n_users + 1, sizeof *e->moments);
    if (!e->users_of || !e->listed || !e->parts || !e->sums || !e->moments)
        return STATUS_NO_MEMORY;
    find_moments(e->request, e->moments);
    for (uint32_t u = 0; u < train->n_rows; u++)
        e->n_train_users += train->starts[u + 1] > train->starts[u];
    e->n_train_users = fmax(e->n_train_users, 1);
    for (uint64_t i = 0; i < csr_size(train); i++)
        e->users_of[train->columns[i]] += train->values[i] > 0;
    return item_parts_of(e->users_of, e->request->dataset->n_items, e->parts);
}

static enum status run(struct evaluation *e, struct error *reterr)
{
    enum status status = fill_report(e);
    if (status == STATUS_OK)
        status = count_training(e);
    if (status != STATUS_OK)
        return error_set(reterr, status, "out of memory before evaluating");
    for (; e->at_model < e->request->n_models; e->at_model++) {
        status = evaluate_model(e, reterr);
        if (status != STATUS_OK)
            return status;
    }
    status = bootstrap_values(e);
    if (status == STATUS_OK)
        status = compare_models(e);
    if (status == STATUS_OK)
        status = report_slices(e->report, e->sums);
    if (status != STATUS_OK)
        return error_set(reterr, status, "%s while summing up", status_name(status));
    return STATUS_OK;
}

enum status evaluate_models(const struct evaluate_request *request, struct report **ret_report,
                            struct error *reterr)
{
    enum status status = check_request(request, reterr);
    if (status != STATUS_OK)
        return status;
    struct evaluation e = {.request = request, .report = calloc(1, sizeof *e.report)};
    if (!e.report)
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory for the report");
    status = run(&e, reterr);
    free(e.users_of);
    free(e.listed);
    free(e.parts);
    free(e.sums);
    free(e.moments);
    buffer_free(&e.line);
    if (status == STATUS_OK)
        *ret_report = e.report;
    else
        report_free(e.report);
    return status;
}

void report_free(struct report *report)
{
    if (!report)
        return;
    arena_free(&report->arena);
    free(report);
}
