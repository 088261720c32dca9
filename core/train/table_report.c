#include "train/table_report.h"

#include <inttypes.h>
#include <string.h>

static void add_number(struct buffer *out, const char *name, double value)
{
    buffer_append_text(out, ", ");
    buffer_append_json(out, name, strlen(name));
    buffer_append_text(out, ": ");
    buffer_append_double(out, value);
}

static void add_count(struct buffer *out, const char *name, uint64_t value)
{
    buffer_printf(out, ", \"%s\": %" PRIu64, name, value);
}

static void add_metrics(struct buffer *out, const struct binary_report *metrics)
{
    for (int m = 0; m < BINARY_METRIC_COUNT; m++) {
        buffer_append_text(out, m ? ", " : "{");
        buffer_append_json(out, binary_metrics[m].name, strlen(binary_metrics[m].name));
        buffer_append_text(out, ": ");
        buffer_append_double(out, metrics->values[m]);
    }
    buffer_append_text(out, ", \"calibration\": [");
    for (int g = 0; g < CALIBRATION_GROUPS; g++) {
        const struct calibration_group *group = &metrics->calibration[g];
        buffer_append_text(out, g ? ", {\"weight\": " : "{\"weight\": ");
        buffer_append_double(out, group->weight);
        add_number(out, "prediction/mean", group->prediction_mean);
        add_number(out, "label/mean", group->label_mean);
        buffer_append_byte(out, '}');
    }
    buffer_append_text(out, "]}");
}

static void add_course(struct buffer *out, const struct table_fit_result *result)
{
    const struct predictor_report *report = &result->report;
    add_number(out, "train_loss", report->train_loss);
    buffer_append_text(out, ", \"validation\": ");
    if (result->n_valid) {
        buffer_append_text(out, "{\"loss\": ");
        buffer_append_double(out, report->valid_loss);
        add_number(out, "auc", report->valid_auc);
        buffer_append_byte(out, '}');
    } else {
        buffer_append_text(out, "null");
    }
    buffer_append_text(out, ", \"diverged\": ");
    if (report->diverged_epoch) {
        buffer_printf(out, "{\"epoch\": %u", report->diverged_epoch);
        add_number(out, "loss", report->diverged_loss);
        buffer_append_byte(out, '}');
    } else {
        buffer_append_text(out, "null");
    }
}

static void add_notes(struct buffer *out, const struct features *features)
{
    const char *const *notes;
    const uint32_t n = features_notes(features, &notes);
    buffer_append_text(out, ", \"notes\": [");
    for (uint32_t i = 0; i < n; i++) {
        buffer_append_text(out, i ? ", " : "");
        buffer_append_json(out, notes[i], strlen(notes[i]));
    }
    buffer_append_byte(out, ']');
}

void table_report_append_json(const struct table_fit_result *result,
                              const struct table_measured *measured, const struct fitted *from,
                              struct buffer *out)
{
    const struct predictor_report *report = &result->report;
    const char *mode = result->fitted->predictor->class->name;
    buffer_append_text(out, "{\"mode\": ");
    buffer_append_json(out, mode, strlen(mode));
    add_count(out, "features", result->n_features);
    add_count(out, "parameters", report->parameters);
    add_count(out, "wide_weights", report->wide_weights);
    add_count(out, "wide_zero", report->wide_zero);
    add_count(out, "epochs", report->epochs);
    add_count(out, "best_epoch", report->best_epoch);
    buffer_printf(out, ", \"rows\": {\"train\": %u, \"validation\": %u, \"eval\": %u}",
                  result->n_train, result->n_valid, measured ? measured->n : 0);
    add_course(out, result);
    if (from)
        buffer_printf(out, ", \"parent\": \"%08x\"", from->crc);
    else
        buffer_append_text(out, ", \"parent\": null");
    add_notes(out, result->fitted->features);
    buffer_append_text(out, ", \"eval\": ");
    if (measured)
        add_metrics(out, &measured->metrics);
    else
        buffer_append_text(out, "null");
    buffer_append_byte(out, '}');
}
