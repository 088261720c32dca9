#include "eval/report_json.h"

#include <math.h>
#include <string.h>

/* Fractions, seconds and counts alike: nine digits; what is not finite becomes null. */
static void append_number(struct buffer *out, double value)
{
    if (isfinite(value))
        buffer_printf(out, "%.9g", value);
    else
        buffer_append_text(out, "null");
}

static void append_string(struct buffer *out, const char *text)
{
    buffer_append_json(out, text, strlen(text));
}

static void append_member(struct buffer *out, const char *name, double value)
{
    buffer_printf(out, ", \"%s\": ", name);
    append_number(out, value);
}

void model_settings_append_json(const struct model_class *class, const void *settings,
                                struct buffer *out)
{
    buffer_append_byte(out, '{');
    for (size_t i = 0; i < class->n_options; i++) {
        buffer_append_text(out, i ? ", " : "");
        append_string(out, class->options[i].name);
        buffer_append_text(out, ": ");
        option_print_json(&class->options[i], settings, out);
    }
    buffer_append_byte(out, '}');
}

static void append_metric_name(struct buffer *out, const struct report *report, int metric,
                               size_t k)
{
    buffer_printf(out, "\"%s", metrics[metric].name);
    if (!metrics[metric].whole_list)
        buffer_printf(out, "@%zu", report->ks[k]);
    buffer_append_text(out, "\": ");
}

static void append_metrics(struct buffer *out, const struct report *report,
                           const struct model_report *model, bool intervals)
{
    const char *comma = "";
    for (int m = 0; m < METRIC_COUNT; m++)
        for (size_t k = 0; k < (metrics[m].whole_list ? 1 : report->n_ks); k++) {
            const struct interval *value = &model->values[m][k];
            buffer_append_text(out, comma);
            append_metric_name(out, report, m, k);
            if (intervals) {
                buffer_append_byte(out, '[');
                append_number(out, value->low);
                buffer_append_text(out, ", ");
                append_number(out, value->high);
                buffer_append_byte(out, ']');
            } else {
                append_number(out, value->mean);
            }
            comma = ", ";
        }
}

static void append_differences(struct buffer *out, const struct report *report,
                               const struct difference differences[COMPARED_COUNT])
{
    buffer_append_byte(out, '{');
    for (int c = 0; c < COMPARED_COUNT; c++) {
        const struct difference *d = &differences[c];
        buffer_append_text(out, c ? ", " : "");
        append_metric_name(out, report, (int)compared_metrics[c], 0);
        buffer_append_text(out, "{\"mean\": ");
        append_number(out, d->interval.mean);
        append_member(out, "low", d->interval.low);
        append_member(out, "high", d->interval.high);
        append_member(out, "p", d->p);
        buffer_append_byte(out, '}');
    }
    buffer_append_byte(out, '}');
}

static void append_slices(struct buffer *out, const struct report *report,
                          const struct model_report *model)
{
    buffer_append_byte(out, '[');
    for (size_t s = 0; s < report->n_slices; s++) {
        buffer_append_text(out, s ? ", {\"slice\": " : "{\"slice\": ");
        append_string(out, report->slices[s].name);
        buffer_printf(out, ", \"users\": %u", report->slices[s].n_users);
        for (int c = 0; c < COMPARED_COUNT; c++) {
            buffer_append_text(out, ", ");
            append_metric_name(out, report, (int)compared_metrics[c], 0);
            append_number(out, model->slices[s][c]);
        }
        buffer_append_byte(out, '}');
    }
    buffer_append_byte(out, ']');
}

static void append_cost(struct buffer *out, const struct model_report *model)
{
    append_member(out, "fit_seconds", model->fit_seconds);
    buffer_printf(out, ", \"epochs\": %zu, \"epoch_seconds\": [", model->n_epochs);
    for (size_t i = 0; i < model->n_epochs; i++) {
        buffer_append_text(out, i ? ", " : "");
        append_number(out, model->epoch_seconds[i]);
    }
    buffer_append_byte(out, ']');
    if (isfinite(model->fit_loss))
        append_member(out, "fit_loss", model->fit_loss);
    buffer_printf(out, ", \"peak_rss_bytes\": %llu", (unsigned long long)model->peak_rss_bytes);
    append_member(out, "users_per_second", model->users_per_second);
}

static void append_model(struct buffer *out, const struct report *report,
                         const struct model_report *model)
{
    buffer_append_text(out, "{\"model\": ");
    append_string(out, model->name);
    if (model->settings) {
        buffer_append_text(out, ", \"settings\": ");
        model_settings_append_json(model->class, model->settings, out);
    }
    buffer_append_text(out, ", \"metrics\": {");
    append_metrics(out, report, model, false);
    append_member(out, "coverage", model->coverage);
    buffer_append_text(out, "}, \"intervals\": {");
    append_metrics(out, report, model, true);
    buffer_append_byte(out, '}');
    append_member(out, "average_popularity", model->mean_popularity);
    append_member(out, "novelty", model->novelty);
    append_member(out, "gini", model->gini);
    buffer_append_text(out, ", \"over_first\": ");
    append_differences(out, report, model->over_first);
    buffer_append_text(out, ", \"over_best\": ");
    append_differences(out, report, model->over_best);
    buffer_append_text(out, ", \"slices\": ");
    append_slices(out, report, model);
    append_cost(out, model);
    buffer_append_byte(out, '}');
}

void report_append_json(const struct report *report, const char *split, struct buffer *out)
{
    buffer_append_text(out, "\"split\": {\"kind\": ");
    append_string(out, split);
    buffer_printf(out,
                  ", \"users\": %u, \"warm_users\": %u, \"items\": %u, \"train\": %llu, "
                  "\"test\": %llu, \"seed\": %llu, \"bootstrap_draws\": %u}, \"models\": [",
                  report->n_users, report->n_warm_users, report->n_items,
                  (unsigned long long)report->n_train, (unsigned long long)report->n_test,
                  (unsigned long long)report->seed, report->draws);
    for (size_t i = 0; i < report->n_models; i++) {
        buffer_append_text(out, i ? ", " : "");
        append_model(out, report, &report->models[i]);
    }
    buffer_append_text(out, "], \"best\": ");
    append_string(out, report->models[report->best].name);
}
