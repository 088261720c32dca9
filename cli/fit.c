#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "board/board.h"
#include "cli/commands.h"
#include "cli/configuration.h"
#include "cli/console.h"
#include "cli/fit_output.h"
#include "cli/help.h"
#include "cli/report.h"
#include "cli/threads.h"
#include "train/table_report.h"

enum { NAME_SIZE = 200, DROPPED_MAX = 256 };

struct fit_job {
    const struct invocation *invocation;
    struct arena arena;
    struct feature_spec *spec;
    struct table_settings settings;
    struct fitted *from;
    struct parallel *pool;
    struct console console;
    struct board *board;
    struct table_fit_result result;
    struct table_measured measured;
    bool is_measured;
};

/* ---- help ---- */

static void help_options_of(const struct option *options, size_t n, FILE *out)
{
    for (size_t i = 0; i < n; i++) {
        char name[64], text[400];
        snprintf(name, sizeof name, "      --set %s=", options[i].name);
        snprintf(text, sizeof text, "%s [%s]", options[i].help, options[i].initial);
        help_row(name, text, out);
    }
}

void help_predictors(FILE *out)
{
    fputc('\n', out);
    help_row("Every mode", "settings that all modes have", out);
    for (size_t i = 1; i < n_table_fit_options; i++)
        help_options_of(&table_fit_options[i], 1, out);
    for (size_t i = 0; predictor_classes[i]; i++) {
        const struct predictor_class *class = predictor_classes[i];
        char title[64];
        fputc('\n', out);
        snprintf(title, sizeof title, "Mode %s", class->name);
        help_row(title, class->summary, out);
        help_options_of(class->options, class->n_options, out);
    }
}

/* ---- what was asked for ---- */

static enum status need(const struct invocation *invocation, const char *name, struct error *reterr)
{
    if (invocation_text(invocation, name))
        return STATUS_OK;
    return error_set(reterr, STATUS_MALFORMED, "%s needs --%s", invocation->command->name, name);
}

static enum status check_request(const struct invocation *invocation, struct error *reterr)
{
    static const char *const standard = "-";
    enum status status = need(invocation, "spec", reterr);
    if (status == STATUS_OK)
        status = need(invocation, "train", reterr);
    const char *measured = invocation_text(invocation, "eval");
    if (status == STATUS_OK && measured && strcmp(measured, standard) == 0 &&
        strcmp(invocation_text(invocation, "train"), standard) == 0)
        status =
            error_set(reterr, STATUS_MALFORMED, "--train and --eval cannot both be standard input");
    return status;
}

static enum status set_shorthand(struct fit_job *job, const char *name, struct error *reterr)
{
    char text[32];
    if (!invocation_has(job->invocation, name))
        return STATUS_OK;
    snprintf(text, sizeof text, "%" PRId64, invocation_whole(job->invocation, name));
    return table_settings_set(&job->settings, name, text, &job->arena, reterr);
}

static enum status apply_sets(struct fit_job *job, struct error *reterr)
{
    enum status status = set_shorthand(job, "epochs", reterr);
    if (status == STATUS_OK)
        status = set_shorthand(job, "batch", reterr);
    if (status == STATUS_OK)
        status = configuration_set_table(job->invocation, &job->settings, &job->arena, reterr);
    return status;
}

static enum status drop_columns(struct fit_job *job, struct error *reterr)
{
    const char *dropped[DROPPED_MAX];
    uint32_t n = 0;
    const struct given *given = NULL;
    while ((given = invocation_next(job->invocation, "drop", given))) {
        if (n == DROPPED_MAX)
            return error_set(reterr, STATUS_TOO_LARGE, "--drop is given more than %d times",
                             DROPPED_MAX);
        dropped[n++] = given->text;
    }
    if (n == 0)
        return STATUS_OK;
    struct feature_spec *less;
    const enum status status = feature_spec_drop(job->spec, dropped, n, &less, reterr);
    if (status == STATUS_OK) {
        feature_spec_free(job->spec);
        job->spec = less;
    }
    return status;
}

static enum status read_spec(struct fit_job *job, struct error *reterr)
{
    enum status status =
        feature_spec_read(invocation_text(job->invocation, "spec"), &job->spec, reterr);
    return status == STATUS_OK ? drop_columns(job, reterr) : status;
}

static enum status read_settings(struct fit_job *job, struct error *reterr)
{
    const enum status status = table_settings_read(
        job->spec, invocation_text(job->invocation, "mode"), &job->arena, &job->settings, reterr);
    return status == STATUS_OK ? apply_sets(job, reterr) : status;
}

/* ---- work ---- */

/* The last part of a path, for the name of a run. */
static void run_name(const struct fit_job *job, char out[NAME_SIZE])
{
    const char *path = invocation_text(job->invocation, "out");
    size_t end = path ? strlen(path) : 0;
    while (end > 0 && path[end - 1] == '/')
        end--;
    size_t start = end;
    while (start > 0 && path[start - 1] != '/')
        start--;
    snprintf(out, NAME_SIZE, "%.*s", (int)(end - start), path ? path + start : "");
    if (!*out)
        snprintf(out, NAME_SIZE, "%s", job->settings.class->name);
}

static enum status prepare(struct fit_job *job, struct error *reterr)
{
    const struct invocation *invocation = job->invocation;
    const char *out = invocation_text(invocation, "out"),
               *from = invocation_text(invocation, "from"),
               *logdir = invocation_text(invocation, "logdir");
    enum status status = threads_start(invocation, &job->pool, reterr);
    if (status == STATUS_OK && out)
        status = fitted_check_place(out, reterr);
    if (status == STATUS_OK && from)
        status = fitted_load(from, &job->from, reterr);
    if (status == STATUS_OK && logdir)
        status = board_open(logdir, &job->board, reterr);
    if (status == STATUS_OK) {
        char name[NAME_SIZE];
        run_name(job, name);
        job->console.run = board_run_open(job->board, name, 0);
        job->console.observer.numerics = invocation_flag(invocation, "debug-numerics");
        job->console.observer.every =
            job->console.run ? invocation_whole(invocation, "watch-every") : 0;
        job->console.observer.costs_every =
            job->console.run ? invocation_whole(invocation, "time-every") : 0;
    }
    return status;
}

static enum status fit(struct fit_job *job, struct error *reterr)
{
    const struct table_fit_request request = {
        .path = invocation_text(job->invocation, "train"),
        .settings = &job->settings,
        .from = job->from,
        .seed = (uint64_t)invocation_whole(job->invocation, "seed"),
        .pool = job->pool,
        .observer = &job->console.observer};
    struct feature_spec *spec = job->spec;
    job->spec = NULL;
    return table_fit(spec, &request, &job->result, reterr);
}

static void show_on_board(const struct fit_job *job)
{
    for (int m = 0; m < BINARY_METRIC_COUNT; m++) {
        char tag[NAME_SIZE];
        snprintf(tag, sizeof tag, "test/%s", binary_metrics[m].name);
        board_scalar(job->console.run, tag, job->result.report.best_epoch,
                     job->measured.metrics.values[m]);
    }
    board_flush(job->console.run);
}

static enum status measure(struct fit_job *job, struct error *reterr)
{
    const char *path = invocation_text(job->invocation, "eval");
    if (!path)
        return STATUS_OK;
    const enum status status =
        table_measure(job->result.fitted, path, job->settings.batch, job->pool,
                      &job->console.observer, &job->measured, reterr);
    job->is_measured = status == STATUS_OK;
    if (job->is_measured)
        show_on_board(job);
    return status;
}

/* The report goes with the model; the model to its place. */
static enum status save(struct fit_job *job, struct error *reterr)
{
    struct buffer report = {0};
    struct fitted *fitted = job->result.fitted;
    table_report_append_json(&job->result, job->is_measured ? &job->measured : NULL, job->from,
                             &report);
    char *text = report.failed ? NULL : strdup(report.data);
    buffer_free(&report);
    if (!text)
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory for the report");
    free(fitted->report);
    fitted->report = text;
    const char *out = invocation_text(job->invocation, "out");
    return out ? fitted_save(fitted, out, reterr) : STATUS_OK;
}

static enum status print(struct fit_job *job, struct error *reterr)
{
    const struct fit_output output = {.result = &job->result,
                                      .measured = job->is_measured ? &job->measured : NULL,
                                      .settings = &job->settings,
                                      .from = job->from,
                                      .out = invocation_text(job->invocation, "out")};
    progress_clear(&job->console.progress);
    return invocation_flag(job->invocation, "json") ? fit_print_json(&output, stdout, reterr)
                                                    : fit_print(&output, stdout, reterr);
}

static enum status run(struct fit_job *job, struct error *reterr)
{
    enum status status = console_open(&job->console, reterr);
    if (status == STATUS_OK)
        status = prepare(job, reterr);
    if (status == STATUS_OK)
        status = fit(job, reterr);
    if (status == STATUS_OK)
        status = measure(job, reterr);
    score_pictures_show(&job->console.pictures, job->console.run);
    if (status == STATUS_OK)
        status = save(job, reterr);
    return status == STATUS_OK ? print(job, reterr) : status;
}

static void job_free(struct fit_job *job)
{
    board_run_close(job->console.run);
    job->console.run = NULL;
    console_close(&job->console);
    board_close(job->board);
    fitted_free(job->result.fitted);
    fitted_free(job->from);
    feature_spec_free(job->spec);
    parallel_free(job->pool);
    arena_free(&job->arena);
    free(job);
}

int command_fit(const struct invocation *invocation)
{
    struct error err = {0};
    if (check_request(invocation, &err) != STATUS_OK)
        return report_usage(invocation->command, "%s", err.text);
    struct fit_job *job = calloc(1, sizeof *job);
    if (!job) {
        error_set(&err, STATUS_NO_MEMORY, "no memory");
        return report_failure(&err);
    }
    job->invocation = invocation;
    enum status status = read_spec(job, &err);
    if (status == STATUS_OK)
        status = read_settings(job, &err);
    if (status == STATUS_OK)
        status = run(job, &err);
    job_free(job);
    return status == STATUS_OK ? EXIT_DONE : report_failure(&err);
}
