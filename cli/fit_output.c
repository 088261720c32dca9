#include "cli/fit_output.h"

#include <inttypes.h>
#include <string.h>

#include "cli/report.h"
#include "cli/table.h"

/* Examples that the fit went through a second. */
static double speed_of(const struct table_fit_result *result)
{
    return result->fit_seconds > 0 ? (double)result->n_seen / result->fit_seconds : 0;
}

/* ---- for people ---- */

static void print_course(const struct fit_output *output, FILE *out)
{
    const struct table_fit_result *result = output->result;
    const struct predictor_report *report = &result->report;
    fprintf(out, "%s: %u rows", output->settings->class->name, result->n_train);
    if (result->n_valid)
        fprintf(out, " and %u held out for validation", result->n_valid);
    fprintf(out, ", %u features, %" PRIu64 " parameters", result->n_features, report->parameters);
    if (report->wide_weights)
        fprintf(out, ", %.1f %% of %" PRIu64 " wide weights are zero",
                100.0 * (double)report->wide_zero / (double)report->wide_weights,
                report->wide_weights);
    fprintf(out, "\n%u epochs, the best was %u", report->epochs, report->best_epoch);
    if (result->n_valid)
        fprintf(out, " (validation: loss %.4f, AUC %.4f)", report->valid_loss, report->valid_auc);
    fprintf(out, "; %.2f s to read, %.2f s to fit, %.0f examples/s\n", result->read_seconds,
            result->fit_seconds, speed_of(result));
}

static enum status print_metrics(const struct table_measured *measured, FILE *out)
{
    static const struct table_column columns[] = {{"metric", false, 0}, {"value", true, 0}};
    struct table_text *table = table_new(columns, 2);
    for (int m = 0; m < BINARY_METRIC_COUNT; m++) {
        table_cell(table, "%s", binary_metrics[m].name);
        table_cell(table, "%.5f", measured->metrics.values[m]);
    }
    return table_print(table, out);
}

static enum status print_calibration(const struct table_measured *measured, FILE *out)
{
    static const struct table_column columns[] = {{"calibration", true, 0},
                                                  {"weight", true, 0},
                                                  {"prediction/mean", true, 0},
                                                  {"label/mean", true, 0}};
    struct table_text *table = table_new(columns, 4);
    for (int g = 0; g < CALIBRATION_GROUPS; g++) {
        const struct calibration_group *group = &measured->metrics.calibration[g];
        table_cell(table, "%d", g + 1);
        table_cell(table, "%.6g", group->weight);
        table_cell(table, group->weight > 0 ? "%.4f" : "-", group->prediction_mean);
        table_cell(table, group->weight > 0 ? "%.4f" : "-", group->label_mean);
    }
    return table_print(table, out);
}

/* What deserves a warning, on standard error. */
static void print_notes(const struct table_fit_result *result)
{
    const char *const *notes;
    const uint32_t n = features_notes(result->fitted->features, &notes);
    for (uint32_t i = 0; i < n; i++)
        report_note("tastevin: %s", notes[i]);
    if (result->report.diverged_epoch)
        report_note("tastevin: the loss ran away in epoch %u (to %g): the parameters of epoch %u "
                    "were kept; a lower learning rate helps",
                    result->report.diverged_epoch, result->report.diverged_loss,
                    result->report.best_epoch);
}

enum status fit_print(const struct fit_output *output, FILE *out, struct error *reterr)
{
    enum status status = STATUS_OK;
    print_notes(output->result);
    print_course(output, out);
    if (output->measured) {
        fprintf(out, "\nOn %u rows that it has not seen:\n", output->measured->n);
        status = print_metrics(output->measured, out);
        fputc('\n', out);
        if (status == STATUS_OK)
            status = print_calibration(output->measured, out);
    }
    if (output->out)
        fprintf(out, "\n'tastevin predict --model %s --input FILE' uses it.\n", output->out);
    return status == STATUS_OK ? status : error_set(reterr, status, "out of memory for the report");
}

/* ---- JSON ---- */

enum status fit_print_json(const struct fit_output *output, FILE *out, struct error *reterr)
{
    const struct table_fit_result *result = output->result;
    struct buffer text = {0};
    buffer_append_text(&text, "{\"model\": ");
    if (output->out)
        buffer_append_json(&text, output->out, strlen(output->out));
    else
        buffer_append_text(&text, "null");
    buffer_printf(&text, ", \"seed\": %" PRIu64 ", \"settings\": ", result->fitted->seed);
    table_settings_append_json(output->settings, &text);
    buffer_append_text(&text, ", \"report\": ");
    table_report_append_json(result, output->measured, output->from, &text);
    buffer_printf(&text,
                  ", \"seconds\": {\"read\": %.4f, \"learn\": %.4f, \"fit\": %.4f, \"predict\": "
                  "%.4f}, \"examples_per_second\": %.0f, \"frame_bytes\": %" PRIu64 "}\n",
                  result->read_seconds, result->learn_seconds, result->fit_seconds,
                  output->measured ? output->measured->predict_seconds : 0, speed_of(result),
                  result->frame_bytes);
    return report_text(&text, out, reterr);
}
