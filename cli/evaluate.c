#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "board/board.h"
#include "cli/commands.h"
#include "cli/configuration.h"
#include "cli/console.h"
#include "cli/evaluation.h"
#include "cli/evaluation_output.h"
#include "cli/evaluation_ratings.h"
#include "cli/evaluation_search.h"
#include "cli/help.h"
#include "cli/report.h"
#include "cli/threads.h"
#include "eval/fit.h"
#include "eval/ranker_fit.h"
#include "eval/report_json.h"
#include "eval/search.h"
#include "recommend/recommend.h"

enum { SEARCH_USERS_MAX = 20000 };

/* ---- lists ---- */

static enum status open_list(struct contestant *c, const char *path, bool suffixed,
                             struct error *reterr)
{
    if (snprintf(c->list_path, sizeof c->list_path, suffixed ? "%s.%s" : "%s", path, c->name) >=
        (int)sizeof c->list_path)
        return error_set(reterr, STATUS_TOO_LARGE, "the path of --lists is too long");
    c->list = fopen(c->list_path, "we");
    return c->list ? STATUS_OK : error_set_errno(reterr, errno, "writing %s", c->list_path);
}

/* FILE for the one model that was asked for (or popularity alone), FILE.<model> for each of
 * several. */
static enum status open_lists(struct evaluation *ev, struct error *reterr)
{
    const char *path = invocation_text(ev->invocation, "lists");
    if (!path)
        return STATUS_OK;
    if (ev->n <= 2)
        return open_list(&ev->contestants[ev->n - 1], path, false, reterr);
    enum status status = STATUS_OK;
    for (size_t i = 0; i < ev->n && status == STATUS_OK; i++)
        status = open_list(&ev->contestants[i], path, true, reterr);
    return status;
}

static enum status close_lists(struct evaluation *ev, struct error *reterr)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < ev->n; i++) {
        struct contestant *c = &ev->contestants[i];
        if (c->list && fclose(c->list) != 0 && status == STATUS_OK)
            status = error_set_errno(reterr, errno, "writing %s", c->list_path);
        c->list = NULL;
    }
    return status;
}

/* ---- the data ---- */

static enum status read_spec(const struct evaluation *ev, const struct contestant *c,
                             struct feature_spec **ret_spec, struct error *reterr)
{
    const char *path = invocation_text(ev->invocation, "ranker-spec");
    return ranker_spec_read(path ? path : "", c->predictor, &c->others, ret_spec, reterr);
}

/* What the rankers ask for; a bad spec is told before anything is read or fitted. The names are
 * the spec's, which is *ret_spec: NULL without a ranker. */
static enum status read_names(const struct evaluation *ev, struct rank_columns *ret_columns,
                              struct feature_spec **ret_spec, struct error *reterr)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < ev->n && status == STATUS_OK; i++) {
        if (!ev->contestants[i].predictor)
            continue;
        feature_spec_free(*ret_spec);
        *ret_spec = NULL;
        status = read_spec(ev, &ev->contestants[i], ret_spec, reterr);
    }
    return status == STATUS_OK && *ret_spec ? rank_columns_of(*ret_spec, ret_columns, reterr)
                                            : status;
}

static enum status read_data(struct evaluation *ev, struct error *reterr)
{
    struct rank_columns columns = {0};
    struct feature_spec *spec = NULL;
    enum status status = read_names(ev, &columns, &spec, reterr);
    if (status == STATUS_OK)
        status = evaluation_data_read(ev->invocation, &ev->settings, spec ? columns.names : NULL,
                                      ev->pool, &ev->console.observer, &ev->data, reterr);
    feature_spec_free(spec);
    return status;
}

static const struct bitmap *held_of(const struct evaluation *ev)
{
    return ev->data.has_held ? &ev->data.held : NULL;
}

/* ---- search ---- */

static bool is_searched(const struct contestant *c)
{
    return search_knows(c->class) && !c->predictor;
}

/* The best settings of each model take the place of those that were given. */
static enum status search(struct evaluation *ev, struct error *reterr)
{
    struct search_model models[EVALUATE_MODELS_MAX];
    struct contestant *asked[EVALUATE_MODELS_MAX];
    size_t n = 0;
    for (size_t i = 0; i < ev->n; i++)
        if (is_searched(&ev->contestants[i])) {
            asked[n] = &ev->contestants[i];
            models[n] = (struct search_model){asked[n]->class, asked[n]->settings, NULL};
            n++;
        }
    if (n == 0)
        return error_set(reterr, STATUS_OUT_OF_RANGE,
                         "--search: none of the models has parameters with a range to search");
    const struct search_request request = {
        .dataset = ev->data.dataset,
        .held = held_of(ev),
        .by_user = &ev->data.by_user,
        .models = models,
        .n_models = n,
        .trials = (size_t)invocation_whole(ev->invocation, "search"),
        .share = invocation_real(ev->invocation, "share"), /* cut as the test part is */
        .users_max = SEARCH_USERS_MAX,
        .seconds = (double)invocation_duration_ms(ev->invocation, "search-time") / 1000,
        .memory = parallel_memory_limit(),
        .seed = (uint64_t)invocation_whole(ev->invocation, "seed"),
        .pool = ev->pool,
        .observer = &ev->console.observer};
    const enum status status = search_run(&request, &ev->search, reterr);
    for (size_t i = 0; i < n && status == STATUS_OK; i++) {
        const size_t best = ev->search->best[i];
        if (best != SIZE_MAX)
            memcpy(asked[i]->settings, ev->search->trials[best].settings,
                   asked[i]->class->settings_size);
    }
    return status;
}

/* ---- fit and measure ---- */

static struct train_set train_set_of(const struct evaluation *ev)
{
    return (struct train_set){.dataset = ev->data.dataset,
                              .held = held_of(ev),
                              .by_user = &ev->data.by_user,
                              .by_item = &ev->data.by_item,
                              .seed = (uint64_t)invocation_whole(ev->invocation, "seed"),
                              .items = &ev->data.items};
}

/* The contestants' models alone, with the settings of the first of each class. */
static size_t list_choices(const struct evaluation *ev, struct retriever_choice *out)
{
    for (size_t i = 0; i < ev->n; i++)
        out[i] = (struct retriever_choice){ev->contestants[i].class, ev->contestants[i].settings};
    return ev->n;
}

/* Fitted once, however many rankers look at it. */
static enum status find_bystander(struct evaluation *ev, const struct model_class *class,
                                  const struct model **ret_model, struct error *reterr)
{
    struct retriever_choice choices[EVALUATE_MODELS_MAX];
    const size_t n = list_choices(ev, choices);
    const void *settings = NULL;
    struct fit_cost cost;
    size_t at = 0;
    while (at < ev->n_bystanders && ev->bystanders[at].class != class)
        at++;
    if (at < ev->n_bystanders) {
        *ret_model = ev->bystanders[at].model;
        return STATUS_OK;
    }
    for (size_t i = 0; i < n && !settings; i++)
        if (choices[i].class == class)
            settings = choices[i].settings;
    if (!settings && !(settings = model_settings_new(class, &ev->arena)))
        return error_set(reterr, STATUS_NO_MEMORY, "no memory for the settings of %s", class->name);
    const struct train_set set = train_set_of(ev);
    struct bystander *b = &ev->bystanders[at];
    const enum status status = fit_model(class, &set, settings, "beside", NULL, ev->pool,
                                         &ev->console.observer, &b->model, &cost, reterr);
    if (status != STATUS_OK)
        return status;
    fit_cost_free(&cost);
    b->class = class;
    ev->n_bystanders++;
    *ret_model = b->model;
    return STATUS_OK;
}

static enum status find_bystanders(struct evaluation *ev, struct contestant *c,
                                   struct error *reterr)
{
    const struct rank_others *others = &c->ranking.others;
    enum status status = STATUS_OK;
    for (uint32_t o = 0; o < others->n && status == STATUS_OK; o++)
        status = find_bystander(ev, others->of[o], &c->beside[c->n_beside++], reterr);
    return status;
}

/* Without `lists` rows are drawn from candidates. */
static enum status fit_rows(struct evaluation *ev, struct contestant *c,
                            const struct impressions *lists, struct error *reterr)
{
    struct retriever_choice choices[EVALUATE_MODELS_MAX];
    const size_t n = list_choices(ev, choices);
    struct feature_spec *spec;
    enum status status = read_spec(ev, c, &spec, reterr);
    if (status != STATUS_OK)
        return status;
    const struct ranker_fit_request request = {
        .dataset = ev->data.dataset,
        .held = held_of(ev),
        .retriever = {c->class, c->settings},
        .others = choices,
        .n_others = n,
        .items = &ev->data.items,
        .spec = spec,
        .predictor = c->predictor,
        .facts = &ev->data.facts,
        .impressions = lists,
        .share = invocation_real(ev->invocation, "share"),
        .seed = (uint64_t)invocation_whole(ev->invocation, "seed"),
        .pool = ev->pool,
        .observer = &ev->console.observer};
    return ranker_fit(&request, &c->ranker, &c->ranking, reterr);
}

/* Of what was shown where there is enough, as a round does. */
static enum status fit_ranker(struct evaluation *ev, struct contestant *c, struct error *reterr)
{
    const struct impressions *shown = &ev->data.shown;
    enum status status = STATUS_OUT_OF_RANGE;
    if (shown->n > 0)
        status = fit_rows(ev, c, shown, reterr);
    if (status == STATUS_OUT_OF_RANGE || status == STATUS_TOO_LARGE)
        status = fit_rows(ev, c, NULL, reterr);
    c->cost.seconds += c->ranking.seconds;
    return status == STATUS_OK ? find_bystanders(ev, c, reterr) : status;
}

static enum status fit_one(struct evaluation *ev, struct contestant *c, struct error *reterr)
{
    const struct train_set set = train_set_of(ev);
    ev->console.run = board_run_open(ev->board, c->name, 0);
    enum status status = fit_model(c->class, &set, c->settings, "fit", NULL, ev->pool,
                                   &ev->console.observer, &c->model, &c->cost, reterr);
    if (status == STATUS_OK && c->predictor)
        status = fit_ranker(ev, c, reterr);
    board_run_close(ev->console.run);
    ev->console.run = NULL;
    return status;
}

/* From the retriever of a ranker's rows to the one that is measured. */
static enum status measure_shifts(struct evaluation *ev, struct error *reterr)
{
    const struct past_view past = item_times_view(&ev->times);
    enum status status = STATUS_OK;
    for (size_t i = 0; i < ev->n && ev->data.has_held && status == STATUS_OK; i++) {
        struct contestant *c = &ev->contestants[i];
        const struct ranker_shift_request request = {
            .dataset = ev->data.dataset,
            .held = &ev->data.held,
            .retriever = c->model,
            .others = &c->ranking.others,
            .models = c->beside,
            .n_models = c->n_beside,
            .past = &past.view,
            .seed = (uint64_t)invocation_whole(ev->invocation, "seed"),
            .pool = ev->pool,
            .observer = &ev->console.observer};
        if (c->ranker)
            status = ranker_shift_of(&request, &c->ranking.retriever, &c->shift, reterr);
    }
    return status;
}

static enum status measure(struct evaluation *ev, struct error *reterr)
{
    struct evaluated evaluated[EVALUATE_MODELS_MAX];
    for (size_t i = 0; i < ev->n; i++)
        evaluated[i] = (struct evaluated){.model = ev->contestants[i].model,
                                          .name = ev->contestants[i].name,
                                          .settings = ev->contestants[i].settings,
                                          .ranker = ev->contestants[i].ranker,
                                          .beside = ev->contestants[i].beside,
                                          .n_beside = ev->contestants[i].n_beside,
                                          .list = ev->contestants[i].list};
    struct evaluate_request request = {.dataset = ev->data.dataset,
                                       .held = held_of(ev),
                                       .by_user = &ev->data.by_user,
                                       .test = &ev->data.test,
                                       .times = &ev->times,
                                       .facts = &ev->data.facts,
                                       .only_known = invocation_flag(ev->invocation, "as-of"),
                                       .models = evaluated,
                                       .n_models = ev->n,
                                       .n_ks = ev->n_ks,
                                       .seed = (uint64_t)invocation_whole(ev->invocation, "seed"),
                                       .pool = ev->pool,
                                       .observer = &ev->console.observer};
    memcpy(request.ks, ev->ks, sizeof request.ks);
    enum status status = item_times_make(ev->data.dataset, held_of(ev), &ev->times);
    if (status != STATUS_OK)
        return error_set(reterr, status, "no memory for the times of items");
    status = measure_shifts(ev, reterr);
    if (status == STATUS_OK)
        status = evaluate_models(&request, &ev->report, reterr);
    for (size_t i = 0; i < ev->n && status == STATUS_OK; i++) {
        struct model_report *model = &ev->report->models[i];
        const struct fit_cost *cost = &ev->contestants[i].cost;
        model->fit_seconds = cost->seconds;
        model->epoch_seconds = cost->epoch_seconds;
        model->n_epochs = cost->n_epochs;
        model->fit_loss = cost->loss;
        model->peak_rss_bytes = cost->peak_rss_bytes;
    }
    return status;
}

/* --ratings: measures predicted ratings and prints. */
static enum status rate(struct evaluation *ev, struct error *reterr)
{
    struct rated rated[EVALUATE_MODELS_MAX];
    const struct fit_cost *costs[EVALUATE_MODELS_MAX];
    for (size_t i = 0; i < ev->n; i++) {
        const struct contestant *c = &ev->contestants[i];
        rated[i] = (struct rated){c->model, c->name, c->settings};
        costs[i] = &c->cost;
    }
    const struct rate_request request = {.by_user = &ev->data.by_user,
                                         .ratings = &ev->data.ratings,
                                         .test = &ev->data.test_ratings,
                                         .models = rated,
                                         .n_models = ev->n,
                                         .seed = (uint64_t)invocation_whole(ev->invocation, "seed"),
                                         .pool = ev->pool,
                                         .observer = &ev->console.observer};
    struct rating_report report;
    const enum status status = rate_models(&request, &report, reterr);
    if (status != STATUS_OK)
        return status;
    progress_clear(&ev->console.progress);
    if (!invocation_flag(ev->invocation, "json"))
        return evaluation_print_ratings(&report, costs, ev->data.split, stdout);
    struct buffer text = {0};
    evaluation_ratings_json(&report, costs, ev->data.split, &text);
    return report_text(&text, stdout, reterr);
}

/* The figures as one more point in each model's run. */
static void show_on_board(struct evaluation *ev)
{
    for (size_t i = 0; ev->board && i < ev->n; i++) {
        const struct model_report *model = &ev->report->models[i];
        char run_name[CONTESTANT_NAME_MAX + 8];
        snprintf(run_name, sizeof run_name, "%s-test", model->name);
        struct board_run *run = board_run_open(ev->board, run_name, 0);
        for (int m = 0; m < METRIC_COUNT; m++)
            for (size_t k = 0; k < (metrics[m].whole_list ? 1 : ev->n_ks); k++) {
                char tag[CONTESTANT_NAME_MAX];
                if (metrics[m].whole_list)
                    snprintf(tag, sizeof tag, "test/%s", metrics[m].name);
                else
                    snprintf(tag, sizeof tag, "test/%s@%zu", metrics[m].name, ev->ks[k]);
                board_scalar(run, tag, 0, model->values[m][k].mean);
            }
        board_scalar(run, "test/coverage", 0, model->coverage);
        board_run_close(run);
    }
}

/* ---- output ---- */

static enum status print_json(const struct evaluation *ev, struct error *reterr)
{
    struct buffer text = {0};
    buffer_append_byte(&text, '{');
    report_append_json(ev->report, ev->data.split, &text);
    bool any = false;
    for (size_t i = 0; i < ev->n; i++) {
        const struct contestant *c = &ev->contestants[i];
        if (!c->ranker)
            continue;
        buffer_append_text(&text, any ? ", " : ", \"rankers\": [");
        evaluation_append_ranking(c->name, &c->ranking, ev->data.has_held ? &c->shift : NULL,
                                  &text);
        any = true;
    }
    buffer_append_text(&text, any ? "]" : "");
    if (ev->search) {
        buffer_append_text(&text, ", \"search\": ");
        search_append_json(ev->search, &text);
    }
    buffer_append_text(&text, "}\n");
    return report_text(&text, stdout, reterr);
}

static enum status write_results(struct evaluation *ev, struct error *reterr)
{
    const char *per_user = invocation_text(ev->invocation, "per-user");
    enum status status = close_lists(ev, reterr);
    if (status == STATUS_OK && per_user)
        status = evaluation_write_users(ev->report, ev->data.dataset, per_user, reterr);
    show_on_board(ev);
    if (ev->board && ev->search)
        evaluation_show_search(ev->search, ev->board);
    progress_clear(&ev->console.progress);
    const bool json = invocation_flag(ev->invocation, "json");
    if (status == STATUS_OK && ev->search && !json)
        status = evaluation_print_search(ev->search, stdout);
    if (status == STATUS_OK)
        status =
            json ? print_json(ev, reterr) : evaluation_print(ev->report, ev->data.split, stdout);
    for (size_t i = 0; i < ev->n && status == STATUS_OK; i++)
        if (ev->contestants[i].ranker && !json)
            evaluation_print_ranking(ev->contestants[i].name, &ev->contestants[i].ranking,
                                     ev->data.has_held ? &ev->contestants[i].shift : NULL, stdout);
    return status;
}

/* ---- the whole ---- */

static enum status prepare(struct evaluation *ev, struct error *reterr)
{
    const char *logdir = invocation_text(ev->invocation, "logdir");
    const char *split_out = invocation_text(ev->invocation, "split-out");
    enum status status = threads_start(ev->invocation, &ev->pool, reterr);
    if (status == STATUS_OK && logdir)
        status = board_open(logdir, &ev->board, reterr);
    ev->console.observer.costs_every = ev->board ? OBSERVER_COSTS_EVERY : 0;
    if (status == STATUS_OK)
        status = open_lists(ev, reterr);
    if (status == STATUS_OK)
        status = read_data(ev, reterr);
    if (status == STATUS_OK && split_out)
        status = evaluation_write_parts(&ev->data, split_out, reterr);
    return status;
}

static enum status run(struct evaluation *ev, struct error *reterr)
{
    enum status status = console_open(&ev->console, reterr);
    if (status == STATUS_OK)
        status = prepare(ev, reterr);
    if (status == STATUS_OK && invocation_has(ev->invocation, "search"))
        status = search(ev, reterr);
    for (size_t i = 0; i < ev->n && status == STATUS_OK; i++)
        status = fit_one(ev, &ev->contestants[i], reterr);
    if (status == STATUS_OK && invocation_flag(ev->invocation, "ratings"))
        return rate(ev, reterr);
    if (status == STATUS_OK)
        status = measure(ev, reterr);
    return status == STATUS_OK ? write_results(ev, reterr) : status;
}

static void evaluation_free(struct evaluation *ev)
{
    console_close(&ev->console);
    close_lists(ev, NULL);
    report_free(ev->report);
    search_result_free(ev->search);
    for (size_t i = 0; i < ev->n; i++) {
        model_free(ev->contestants[i].model);
        ranker_free(ev->contestants[i].ranker);
        fit_cost_free(&ev->contestants[i].cost);
    }
    for (size_t i = 0; i < ev->n_bystanders; i++)
        model_free(ev->bystanders[i].model);
    item_times_free(&ev->times);
    evaluation_data_free(&ev->data);
    board_close(ev->board);
    parallel_free(ev->pool);
    settings_free(&ev->settings);
    arena_free(&ev->arena);
    free(ev);
}

int command_evaluate(const struct invocation *invocation)
{
    struct error err = {0};
    struct evaluation *ev = calloc(1, sizeof *ev);
    if (!ev) {
        error_set(&err, STATUS_NO_MEMORY, "no memory");
        return report_failure(&err);
    }
    ev->invocation = invocation;
    if (evaluation_check_sets(invocation, &err) != STATUS_OK) {
        evaluation_free(ev);
        return report_usage(invocation->command, "%s", err.text);
    }
    enum status status = configuration_read(invocation, "model", &ev->settings, &err);
    if (status == STATUS_OK && evaluation_read_request(ev, &err) != STATUS_OK) {
        evaluation_free(ev);
        return report_usage(invocation->command, "%s", err.text);
    }
    if (status == STATUS_OK)
        status = run(ev, &err);
    evaluation_free(ev);
    err.status = status;
    return status == STATUS_OK ? EXIT_DONE : report_failure(&err);
}
