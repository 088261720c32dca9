/* training.models: auto. The search of each round begins with what is configured and with what the
 * active snapshot's manifest remembers of the search before, and draws other settings than that one
 * did. */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "train/round_parts.h"

enum { VALUE_TEXT_SIZE = 64 };

/* ---- what was found before ---- */

/* Numbers are all that a search draws. What does not fit any more is left as configured. */
static enum status take_remembered(const struct model_class *class, const json_t *found,
                                   void *settings, struct arena *arena)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < class->n_options && status == STATUS_OK; i++) {
        const struct option *option = &class->options[i];
        const json_t *value = json_object_get(found, option->name);
        char text[VALUE_TEXT_SIZE];
        if (option->search == SEARCH_NOT || !json_is_number(value))
            continue;
        snprintf(text, sizeof text, option->type == OPTION_INT ? "%.0f" : "%.17g",
                 json_number_value(value));
        if (option_set(option, settings, text, arena, NULL) == STATUS_NO_MEMORY)
            status = STATUS_NO_MEMORY;
    }
    return status;
}

static enum status remember(struct round *round, const json_t *manifest, struct search_model *model,
                            const void *configured)
{
    const json_t *found = json_object_get(
        json_object_get(json_object_get(manifest, "settings"), "found"), model->class->name);
    if (!json_is_object(found))
        return STATUS_OK;
    void *settings = arena_zalloc(&round->plan.arena, 1, model->class->settings_size);
    if (!settings)
        return STATUS_NO_MEMORY;
    memcpy(settings, configured, model->class->settings_size);
    model->remembered = settings;
    return take_remembered(model->class, found, settings, &round->plan.arena);
}

/* ---- the search ---- */

static enum status list_models(struct round *round, const json_t *manifest,
                               struct search_model *models, size_t *ret_n)
{
    size_t n = 0;
    enum status status = STATUS_OK;
    for (size_t i = 0; model_classes[i] && n < SEARCH_MODELS_MAX && status == STATUS_OK; i++) {
        void *settings;
        if (!search_knows(model_classes[i]))
            continue;
        status = plan_configured(&round->plan, round->request->settings, model_classes[i],
                                 &settings, round->reterr);
        if (status != STATUS_OK)
            break;
        models[n] = (struct search_model){model_classes[i], settings, NULL};
        status = remember(round, manifest, &models[n++], settings);
    }
    *ret_n = n;
    return status;
}

static enum status search(struct round *round, const struct search_model *models, size_t n,
                          struct error *reterr)
{
    const struct settings *settings = round->request->settings;
    const uint64_t limit = round_memory_limit(round);
    const struct search_request request = {
        .dataset = round->dataset,
        .held = &round->holdout.held,
        .by_user = &round->holdout.by_user,
        .models = models,
        .n_models = n,
        .trials = (size_t)settings->training.search_trials,
        .share = settings->training.hold_out, /* cut as the hold-out is */
        .users_max = (uint32_t)settings->training.hold_out_users,
        .seconds = (double)settings->training.search_time_ms / 1000,
        .memory = limit > round->estimate ? limit - round->estimate : 1,
        .seed = (uint64_t)settings->training.seed + round->request->version,
        .pool = round->request->pool,
        .observer = round->request->observer};
    return search_run(&request, &round->search, reterr);
}

/* ---- the verdict ---- */

static void describe(struct round *round)
{
    const struct search_result *found = round->search;
    const struct search_trial *trial = &found->trials[found->best[found->winner]];
    buffer_printf(&round->reason,
                  "Of all models %s is the best on %u users of a validation part "
                  "(NDCG@20 %.4f)",
                  found->classes[found->winner]->name, found->n_users,
                  trial->ndcg[found->n_rungs - 1]);
    const char *between = ", ahead of ";
    for (size_t m = 0; m < found->n_models; m++) {
        if (m == found->winner || found->best[m] == SIZE_MAX)
            continue;
        buffer_printf(&round->reason, "%s%s by %.4f [%+.4f, %+.4f]", between,
                      found->classes[m]->name, found->behind[m].mean, found->behind[m].low,
                      found->behind[m].high);
        between = ", ";
    }
    buffer_append_text(&round->reason, ". ");
}

/* The settings are the round's from here on: texts in them are the search's. */
static enum status plan_winner(struct round *round)
{
    const struct search_result *found = round->search;
    const struct model_class *class = found->classes[found->winner];
    void *settings = arena_zalloc(&round->plan.arena, 1, class->settings_size);
    if (!settings)
        return error_set(round->reterr, STATUS_NO_MEMORY, "out of memory for the models' settings");
    memcpy(settings, found->trials[found->best[found->winner]].settings, class->settings_size);
    plan_choose(&round->plan, class, settings);
    round->plan.found = found;
    round->estimate = plan_estimate(&round->plan, &round->counts, &round->stored);
    return STATUS_OK;
}

enum status round_choose(struct round *round)
{
    const struct snapshot *active = round->request->active;
    struct search_model models[SEARCH_MODELS_MAX];
    struct error err = {0};
    json_t *manifest = NULL;
    size_t n = 0;
    if (active && active->version > 0) /* one that cannot be read remembers nothing */
        (void)json_parse(active->manifest, strlen(active->manifest), &manifest, NULL);
    enum status status = list_models(round, manifest, models, &n);
    json_decref(manifest);
    if (status != STATUS_OK)
        return error_set(round->reterr, status, "out of memory for a search");
    status = search(round, models, n, &err);
    if (status == STATUS_OUT_OF_RANGE) {
        buffer_printf(&round->reason, "No model could be chosen: %s. ", err.text);
        return STATUS_OK;
    }
    if (status != STATUS_OK) {
        if (round->reterr)
            *round->reterr = err;
        return status;
    }
    if (round->search->winner == SIZE_MAX) {
        buffer_append_text(&round->reason, "No model could be fitted to choose it. ");
        return STATUS_OK;
    }
    describe(round);
    return plan_winner(round);
}
