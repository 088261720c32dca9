#include "eval/rate.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/rng.h"

enum { BLOCK_USERS = 16, BLOCKS_A_CALL = 64 };

const char *const rating_metric_names[] = {"rmse", "mae"};

/* One user's errors by one model. */
struct errors {
    double squares, sizes;
};

struct measuring {
    const struct rate_request *request;
    const uint32_t *users; /* [n_users] with test ratings */
    uint32_t n_users;
    struct errors *errors; /* [n_models x n_users] */
    size_t model;
    struct arena *arenas; /* by worker */
    size_t first_block;
    _Atomic bool failed;
};

/* ---- predictions ---- */

static struct signal *copy_signals(const struct csr *m, uint32_t row, struct arena *arena,
                                   uint32_t *ret_n)
{
    const uint64_t start = m->starts[row], n = m->starts[row + 1] - start;
    struct signal *signals = arena_alloc(arena, n * sizeof *signals);
    for (uint64_t i = 0; signals && i < n; i++)
        signals[i] = (struct signal){m->columns[start + i], m->values[start + i]};
    *ret_n = (uint32_t)n;
    return signals;
}

static struct rating *copy_ratings(const struct csr *m, uint32_t row, struct arena *arena,
                                   uint32_t *ret_n)
{
    const uint64_t start = m->starts[row], n = m->starts[row + 1] - start;
    struct rating *ratings = arena_alloc(arena, n * sizeof *ratings);
    for (uint64_t i = 0; ratings && i < n; i++)
        ratings[i] = (struct rating){m->columns[start + i], m->values[start + i]};
    *ret_n = (uint32_t)n;
    return ratings;
}

static enum status measure_user(const struct measuring *m, uint32_t index, struct arena *arena)
{
    const struct rate_request *request = m->request;
    const struct model *model = request->models[m->model].model;
    const uint32_t user = m->users[index];
    struct query query = {.user = user};
    query.history = copy_signals(request->by_user, user, arena, &query.n);
    query.ratings = copy_ratings(request->ratings, user, arena, &query.n_ratings);
    const struct csr *test = request->test;
    const uint64_t start = test->starts[user];
    const size_t n = (size_t)(test->starts[user + 1] - start);
    float *predicted = arena_alloc(arena, n * sizeof *predicted);
    if (!query.history || !query.ratings || !predicted)
        return STATUS_NO_MEMORY;
    const enum status status =
        model->class->predict(model, &query, test->columns + start, n, predicted, arena);
    struct errors sums = {0};
    for (size_t i = 0; i < n && status == STATUS_OK; i++) {
        const double error = (double)predicted[i] - (double)test->values[start + i];
        sums.squares += error * error;
        sums.sizes += fabs(error);
    }
    m->errors[m->model * m->n_users + index] = sums;
    return status;
}

static void measure_block(void *context, size_t block, unsigned worker)
{
    struct measuring *m = context;
    const uint64_t first = (m->first_block + block) * BLOCK_USERS;
    for (uint64_t i = first; i < first + BLOCK_USERS && i < m->n_users; i++) {
        arena_reset(&m->arenas[worker]);
        if (measure_user(m, (uint32_t)i, &m->arenas[worker]) != STATUS_OK)
            m->failed = true;
    }
}

static enum status measure_model(struct measuring *m, double *ret_seconds)
{
    const int64_t started_ns = clock_monotonic_ns();
    const size_t n_blocks = ((size_t)m->n_users + BLOCK_USERS - 1) / BLOCK_USERS;
    for (m->first_block = 0; m->first_block < n_blocks; m->first_block += BLOCKS_A_CALL) {
        if (observer_stops(m->request->observer))
            return STATUS_CANCELLED;
        const size_t left = n_blocks - m->first_block;
        parallel_for(m->request->pool, left < BLOCKS_A_CALL ? left : BLOCKS_A_CALL, measure_block,
                     m, &m->failed);
        if (m->failed)
            return STATUS_NO_MEMORY;
        const double done = (double)m->model + (double)m->first_block / (double)n_blocks;
        observe_progress(m->request->observer, "evaluating", done / (double)m->request->n_models);
    }
    *ret_seconds = clock_seconds_since(started_ns);
    return STATUS_OK;
}

/* ---- intervals ---- */

/* The metrics of one resample: times[n_users] is how often each user is in it. */
static void figures_of(const struct measuring *m, size_t model, const uint32_t *times,
                       double out[RATING_METRIC_COUNT])
{
    const struct csr *test = m->request->test;
    const struct errors *errors = m->errors + model * m->n_users;
    double squares = 0, sizes = 0, n = 0;
    for (uint32_t i = 0; i < m->n_users; i++) {
        const double count = times ? times[i] : 1;
        squares += count * errors[i].squares;
        sizes += count * errors[i].sizes;
        n += count * (double)(test->starts[m->users[i] + 1] - test->starts[m->users[i]]);
    }
    out[RATING_RMSE] = sqrt(squares / n);
    out[RATING_MAE] = sizes / n;
}

struct draws {
    const struct measuring *m;
    uint64_t seed;
    unsigned n;
    uint32_t *times; /* [workers x n_users] */
    double *figures; /* [n_models x RATING_METRIC_COUNT x n] */
};

static void draw_block(void *context, size_t draw, unsigned worker)
{
    const struct draws *draws = context;
    const struct measuring *m = draws->m;
    uint32_t *times = draws->times + (size_t)worker * m->n_users;
    memset(times, 0, m->n_users * sizeof *times);
    struct rng rng = rng_seed(draws->seed, draw);
    for (uint32_t i = 0; i < m->n_users; i++)
        times[rng_below(&rng, m->n_users)]++;
    for (size_t model = 0; model < m->request->n_models; model++) {
        double figures[RATING_METRIC_COUNT];
        figures_of(m, model, times, figures);
        for (size_t f = 0; f < RATING_METRIC_COUNT; f++)
            draws->figures[(model * RATING_METRIC_COUNT + f) * draws->n + draw] = figures[f];
    }
}

static int compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Sorts the values. */
static struct interval interval_of(double mean, double *values, unsigned n)
{
    qsort(values, n, sizeof *values, compare_doubles);
    return (struct interval){mean, values[(size_t)(0.025 * (n - 1))],
                             values[(size_t)ceil(0.975 * (n - 1))]};
}

/* The differences first: sorting loses which draw was which. */
static void fill_intervals(const struct draws *draws, double *scratch, struct rating_report *report)
{
    double first[RATING_METRIC_COUNT], own[RATING_METRIC_COUNT];
    figures_of(draws->m, 0, NULL, first);
    for (size_t model = report->n_models; model-- > 0;) {
        figures_of(draws->m, model, NULL, own);
        for (size_t f = 0; f < RATING_METRIC_COUNT; f++) {
            double *values = draws->figures + (model * RATING_METRIC_COUNT + f) * draws->n;
            const double *of_first = draws->figures + f * draws->n;
            for (unsigned d = 0; d < draws->n; d++)
                scratch[d] = values[d] - of_first[d];
            struct model_rating_report *out = &report->models[model];
            out->over_first[f] = interval_of(own[f] - first[f], scratch, draws->n);
            out->values[f] = interval_of(own[f], values, draws->n);
        }
    }
}

static enum status bootstrap(const struct measuring *m, struct rating_report *report)
{
    struct draws draws = {.m = m, .seed = m->request->seed, .n = report->draws};
    draws.times =
        calloc(parallel_threads(m->request->pool), ((size_t)m->n_users + 1) * sizeof *draws.times);
    draws.figures = calloc(report->n_models * RATING_METRIC_COUNT, draws.n * sizeof(double));
    double *scratch = calloc(draws.n, sizeof *scratch);
    const bool has_memory = draws.times && draws.figures && scratch;
    if (has_memory) {
        parallel_for(m->request->pool, draws.n, draw_block, &draws, NULL);
        fill_intervals(&draws, scratch, report);
    }
    free(draws.times);
    free(draws.figures);
    free(scratch);
    return has_memory ? STATUS_OK : STATUS_NO_MEMORY;
}

/* ---- the whole ---- */

enum status rate_check_class(const struct model_class *class, struct error *reterr)
{
    if (class->predict)
        return STATUS_OK;
    char able[256] = "";
    for (size_t i = 0, used = 0; model_classes[i] && used < sizeof able; i++)
        if (model_classes[i]->predict)
            used += (size_t)snprintf(able + used, sizeof able - used, "%s%s", used ? ", " : "",
                                     model_classes[i]->name);
    return error_set(reterr, STATUS_UNSUPPORTED,
                     "%s ranks but predicts no ratings; those that do are %s", class->name, able);
}

static enum status check_models(const struct rate_request *request, struct error *reterr)
{
    for (size_t i = 0; i < request->n_models; i++) {
        const struct model *model = request->models[i].model;
        struct rating_scale scale;
        const enum status status = rate_check_class(model->class, reterr);
        if (status != STATUS_OK)
            return status;
        if (!model->class->rating_scale(model, &scale))
            return error_set(reterr, STATUS_UNSUPPORTED,
                             "%s was not fitted to predict ratings: the training part has none, or "
                             "its settings are for ranking (autorec wants loss=ratings)",
                             request->models[i].name);
    }
    return STATUS_OK;
}

static uint32_t list_users(const struct csr *test, uint32_t *users)
{
    uint32_t n = 0;
    for (uint32_t u = 0; u < test->n_rows; u++)
        if (test->starts[u + 1] > test->starts[u])
            users[n++] = u;
    return n;
}

static enum status measure_all(struct measuring *m, struct rating_report *report)
{
    enum status status = STATUS_OK;
    for (m->model = 0; m->model < report->n_models && status == STATUS_OK; m->model++) {
        const struct rated *rated = &m->request->models[m->model];
        struct model_rating_report *out = &report->models[m->model];
        double seconds = 0;
        out->name = rated->name;
        out->class = rated->model->class;
        out->settings = rated->settings;
        status = measure_model(m, &seconds);
        out->ratings_per_second = seconds > 0 ? (double)report->n_test / seconds : 0;
    }
    if (status == STATUS_OK)
        status = bootstrap(m, report);
    for (size_t i = 1; i < report->n_models; i++)
        if (report->models[i].values[RATING_RMSE].mean <
            report->models[report->best].values[RATING_RMSE].mean)
            report->best = i;
    return status;
}

enum status rate_models(const struct rate_request *request, struct rating_report *ret_report,
                        struct error *reterr)
{
    enum status status = check_models(request, reterr);
    if (status != STATUS_OK)
        return status;
    if (csr_size(request->test) == 0)
        return error_set(reterr, STATUS_OUT_OF_RANGE,
                         "the test part has no ratings that the training part does not have");
    struct rating_report report = {.n_train = csr_size(request->ratings),
                                   .n_test = csr_size(request->test),
                                   .seed = request->seed,
                                   .draws = request->draws ? request->draws : BOOTSTRAP_DRAWS,
                                   .n_models = request->n_models};
    const unsigned threads = parallel_threads(request->pool);
    struct measuring m = {.request = request};
    uint32_t *users = malloc(((size_t)request->test->n_rows + 1) * sizeof *users);
    m.arenas = calloc(threads, sizeof *m.arenas);
    status = STATUS_NO_MEMORY;
    if (users && m.arenas) {
        m.users = users;
        report.n_users = m.n_users = list_users(request->test, users);
        m.errors = calloc(request->n_models * m.n_users, sizeof *m.errors);
        if (m.errors)
            status = measure_all(&m, &report);
    }
    for (unsigned i = 0; m.arenas && i < threads; i++)
        arena_free(&m.arenas[i]);
    free(m.arenas);
    free(m.errors);
    free(users);
    if (status != STATUS_OK)
        return error_set(reterr, status, "measuring ratings: %s", status_name(status));
    *ret_report = report;
    return STATUS_OK;
}
