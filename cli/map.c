#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "cli/answering.h"
#include "cli/commands.h"
#include "cli/console.h"
#include "cli/drawing.h"
#include "cli/map_items.h"
#include "cli/report.h"
#include "eval/map_quality.h"

enum { NEIGHBOURS = 12, LOOKS_MAX = 1000 };

struct map_job {
    const struct invocation *invocation;
    struct context context;
    struct answering answering;
    struct console console;
    struct parallel *pool;
    const struct model *model;
    uint64_t *weights; /* [n_items] events with each */
    struct item_map map;
    struct map_quality quality;
    bool measured; /* there are enough points */
    struct map_items items;
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
    for (size_t i = 0; i < snapshot->n_models; i++)
        if (strcmp(snapshot->models[i]->class->name, name) == 0)
            job->model = item_map_model(NULL, 0, snapshot->models[i]);
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
    if (job->map.n <= 2 * NEIGHBOURS)
        return STATUS_OK;
    float *rows = malloc((size_t)job->map.n * d * sizeof *rows);
    if (!rows)
        return error_set(reterr, STATUS_NO_MEMORY, "no memory to measure the map");
    item_map_unit_rows(vectors, job->map.items, job->map.n, d, rows);
    const struct points points = {.n = job->map.n, .d = d, .rows = rows};
    const enum status status =
        map_quality_find(&points, job->map.places, NEIGHBOURS, LOOKS_MAX, job->pool,
                         &job->console.observer, &job->quality, reterr);
    job->measured = status == STATUS_OK;
    free(rows);
    return status;
}

static enum status make_map(struct map_job *job, struct error *reterr)
{
    const struct invocation *invocation = job->invocation;
    const int64_t threads = invocation_whole(invocation, "threads");
    enum status status = choose_model(job, reterr);
    if (status == STATUS_OK && weigh_items(job) != STATUS_OK)
        status = error_set(reterr, STATUS_NO_MEMORY, "no memory for the map");
    if (status == STATUS_OK)
        status = console_open(&job->console, reterr);
    if (status == STATUS_OK && parallel_new(threads ? (unsigned)threads : parallel_cores(), false,
                                            &job->pool) != STATUS_OK)
        status = error_set(reterr, STATUS_NO_MEMORY, "the threads could not be started");
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

static enum status draw(const struct map_job *job, const char *path, uint32_t *ret_labels,
                        struct error *reterr)
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
    const struct map_picture picture = {.title = given ? given : title,
                                        .note = note,
                                        .points = job->items.points,
                                        .n = job->items.n,
                                        .categories = job->items.categories,
                                        .n_categories = job->items.n_categories,
                                        .labels_max =
                                            (uint32_t)invocation_whole(job->invocation, "labels")};
    return map_picture_write(&picture, path, ret_labels, reterr);
}

static enum status draw_all(const struct map_job *job, struct error *reterr)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < job->invocation->n_given && status == STATUS_OK; i++) {
        const struct given *given = &job->invocation->given[i];
        uint32_t labels = 0;
        if (strcmp(given->option->option.name, "out") != 0)
            continue;
        status = draw(job, given->text, &labels, reterr);
        if (status == STATUS_OK)
            report_note("tastevin: %s: %u items, %u of them with their names", given->text,
                        job->items.n, labels);
    }
    return status;
}

/* ---- output ---- */

static void print_text(const struct map_job *job)
{
    printf("%u items by the vectors of %s; divergence %.3f", job->items.n, job->model->class->name,
           job->map.fit.divergence);
    if (job->measured)
        printf("; of %d neighbours: trustworthiness %.3f, continuity %.3f", NEIGHBOURS,
               job->quality.trustworthiness, job->quality.continuity);
    putchar('\n');
}

static enum status print_json(const struct map_job *job)
{
    struct buffer out = {0};
    buffer_printf(&out, "{\"model\":\"%s\",\"perplexity\":%.6g,\"divergence\":%.6g",
                  job->model->class->name, job->map.fit.perplexity, job->map.fit.divergence);
    if (job->measured)
        buffer_printf(&out, ",\"neighbours\":%d,\"trustworthiness\":%.6f,\"continuity\":%.6f",
                      NEIGHBOURS, job->quality.trustworthiness, job->quality.continuity);
    buffer_append_text(&out, ",\"items\":[");
    for (uint32_t i = 0; i < job->items.n; i++) {
        buffer_append_text(&out, i ? ",\n{\"id\":" : "\n{\"id\":");
        buffer_append_json(&out, job->items.ids[i], strlen(job->items.ids[i]));
        buffer_append_text(&out, ",\"x\":");
        buffer_append_float(&out, job->items.points[i].x);
        buffer_append_text(&out, ",\"y\":");
        buffer_append_float(&out, job->items.points[i].y);
        if (job->items.paths[i][0]) {
            buffer_append_text(&out, ",\"category\":");
            buffer_append_json(&out, job->items.paths[i], strlen(job->items.paths[i]));
        }
        buffer_append_byte(&out, '}');
    }
    buffer_append_text(&out, "]}\n");
    const bool failed = out.failed;
    if (!failed)
        fwrite(out.data, 1, out.size, stdout);
    buffer_free(&out);
    return failed ? STATUS_NO_MEMORY : STATUS_OK;
}

static enum status print(const struct map_job *job, struct error *reterr)
{
    if (!invocation_flag(job->invocation, "json")) {
        print_text(job);
        return STATUS_OK;
    }
    const enum status status = print_json(job);
    return status == STATUS_OK ? status : error_set(reterr, status, "no memory for the answer");
}

/* ---- the subcommand ---- */

static enum status check_paths(const struct invocation *invocation, struct error *reterr)
{
    for (size_t i = 0; i < invocation->n_given; i++) {
        const struct given *given = &invocation->given[i];
        if (strcmp(given->option->option.name, "out") == 0 && !drawing_path_is_known(given->text))
            return error_set(reterr, STATUS_OUT_OF_RANGE,
                             "--out %.100s: the name must end in .svg or .png", given->text);
    }
    return invocation_has(invocation, "out") || invocation_flag(invocation, "json")
               ? STATUS_OK
               : error_set(reterr, STATUS_MALFORMED,
                           "map needs --out FILE.svg or FILE.png, or --json for the places");
}

int command_map(const struct invocation *invocation)
{
    struct error err = {0};
    struct map_job job = {.invocation = invocation};
    if (check_paths(invocation, &err) != STATUS_OK)
        return report_usage(invocation->command, "%s", err.text);
    enum status status = context_open(invocation, CONTEXT_READ, &job.context, &err);
    if (status == STATUS_OK)
        status = answering_open(&job.context, &job.answering, &err);
    if (status == STATUS_OK)
        status = make_map(&job, &err);
    if (status == STATUS_OK)
        status = name_points(&job, &err);
    progress_clear(&job.console.progress);
    if (status == STATUS_OK)
        status = draw_all(&job, &err);
    if (status == STATUS_OK)
        status = print(&job, &err);
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
