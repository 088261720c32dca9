#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "cli/answering.h"
#include "cli/commands.h"
#include "cli/console.h"
#include "cli/map_items.h"
#include "cli/map_output.h"
#include "cli/map_words.h"
#include "cli/report.h"
#include "cli/threads.h"

struct map_job {
    const struct invocation *invocation;
    struct context context;
    struct answering answering;
    struct console console;
    struct parallel *pool;
    const struct model *model;
    uint64_t *weights; /* [n_items] events with each */
    struct item_map map;
    struct map_items items;
    struct map_output output;
    struct arena arena;
};

/* ---- the places ---- */

static enum status choose_model(struct map_job *job, struct error *reterr)
{
    const struct snapshot *snapshot = job->answering.snapshot;
    const char *name = invocation_text(job->invocation, "model");
    if (!name) {
        job->model = item_map_model(snapshot->models, snapshot->n_models, snapshot->retriever);
        return job->model ? STATUS_OK
                          : error_set(reterr, STATUS_NOT_FOUND,
                                      "no model of the active snapshot has vectors of items; add "
                                      "ials or item2vec to models.retrievers and run 'tastevin "
                                      "train'");
    }
    job->model = item_map_model(NULL, 0, model_named(snapshot->models, snapshot->n_models, name));
    return job->model
               ? STATUS_OK
               : error_set(reterr, STATUS_NOT_FOUND,
                           "the active snapshot has no model '%.60s' with vectors of items", name);
}

static enum status weigh_items(struct map_job *job)
{
    const struct snapshot *snapshot = job->answering.snapshot;
    const uint32_t n_items = job->model->n_items;
    job->weights = calloc(n_items + 1, sizeof *job->weights);
    if (!job->weights)
        return STATUS_NO_MEMORY;
    item_map_weigh(snapshot->touches, snapshot->touch_starts[snapshot->n_users], n_items,
                   job->weights);
    return STATUS_OK;
}

/* Of the vectors as they were given to the map. */
static enum status measure(struct map_job *job, struct error *reterr)
{
    uint32_t d;
    const float *vectors = job->model->class->item_vectors(job->model, &d);
    float *rows = malloc((size_t)job->map.n * d * sizeof *rows);
    if (!rows)
        return error_set(reterr, STATUS_NO_MEMORY, "no memory to measure the map");
    item_map_unit_rows(vectors, job->map.items, job->map.n, d, rows);
    const struct points points = {.n = job->map.n, .d = d, .rows = rows};
    const enum status status = map_output_measure(&job->output, &points, job->map.places, job->pool,
                                                  &job->console.observer, reterr);
    free(rows);
    return status;
}

static enum status make_map(struct map_job *job, struct error *reterr)
{
    const struct invocation *invocation = job->invocation;
    enum status status = choose_model(job, reterr);
    if (status == STATUS_OK && weigh_items(job) != STATUS_OK)
        status = error_set(reterr, STATUS_NO_MEMORY, "no memory for the map");
    if (status == STATUS_OK)
        status = console_open(&job->console, reterr);
    if (status == STATUS_OK)
        status = threads_start(invocation, &job->pool, reterr);
    if (status != STATUS_OK)
        return status;
    const struct item_map_request request = {
        .model = job->model,
        .weights = job->weights,
        .items_max = (uint32_t)invocation_whole(invocation, "number"),
        .settings = {.perplexity = invocation_real(invocation, "perplexity"),
                     .iterations = invocation_whole(invocation, "iterations")},
        .seed = (uint64_t)invocation_whole(invocation, "seed")};
    status = item_map_make(&request, job->pool, &job->console.observer, &job->map, reterr);
    if (status == STATUS_OK && job->map.n == 0)
        return error_set(reterr, STATUS_NOT_FOUND,
                         "no item of the active snapshot has events: there is nothing to draw");
    return status == STATUS_OK ? measure(job, reterr) : status;
}

/* ---- the picture ---- */

static enum status name_points(struct map_job *job, struct error *reterr)
{
    const struct view *view = &job->answering.view.view;
    struct bitmap eligible = {0};
    enum status status = bitmap_resize(&eligible, view->n_items);
    if (status == STATUS_OK)
        status = view->class->eligible(view, clock_now_ms(), &eligible);
    if (status == STATUS_OK)
        status = map_items_make(&job->map, job->weights, live_catalogue(&job->answering.view),
                                &eligible, &job->arena, &job->items);
    bitmap_free(&eligible);
    return status == STATUS_OK ? status
                               : error_set(reterr, status, "no memory for the items' names");
}

static enum status give(struct map_job *job, struct error *reterr)
{
    char title[160], note[200];
    const char *given = invocation_text(job->invocation, "title");
    snprintf(title, sizeof title, "%u items by the vectors of %s", job->items.n,
             job->model->class->name);
    snprintf(note, sizeof note,
             "t-SNE at perplexity %.3g; what lies near was liked by the same people; labels: the "
             "most popular%s",
             job->map.fit.perplexity,
             job->items.n_others && job->items.n_categories ? "; grey: other categories or none"
                                                            : "");
    job->output.model = job->model->class->name;
    job->output.fit = job->map.fit;
    job->output.ids = job->items.ids;
    job->output.paths = job->items.paths;
    job->output.picture =
        (struct map_picture){.title = given ? given : title,
                             .note = note,
                             .points = job->items.points,
                             .n = job->items.n,
                             .categories = job->items.categories,
                             .n_categories = job->items.n_categories,
                             .labels_max = (uint32_t)invocation_whole(job->invocation, "labels")};
    return map_output_give(&job->output, reterr);
}

/* ---- the subcommand ---- */

int command_map(const struct invocation *invocation)
{
    struct error err = {0};
    struct map_job job = {.invocation = invocation,
                          .output = {.invocation = invocation, .noun = "items"}};
    if (map_output_check(invocation, &err) != STATUS_OK)
        return report_usage(invocation->command, "%s", err.text);
    if (invocation_has(invocation, "vectors"))
        return map_of_words(invocation);
    if (invocation_has(invocation, "skip"))
        return report_usage(invocation->command, "--skip is of --vectors FILE");
    enum status status = context_open(invocation, CONTEXT_READ, &job.context, &err);
    if (status == STATUS_OK)
        status = answering_open(&job.context, &job.answering, &err);
    if (status == STATUS_OK)
        status = make_map(&job, &err);
    if (status == STATUS_OK)
        status = name_points(&job, &err);
    progress_clear(&job.console.progress);
    if (status == STATUS_OK)
        status = give(&job, &err);
    console_close(&job.console);
    answering_close(&job.answering);
    context_close(&job.context);
    parallel_free(job.pool);
    item_map_free(&job.map);
    arena_free(&job.arena);
    free(job.weights);
    err.status = status;
    return status == STATUS_OK ? EXIT_DONE : report_failure(&err);
}
