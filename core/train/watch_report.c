#include "train/watch_report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"

enum { NAME_MAX_BYTES = 128 };

static void append_cell(struct buffer *out, const json_t *value)
{
    if (json_is_number(value))
        buffer_printf(out, " %.5g |", json_number_value(value));
    else
        buffer_append_text(out, " – |");
}

static void show_text(struct board_run *run, const char *tag, struct buffer *text)
{
    if (text->size > 0 && !text->failed)
        board_text(run, tag, 0, text->data);
    buffer_free(text);
}

static const char *name_of(const json_t *model)
{
    const char *name = json_string_value(json_object_get(model, "model"));
    return name ? name : "?";
}

/* A row a metric, a column a model; the metrics are those of the first model. */
static void show_models(struct board_run *run, const json_t *report)
{
    json_t *models = json_object_get(report, "models"), *model;
    json_t *metrics = json_object_get(json_array_get(models, 0), "metrics"), *value;
    struct buffer text = {0};
    const char *metric;
    size_t i;
    if (json_object_size(metrics) == 0)
        return;
    buffer_append_text(&text, "| metric |");
    json_array_foreach (models, i, model)
        buffer_printf(&text, " %s |", name_of(model));
    buffer_append_text(&text, "\n| --- |");
    json_array_foreach (models, i, model)
        buffer_append_text(&text, " ---: |");
    json_object_foreach (metrics, metric, value) {
        buffer_printf(&text, "\n| %s |", metric);
        json_array_foreach (models, i, model)
            append_cell(&text, json_object_get(json_object_get(model, "metrics"), metric));
    }
    buffer_append_byte(&text, '\n');
    show_text(run, "round/models", &text);
}

static void append_interval(struct buffer *out, const char *what, const json_t *interval)
{
    if (!json_is_array(interval))
        return;
    buffer_printf(out, "\n| %s, 95 %% from |", what);
    append_cell(out, json_array_get(interval, 0));
    buffer_printf(out, "\n| %s, 95 %% to |", what);
    append_cell(out, json_array_get(interval, 1));
}

/* What the gate weighed; after_active holds the models on what the active snapshot never saw. */
static void show_gate(struct board_run *run, const json_t *report)
{
    const json_t *gate = json_object_get(report, "gate");
    json_t *after = json_object_get(report, "after_active"), *value;
    struct buffer text = {0};
    const char *name;
    if (!gate)
        return;
    buffer_append_text(&text, "| compared | value |\n| --- | ---: |\n| NDCG@20 of what serves |");
    append_cell(&text, json_object_get(gate, "ndcg@20"));
    buffer_append_text(&text, "\n| relative to popular |");
    append_cell(&text, json_object_get(gate, "relative_to_popular"));
    append_interval(&text, "new minus popular", json_object_get(gate, "over_popular"));
    append_interval(&text, "new minus active", json_object_get(gate, "over_active"));
    json_object_foreach (after, name, value) {
        const bool users = strcmp(name, "users") == 0;
        buffer_printf(&text, "\n| after the active snapshot: %s%s |", users ? "" : "NDCG@20 of ",
                      name);
        append_cell(&text, value);
    }
    buffer_append_byte(&text, '\n');
    show_text(run, "round/gate", &text);
}

static void show_calibration(struct board_run *run, const json_t *report)
{
    const json_t *calibration = json_object_get(json_object_get(report, "ranker"), "calibration");
    json_t *deciles = json_object_get(calibration, "deciles"), *decile;
    struct buffer text = {0};
    size_t i;
    if (json_array_size(deciles) == 0)
        return;
    buffer_append_text(&text,
                       "| decile | rows | predicted | chosen |\n| --- | ---: | ---: | ---: |");
    json_array_foreach (deciles, i, decile) {
        buffer_printf(&text, "\n| %zu |", i + 1);
        append_cell(&text, json_object_get(decile, "rows"));
        append_cell(&text, json_object_get(decile, "predicted"));
        append_cell(&text, json_object_get(decile, "chosen"));
    }
    buffer_append_byte(&text, '\n');
    show_text(run, "round/calibration", &text);
}

/* What changed since the last round, by type and by day. */
static void show_drift(struct board_run *run, const json_t *report)
{
    static const char *const figures[][2] = {
        {"events", "events since the last round"},
        {"new_users", "new users"},
        {"new_items", "new items"},
        {"share_of_new_users", "share of the events, of new users"},
        {"share_of_new_items", "share of the events, on new items"},
        {"type_distance", "distance of the mix of types"}};
    const json_t *drift = json_object_get(report, "drift"), *value;
    json_t *types = json_object_get(drift, "types"), *days = json_object_get(drift, "days");
    struct buffer text = {0};
    const char *name;
    size_t i;
    if (!drift)
        return;
    buffer_append_text(&text, "| what | value |\n| --- | ---: |");
    for (i = 0; i < sizeof figures / sizeof *figures; i++) {
        buffer_printf(&text, "\n| %s |", figures[i][1]);
        append_cell(&text, json_object_get(drift, figures[i][0]));
    }
    buffer_append_text(&text, "\n\n| type | before | since |\n| --- | ---: | ---: |");
    json_object_foreach (types, name, value) {
        buffer_printf(&text, "\n| %s |", name);
        append_cell(&text, json_object_get(value, "before"));
        append_cell(&text, json_object_get(value, "since"));
    }
    buffer_append_text(&text, "\n\n| day (UTC) | events |\n| --- | ---: |");
    json_array_foreach (days, i, value) {
        buffer_printf(&text, "\n| %s |", json_string_value(json_object_get(value, "day")));
        append_cell(&text, json_object_get(value, "events"));
    }
    buffer_append_byte(&text, '\n');
    show_text(run, "round/data", &text);
}

/* ---- settings ---- */

struct flat {
    struct hparam hparams[WATCH_HPARAMS_MAX];
    char names[WATCH_HPARAMS_MAX][NAME_MAX_BYTES];
    size_t n;
};

static void add_value(struct flat *flat, const char *name, const json_t *value)
{
    if (flat->n == WATCH_HPARAMS_MAX || json_is_null(value))
        return;
    struct hparam *hparam = &flat->hparams[flat->n];
    snprintf(flat->names[flat->n], NAME_MAX_BYTES, "%s", name);
    *hparam = (struct hparam){.name = flat->names[flat->n], .kind = HPARAM_TEXT};
    if (json_is_string(value)) {
        hparam->text = json_string_value(value);
    } else if (json_is_boolean(value)) {
        hparam->kind = HPARAM_BOOL;
        hparam->number = json_is_true(value);
    } else {
        hparam->kind = HPARAM_NUMBER;
        hparam->number = json_number_value(value);
    }
    flat->n++;
}

/* The parser's JSON_DEPTH_MAX bounds the recursion. */
static void flatten(struct flat *flat, const char *prefix, const json_t *value)
{
    char name[NAME_MAX_BYTES];
    const char *dot = prefix[0] ? "." : "";
    if (json_is_object(value)) {
        const char *key;
        json_t *inner;
        json_object_foreach ((json_t *)value, key, inner) {
            snprintf(name, sizeof name, "%s%s%s", prefix, dot, key);
            flatten(flat, name, inner);
        }
    } else if (json_is_array(value)) {
        for (size_t i = 0; i < json_array_size(value); i++) {
            snprintf(name, sizeof name, "%s%s%zu", prefix, dot, i);
            flatten(flat, name, json_array_get(value, i));
        }
    } else {
        add_value(flat, prefix, value);
    }
}

static void show_settings(struct board_run *run, const json_t *report)
{
    struct flat *flat = calloc(1, sizeof *flat);
    if (!flat)
        return;
    add_value(flat, "retriever", json_object_get(report, "retriever"));
    add_value(flat, "published", json_object_get(report, "published"));
    flatten(flat, "", json_object_get(report, "settings"));
    board_trial_start(run, flat->hparams, flat->n, "");
    free(flat);
}

void watch_report(struct board_run *run, const char *report, size_t length)
{
    struct error err;
    json_t *value;
    if (!run || json_parse(report, length, &value, &err) != STATUS_OK)
        return;
    show_models(run, value);
    show_gate(run, value);
    show_calibration(run, value);
    show_drift(run, value);
    show_settings(run, value);
    json_decref(value);
}
