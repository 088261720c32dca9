/* What a search has found, as the members of a blend and as JSON. */
#include <math.h>
#include <string.h>

#include "eval/report_json.h"
#include "eval/search_parts.h"
#include "models/blend.h"

bool search_knows(const struct model_class *class)
{
    for (size_t i = 0; i < class->n_options; i++)
        if (class->options[i].search != SEARCH_NOT)
            return true;
    return class == &blend_class;
}

/* ---- members ---- */

/* "ials dimensions=192 …": only what differs from the default. */
static void append_member(const struct model_class *class, const void *settings, struct buffer *out)
{
    buffer_append_text(out, class->name);
    for (size_t i = 0; i < class->n_options; i++) {
        struct buffer value = {0};
        option_print(&class->options[i], settings, &value);
        if (value.data && strcmp(value.data, class->options[i].initial) != 0 &&
            !strpbrk(value.data, " ,"))
            buffer_printf(out, " %s=%s", class->options[i].name, value.data);
        out->failed |= value.failed;
        buffer_free(&value);
    }
}

/* Models with a best trial, the best first; a blend is none. */
static size_t order_models(const struct search_result *result, size_t n_rungs, size_t *out)
{
    size_t n = 0;
    for (size_t m = 0; m < result->n_models; m++) {
        if (result->best[m] == SIZE_MAX || result->classes[m] == &blend_class)
            continue;
        const double ndcg = result->trials[result->best[m]].ndcg[n_rungs - 1];
        size_t place = n++;
        for (; place > 0 && result->trials[result->best[out[place - 1]]].ndcg[n_rungs - 1] < ndcg;
             place--)
            out[place] = out[place - 1];
        out[place] = m;
    }
    return n;
}

enum status search_blend_settings(struct search_result *result, size_t n_rungs,
                                  const void *settings, const void **ret_settings)
{
    enum { MEMBERS_MAX = 4 }; /* more cost every answer and bring next to nothing */
    const struct option *members =
        option_find(blend_class.options, blend_class.n_options, "members");
    struct buffer given = {0}, text = {0};
    option_print(members, settings, &given);
    const bool by_default = given.data && strcmp(given.data, members->initial) == 0;
    buffer_free(&given);
    if (!by_default)
        return STATUS_OK;
    size_t order[SEARCH_MODELS_MAX];
    const size_t n = order_models(result, n_rungs, order);
    if (n < 2)
        return STATUS_OUT_OF_RANGE;
    for (size_t i = 0; i < n && i < MEMBERS_MAX; i++) {
        buffer_append_text(&text, i ? ", " : "");
        append_member(result->classes[order[i]], result->trials[result->best[order[i]]].settings,
                      &text);
    }
    void *copy = arena_zalloc(&result->arena, 1, blend_class.settings_size);
    enum status status = copy && !text.failed ? STATUS_OK : STATUS_NO_MEMORY;
    if (status == STATUS_OK) {
        memcpy(copy, settings, blend_class.settings_size);
        status = option_set(members, copy, text.data, &result->arena, NULL);
    }
    buffer_free(&text);
    if (status == STATUS_OK)
        *ret_settings = copy;
    return status;
}

/* ---- JSON ---- */

static void append_head(const struct search_result *result, size_t trial, struct buffer *out)
{
    const struct search_trial *t = &result->trials[trial];
    buffer_printf(out, "{\"model\": \"%s\", \"settings\": ", result->classes[t->model]->name);
    model_settings_append_json(result->classes[t->model], t->settings, out);
}

static void append_best(const struct search_result *result, size_t model, struct buffer *out)
{
    const struct search_trial *t = &result->trials[result->best[model]];
    append_head(result, result->best[model], out);
    buffer_printf(out, ", \"ndcg@20\": %.9g", t->ndcg[result->n_rungs - 1]);
    if (model != result->winner) {
        const struct interval *behind = &result->behind[model];
        buffer_printf(out, ", \"behind\": {\"mean\": %.9g, \"low\": %.9g, \"high\": %.9g}",
                      behind->mean, behind->low, behind->high);
    }
    buffer_append_byte(out, '}');
}

static void append_trial(const struct search_result *result, size_t trial, struct buffer *out)
{
    const struct search_trial *t = &result->trials[trial];
    append_head(result, trial, out);
    buffer_append_text(out, ", \"ndcg@20\": [");
    /* A blend is measured on the last rung alone. */
    const bool once = result->classes[t->model] == &blend_class;
    for (size_t r = once && t->rungs ? t->rungs - 1 : 0; r < t->rungs; r++)
        buffer_printf(out, "%s%.9g", r && !once ? ", " : "", t->ndcg[r]);
    buffer_printf(out, "], \"seconds\": %.3f, \"failure\": ", t->seconds);
    buffer_append_json(out, t->failure, strlen(t->failure));
    buffer_append_byte(out, '}');
}

void search_append_json(const struct search_result *result, struct buffer *out)
{
    buffer_printf(out, "{\"users\": %u, \"train_users\": [", result->n_users);
    for (size_t r = 0; r < result->n_rungs; r++)
        buffer_printf(out, "%s%u", r ? ", " : "", result->train_users[r]);
    buffer_printf(out, "], \"seconds\": %.3f, \"ended_early\": %s, \"winner\": ", result->seconds,
                  result->ended_early ? "true" : "false");
    if (result->winner == SIZE_MAX)
        buffer_append_text(out, "null");
    else
        buffer_printf(out, "\"%s\"", result->classes[result->winner]->name);
    buffer_append_text(out, ", \"best\": [");
    const char *comma = "";
    for (size_t m = 0; m < result->n_models; m++) {
        if (result->best[m] == SIZE_MAX)
            continue;
        buffer_append_text(out, comma);
        append_best(result, m, out);
        comma = ", ";
    }
    buffer_append_text(out, "], \"trials\": [");
    comma = "";
    for (size_t t = 0; t < result->n_trials; t++) {
        const struct search_trial *trial = &result->trials[t];
        if (trial->rungs == 0 && trial->failure[0] == '\0')
            continue; /* a blend has one */
        buffer_append_text(out, comma);
        append_trial(result, t, out);
        comma = ", ";
    }
    buffer_append_text(out, "]}");
}
