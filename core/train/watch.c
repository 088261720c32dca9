#include "train/watch.h"

#include <stdio.h>
#include <string.h>

#include "train/watch_report.h"

/* Points are seen while the work goes on: with the next sign of life, so that those of one step,
 * which follow each other, still share an event. */
static void pass_progress(void *context, const char *phase, double share)
{
    const struct watch *watch = context;
    board_flush(watch->run);
    observe_progress(watch->next, phase, share);
}

static void pass_scalar(void *context, const char *tag, int64_t step, double value)
{
    const struct watch *watch = context;
    board_scalar(watch->run, tag, step, value);
    observe_scalar(watch->next, tag, step, value);
}

static void pass_text(void *context, const char *tag, int64_t step, const char *markdown)
{
    const struct watch *watch = context;
    board_text(watch->run, tag, step, markdown);
    observe_text(watch->next, tag, step, markdown);
}

static void pass_values(void *context, const char *tag, int64_t step, const float *values, size_t n)
{
    const struct watch *watch = context;
    board_histogram(watch->run, tag, step, values, n);
    observe_values(watch->next, tag, step, values, n);
}

static void pass_scores(void *context, const char *tag, int64_t step, const float *scores,
                        const float *labels, const float *weights, size_t n)
{
    struct watch *watch = context;
    board_pr_curve(watch->run, tag, step, scores, labels, weights, n);
    if (watch->run)
        score_pictures_note(&watch->pictures, tag, step, scores, labels, weights, n);
    observe_scores(watch->next, tag, step, scores, labels, weights, n);
}

/* The scope that all operations of a model lie in ("ials" of "ials/users/vectors"). */
static bool scope_of(const struct op_graph *graph, char out[OP_NAME_MAX])
{
    const char *name = graph->n ? graph->ops[0].name : "", *end = strchr(name, '/');
    if (!end)
        return false;
    snprintf(out, OP_NAME_MAX, "%.*s", (int)(end - name), name);
    return true;
}

/* Every model is fitted twice in a round, for the hold-out and for serving, and is shown once. */
static void show_graph(struct watch *watch, const struct op_graph *graph)
{
    char scope[OP_NAME_MAX];
    if (!watch->run || !scope_of(graph, scope) || op_graph_has_scope(&watch->graph, scope))
        return;
    op_graph_append(&watch->graph, graph, NULL);
    if (!watch->graph.failed)
        board_graph(watch->run, &watch->graph);
}

static void pass_graph(void *context, const struct op_graph *graph)
{
    struct watch *watch = context;
    show_graph(watch, graph);
    observe_graph(watch->next, graph);
}

/* A model's second fit in a round has the names of the first, whose costs are shown. */
static void pass_costs(void *context, const char *which, int64_t step, const struct op_graph *graph,
                       const struct op_cost *costs)
{
    const struct watch *watch = context;
    char scope[OP_NAME_MAX];
    if (scope_of(graph, scope) && op_graph_has_scope(&watch->graph, scope))
        board_costs(watch->run, which, step, graph, costs);
    observe_costs(watch->next, which, step, graph, costs);
}

static bool pass_stop(void *context)
{
    const struct watch *watch = context;
    board_flush(watch->run);
    return observer_stops(watch->next);
}

/* The first page of custom scalars: is it better, does it learn, what does it cost? */
static void show_layout(struct board_run *run)
{
    static const char *const ndcg[] = {"holdout/.*/ndcg@20$", NULL};
    static const char *const recall[] = {"holdout/.*/recall@20$", NULL};
    static const char *const coverage[] = {"holdout/.*/coverage$", NULL};
    static const char *const novelty[] = {"holdout/.*/novelty$", NULL};
    static const char *const losses[] = {"(holdout_)?fit/.*/loss$", NULL};
    static const char *const gini[] = {"holdout/.*/gini$", NULL};
    static const char *const popularity[] = {"holdout/.*/mean_popularity$", NULL};
    static const char *const data[] = {"data/.*", NULL};
    static const char *const days[] = {"events_by_day/.*", NULL};
    static const char *const fresh[] = {"drift/(events|new_users|new_items)$", NULL};
    static const char *const cold[] = {"drift/share_of_new_.*", NULL};
    static const char *const mix[] = {"drift/type_distance$", NULL};
    static const char *const phases[] = {"memory_by_phase/.*", NULL};
    static const char *const online[] = {"online/.*", NULL};
    static const char *const memory[] = {"memory/.*", NULL};
    static const char *const ranker_losses[] = {"ranker/.*/loss$", NULL};
    static const char *const auc[] = {"ranker/.*auc", NULL};
    static const char *const calibration[] = {"ranker/calibration_error", NULL};
    static const char *const seconds[] = {"seconds/.*", NULL};
    static const struct board_chart quality[] = {{"NDCG@20 by model", ndcg},
                                                 {"Recall@20 by model", recall},
                                                 {"Share of the catalogue shown", coverage},
                                                 {"Novelty", novelty},
                                                 {"Inequality of what is shown (Gini)", gini},
                                                 {"Popularity of what is shown", popularity}};
    static const struct board_chart learning[] = {{"Losses of the models", losses}};
    static const struct board_chart ranker[] = {
        {"Losses", ranker_losses}, {"AUC", auc}, {"Calibration error", calibration}};
    static const struct board_chart drift[] = {{"Events by day and type", days},
                                               {"New since the last round", fresh},
                                               {"Events of new users and on new items", cold},
                                               {"Distance of the mix of types", mix},
                                               {"Chosen, of what the last model showed", online}};
    static const struct board_chart cost[] = {{"Data", data},
                                              {"Seconds by phase", seconds},
                                              {"Memory in MiB", memory},
                                              {"Memory in MiB, by phase", phases}};
    static const struct board_category categories[] = {
        {"Quality on the hold-out", quality, sizeof quality / sizeof *quality, false},
        {"Learning", learning, sizeof learning / sizeof *learning, false},
        {"What changed in the data", drift, sizeof drift / sizeof *drift, false},
        {"Data and cost", cost, sizeof cost / sizeof *cost, false},
        {"The second stage, where there is one", ranker, sizeof ranker / sizeof *ranker, true}};
    board_layout(run, categories, sizeof categories / sizeof *categories);
}

void watch_start(struct watch *watch, struct board *board, uint32_t version, int64_t costs_every,
                 const struct observer *next)
{
    char name[32];
    snprintf(name, sizeof name, WATCH_RUN_PREFIX "%06u", version);
    *watch = (struct watch){.observer = {.context = watch,
                                         .progress = pass_progress,
                                         .scalar = pass_scalar,
                                         .stop = pass_stop,
                                         .text = pass_text,
                                         .values = pass_values,
                                         .scores = pass_scores,
                                         .graph = pass_graph,
                                         .costs = pass_costs},
                            .next = next,
                            .run = board_run_open(board, name, 0)};
    watch->observer.costs_every = watch->run ? costs_every : 0;
    show_layout(watch->run);
}

void watch_finish(struct watch *watch, const struct round_result *result, enum status status)
{
    struct buffer text = {0};
    if (status == STATUS_OK && result)
        buffer_printf(&text, "**%s**. %s\n\n```json\n%s\n```\n",
                      result->published ? "Published" : "Refused",
                      result->reason.data ? result->reason.data : "",
                      result->report.data ? result->report.data : "{}");
    else
        buffer_printf(&text, "**%s**\n", status_name(status));
    if (!text.failed)
        board_text(watch->run, "round/verdict", 0, text.data);
    buffer_free(&text);
    const bool reported = status == STATUS_OK && result && result->report.data;
    if (reported) {
        watch_report(watch->run, result->report.data, result->report.size);
        board_trial_end(watch->run, true);
    }
    score_pictures_show(&watch->pictures, watch->run);
    board_run_close(watch->run);
    op_graph_free(&watch->graph);
}
