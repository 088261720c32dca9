#include "eval/search.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/rng.h"
#include "base/text.h"
#include "data/validation.h"
#include "eval/evaluate.h"
#include "eval/report_json.h"
#include "eval/search_parts.h"
#include "models/blend.h"

enum { STREAM_DRAWS = 0x5EA7C4, KEEP_ONE_IN = 3, RUNG_USERS_MIN = 2000 };

/* ---- rungs: what is fitted on ---- */

struct rung {
    struct bitmap held;          /* of the last one empty: the validation's own is used */
    struct csr by_user, by_item; /* likewise */
    uint32_t n_users;
};

struct search {
    const struct search_request *request;
    struct search_result *result;
    struct validation validation;
    struct test_set test; /* borrows the validation's truth */
    struct rung rungs[SEARCH_RUNGS_MAX];
    size_t n_rungs;
    int64_t started_ns;
    size_t n_done, n_expected; /* fits */
    struct error *reterr;
};

static bool is_in_share(const struct search *s, uint32_t user, unsigned one_in)
{
    return text_hash(&user, sizeof user, s->request->seed) % one_in == 0;
}

static enum status make_rung(const struct search *s, unsigned one_in, struct rung *rung)
{
    const struct dataset *d = s->request->dataset;
    const struct bitmap *held = &s->validation.held;
    enum status status = bitmap_resize(&rung->held, held->count);
    if (status != STATUS_OK)
        return status;
    bitmap_copy(&rung->held, held);
    for (uint32_t u = 0; u < d->n_users; u++) {
        if (is_in_share(s, u, one_in))
            continue;
        for (uint64_t e = d->starts[u]; e < d->starts[u + 1]; e++)
            bitmap_set(&rung->held, (uint32_t)e);
    }
    status = dataset_matrix(d, &rung->held, s->request->pool, &rung->by_user);
    return status == STATUS_OK ? csr_transpose(&rung->by_user, &rung->by_item) : status;
}

static uint32_t count_rows(const struct csr *m)
{
    uint32_t n = 0;
    for (uint32_t u = 0; u < m->n_rows; u++)
        n += m->starts[u + 1] > m->starts[u];
    return n;
}

/* From the smallest share of users that is still enough to all of them. One trial a model needs no
 * comparison. */
static enum status make_rungs(struct search *s)
{
    const uint32_t n_all = count_rows(&s->validation.by_user);
    unsigned one_in = 1;
    s->n_rungs = 1;
    while (s->n_rungs < SEARCH_RUNGS_MAX && s->request->trials >= KEEP_ONE_IN &&
           n_all / (one_in * KEEP_ONE_IN) >= RUNG_USERS_MIN) {
        one_in *= KEEP_ONE_IN;
        s->n_rungs++;
    }
    enum status status = STATUS_OK;
    for (size_t r = 0; r + 1 < s->n_rungs && status == STATUS_OK; r++, one_in /= KEEP_ONE_IN) {
        status = make_rung(s, one_in, &s->rungs[r]);
        s->rungs[r].n_users = count_rows(&s->rungs[r].by_user);
    }
    s->rungs[s->n_rungs - 1].n_users = n_all;
    for (size_t r = 0; r < s->n_rungs; r++)
        s->result->train_users[r] = s->rungs[r].n_users;
    s->result->n_rungs = s->n_rungs;
    return status;
}

/* ---- drawing ---- */

static void print_value(const struct option *option, double value, char *text, size_t size)
{
    if (option->type == OPTION_INT)
        snprintf(text, size, "%.0f", value);
    else
        snprintf(text, size, "%.3g", value); /* to be read and typed by people */
}

static enum status draw(const struct option *option, struct rng *rng, void *settings,
                        struct arena *arena)
{
    const double at = rng_uniform(rng);
    const bool by_log = option->search == SEARCH_LOG;
    const double low = by_log ? log(option->low) : option->low;
    const double high = by_log ? log(option->high) : option->high;
    const double value = low + at * (high - low);
    char text[32];
    print_value(option, by_log ? exp(value) : value, text, sizeof text);
    return option_set(option, settings, text, arena, NULL);
}

/* Trial 0 has the given settings, trial 1 the remembered ones if there are any. */
static enum status make_settings(struct search *s, size_t model, size_t number,
                                 const void **ret_settings)
{
    const struct search_model *m = &s->request->models[model];
    struct arena *arena = &s->result->arena;
    const void *from = number == 1 && m->remembered ? m->remembered : m->settings;
    void *settings = arena_zalloc(arena, 1, m->class->settings_size);
    if (!settings)
        return STATUS_NO_MEMORY;
    memcpy(settings, from, m->class->settings_size); /* texts in it outlive the search */
    *ret_settings = settings;
    if (from == m->remembered || number == 0)
        return STATUS_OK;
    struct rng rng = rng_seed(text_hash(m->class->name, strlen(m->class->name), s->request->seed),
                              STREAM_DRAWS + number);
    enum status status = STATUS_OK;
    for (size_t i = 0; i < m->class->n_options && status == STATUS_OK; i++)
        if (m->class->options[i].search != SEARCH_NOT)
            status = draw(&m->class->options[i], &rng, settings, arena);
    return status;
}

/* ---- one fit and its figure ---- */

struct trial_watch {
    const struct search *search;
    bool limited, out_of_time;
};

static bool time_is_over(const struct search *s)
{
    return s->request->seconds > 0 && clock_seconds_since(s->started_ns) > s->request->seconds;
}

static bool watch_stop(void *context)
{
    struct trial_watch *watch = context;
    if (watch->limited && time_is_over(watch->search))
        watch->out_of_time = true;
    return watch->out_of_time || observer_stops(watch->search->request->observer);
}

static void show_progress(const struct search *s)
{
    const double share = (double)s->n_done / (double)s->n_expected;
    observe_progress(s->request->observer, "searching", share < 1 ? share : 1);
}

static struct train_set train_set_of(const struct search *s, size_t rung)
{
    const bool last = rung + 1 == s->n_rungs;
    const struct rung *r = &s->rungs[rung];
    return (struct train_set){.dataset = s->request->dataset,
                              .held = last ? &s->validation.held : &r->held,
                              .by_user = last ? &s->validation.by_user : &r->by_user,
                              .by_item = last ? &s->validation.by_item : &r->by_item,
                              .seed = s->request->seed};
}

static enum status measure(struct search *s, struct search_trial *trial, size_t rung,
                           const struct model *model, const struct observer *observer,
                           struct error *err)
{
    const struct evaluated evaluated = {.model = model, .fresh = rung + 1 < s->n_rungs};
    const struct evaluate_request request = {.dataset = s->request->dataset,
                                             .held = &s->validation.held,
                                             .by_user = &s->validation.by_user,
                                             .test = &s->test,
                                             .models = &evaluated,
                                             .n_models = 1,
                                             .ks = {20},
                                             .n_ks = 1,
                                             .seed = s->request->seed,
                                             .draws = 1,
                                             .pool = s->request->pool,
                                             .observer = observer};
    struct report *report;
    const enum status status = evaluate_models(&request, &report, err);
    if (status != STATUS_OK)
        return status;
    trial->ndcg[rung] = report->models[0].values[METRIC_NDCG][0].mean;
    double *per_user = arena_zalloc(&s->result->arena, report->n_users, sizeof *per_user);
    if (per_user)
        memcpy(per_user, report->models[0].per_user[METRIC_NDCG][0],
               report->n_users * sizeof *per_user);
    trial->per_user = rung + 1 == s->n_rungs ? per_user : NULL;
    report_free(report);
    return per_user ? STATUS_OK : STATUS_NO_MEMORY;
}

static void fail_trial(struct search *s, struct search_trial *trial, const char *why)
{
    const char *copy = arena_strndup(&s->result->arena, why, strlen(why));
    trial->failure = copy ? copy : "out of memory";
}

static bool is_too_large(const struct search *s, const struct search_trial *trial)
{
    const struct dataset *d = s->request->dataset;
    return s->request->memory > 0 &&
           s->result->classes[trial->model]->estimate(trial->settings, d->n_users, d->n_items,
                                                      d->n_events) > s->request->memory;
}

/* What fails for its settings is a trial without a figure; what is stopped from outside, or short
 * of memory, ends the search. */
static enum status settle(struct search *s, struct search_trial *trial, enum status status,
                          bool out_of_time, const struct error *err)
{
    if (status == STATUS_CANCELLED && out_of_time) {
        s->result->ended_early = true;
        fail_trial(s, trial, "the time was over");
    } else if (status == STATUS_CANCELLED || status == STATUS_NO_MEMORY) {
        return error_set(s->reterr, status, "searching: %s", err->text);
    } else if (status != STATUS_OK) {
        fail_trial(s, trial, err->text);
    }
    return STATUS_OK;
}

static enum status run_trial(struct search *s, struct search_trial *trial, size_t rung,
                             bool limited)
{
    const int64_t started_ns = clock_monotonic_ns();
    struct trial_watch watch = {.search = s, .limited = limited};
    const struct observer observer = {.context = &watch, .stop = watch_stop};
    const struct train_set data = train_set_of(s, rung);
    const struct model_class *class = s->result->classes[trial->model];
    struct model *model = NULL;
    struct error err = {0};
    show_progress(s);
    s->n_done++;
    if (is_too_large(s, trial)) {
        fail_trial(s, trial, "it would need more memory than there is");
        return STATUS_OK;
    }
    enum status status =
        class->fit(&data, trial->settings, s->request->pool, &observer, &model, &err);
    if (status == STATUS_OK)
        status = measure(s, trial, rung, model, &observer, &err);
    model_free(model);
    trial->seconds += clock_seconds_since(started_ns);
    if (status == STATUS_OK)
        trial->rungs = (unsigned)rung + 1;
    return settle(s, trial, status, watch.out_of_time, &err);
}

/* ---- the ladder ---- */

static bool is_blend(const struct model_class *class)
{
    return class == &blend_class;
}

/* The trials that go on from a rung: those of the highest figures, at least one a model. */
static size_t keep_best(const struct search *s, size_t model, size_t rung, bool *alive)
{
    struct search_trial *trials = s->result->trials;
    size_t measured = 0, kept = 0;
    for (size_t t = 0; t < s->result->n_trials; t++)
        measured += trials[t].model == model && trials[t].rungs == rung + 1;
    const size_t wanted = (measured + KEEP_ONE_IN - 1) / KEEP_ONE_IN;
    for (size_t t = 0; t < s->result->n_trials; t++) {
        if (trials[t].model != model)
            continue;
        size_t better = 0;
        for (size_t o = 0; o < s->result->n_trials; o++)
            better += trials[o].model == model && trials[o].rungs == rung + 1 &&
                      (trials[o].ndcg[rung] > trials[t].ndcg[rung] ||
                       (trials[o].ndcg[rung] >= trials[t].ndcg[rung] && o < t));
        alive[t] = trials[t].rungs == rung + 1 && better < wanted;
        kept += alive[t];
    }
    return kept;
}

/* One rung, model after model in turns, so that an early end leaves none without a trial. On the
 * last rung one trial of each model is measured whatever the time. */
static enum status climb_rung(struct search *s, size_t rung, const bool *alive)
{
    const struct search_request *request = s->request;
    struct search_result *result = s->result;
    const bool last = rung + 1 == s->n_rungs;
    bool any[SEARCH_MODELS_MAX] = {false};
    for (size_t number = 0; number < request->trials; number++)
        for (size_t m = 0; m < request->n_models; m++) {
            const size_t t = m * request->trials + number;
            if (!alive[t] || is_blend(result->classes[m]))
                continue;
            if (any[m] && time_is_over(s)) {
                result->ended_early = true;
                fail_trial(s, &result->trials[t], "the time was over");
                continue;
            }
            const enum status status = run_trial(s, &result->trials[t], rung, any[m] || !last);
            if (status != STATUS_OK)
                return status;
            any[m] = any[m] || result->trials[t].rungs == rung + 1;
        }
    return STATUS_OK;
}

static enum status climb(struct search *s)
{
    struct search_result *result = s->result;
    bool *alive = calloc(result->n_trials, sizeof *alive);
    if (!alive)
        return error_set(s->reterr, STATUS_NO_MEMORY, "out of memory for a search");
    for (size_t t = 0; t < result->n_trials; t++)
        alive[t] = true;
    enum status status = STATUS_OK;
    for (size_t r = 0; r < s->n_rungs && status == STATUS_OK; r++) {
        status = climb_rung(s, r, alive);
        for (size_t m = 0; m < result->n_models && r + 1 < s->n_rungs; m++)
            if (keep_best(s, m, r, alive) == 0) /* no time, or all failed: the first goes on */
                alive[m * s->request->trials] = true;
    }
    free(alive);
    return status;
}

static void find_best(struct search_result *result, size_t model, size_t n_rungs)
{
    result->best[model] = SIZE_MAX;
    for (size_t t = 0; t < result->n_trials; t++) {
        const struct search_trial *trial = &result->trials[t];
        const size_t best = result->best[model];
        if (trial->model == model && trial->rungs == n_rungs &&
            (best == SIZE_MAX || trial->ndcg[n_rungs - 1] > result->trials[best].ndcg[n_rungs - 1]))
            result->best[model] = t;
    }
}

/* ---- the blend of what was found ---- */

static enum status run_blends(struct search *s)
{
    struct search_result *result = s->result;
    enum status status = STATUS_OK;
    for (size_t m = 0; m < result->n_models && status == STATUS_OK; m++) {
        struct search_trial *trial = &result->trials[m * s->request->trials];
        if (!is_blend(result->classes[m]))
            continue;
        status = search_blend_settings(result, s->n_rungs, trial->settings, &trial->settings);
        if (status == STATUS_OUT_OF_RANGE) {
            fail_trial(s, trial, "fewer than two models could be measured");
            status = STATUS_OK;
            continue;
        }
        if (status != STATUS_OK)
            return error_set(s->reterr, status, "out of memory for a search");
        if (time_is_over(s)) {
            result->ended_early = true;
            fail_trial(s, trial, "the time was over");
            continue;
        }
        status = run_trial(s, trial, s->n_rungs - 1, true);
        find_best(result, m, s->n_rungs);
    }
    return status;
}

/* ---- the verdict ---- */

static double best_ndcg(const struct search_result *result, size_t model)
{
    const size_t best = result->best[model];
    return best == SIZE_MAX ? -1 : result->trials[best].ndcg[result->n_rungs - 1];
}

static enum status compare(struct search *s)
{
    struct search_result *result = s->result;
    result->winner = SIZE_MAX;
    for (size_t m = 0; m < result->n_models; m++)
        if (best_ndcg(result, m) >= 0 && (result->winner == SIZE_MAX ||
                                          best_ndcg(result, m) > best_ndcg(result, result->winner)))
            result->winner = m;
    if (result->winner == SIZE_MAX)
        return STATUS_OK;
    double *differences = malloc(((size_t)result->n_users + 1) * sizeof *differences);
    enum status status = differences ? STATUS_OK : STATUS_NO_MEMORY;
    const double *first = result->trials[result->best[result->winner]].per_user;
    for (size_t m = 0; m < result->n_models && status == STATUS_OK; m++) {
        if (m == result->winner || result->best[m] == SIZE_MAX)
            continue;
        const double *other = result->trials[result->best[m]].per_user;
        for (uint32_t u = 0; u < result->n_users; u++)
            differences[u] = first[u] - other[u];
        const double *const series[] = {differences};
        status = bootstrap_means(series, 1, result->n_users, BOOTSTRAP_DRAWS, s->request->seed,
                                 s->request->pool, &result->behind[m], NULL);
    }
    free(differences);
    return status == STATUS_OK ? status
                               : error_set(s->reterr, status, "out of memory for a search");
}

/* ---- the whole ---- */

static enum status make_trials(struct search *s)
{
    const struct search_request *request = s->request;
    struct search_result *result = s->result;
    result->n_models = request->n_models;
    result->n_trials = request->n_models * request->trials;
    result->trials = arena_zalloc(&result->arena, result->n_trials, sizeof *result->trials);
    if (!result->trials)
        return STATUS_NO_MEMORY;
    enum status status = STATUS_OK;
    for (size_t t = 0; t < result->n_trials && status == STATUS_OK; t++) {
        struct search_trial *trial = &result->trials[t];
        *trial = (struct search_trial){.model = t / request->trials, .failure = ""};
        status = make_settings(s, trial->model, t % request->trials, &trial->settings);
    }
    for (size_t m = 0; m < request->n_models; m++) {
        result->classes[m] = request->models[m].class;
        result->best[m] = SIZE_MAX;
        s->n_expected += is_blend(result->classes[m]) ? 1 : request->trials;
    }
    return status;
}

static enum status prepare(struct search *s)
{
    const struct search_request *request = s->request;
    const struct validation_request cut = {.dataset = request->dataset,
                                           .held = request->held,
                                           .by_user = request->by_user,
                                           .share = request->share,
                                           .users_max = request->users_max,
                                           .seed = request->seed,
                                           .pool = request->pool};
    enum status status = validation_cut(&cut, &s->validation, s->reterr);
    if (status != STATUS_OK)
        return status;
    s->test = (struct test_set){.items = s->validation.truth, .n_users = s->validation.n_users};
    s->result->n_users = s->validation.n_users;
    status = make_rungs(s);
    if (status == STATUS_OK)
        status = make_trials(s);
    return status == STATUS_OK ? status
                               : error_set(s->reterr, status, "out of memory for a search");
}

static enum status run(struct search *s)
{
    enum status status = prepare(s);
    if (status == STATUS_OK)
        status = climb(s);
    if (status != STATUS_OK)
        return status;
    for (size_t m = 0; m < s->result->n_models; m++)
        find_best(s->result, m, s->n_rungs);
    status = run_blends(s);
    s->result->seconds = clock_seconds_since(s->started_ns);
    return status == STATUS_OK ? compare(s) : status;
}

enum status search_run(const struct search_request *request, struct search_result **ret_result,
                       struct error *reterr)
{
    assert(request->n_models > 0 && request->n_models <= SEARCH_MODELS_MAX && request->trials > 0 &&
           request->trials <= SEARCH_TRIALS_MAX);
    struct search s = {.request = request,
                       .result = calloc(1, sizeof *s.result),
                       .started_ns = clock_monotonic_ns(),
                       .reterr = reterr};
    if (!s.result)
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory for a search");
    const enum status status = run(&s);
    for (size_t r = 0; r < SEARCH_RUNGS_MAX; r++) {
        bitmap_free(&s.rungs[r].held);
        csr_free(&s.rungs[r].by_user);
        csr_free(&s.rungs[r].by_item);
    }
    validation_free(&s.validation);
    if (status == STATUS_OK)
        *ret_result = s.result;
    else
        search_result_free(s.result);
    return status;
}

void search_result_free(struct search_result *result)
{
    if (!result)
        return;
    arena_free(&result->arena);
    free(result);
}
