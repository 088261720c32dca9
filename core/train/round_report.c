#include <math.h>
#include <stdio.h>
#include <string.h>

#include "eval/report_json.h"
#include "train/round_parts.h"

enum { TAG_MAX = 128 };

static void append_number(struct buffer *out, double value)
{
    if (isfinite(value))
        buffer_printf(out, "%.9g", value);
    else
        buffer_append_text(out, "null");
}

static void append_interval(struct buffer *out, const char *name, const struct interval *interval)
{
    buffer_printf(out, ", \"%s\": [", name);
    append_number(out, interval->low);
    buffer_append_text(out, ", ");
    append_number(out, interval->high);
    buffer_append_byte(out, ']');
}

static double ndcg_of(const struct round *round, size_t model)
{
    return round->holdout.report->models[model].values[METRIC_NDCG][0].mean;
}

bool round_has_second(const struct round *round)
{
    return round->second.serves && round->retriever == round->plan.retriever;
}

/* On items shown later, to users by whom it was not calibrated. */
static void append_calibration(const struct ranker_fit_report *r, struct buffer *out)
{
    if (r->later_rows == 0)
        return;
    buffer_printf(out, ", \"calibration\": {\"rows\": %u, \"error\": ", r->later_rows);
    append_number(out, r->later.values[BINARY_CALIBRATION_ERROR]);
    buffer_append_text(out, ", \"error_by_chance\": ");
    append_number(out, r->later_chance);
    buffer_append_text(out, ", \"predicted\": ");
    append_number(out, r->later.values[BINARY_PREDICTION_MEAN]);
    buffer_append_text(out, ", \"chosen\": ");
    append_number(out, r->later.values[BINARY_LABEL_MEAN]);
    buffer_append_text(out, ", \"deciles\": [");
    for (int g = 0; g < CALIBRATION_GROUPS; g++) {
        const struct calibration_group *group = &r->later.calibration[g];
        buffer_printf(out, "%s{\"rows\": %.0f, \"predicted\": ", g ? ", " : "", group->weight);
        append_number(out, group->prediction_mean);
        buffer_append_text(out, ", \"chosen\": ");
        append_number(out, group->label_mean);
        buffer_append_byte(out, '}');
    }
    buffer_append_text(out, "]}");
}

static void append_second(const struct round *round, struct buffer *out)
{
    const struct ranker_fit_report *r = &round->second.report;
    if (!round->second.ranker)
        return;
    buffer_printf(
        out,
        ", \"ranker\": {\"model\": \"%s\", \"published\": %s, \"calibrated\": %s, "
        "\"rows_of\": \"%s\", \"rows\": %u, \"positives\": %u, \"moments\": %u, \"wanted\": %llu, "
        "\"share_of_negatives\": ",
        r->predictor, round_has_second(round) ? "true" : "false", r->calibrated ? "true" : "false",
        r->of_impressions ? "impressions" : "candidates", r->rows, r->positives, r->moments,
        (unsigned long long)r->wanted);
    append_number(out, r->share);
    buffer_append_text(out, ", \"auc\": ");
    append_number(out, r->auc);
    buffer_append_text(out, ", \"auc_of_retriever\": ");
    append_number(out, r->auc_before);
    append_interval(out, "over_retrieval", &round->second.over_retrieval);
    append_calibration(r, out);
    if (round->second.measured_shift) {
        buffer_append_text(out, ", \"shift\": ");
        ranker_shift_append_json(&round->second.shift, out);
    }
    if (round->second.features) {
        buffer_append_text(out, ", \"features\": ");
        feature_report_append_json(round->second.features, out);
    }
    buffer_printf(out, ", \"seconds\": %.3f}", r->seconds);
}

/* The figures that later rounds are judged by are those of the model that answers. */
static void append_gate(const struct round *round, struct buffer *out)
{
    const size_t serves = round_has_second(round) ? round_contender(round) : round->retriever;
    const double ndcg = ndcg_of(round, serves), popular = ndcg_of(round, 0);
    buffer_printf(out,
                  ", \"gate\": {\"applied\": %s, \"ndcg@20\": ", round->judged ? "true" : "false");
    append_number(out, ndcg);
    buffer_append_text(out, ", \"relative_to_popular\": ");
    append_number(out, popular > 0 ? ndcg / popular : NAN);
    if (round->judged)
        append_interval(out, "over_popular", &round->verdict.over_popular);
    if (round->verdict.compared)
        append_interval(out, "over_active", &round->verdict.over_active);
    buffer_append_byte(out, '}');
}

static void append_after(const struct report *after, struct buffer *out)
{
    buffer_printf(out, ", \"after_active\": {\"users\": %u", after->n_users);
    for (size_t i = 0; i < after->n_models; i++) {
        buffer_printf(out, ", \"%s\": ", after->models[i].name);
        append_number(out, after->models[i].values[METRIC_NDCG][0].mean);
    }
    buffer_append_byte(out, '}');
}

enum status round_append_report(const struct round *round, struct buffer *out)
{
    const struct buffer *reason = &round->reason;
    buffer_printf(out, "{\"retriever\": \"%s\", \"published\": %s, \"reason\": ",
                  round->plan.models[round->retriever].class->name,
                  round->published ? "true" : "false");
    buffer_append_json(out, reason->data ? reason->data : "", reason->size);
    buffer_printf(out,
                  ", \"counts\": {\"users\": %llu, \"guests\": %llu, \"items\": %llu, "
                  "\"interactions\": %llu}, \"settings\": ",
                  (unsigned long long)round->counts.users, (unsigned long long)round->counts.guests,
                  (unsigned long long)round->counts.items,
                  (unsigned long long)round->dataset->n_events);
    plan_append_json(&round->plan, round->request->settings, out);
    buffer_append_text(out, ", \"drift\": ");
    drift_append_json(round->drift, &round->dataset->types, out);
    if (round->search) {
        buffer_append_text(out, ", \"search\": ");
        search_append_json(round->search, out);
    }
    if (round->holdout.report) {
        buffer_append_text(out, ", ");
        report_append_json(round->holdout.report, "user-time", out);
        append_gate(round, out);
        append_second(round, out);
    }
    if (round->holdout.after)
        append_after(round->holdout.after, out);
    buffer_append_text(out, ", \"seconds\": {");
    for (size_t i = 0; i < round->n_phases; i++)
        buffer_printf(out, "%s\"%s\": %.3f", i ? ", " : "", round->phases[i].name,
                      round->phases[i].seconds);
    buffer_printf(out, "}, \"memory\": {\"estimate\": %llu, \"peak_rss\": %llu, \"phases\": {",
                  (unsigned long long)round->estimate, (unsigned long long)round->peak_rss);
    for (size_t i = 0; i < round->n_phases; i++)
        buffer_printf(out, "%s\"%s\": %llu", i ? ", " : "", round->phases[i].name,
                      (unsigned long long)round->phases[i].peak_rss);
    buffer_append_text(out, "}}}");
    return out->failed ? STATUS_NO_MEMORY : STATUS_OK;
}

/* ---- scalars ---- */

static void observe(const struct round *round, const char *group, const char *name, double value)
{
    char tag[TAG_MAX];
    snprintf(tag, sizeof tag, "%s/%s", group, name);
    observe_scalar(round->request->observer, tag, round->request->version, value);
}

static void observe_model(const struct round *round, const struct report *report,
                          const struct model_report *model)
{
    char group[TAG_MAX / 2], name[TAG_MAX / 4];
    snprintf(group, sizeof group, "holdout/%.40s", model->name);
    for (int m = 0; m < METRIC_COUNT; m++)
        for (size_t k = 0; k < (metrics[m].whole_list ? 1 : report->n_ks); k++) {
            if (metrics[m].whole_list)
                snprintf(name, sizeof name, "%s", metrics[m].name);
            else
                snprintf(name, sizeof name, "%s@%zu", metrics[m].name, report->ks[k]);
            observe(round, group, name, model->values[m][k].mean);
        }
    observe(round, group, "coverage", model->coverage);
    observe(round, group, "novelty", model->novelty);
    observe(round, group, "gini", model->gini);
    observe(round, group, "mean_popularity", model->mean_popularity);
}

static void observe_calibration(const struct round *round)
{
    const struct ranker_fit_report *r = &round->second.report;
    if (r->later_rows == 0)
        return;
    observe(round, "ranker", "calibration_error", r->later.values[BINARY_CALIBRATION_ERROR]);
    observe(round, "ranker", "calibration_error_by_chance", r->later_chance);
    observe(round, "ranker", "predicted_mean", r->later.values[BINARY_PREDICTION_MEAN]);
    observe(round, "ranker", "chosen_mean", r->later.values[BINARY_LABEL_MEAN]);
}

void round_observe_report(const struct round *round)
{
    const struct report *report = round->holdout.report;
    for (size_t i = 0; report && i < report->n_models; i++)
        observe_model(round, report, &report->models[i]);
    if (round->second.ranker) {
        observe(round, "ranker", "auc", round->second.report.auc);
        observe(round, "ranker", "auc_of_retriever", round->second.report.auc_before);
        observe(round, "ranker", "ndcg@20_over_retrieval", round->second.over_retrieval.mean);
        observe_calibration(round);
    }
    observe(round, "memory", "estimate_mib", (double)round->estimate / 0x1p20);
    observe(round, "memory", "peak_rss_mib", (double)round->peak_rss / 0x1p20);
    observe(round, "data", "users", (double)round->counts.users);
    observe(round, "data", "guests", (double)round->counts.guests);
    observe(round, "data", "items", (double)round->counts.items);
    observe(round, "data", "interactions", (double)round->dataset->n_events);
    for (size_t i = 0; i < round->n_phases; i++) {
        observe(round, "seconds", round->phases[i].name, round->phases[i].seconds);
        observe(round, "memory_by_phase", round->phases[i].name,
                (double)round->phases[i].peak_rss / 0x1p20);
    }
}
