#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/split.h"
#include "train/round_parts.h"

static enum status out_of_memory(const struct round *round, enum status status)
{
    return error_set(round->reterr, status, "%s while measuring on the hold-out",
                     status_name(status));
}

/* ---- the split ---- */

static void say_nothing_to_measure(struct round *round, const char *why)
{
    buffer_printf(&round->reason, "Nothing could be held out to measure on: %s.", why);
}

/* *ret_found: there is something to measure on. */
static enum status split(struct round *round, bool *ret_found)
{
    const struct settings *settings = round->request->settings;
    struct holdout *h = &round->holdout;
    const struct split_settings split = {.kind = SPLIT_USER_TIME,
                                         .share = settings->training.hold_out,
                                         .users_max = (uint32_t)settings->training.hold_out_users,
                                         .seed = (uint64_t)settings->training.seed};
    struct error err = {0};
    enum status status = split_make(round->dataset, &split, &h->held, &err);
    *ret_found = false;
    if (status == STATUS_OUT_OF_RANGE) {
        say_nothing_to_measure(round, err.text);
        return STATUS_OK;
    }
    if (status == STATUS_OK)
        status = test_set_of_split(round->dataset, &h->held, &h->test);
    if (status != STATUS_OK)
        return out_of_memory(round, status);
    *ret_found = h->test.n_users > 0;
    if (!*ret_found)
        say_nothing_to_measure(round, "no held-out event shows a preference");
    return STATUS_OK;
}

/* ---- the fits ---- */

static enum status make_matrices(struct round *round)
{
    struct holdout *h = &round->holdout;
    enum status status =
        dataset_matrix(round->dataset, &h->held, round->request->pool, &h->by_user);
    if (status == STATUS_OK)
        status = csr_transpose(&h->by_user, &h->by_item);
    return status == STATUS_OK ? status : out_of_memory(round, status);
}

static enum status fit_all(struct round *round)
{
    struct holdout *h = &round->holdout;
    const struct item_records items = store_item_records(round->request->store);
    struct store_orders of_store = {round->request->store, round->dataset->seq};
    const struct order_lines orders = store_order_lines(&of_store);
    const struct train_set data = {.dataset = round->dataset,
                                   .held = &h->held,
                                   .by_user = &h->by_user,
                                   .by_item = &h->by_item,
                                   .seed = (uint64_t)round->request->settings->training.seed,
                                   .items = &items,
                                   .orders = &orders};
    enum status status = STATUS_OK;
    for (size_t i = 0; i < round->plan.n_models && status == STATUS_OK; i++) {
        const struct planned_model *planned = &round->plan.models[i];
        char phase[ROUND_PHASE_TEXT_MAX];
        snprintf(phase, sizeof phase, "fitting %s (hold-out)", planned->class->name);
        round_note_peak(round, peak_rss_bytes());
        status = fit_model(planned->class, &data, planned->settings, "holdout_fit", phase,
                           round->request->pool, round->request->observer, &h->models[i],
                           &h->costs[i], round->reterr);
        if (status == STATUS_OK)
            round_note_peak(round, h->costs[i].peak_rss_bytes);
    }
    return status;
}

/* ---- the second stage ---- */

static const struct model *const *fitted_models(const struct holdout *h)
{
    return (const struct model *const *)h->models;
}

static bool has_ranker(const struct round *round)
{
    return round->plan.ranker && round->plan.n_models < EVALUATE_MODELS_MAX;
}

static enum status parse_spec(const struct round *round, struct feature_spec **ret_spec)
{
    const char *text = round->plan.ranker_spec;
    return feature_spec_parse("models.ranker_spec", text, strlen(text), ret_spec, round->reterr);
}

static void add_names(const struct rank_columns *columns, struct fact_names names[RANK_FACTS])
{
    for (int s = 0; s < RANK_FACTS; s++)
        for (uint32_t i = 0; i < columns->names[s].n; i++)
            fact_names_add(&names[s], columns->names[s].of[i]);
}

/* What the spec asks for, whose columns are *ret_columns (its texts: *ret_spec, NULL without a
 * ranker), and into names also what the active snapshot's ranker does, which is asked too. */
static enum status list_names(const struct round *round, struct feature_spec **ret_spec,
                              struct rank_columns *ret_columns, struct fact_names names[RANK_FACTS])
{
    const struct snapshot *active = round->request->active;
    enum status status = has_ranker(round) ? parse_spec(round, ret_spec) : STATUS_OK;
    if (status == STATUS_OK && *ret_spec)
        status = rank_columns_of(*ret_spec, ret_columns, round->reterr);
    if (status == STATUS_OK && *ret_spec)
        add_names(ret_columns, names);
    if (active && active->ranker)
        add_names(&active->ranker->columns, names);
    return status;
}

enum status round_count_stored(struct round *round)
{
    const struct round_request *request = round->request;
    struct fact_names names[RANK_FACTS] = {{0}};
    struct rank_columns columns;
    struct feature_spec *spec = NULL;
    enum status status = list_names(round, &spec, &columns, names);
    if (status == STATUS_OK)
        status = ranker_stored_count(request->store, round->counts.seq, names, spec,
                                     request->observer, &round->stored, round->reterr);
    feature_spec_free(spec);
    return status;
}

static enum status read_facts(struct round *round)
{
    const struct round_request *request = round->request;
    struct fact_names names[RANK_FACTS] = {{0}};
    struct rank_columns columns;
    struct feature_spec *spec = NULL;
    enum status status = list_names(round, &spec, &columns, names);
    if (status == STATUS_OK && spec)
        status = impressions_read(request->store, round->dataset, &columns.names[RANK_OF_CONTEXT],
                                  request->observer, &round->second.impressions, round->reterr);
    if (status == STATUS_OK)
        status = rank_facts_read(request->store, round->dataset, names, request->observer,
                                 &round->second.facts, round->reterr);
    feature_spec_free(spec);
    return status;
}

/* Data that give a ranker nothing to learn from are no reason to fail. Without `lists` rows are
 * drawn from candidates. */
static enum status fit_rows(struct round *round, const struct impressions *lists)
{
    const struct round_request *request = round->request;
    struct retriever_choice choices[SNAPSHOT_MODELS_MAX];
    const size_t n = plan_choices(&round->plan, choices);
    const struct item_records items = store_item_records(request->store);
    struct error err = {0};
    struct feature_spec *spec;
    struct ranker_parts parts;
    enum status status = parse_spec(round, &spec);
    if (status != STATUS_OK)
        return status;
    const struct ranker_fit_request ask = {.dataset = round->dataset,
                                           .held = &round->holdout.held,
                                           .retriever = choices[round->plan.retriever],
                                           .others = choices,
                                           .n_others = n,
                                           .items = &items,
                                           .spec = spec,
                                           .predictor = round->plan.ranker,
                                           .facts = &round->second.facts,
                                           .impressions = lists,
                                           .share = request->settings->training.hold_out,
                                           .seed = (uint64_t)request->settings->training.seed,
                                           .pool = request->pool,
                                           .observer = request->observer};
    status = ranker_fit_parts(&ask, &parts, &err);
    if (status == STATUS_OUT_OF_RANGE || status == STATUS_TOO_LARGE) {
        buffer_printf(&round->reason, "No ranker%s: %s. ", lists ? " by what was shown" : "",
                      err.text);
        return STATUS_OK;
    }
    if (status != STATUS_OK) {
        if (round->reterr)
            *round->reterr = err;
        return status;
    }
    round->second.report = parts.report;
    status = round_measure_features(round, &parts);
    if (status == STATUS_OK)
        return ranker_of_parts(&parts, &round->second.ranker, round->reterr);
    ranker_parts_free(&parts);
    return status;
}

static enum status fit_second(struct round *round)
{
    struct impressions *lists = &round->second.impressions;
    enum status status = STATUS_OK;
    if (!has_ranker(round))
        return status;
    round_phase(round, "ranker");
    if (lists->n > 0)
        status = fit_rows(round, lists);
    if (status == STATUS_OK && !round->second.ranker)
        status = fit_rows(round, NULL);
    return status;
}

/* Of the retriever that is measured, which knows all that is not held, against the one that the
 * rows were made by. */
static enum status measure_shift(struct round *round)
{
    const struct past_view past = item_times_view(&round->second.times);
    const struct ranker_shift_request request = {
        .dataset = round->dataset,
        .held = &round->holdout.held,
        .retriever = round->holdout.models[round->plan.retriever],
        .others = &round->second.report.others,
        .models = fitted_models(&round->holdout),
        .n_models = round->plan.n_models,
        .past = &past.view,
        .seed = (uint64_t)round->request->settings->training.seed,
        .pool = round->request->pool,
        .observer = round->request->observer};
    if (!round->second.ranker)
        return STATUS_OK;
    const enum status status = ranker_shift_of(&request, &round->second.report.retriever,
                                               &round->second.shift, round->reterr);
    round->second.measured_shift = status == STATUS_OK;
    return status;
}

/* Where a ranker is to be asked, the new one or the active one's. */
static enum status date_items(struct round *round)
{
    const struct snapshot *active = round->request->active;
    if (!round->second.ranker && !(active && active->ranker))
        return STATUS_OK;
    const enum status status =
        item_times_make(round->dataset, &round->holdout.held, &round->second.times);
    return status == STATUS_OK ? status : out_of_memory(round, status);
}

/* Two stages serve if they are above one beyond the 95 % paired bootstrap interval. */
static enum status judge_second(struct round *round)
{
    const struct report *report = round->holdout.report;
    if (!round->second.ranker)
        return STATUS_OK;
    const struct model_report *one = &report->models[round->plan.retriever];
    const struct model_report *two = &report->models[round->plan.n_models];
    double *differences = malloc(report->n_users * sizeof *differences);
    if (!differences)
        return out_of_memory(round, STATUS_NO_MEMORY);
    for (uint32_t u = 0; u < report->n_users; u++)
        differences[u] = two->per_user[METRIC_NDCG][0][u] - one->per_user[METRIC_NDCG][0][u];
    const double *series[] = {differences};
    struct interval *over = &round->second.over_retrieval;
    const enum status status = bootstrap_means(series, 1, report->n_users, BOOTSTRAP_DRAWS,
                                               (uint64_t)round->request->settings->training.seed,
                                               round->request->pool, over, NULL);
    free(differences);
    if (status != STATUS_OK)
        return out_of_memory(round, status);
    round->second.serves = over->low > 0;
    buffer_printf(&round->reason,
                  "%s has NDCG@20 %.4f and %s alone %.4f over %u users: the difference, 95 %% "
                  "between %+.4f and %+.4f, is %s. ",
                  two->name, two->values[METRIC_NDCG][0].mean, one->name,
                  one->values[METRIC_NDCG][0].mean, report->n_users, over->low, over->high,
                  round->second.serves ? "above 0: both stages serve"
                                       : "not surely above 0: one stage serves");
    return STATUS_OK;
}

size_t round_contender(const struct round *round)
{
    return round->second.serves ? round->plan.n_models : round->plan.retriever;
}

/* ---- the report ---- */

static struct evaluate_request request_of(const struct round *round, const struct test_set *test,
                                          const struct evaluated *models, size_t n_models)
{
    const struct holdout *h = &round->holdout;
    return (struct evaluate_request){.dataset = round->dataset,
                                     .held = &h->held,
                                     .by_user = &h->by_user,
                                     .test = test,
                                     .times =
                                         round->second.times.starts ? &round->second.times : NULL,
                                     .facts = &round->second.facts,
                                     .models = models,
                                     .n_models = n_models,
                                     .ks = {20, 10},
                                     .n_ks = 2,
                                     .seed = (uint64_t)round->request->settings->training.seed,
                                     .pool = round->request->pool,
                                     .observer = round->request->observer};
}

static enum status evaluate(struct round *round)
{
    struct holdout *h = &round->holdout;
    struct evaluated models[EVALUATE_MODELS_MAX] = {{0}};
    size_t n = round->plan.n_models;
    for (size_t i = 0; i < round->plan.n_models; i++)
        models[i] =
            (struct evaluated){.model = h->models[i], .settings = round->plan.models[i].settings};
    if (round->second.ranker) {
        models[n] = models[round->plan.retriever];
        models[n].ranker = round->second.ranker;
        models[n].beside = fitted_models(h);
        models[n].n_beside = round->plan.n_models;
        models[n++].name = ranker_strategy(round->second.ranker, false);
    }
    const struct evaluate_request request = request_of(round, &h->test, models, n);
    const enum status status = evaluate_models(&request, &h->report, round->reterr);
    for (size_t i = 0; i < round->plan.n_models && status == STATUS_OK; i++) {
        struct model_report *report = &h->report->models[i];
        report->fit_seconds = h->costs[i].seconds;
        report->epoch_seconds = h->costs[i].epoch_seconds;
        report->n_epochs = h->costs[i].n_epochs;
        report->fit_loss = h->costs[i].loss;
        report->peak_rss_bytes = h->costs[i].peak_rss_bytes;
    }
    return status;
}

/* ---- new against active ---- */

/* Both answer from the same training histories; the active one folds them in, as it does in
 * service for whoever was active since. What the active snapshot already knew of the hold-out is
 * neither counted nor listed. */
static enum status evaluate_after(struct round *round, const struct test_set *fresh,
                                  const struct test_set *known)
{
    struct holdout *h = &round->holdout;
    const struct evaluated models[] = {
        {.model = h->models[0]},
        {.model = h->models[round->plan.retriever],
         .ranker = round->second.serves ? round->second.ranker : NULL,
         .beside = fitted_models(h),
         .n_beside = round->plan.n_models},
        {.model = round->request->active->retriever,
         .name = "active",
         .fresh = true,
         .ranker = round->request->active->ranker,
         .beside = round->request->active->models,
         .n_beside = round->request->active->n_models},
    };
    struct evaluate_request request = request_of(round, fresh, models, 3);
    request.exclude = &known->items;
    return evaluate_models(&request, &h->after, round->reterr);
}

static enum status compare_with_active(struct round *round)
{
    const struct snapshot *active = round->request->active;
    struct holdout *h = &round->holdout;
    struct test_set fresh, known;
    if (!active || !active->retriever)
        return STATUS_OK;
    enum status status = test_set_divide(&h->test, active->n_users, active->touch_starts,
                                         active->touches, &fresh, &known);
    if (status != STATUS_OK)
        return out_of_memory(round, status);
    h->n_after = fresh.n_users;
    if (fresh.n_users >= GATE_USERS_MIN)
        status = evaluate_after(round, &fresh, &known);
    test_set_free(&fresh);
    test_set_free(&known);
    return status;
}

/* Items shown are few beside the candidates, and were chosen by whoever showed them: where the
 * order that they teach is not better, candidates may teach a better one. */
static enum status try_candidates(struct round *round)
{
    if (!round->second.ranker || !round->second.report.of_impressions || round->second.serves)
        return STATUS_OK;
    ranker_free(round->second.ranker);
    round->second.ranker = NULL;
    round->second.measured_shift = false;
    report_free(round->holdout.report);
    round->holdout.report = NULL;
    round_phase(round, "ranker_again");
    enum status status = fit_rows(round, NULL);
    if (status == STATUS_OK)
        status = evaluate(round);
    if (status == STATUS_OK)
        status = measure_shift(round);
    return status == STATUS_OK ? judge_second(round) : status;
}

enum status round_measure(struct round *round)
{
    bool found;
    round_phase(round, "split");
    enum status status = split(round, &found);
    if (status != STATUS_OK || !found)
        return status;
    status = make_matrices(round);
    if (status == STATUS_OK && round->request->settings->training.models == TRAINING_MODELS_AUTO) {
        round_phase(round, "search");
        status = round_choose(round);
    }
    if (status != STATUS_OK)
        return status;
    round_phase(round, "holdout_fit");
    status = fit_all(round);
    if (status == STATUS_OK)
        status = read_facts(round);
    if (status == STATUS_OK)
        status = fit_second(round);
    if (status == STATUS_OK)
        status = date_items(round);
    if (status != STATUS_OK)
        return status;
    round_phase(round, "evaluate");
    status = evaluate(round);
    if (status == STATUS_OK)
        status = measure_shift(round);
    if (status == STATUS_OK)
        status = judge_second(round);
    if (status == STATUS_OK)
        status = try_candidates(round);
    return status == STATUS_OK ? compare_with_active(round) : status;
}

void holdout_free(struct holdout *h)
{
    for (size_t i = 0; i < SNAPSHOT_MODELS_MAX; i++) {
        model_free(h->models[i]);
        h->models[i] = NULL;
    }
    bitmap_free(&h->held);
    csr_free(&h->by_user);
    csr_free(&h->by_item);
    test_set_free(&h->test);
    h->held = (struct bitmap){0};
    h->by_user = h->by_item = (struct csr){0};
}

void holdout_free_reports(struct holdout *h)
{
    for (size_t i = 0; i < SNAPSHOT_MODELS_MAX; i++)
        fit_cost_free(&h->costs[i]);
    report_free(h->report);
    report_free(h->after);
    h->report = h->after = NULL;
}
