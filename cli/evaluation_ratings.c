#include "cli/evaluation_ratings.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "cli/table.h"
#include "eval/report_json.h"

/* ---- for people ---- */

static void interval_cell(struct table_text *table, const struct interval *interval)
{
    table_cell(table, "%.4f ±%.4f", interval->mean, (interval->high - interval->low) / 2);
}

static enum status print_figures(const struct rating_report *report,
                                 const struct fit_cost *const *costs, FILE *out)
{
    static const struct table_column columns[] = {{"model", false, 0}, {"RMSE", true, 0},
                                                  {"MAE", true, 0},    {"fit", true, 0},
                                                  {"peak", true, 0},   {"predictions/s", true, 0}};
    struct table_text *table = table_new(columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < report->n_models; i++) {
        const struct model_rating_report *model = &report->models[i];
        table_cell(table, "%s", model->name);
        for (size_t f = 0; f < RATING_METRIC_COUNT; f++)
            interval_cell(table, &model->values[f]);
        table_cell(table, "%.2f s", costs[i]->seconds);
        table_cell(table, "%.0f MB", (double)costs[i]->peak_rss_bytes / 1e6);
        table_cell(table, "%.0f", model->ratings_per_second);
    }
    return table_print(table, out);
}

static enum status print_differences(const struct rating_report *report, FILE *out)
{
    static const struct table_column columns[] = {
        {"difference", false, 0}, {"RMSE", true, 0}, {"MAE", true, 0}};
    struct table_text *table = table_new(columns, sizeof columns / sizeof *columns);
    for (size_t i = 1; i < report->n_models; i++) {
        const struct model_rating_report *model = &report->models[i];
        table_cell(table, "%s - %s", model->name, report->models[0].name);
        for (size_t f = 0; f < RATING_METRIC_COUNT; f++)
            table_cell(table, "%+.4f [%+.4f, %+.4f]", model->over_first[f].mean,
                       model->over_first[f].low, model->over_first[f].high);
    }
    return table_print(table, out);
}

enum status evaluation_print_ratings(const struct rating_report *report,
                                     const struct fit_cost *const *costs, const char *split,
                                     FILE *out)
{
    fprintf(out,
            "%" PRIu32 " users measured, %" PRIu64 " training ratings, %" PRIu64
            " test ratings; split: %s\n\n",
            report->n_users, report->n_train, report->n_test, split);
    enum status status = print_figures(report, costs, out);
    if (status != STATUS_OK || report->n_models < 2)
        return status;
    fputc('\n', out);
    return print_differences(report, out);
}

/* ---- for programs ---- */

static void append_text(struct buffer *out, const char *text)
{
    buffer_append_json(out, text, strlen(text));
}

static void append_intervals(struct buffer *out, const char *name, const struct interval *intervals)
{
    buffer_printf(out, ", \"%s\": {", name);
    for (size_t f = 0; f < RATING_METRIC_COUNT; f++)
        buffer_printf(out, "%s\"%s\": [%.9g, %.9g]", f ? ", " : "", rating_metric_names[f],
                      intervals[f].low, intervals[f].high);
    buffer_append_byte(out, '}');
}

static void append_cost(struct buffer *out, const struct fit_cost *cost)
{
    buffer_printf(out, ", \"fit_seconds\": %.9g, \"epochs\": %zu, \"epoch_seconds\": [",
                  cost->seconds, cost->n_epochs);
    for (size_t i = 0; i < cost->n_epochs; i++)
        buffer_printf(out, "%s%.9g", i ? ", " : "", cost->epoch_seconds[i]);
    buffer_append_byte(out, ']');
    if (isfinite(cost->loss))
        buffer_printf(out, ", \"fit_loss\": %.9g", cost->loss);
    buffer_printf(out, ", \"peak_rss_bytes\": %" PRIu64, cost->peak_rss_bytes);
}

static void append_model(struct buffer *out, const struct model_rating_report *model,
                         const struct fit_cost *cost)
{
    buffer_append_text(out, "{\"model\": ");
    append_text(out, model->name);
    buffer_append_text(out, ", \"settings\": ");
    model_settings_append_json(model->class, model->settings, out);
    buffer_append_text(out, ", \"metrics\": {");
    for (size_t f = 0; f < RATING_METRIC_COUNT; f++)
        buffer_printf(out, "%s\"%s\": %.9g", f ? ", " : "", rating_metric_names[f],
                      model->values[f].mean);
    buffer_append_byte(out, '}');
    append_intervals(out, "intervals", model->values);
    append_intervals(out, "over_first", model->over_first);
    append_cost(out, cost);
    buffer_printf(out, ", \"predictions_per_second\": %.9g}", model->ratings_per_second);
}

void evaluation_ratings_json(const struct rating_report *report,
                             const struct fit_cost *const *costs, const char *split,
                             struct buffer *out)
{
    buffer_append_text(out, "{\"split\": {\"kind\": ");
    append_text(out, split);
    buffer_printf(out,
                  ", \"users\": %" PRIu32 ", \"train\": %" PRIu64 ", \"test\": %" PRIu64
                  ", \"seed\": %" PRIu64 ", \"bootstrap_draws\": %u}, \"models\": [",
                  report->n_users, report->n_train, report->n_test, report->seed, report->draws);
    for (size_t i = 0; i < report->n_models; i++) {
        buffer_append_text(out, i ? ", " : "");
        append_model(out, &report->models[i], costs[i]);
    }
    buffer_append_text(out, "], \"best\": ");
    append_text(out, report->models[report->best].name);
    buffer_append_text(out, "}\n");
}
