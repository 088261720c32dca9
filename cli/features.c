#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/configuration.h"
#include "cli/console.h"
#include "cli/context.h"
#include "cli/report.h"
#include "cli/table.h"
#include "cli/threads.h"
#include "draw/charts.h"
#include "draw/drawing.h"
#include "train/feature_report.h"
#include "train/ranker_features.h"

struct features_job {
    const struct invocation *invocation;
    struct arena arena;
    struct feature_spec *spec;
    struct table_settings settings;
    struct parallel *pool;
    struct console console;
    struct feature_report *report;
    struct context context; /* of the store */
    struct ranker_features *ranker;
};

/* ---- what was asked for ---- */

static bool is_of_store(const struct invocation *invocation)
{
    return invocation_has(invocation, "data") || invocation_has(invocation, "config");
}

static enum status check_request(const struct invocation *invocation, struct error *reterr)
{
    static const char *const needed[] = {"spec", "train", "eval"};
    const bool store = is_of_store(invocation);
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++) {
        const char *path = invocation_text(invocation, needed[i]);
        if (store && path)
            return error_set(
                reterr, STATUS_MALFORMED,
                "--%s is of a table, and --data or --config name the store: one of both",
                needed[i]);
        if (store)
            continue;
        if (!path)
            return error_set(reterr, STATUS_MALFORMED, "features needs --%s, or --data DIR",
                             needed[i]);
        if (strcmp(path, "-") == 0)
            return error_set(
                reterr, STATUS_MALFORMED,
                "features reads its files several times: --%s cannot be standard input", needed[i]);
    }
    const struct given *given = NULL;
    while ((given = invocation_next(invocation, "chart", given)))
        if (!drawing_path_is_known(given->text))
            return error_set(reterr, STATUS_OUT_OF_RANGE,
                             "--chart %.100s: the name must end in .svg or .png", given->text);
    return STATUS_OK;
}

static enum status read_settings(struct features_job *job, struct error *reterr)
{
    const struct invocation *invocation = job->invocation;
    if (is_of_store(invocation))
        return context_open(invocation, CONTEXT_READ, &job->context, reterr);
    enum status status = feature_spec_read(invocation_text(invocation, "spec"), &job->spec, reterr);
    if (status == STATUS_OK)
        status = table_settings_read(job->spec, invocation_text(invocation, "mode"), &job->arena,
                                     &job->settings, reterr);
    if (status == STATUS_OK)
        status = configuration_set_table(invocation, &job->settings, &job->arena, reterr);
    return status;
}

/* ---- output ---- */

static enum status print_table(const struct feature_report *report, FILE *out)
{
    static const struct table_column columns[] = {{"column or cross", false, 40},
                                                  {"importance", true, 0},
                                                  {"99 %", true, 0},
                                                  {"information", true, 0},
                                                  {"chi-squared", true, 0},
                                                  {"p", true, 0},
                                                  {"dies at L1", true, 0},
                                                  {"", false, 0}};
    struct table_text *table = table_new(columns, sizeof columns / sizeof *columns);
    for (uint32_t i = 0; i < report->n; i++) {
        const struct feature_worth *worth = &report->rows[i];
        table_cell(table, "%s", worth->name);
        table_cell(table, "%.5f", worth->importance);
        table_cell(table, "%+.5f to %+.5f", worth->low, worth->high);
        table_cell(table, "%.4f", worth->association.mutual_information);
        table_cell(table, "%.0f", worth->association.chi_squared);
        table_cell(table, worth->association.p < 0.001 ? "<0.001" : "%.3f", worth->association.p);
        table_cell(table, "%.4f", worth->dies);
        table_cell(table, "%s", worth->drop ? "drop?" : "");
    }
    return table_print(table, out);
}

static enum status print(const struct feature_report *report, FILE *out)
{
    fprintf(out,
            "AUC %.5f on %u held-out rows (mean of %u fits). Importance is what it falls by when "
            "the\ncolumn's values are dealt out anew (%u times each); information is in bits, over "
            "%u\ntraining rows.\n\n",
            report->auc, report->n_held, report->seeds, report->repeats, report->n_train);
    const enum status status = print_table(report, out);
    bool any = false;
    for (uint32_t i = 0; i < report->n && status == STATUS_OK; i++)
        if (report->rows[i].drop) {
            fprintf(
                out, "%s%s",
                any ? ", "
                    : "\nTo try without (the spec's `drop`, or fit --drop NAME), one at a time: ",
                report->rows[i].name);
            any = true;
        }
    fputs(any ? "\n" : "", out);
    return status;
}

static enum status print_json(const struct feature_report *report, FILE *out, struct error *reterr)
{
    struct buffer text = {0};
    feature_report_append_json(report, &text);
    buffer_append_byte(&text, '\n');
    return report_text(&text, out, reterr);
}

/* The bars from the top; of many the first. */
static enum status write_charts(const struct features_job *job, struct error *reterr)
{
    const struct feature_report *report = job->report;
    const size_t n = report->n < CHART_BARS_MAX ? report->n : CHART_BARS_MAX;
    struct chart_bar *bars = calloc(n + 1, sizeof *bars);
    enum status status = bars ? STATUS_OK : error_set(reterr, STATUS_NO_MEMORY, "no memory");
    for (size_t i = 0; bars && i < n; i++) {
        const struct feature_worth *worth = &report->rows[i];
        bars[i] = (struct chart_bar){.name = worth->name,
                                     .value = worth->importance,
                                     .low = worth->low,
                                     .high = worth->high,
                                     .faint = worth->drop};
    }
    const struct chart chart = {.title = "What each column is worth",
                                .axis = "fall of the AUC when its values are dealt out anew (99 %)",
                                .bars = bars,
                                .n_bars = n};
    const struct given *given = NULL;
    while (status == STATUS_OK && (given = invocation_next(job->invocation, "chart", given)))
        status = chart_write(&chart, given->text, reterr);
    free(bars);
    return status;
}

/* ---- the whole ---- */

static enum status run(struct features_job *job, struct error *reterr)
{
    const struct invocation *invocation = job->invocation;
    enum status status = console_open(&job->console, reterr);
    if (status == STATUS_OK)
        status = threads_start(invocation, &job->pool, reterr);
    if (status != STATUS_OK)
        return status;
    struct feature_source source;
    if (is_of_store(invocation)) {
        const struct ranker_features_request ask = {.store = job->context.store,
                                                    .settings = &job->context.settings,
                                                    .types = &job->context.types,
                                                    .pool = job->pool,
                                                    .observer = &job->console.observer};
        status = ranker_features_new(&ask, &job->ranker, reterr);
        if (status != STATUS_OK)
            return status;
        source = ranker_features_source(job->ranker);
    }
    const struct feature_report_request request = {
        .spec = job->ranker ? ranker_features_spec(job->ranker) : job->spec,
        .source = job->ranker ? &source : NULL,
        .settings = &job->settings,
        .train_path = invocation_text(invocation, "train"),
        .held_path = invocation_text(invocation, "eval"),
        .seeds = (uint32_t)invocation_whole(invocation, "seeds"),
        .repeats = (uint32_t)invocation_whole(invocation, "repeats"),
        .least = invocation_real(invocation, "least"),
        .seed = (uint64_t)invocation_whole(invocation, "seed"),
        .pool = job->pool,
        .observer = &job->console.observer};
    status = feature_report_make(&request, &job->report, reterr);
    if (status == STATUS_OK)
        status = write_charts(job, reterr);
    progress_clear(&job->console.progress);
    if (status != STATUS_OK)
        return status;
    if (invocation_flag(invocation, "json"))
        return print_json(job->report, stdout, reterr);
    status = print(job->report, stdout);
    return status == STATUS_OK ? status : error_set(reterr, status, "out of memory for the report");
}

int command_features(const struct invocation *invocation)
{
    struct error err = {0};
    struct features_job job = {.invocation = invocation};
    if (check_request(invocation, &err) != STATUS_OK)
        return report_usage(invocation->command, "%s", err.text);
    enum status status = read_settings(&job, &err);
    if (status == STATUS_OK)
        status = run(&job, &err);
    console_close(&job.console);
    feature_report_free(job.report);
    feature_spec_free(job.spec);
    ranker_features_free(job.ranker);
    context_close(&job.context);
    parallel_free(job.pool);
    arena_free(&job.arena);
    return status == STATUS_OK ? EXIT_DONE : report_failure(&err);
}
