#include "train/round.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "train/past_rounds.h"
#include "train/round_parts.h"

void round_note_peak(struct round *round, uint64_t peak_rss)
{
    if (peak_rss > round->peak_rss)
        round->peak_rss = peak_rss;
    if (round->n_phases > 0 && peak_rss > round->phases[round->n_phases - 1].peak_rss)
        round->phases[round->n_phases - 1].peak_rss = peak_rss;
}

void round_phase(struct round *round, const char *name)
{
    if (round->n_phases > 0) {
        round->phases[round->n_phases - 1].seconds = clock_seconds_since(round->phase_started_ns);
        round_note_peak(round, peak_rss_bytes());
    }
    if (!name)
        return;
    peak_rss_reset();
    assert(round->n_phases < ROUND_PHASES_MAX);
    round->phases[round->n_phases++].name = name;
    round->phase_started_ns = clock_monotonic_ns();
}

/* ---- before anything is fitted ---- */

uint64_t round_memory_limit(const struct round *round)
{
    const int64_t most = round->request->settings->training.max_memory;
    return most ? (uint64_t)most : parallel_memory_limit() / 2;
}

static enum status check_memory(struct round *round)
{
    const uint64_t limit = round_memory_limit(round);
    round->estimate = plan_estimate(&round->plan, &round->counts, &round->stored);
    if (round->estimate <= limit)
        return STATUS_OK;
    return error_set(round->reterr, STATUS_TOO_LARGE,
                     "the round would need about %.0f MiB and training.max_memory allows %.0f MiB: "
                     "raise it, or choose smaller models",
                     (double)round->estimate / 0x1p20, (double)limit / 0x1p20);
}

static enum status read_data(struct round *round)
{
    const struct round_request *request = round->request;
    enum status status = store_count(request->store, &round->counts, round->reterr);
    if (status == STATUS_OK)
        status = round_count_stored(round);
    if (status == STATUS_OK)
        status = check_memory(round);
    if (status != STATUS_OK)
        return status;
    round_phase(round, "read");
    observe_progress(request->observer, "reading events", 0);
    status = dataset_read(request->store, round->counts.seq, request->types, request->observer,
                          &round->dataset, round->reterr);
    if (status != STATUS_OK)
        return status;
    round->drift = malloc(sizeof *round->drift);
    if (!round->drift)
        return error_set(round->reterr, STATUS_NO_MEMORY, "out of memory for a round");
    status = drift_measure(request->store, round->dataset, request->version, round->drift,
                           round->reterr);
    if (status == STATUS_OK)
        drift_observe(round->drift, &round->dataset->types, request->version, request->observer);
    return status;
}

/* ---- the verdict ---- */

static enum status judge(struct round *round)
{
    const struct snapshot *active = round->request->active;
    const struct holdout *h = &round->holdout;
    const bool active_serves =
        active && active->retriever && active->retriever->class != round->plan.models[0].class;
    struct past_rounds past;
    enum status status =
        past_rounds_read(round->request->store, active ? active->version : 0, &past, round->reterr);
    if (status != STATUS_OK)
        return status;
    const struct model_report *models = h->report->models;
    const struct model_report *after = h->after ? h->after->models : NULL;
    const struct gate_input input = {
        .name = models[round_contender(round)].name,
        .n = h->report->n_users,
        .fresh = models[round_contender(round)].per_user[METRIC_NDCG][0],
        .popular = models[0].per_user[METRIC_NDCG][0],
        .active_serves = active_serves,
        .n_after = h->n_after,
        .popular_after = after ? after[0].per_user[METRIC_NDCG][0] : NULL,
        .fresh_after = after ? after[1].per_user[METRIC_NDCG][0] : NULL,
        .active_after = after ? after[2].per_user[METRIC_NDCG][0] : NULL,
        .active_stored = past.active_ndcg,
        .past_relative = past.relative,
        .n_past = past.n,
        .seed = (uint64_t)round->request->settings->training.seed,
        .pool = round->request->pool};
    status = gate_judge(&input, &round->verdict, &round->reason);
    round->judged = status == STATUS_OK;
    return status == STATUS_OK ? status
                               : error_set(round->reterr, status, "out of memory for the gate");
}

/* Chooses what answers in the snapshot and whether it may serve. */
static enum status decide(struct round *round)
{
    const struct settings *settings = round->request->settings;
    round->published = true;
    round->retriever = round->plan.retriever;
    if (!round->holdout.report && (settings->training.gate || round->dataset->n_events == 0)) {
        buffer_append_text(&round->reason, " popular serves.");
        round->plan.n_models = 1;
        round->retriever = 0;
        return STATUS_OK;
    }
    if (round->plan.retriever == 0) {
        buffer_append_text(&round->reason,
                           settings->training.models == TRAINING_MODELS_AUTO
                               ? "popular serves."
                               : "popular is the configured model: nothing to judge.");
        return STATUS_OK;
    }
    if (!settings->training.gate) {
        buffer_append_text(&round->reason, "training.gate is off: published without judgement.");
        return STATUS_OK;
    }
    const enum status status = judge(round);
    if (status == STATUS_OK && !round->verdict.publish) {
        round->published = round->verdict.popular_instead;
        if (round->verdict.popular_instead)
            round->retriever = 0;
    }
    return status;
}

/* ---- the refit ---- */

static enum status refit_models(struct round *round, const struct train_set *data,
                                struct model **models)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < round->plan.n_models && status == STATUS_OK; i++) {
        const struct planned_model *planned = &round->plan.models[i];
        struct fit_cost cost;
        char phase[ROUND_PHASE_TEXT_MAX];
        snprintf(phase, sizeof phase, "refitting %s", planned->class->name);
        round_note_peak(round, peak_rss_bytes());
        status =
            fit_model(planned->class, data, planned->settings, "fit", phase, round->request->pool,
                      round->request->observer, &models[i], &cost, round->reterr);
        if (status != STATUS_OK)
            break;
        round_note_peak(round, cost.peak_rss_bytes);
        fit_cost_free(&cost);
    }
    return status;
}

static enum status refit(struct round *round, struct model **models)
{
    struct csr by_user = {0}, by_item = {0};
    enum status status = dataset_matrix(round->dataset, NULL, round->request->pool, &by_user);
    if (status == STATUS_OK)
        status = csr_transpose(&by_user, &by_item);
    if (status != STATUS_OK) {
        error_set(round->reterr, status, "%s before the refit", status_name(status));
    } else {
        const struct item_records items = store_item_records(round->request->store);
        struct store_orders of_store = {round->request->store, round->dataset->seq};
        const struct order_lines orders = store_order_lines(&of_store);
        const struct train_set data = {.dataset = round->dataset,
                                       .by_user = &by_user,
                                       .by_item = &by_item,
                                       .seed = (uint64_t)round->request->settings->training.seed,
                                       .items = &items,
                                       .orders = &orders};
        status = refit_models(round, &data, models);
    }
    csr_free(&by_user);
    csr_free(&by_item);
    return status;
}

static enum status write_snapshot(struct round *round, struct model *const *models)
{
    struct buffer settings = {0};
    plan_append_json(&round->plan, round->request->settings, &settings);
    if (settings.failed) {
        buffer_free(&settings);
        return error_set(round->reterr, STATUS_NO_MEMORY, "out of memory for the manifest");
    }
    const struct model *fitted[SNAPSHOT_MODELS_MAX];
    for (size_t i = 0; i < round->plan.n_models; i++)
        fitted[i] = models[i];
    const struct snapshot_contents contents = {
        .dataset = round->dataset,
        .store = round->request->store,
        .models = fitted,
        .n_models = round->plan.n_models,
        .retriever = round->plan.models[round->retriever].class->name,
        .ranker = round_has_second(round) ? round->second.ranker : NULL,
        .settings_json = settings.data};
    const enum status status = snapshot_write(round->request->snapshots, round->request->version,
                                              &contents, round->request->observer, round->reterr);
    buffer_free(&settings);
    return status;
}

static enum status refit_and_write(struct round *round)
{
    struct model *models[SNAPSHOT_MODELS_MAX] = {NULL};
    round_phase(round, "fit");
    enum status status = refit(round, models);
    if (status == STATUS_OK) {
        round_phase(round, "write");
        status = write_snapshot(round, models);
    }
    for (size_t i = 0; i < SNAPSHOT_MODELS_MAX; i++)
        model_free(models[i]);
    return status;
}

/* ---- the whole ---- */

static enum status run(struct round *round)
{
    enum status status = plan_make(round->request->settings, &round->plan, round->reterr);
    if (status == STATUS_OK)
        status = read_data(round);
    if (status == STATUS_OK)
        status = round_measure(round);
    if (status == STATUS_OK)
        status = decide(round);
    holdout_free(&round->holdout);
    if (status == STATUS_OK)
        status = refit_and_write(round);
    round_phase(round, NULL);
    return status;
}

static enum status fill_result(struct round *round, struct round_result *ret_result)
{
    struct round_result result = {.seq = round->counts.seq,
                                  .published = round->published,
                                  .retriever = round->plan.models[round->retriever].class->name,
                                  .peak_estimate = round->estimate};
    const enum status status = round_append_report(round, &result.report);
    if (status != STATUS_OK) {
        buffer_free(&result.report);
        return error_set(round->reterr, status, "out of memory for the report");
    }
    result.reason = round->reason;
    round->reason = (struct buffer){0};
    *ret_result = result;
    return STATUS_OK;
}

static void round_free(struct round *round)
{
    holdout_free(&round->holdout);
    holdout_free_reports(&round->holdout);
    dataset_free(round->dataset);
    free(round->drift);
    plan_free(&round->plan);
    search_result_free(round->search);
    ranker_free(round->second.ranker);
    feature_report_free(round->second.features);
    item_times_free(&round->second.times);
    rank_facts_free(&round->second.facts);
    impressions_free(&round->second.impressions);
    buffer_free(&round->reason);
    free(round);
}

enum status round_run(const struct round_request *request, struct round_result *ret_result,
                      struct error *reterr)
{
    struct round *round = calloc(1, sizeof *round);
    if (!round)
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory for a round");
    round->request = request;
    round->reterr = reterr;
    enum status status = run(round);
    if (status == STATUS_OK) {
        round_observe_report(round);
        status = fill_result(round, ret_result);
    }
    round_free(round);
    return status;
}

void round_result_free(struct round_result *result)
{
    buffer_free(&result->reason);
    buffer_free(&result->report);
}

enum status round_check_settings(const struct settings *settings, struct error *reterr)
{
    struct plan plan;
    const enum status status = plan_make(settings, &plan, reterr);
    if (status == STATUS_OK)
        plan_free(&plan);
    return status;
}

static const char *state_of(enum status status, bool published)
{
    if (status == STATUS_OK)
        return published ? "published" : "refused";
    return status == STATUS_CANCELLED ? "cancelled" : "failed";
}

void round_describe(enum status status, const struct round_result *result, const struct error *err,
                    int64_t finished_ms, struct model_version *version)
{
    const bool done = status == STATUS_OK;
    version->state = state_of(status, result->published);
    version->seq = done ? result->seq : version->seq;
    version->finished_ms = finished_ms;
    version->kept = done;
    version->reason = !done ? err->text : result->reason.data ? result->reason.data : "";
    version->report = result->report.data ? result->report.data : "{}";
}
