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
#include "cli/evaluation_data.h"
#include "cli/evaluation_output.h"
#include "cli/help.h"
#include "cli/report.h"
#include "eval/fit.h"
#include "eval/ranker_fit.h"
#include "eval/report_json.h"
#include "recommend/recommend.h"

enum { NAME_SIZE = 64, ITEM_NAME_MAX = 200 };

/* One model of the comparison: what was asked for, and what came of it. */
struct contestant {
    const struct model_class *class;
    void *settings;
    char name[NAME_SIZE]; /* the class's, numbered when it comes again */
    struct model *model;
    struct fit_cost cost;
    const struct predictor_class *predictor; /* orders its best again; NULL: nothing does */
    struct ranker *ranker;
    struct ranker_fit_report ranking;
    struct ranker_shift shift;
    FILE *list;
    char list_path[PATH_BYTES_MAX];
};

struct evaluation {
    const struct invocation *invocation;
    struct settings settings;
    struct evaluation_data data;
    struct parallel *pool;
    struct console console;
    struct board *board;
    struct contestant contestants[EVALUATE_MODELS_MAX];
    size_t n;
    size_t ks[EVALUATE_K_MAX], n_ks;
    struct item_times times; /* where there is a ranker */
    struct report *report;
    struct arena arena;
};

void help_models(FILE *out)
{
    for (size_t i = 0; model_classes[i]; i++) {
        const struct model_class *class = model_classes[i];
        char title[64];
        fputc('\n', out);
        snprintf(title, sizeof title, "Model %s", class->name);
        help_row(title, class->summary, out);
        for (size_t o = 0; o < class->n_options; o++) {
            char name[64], text[400];
            snprintf(name, sizeof name, "      --set %s=", class->options[o].name);
            snprintf(text, sizeof text, "%s [%s]", class->options[o].help,
                     class->options[o].initial);
            help_row(name, text, out);
        }
    }
}

/* ---- what was asked for ---- */

/* "ials", or "ials+wide_deep" for two stages. */
static enum status find_stages(const char *name, const struct model_class **ret_class,
                               const struct predictor_class **ret_predictor, struct error *reterr)
{
    char retriever[NAME_SIZE];
    const size_t length = strcspn(name, "+");
    snprintf(retriever, sizeof retriever, "%.*s",
             (int)(length < sizeof retriever ? length : sizeof retriever - 1), name);
    *ret_predictor = NULL;
    const enum status status = model_class_need(retriever, ret_class, reterr);
    return status == STATUS_OK && name[length]
               ? ranker_predictor_need(name + length + 1, ret_predictor, reterr)
               : status;
}

static enum status add_contestant(struct evaluation *ev, const char *name, struct error *reterr)
{
    const struct model_class *class = NULL;
    const struct predictor_class *predictor = NULL;
    const enum status status = find_stages(name, &class, &predictor, reterr);
    if (status != STATUS_OK)
        return status;
    if (ev->n == EVALUATE_MODELS_MAX)
        return error_set(reterr, STATUS_TOO_LARGE, "at most %d models at once",
                         EVALUATE_MODELS_MAX - 1);
    struct contestant *c = &ev->contestants[ev->n];
    c->class = class;
    c->predictor = predictor;
    c->settings = model_settings_new(class, &ev->arena);
    if (!c->settings)
        return error_set(reterr, STATUS_NO_MEMORY, "no memory for the settings of %s", name);
    size_t same = 0;
    for (size_t i = 0; i < ev->n; i++)
        same += ev->contestants[i].class == class && ev->contestants[i].predictor == predictor;
    int length = snprintf(c->name, sizeof c->name, "%s%s%s", class->name, predictor ? "+" : "",
                          predictor ? predictor->name : "");
    if (same && length < (int)sizeof c->name)
        snprintf(c->name + length, sizeof c->name - (size_t)length, "-%zu", same + 1);
    ev->n++;
    return STATUS_OK;
}

static enum status set_parameter(struct evaluation *ev, const char *assignment,
                                 struct error *reterr)
{
    struct contestant *c = &ev->contestants[ev->n - 1];
    char name[ITEM_NAME_MAX];
    const char *value = NULL;
    const enum status status = configuration_cut(assignment, name, sizeof name, &value, reterr);
    if (status != STATUS_OK)
        return status;
    char what[NAME_SIZE + 16];
    snprintf(what, sizeof what, "parameter of %s", c->class->name);
    return options_set(c->class->options, c->class->n_options, c->settings, what, name, value,
                       &ev->arena, reterr);
}

/* Popularity, then the models in the order given. `--model popular` with settings of its own takes
 * the first row. */
static enum status read_models(struct evaluation *ev, struct error *reterr)
{
    enum status status = add_contestant(ev, model_classes[0]->name, reterr);
    bool asked = false, own_popular = false;
    for (size_t i = 0; i < ev->invocation->n_given && status == STATUS_OK; i++) {
        const struct given *given = &ev->invocation->given[i];
        const char *name = given->option->option.name;
        if (strcmp(name, "model") == 0) {
            const bool first =
                !own_popular && ev->n == 1 && strcmp(given->text, model_classes[0]->name) == 0;
            own_popular = own_popular || first;
            asked = true;
            if (!first)
                status = add_contestant(ev, given->text, reterr);
        } else if (strcmp(name, "set") == 0 && asked) {
            status = set_parameter(ev, given->text, reterr);
        }
    }
    return status;
}

static enum status read_ks(struct evaluation *ev, struct error *reterr)
{
    const char *list = invocation_text(ev->invocation, "k");
    char word[24];
    for (const char *at = list; at;) {
        const size_t length = strcspn(at, ",");
        int64_t k = 0;
        snprintf(word, sizeof word, "%.*s", (int)(length < 20 ? length : 20), at);
        if (text_to_int64(word, &k) != STATUS_OK || k < 1 || k > RECOMMEND_N_MAX ||
            ev->n_ks == EVALUATE_K_MAX)
            return error_set(reterr, STATUS_OUT_OF_RANGE,
                             "--k takes up to %d lengths from 1 to %d, such as 20,10, not '%.60s'",
                             EVALUATE_K_MAX, RECOMMEND_N_MAX, list);
        ev->ks[ev->n_ks++] = (size_t)k;
        at = at[length] ? at + length + 1 : NULL;
    }
    return STATUS_OK;
}

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

/* ---- fit and measure ---- */

static enum status read_spec(const struct evaluation *ev, const struct contestant *c,
                             struct feature_spec **ret_spec, struct error *reterr)
{
    const char *path = invocation_text(ev->invocation, "ranker-spec");
    return ranker_spec_read(path ? path : "", c->predictor, ret_spec, reterr);
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
        status = evaluation_data_read(ev->invocation, &ev->settings, columns.names, ev->pool,
                                      &ev->console.observer, &ev->data, reterr);
    feature_spec_free(spec);
    return status;
}

static const struct bitmap *held_of(const struct evaluation *ev)
{
    return ev->data.has_held ? &ev->data.held : NULL;
}

static enum status fit_ranker(struct evaluation *ev, struct contestant *c, struct error *reterr)
{
    struct feature_spec *spec;
    enum status status = read_spec(ev, c, &spec, reterr);
    if (status != STATUS_OK)
        return status;
    const struct ranker_fit_request request = {
        .dataset = ev->data.dataset,
        .held = held_of(ev),
        .retriever = c->class,
        .retriever_settings = c->settings,
        .spec = spec,
        .predictor = c->predictor,
        .facts = &ev->data.facts,
        .share = invocation_real(ev->invocation, "share"),
        .seed = (uint64_t)invocation_whole(ev->invocation, "seed"),
        .pool = ev->pool,
        .observer = &ev->console.observer};
    status = ranker_fit(&request, &c->ranker, &c->ranking, reterr);
    c->cost.seconds += c->ranking.seconds;
    return status;
}

static enum status fit_one(struct evaluation *ev, struct contestant *c, struct error *reterr)
{
    const struct train_set set = {.dataset = ev->data.dataset,
                                  .held = held_of(ev),
                                  .by_user = &ev->data.by_user,
                                  .by_item = &ev->data.by_item,
                                  .seed = (uint64_t)invocation_whole(ev->invocation, "seed"),
                                  .items = &ev->data.items};
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
                                          .list = ev->contestants[i].list};
    struct evaluate_request request = {.dataset = ev->data.dataset,
                                       .held = ev->data.has_held ? &ev->data.held : NULL,
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

/* The figures as one more point in each model's run. */
static void show_on_board(struct evaluation *ev)
{
    for (size_t i = 0; ev->board && i < ev->n; i++) {
        const struct model_report *model = &ev->report->models[i];
        char run_name[NAME_SIZE + 8];
        snprintf(run_name, sizeof run_name, "%s-test", model->name);
        struct board_run *run = board_run_open(ev->board, run_name, 0);
        for (int m = 0; m < METRIC_COUNT; m++)
            for (size_t k = 0; k < (metrics[m].whole_list ? 1 : ev->n_ks); k++) {
                char tag[NAME_SIZE];
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
    buffer_append_text(&text, "}\n");
    const bool failed = text.failed;
    if (!failed)
        fwrite(text.data, 1, text.size, stdout);
    buffer_free(&text);
    return failed ? error_set(reterr, STATUS_NO_MEMORY, "no memory for the report") : STATUS_OK;
}

static enum status write_results(struct evaluation *ev, struct error *reterr)
{
    const char *per_user = invocation_text(ev->invocation, "per-user");
    enum status status = close_lists(ev, reterr);
    if (status == STATUS_OK && per_user)
        status = evaluation_write_users(ev->report, ev->data.dataset, per_user, reterr);
    show_on_board(ev);
    progress_clear(&ev->console.progress);
    if (status == STATUS_OK)
        status = invocation_flag(ev->invocation, "json")
                     ? print_json(ev, reterr)
                     : evaluation_print(ev->report, ev->data.split, stdout);
    for (size_t i = 0; i < ev->n && status == STATUS_OK; i++)
        if (ev->contestants[i].ranker && !invocation_flag(ev->invocation, "json"))
            evaluation_print_ranking(ev->contestants[i].name, &ev->contestants[i].ranking,
                                     ev->data.has_held ? &ev->contestants[i].shift : NULL, stdout);
    return status;
}

/* ---- the whole ---- */

static enum status check_parts(const struct invocation *invocation, struct error *reterr)
{
    const bool train = invocation_has(invocation, "train"),
               test = invocation_has(invocation, "test");
    if (test && !train)
        return error_set(reterr, STATUS_MALFORMED, "--test needs --train");
    if (test && (invocation_has(invocation, "split") || invocation_has(invocation, "share")))
        return error_set(reterr, STATUS_MALFORMED,
                         "--test is the test part: --split and --share "
                         "have nothing to split");
    if (test && invocation_has(invocation, "split-out"))
        return error_set(reterr, STATUS_MALFORMED,
                         "--split-out writes what --split made; with "
                         "--test there are files already");
    return STATUS_OK;
}

/* Before the first --model a --set is a setting of the site, whose names have a section. */
static enum status check_sets(const struct invocation *invocation, struct error *reterr)
{
    for (size_t i = 0; i < invocation->n_given; i++) {
        const struct given *given = &invocation->given[i];
        if (strcmp(given->option->option.name, "model") == 0)
            break;
        if (strcmp(given->option->option.name, "set") == 0 &&
            !memchr(given->text, '.', strcspn(given->text, "=")))
            return error_set(reterr, STATUS_MALFORMED,
                             "--set %.60s: a model's parameter stands after its --model",
                             given->text);
    }
    return STATUS_OK;
}

/* Whatever is wrong with the command line, before any work. */
static enum status read_request(struct evaluation *ev, struct error *reterr)
{
    enum status status = check_parts(ev->invocation, reterr);
    if (status == STATUS_OK)
        status = read_models(ev, reterr);
    return status == STATUS_OK ? read_ks(ev, reterr) : status;
}

static enum status prepare(struct evaluation *ev, struct error *reterr)
{
    const int64_t threads = invocation_whole(ev->invocation, "threads");
    const char *logdir = invocation_text(ev->invocation, "logdir");
    const char *split_out = invocation_text(ev->invocation, "split-out");
    enum status status =
        parallel_new(threads ? (unsigned)threads : parallel_cores(), false, &ev->pool);
    if (status != STATUS_OK)
        return error_set(reterr, status, "the threads could not be started");
    if (logdir)
        status = board_open(logdir, &ev->board, reterr);
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
    for (size_t i = 0; i < ev->n && status == STATUS_OK; i++)
        status = fit_one(ev, &ev->contestants[i], reterr);
    if (status == STATUS_OK)
        status = measure(ev, reterr);
    return status == STATUS_OK ? write_results(ev, reterr) : status;
}

static void evaluation_free(struct evaluation *ev)
{
    console_close(&ev->console);
    close_lists(ev, NULL);
    report_free(ev->report);
    for (size_t i = 0; i < ev->n; i++) {
        model_free(ev->contestants[i].model);
        ranker_free(ev->contestants[i].ranker);
        fit_cost_free(&ev->contestants[i].cost);
    }
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
    if (check_sets(invocation, &err) != STATUS_OK) {
        evaluation_free(ev);
        return report_usage(invocation->command, "%s", err.text);
    }
    enum status status = configuration_read(invocation, "model", &ev->settings, &err);
    if (status == STATUS_OK && read_request(ev, &err) != STATUS_OK) {
        evaluation_free(ev);
        return report_usage(invocation->command, "%s", err.text);
    }
    if (status == STATUS_OK)
        status = run(ev, &err);
    evaluation_free(ev);
    err.status = status;
    return status == STATUS_OK ? EXIT_DONE : report_failure(&err);
}
