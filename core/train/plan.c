#include "train/plan.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "eval/ranker_fit.h"
#include "eval/report_json.h"
#include "linalg/kernels.h"
#include "recommend/recommend.h"

enum { NAME_MAX_BYTES = 64 };

static const struct model_class *find_class(const char *name, const char *place,
                                            struct error *reterr)
{
    const struct model_class *class = NULL;
    if (model_class_need(name, &class, reterr) != STATUS_OK)
        error_prefix(reterr, "%s: ", place);
    return class;
}

static enum status add_model(struct plan *plan, const struct model_class *class,
                             struct error *reterr)
{
    for (size_t i = 0; i < plan->n_models; i++)
        if (plan->models[i].class == class)
            return STATUS_OK;
    if (plan->n_models == SNAPSHOT_MODELS_MAX)
        return error_set(reterr, STATUS_TOO_LARGE, "models.retrievers: at most %d models",
                         SNAPSHOT_MODELS_MAX);
    void *settings = model_settings_new(class, &plan->arena);
    if (!settings)
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory for the models' settings");
    plan->models[plan->n_models++] = (struct planned_model){class, settings};
    return STATUS_OK;
}

/* One name of the comma-separated list, without the blanks around it. */
static enum status add_named(struct plan *plan, const char *name, size_t length, bool first,
                             const char *place, struct error *reterr)
{
    char text[NAME_MAX_BYTES];
    snprintf(text, sizeof text, "%.*s", (int)(length < sizeof text ? length : sizeof text - 1),
             name);
    const struct model_class *class = find_class(text, place, reterr);
    if (!class)
        return STATUS_NOT_FOUND;
    const enum status status = add_model(plan, class, reterr);
    for (size_t i = 0; first && status == STATUS_OK && i < plan->n_models; i++)
        if (plan->models[i].class == class)
            plan->retriever = i;
    return status;
}

static enum status add_retrievers(struct plan *plan, const struct settings *settings,
                                  struct error *reterr)
{
    static const char name[] = "models.retrievers";
    char place[ERROR_POINTER_MAX];
    const char *list = settings->models.retrievers;
    snprintf(place, sizeof place, "%s: %s", settings_place(settings, name), name);
    bool first = true;
    enum status status = STATUS_OK;
    while (*list && status == STATUS_OK) {
        const size_t length = strcspn(list, ",");
        size_t from = 0, to = length;
        while (from < to && isspace((unsigned char)list[from]))
            from++;
        while (to > from && isspace((unsigned char)list[to - 1]))
            to--;
        if (to > from) {
            status = add_named(plan, list + from, to - from, first, place, reterr);
            first = false;
        }
        list += length + (list[length] == ',');
    }
    return status;
}

/* Who answers whoever has no history is fitted like any other. */
static enum status add_guests(struct plan *plan, const struct settings *settings,
                              struct error *reterr)
{
    static const char name[] = "models.guests";
    char place[ERROR_POINTER_MAX];
    snprintf(place, sizeof place, "%s: %s", settings_place(settings, name), name);
    const struct model_class *class = find_class(settings->models.guests, place, reterr);
    if (!class)
        return STATUS_NOT_FOUND;
    if (!class->impersonal)
        return error_set(reterr, STATUS_OUT_OF_RANGE,
                         "%s: '%s' needs a history; popular, trending and latest do without", place,
                         class->name);
    return add_model(plan, class, reterr);
}

/* A parameter of a model that is not fitted is checked like any other. */
static enum status apply_setting(struct plan *plan, const struct model_setting *setting,
                                 struct error *reterr)
{
    const struct model_class *class = find_class(setting->model, setting->place, reterr);
    if (!class)
        return STATUS_NOT_FOUND;
    void *values = NULL;
    for (size_t i = 0; i < plan->n_models; i++)
        if (plan->models[i].class == class)
            values = plan->models[i].settings;
    if (!values && !(values = model_settings_new(class, &plan->arena)))
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory for the models' settings");
    const enum status status = options_set(class->options, class->n_options, values, "parameter",
                                           setting->name, setting->value, &plan->arena, reterr);
    if (status != STATUS_OK && reterr)
        error_prefix(reterr, "%s: models.%s: ", setting->place, setting->model);
    return status;
}

static enum status check_settings(const struct plan *plan, struct error *reterr)
{
    for (size_t i = 0; i < plan->n_models; i++) {
        const struct planned_model *model = &plan->models[i];
        const enum status status = model_settings_check(model->class, model->settings, reterr);
        if (status != STATUS_OK) {
            if (reterr)
                error_prefix(reterr, "models.%s: ", model->class->name);
            return status;
        }
    }
    return STATUS_OK;
}

static const struct planned_model *find_planned(const struct plan *plan,
                                                const struct model_class *class)
{
    for (size_t i = 0; i < plan->n_models; i++)
        if (plan->models[i].class == class)
            return &plan->models[i];
    return NULL;
}

/* It stands among the models for its likenesses. */
static bool is_for_likeness(const struct model_class *class)
{
    for (const struct likeness *l = likenesses; l->by; l++)
        if (l->model && !l->learns && strcmp(l->model, class->name) == 0)
            return true;
    return false;
}

/* The models beside the one that answers which learn tastes from interactions: whose scores the
 * spec's score.* stands for. */
static struct rank_others others_of(const struct plan *plan)
{
    struct rank_others others = {0};
    uint32_t at;
    for (size_t i = 0; i < plan->n_models && others.n < RANK_OTHERS_MAX; i++) {
        const struct model_class *class = plan->models[i].class;
        if (i != plan->retriever && !class->impersonal && !is_for_likeness(class))
            rank_others_add(&others, class, &at);
    }
    return others;
}

/* Whose scores the spec asks for must be fitted. */
static enum status check_others(const struct plan *plan, const struct settings *settings,
                                const struct rank_others *others, const char *file,
                                struct error *reterr)
{
    const bool is_auto = settings->training.models == TRAINING_MODELS_AUTO;
    for (uint32_t o = 0; o < others->n; o++) {
        const char *name = others->of[o]->name;
        if (!is_auto && others->of[o] == plan->models[plan->retriever].class)
            return error_set(reterr, STATUS_OUT_OF_RANGE,
                             "%s: '%s' proposes the candidates: its columns are score and rank, "
                             "not score.%s and rank.%s",
                             file, name, name, name);
        if (!find_planned(plan, others->of[o]) || (is_auto && others->of[o] != model_classes[0]))
            return error_set(reterr, STATUS_NOT_FOUND,
                             "%s: score.%s and rank.%s need '%s' among models.retrievers%s", file,
                             name, name, name,
                             is_auto ? ", and training.models: auto fits one model alone" : "");
    }
    return STATUS_OK;
}

enum status plan_ranker_spec(const struct plan *plan, const struct settings *settings,
                             struct feature_spec **ret_spec, struct rank_others *ret_others,
                             struct error *reterr)
{
    const struct rank_others others = others_of(plan);
    struct feature_spec *spec;
    struct rank_columns columns;
    enum status status =
        ranker_spec_read(settings->models.ranker_spec, plan->ranker, &others, &spec, reterr);
    if (status != STATUS_OK)
        return status;
    status = rank_columns_of(spec, &columns, reterr);
    if (status == STATUS_OK)
        status = check_others(plan, settings, &columns.others, spec->file, reterr);
    if (status != STATUS_OK) {
        feature_spec_free(spec);
        return status;
    }
    *ret_spec = spec;
    *ret_others = columns.others;
    return STATUS_OK;
}

size_t plan_choices(const struct plan *plan, struct retriever_choice *out)
{
    for (size_t i = 0; i < plan->n_models; i++)
        out[i] = (struct retriever_choice){plan->models[i].class, plan->models[i].settings};
    return plan->n_models;
}

static enum status add_ranker(struct plan *plan, const struct settings *settings,
                              struct error *reterr)
{
    if (strcmp(settings->models.ranker, "none") == 0)
        return STATUS_OK;
    struct feature_spec *spec;
    const char *name = "models.ranker";
    enum status status = ranker_predictor_need(settings->models.ranker, &plan->ranker, reterr);
    if (status == STATUS_OK) {
        name = "models.ranker_spec";
        status = plan_ranker_spec(plan, settings, &spec, &plan->ranker_others, reterr);
    }
    if (status != STATUS_OK) {
        if (reterr)
            error_prefix(reterr, "%s: %s: ", settings_place(settings, name), name);
        return status;
    }
    plan->ranker_spec = arena_strndup(&plan->arena, spec->text.bytes, spec->text.length);
    feature_spec_free(spec);
    return plan->ranker_spec ? STATUS_OK
                             : error_set(reterr, STATUS_NO_MEMORY, "out of memory for the ranker");
}

enum status plan_make(const struct settings *settings, struct plan *ret_plan, struct error *reterr)
{
    struct plan plan = {0};
    enum status status = add_model(&plan, model_classes[0], reterr);
    if (status == STATUS_OK && settings->training.models == TRAINING_MODELS_CONFIGURED)
        status = add_retrievers(&plan, settings, reterr);
    if (status == STATUS_OK)
        status = add_guests(&plan, settings, reterr);
    for (size_t i = 0; i < settings->n_model_settings && status == STATUS_OK; i++)
        status = apply_setting(&plan, &settings->model_settings[i], reterr);
    if (status == STATUS_OK)
        status = check_settings(&plan, reterr);
    if (status == STATUS_OK)
        status = add_ranker(&plan, settings, reterr);
    if (status == STATUS_OK)
        *ret_plan = plan;
    else
        plan_free(&plan);
    return status;
}

void plan_free(struct plan *plan)
{
    arena_free(&plan->arena);
    plan->n_models = 0;
}

enum status plan_configured(struct plan *plan, const struct settings *settings,
                            const struct model_class *class, void **ret_settings,
                            struct error *reterr)
{
    void *values = model_settings_new(class, &plan->arena);
    enum status status = values ? STATUS_OK : STATUS_NO_MEMORY;
    for (size_t i = 0; i < settings->n_model_settings && status == STATUS_OK; i++) {
        const struct model_setting *setting = &settings->model_settings[i];
        if (strcmp(setting->model, class->name) == 0)
            status = options_set(class->options, class->n_options, values, "parameter",
                                 setting->name, setting->value, &plan->arena, NULL);
    }
    if (status != STATUS_OK)
        return error_set(reterr, status, "out of memory for the models' settings");
    *ret_settings = values;
    return STATUS_OK;
}

void plan_choose(struct plan *plan, const struct model_class *class, void *settings)
{
    plan->models[1] = (struct planned_model){class, settings};
    plan->n_models = 2;
    plan->retriever = 1;
}

/* The rows, and the retrievers that are fitted for them once more. */
static uint64_t ranker_estimate(const struct plan *plan, const struct store_counts *counts,
                                const struct ranker_stored *stored)
{
    struct feature_spec *spec = NULL;
    struct rank_columns columns;
    uint64_t bytes = 0;
    if (feature_spec_parse("", plan->ranker_spec, strlen(plan->ranker_spec), &spec, NULL) ==
            STATUS_OK &&
        rank_columns_of(spec, &columns, NULL) == STATUS_OK)
        bytes = ranker_fit_estimate(spec, &columns, counts->events, counts->next_user, stored);
    feature_spec_free(spec);
    for (size_t i = 0; i < plan->n_models; i++) {
        const struct planned_model *model = &plan->models[i];
        if (i == plan->retriever || rank_others_has(&plan->ranker_others, model->class))
            bytes += model->class->estimate(model->settings, counts->next_user, counts->next_item,
                                            counts->events);
    }
    return bytes;
}

uint64_t plan_estimate(const struct plan *plan, const struct store_counts *counts,
                       const struct ranker_stored *stored)
{
    enum {
        EVENT_BYTES = 17, /* data/dataset.h */
        ID_BYTES = 64,    /* start, slots, a UUID and some growth */
        MATRIX_ENTRY_BYTES = 2 * (sizeof(uint32_t) + sizeof(float)), /* by user and by item */
        MATRIX_ROW_BYTES = 2 * sizeof(uint64_t),
        TEST_ENTRY_BYTES = 4 * sizeof(uint32_t)
    };
    const uint64_t rows = (uint64_t)counts->next_user + counts->next_item;
    uint64_t bytes = counts->events * (EVENT_BYTES + MATRIX_ENTRY_BYTES + TEST_ENTRY_BYTES) +
                     rows * (ID_BYTES + MATRIX_ROW_BYTES) + snapshot_write_estimate(counts->events);
    for (size_t i = 0; i < plan->n_models; i++)
        bytes += plan->models[i].class->estimate(plan->models[i].settings, counts->next_user,
                                                 counts->next_item, counts->events);
    return bytes +
           (plan->ranker ? ranker_estimate(plan, counts, stored) : ranker_stored_bytes(stored));
}

/* Each model's best settings, from which the next round's search goes on. */
static void append_found(const struct search_result *found, struct buffer *out)
{
    const char *comma = "{";
    for (size_t m = 0; m < found->n_models; m++) {
        if (found->best[m] == SIZE_MAX)
            continue;
        buffer_printf(out, "%s\"%s\": ", comma, found->classes[m]->name);
        model_settings_append_json(found->classes[m], found->trials[found->best[m]].settings, out);
        comma = ", ";
    }
    buffer_append_text(out, comma[0] == '{' ? "{}" : "}");
}

void plan_append_json(const struct plan *plan, const struct settings *settings, struct buffer *out)
{
    buffer_printf(out, "{\"seed\": %lld, \"kernels\": \"%s\", \"retriever\": \"%s\", \"models\": {",
                  (long long)settings->training.seed, kernels_get()->name,
                  plan->models[plan->retriever].class->name);
    for (size_t i = 0; i < plan->n_models; i++) {
        buffer_printf(out, "%s\"%s\": ", i ? ", " : "", plan->models[i].class->name);
        model_settings_append_json(plan->models[i].class, plan->models[i].settings, out);
    }
    buffer_append_byte(out, '}');
    if (plan->found) {
        buffer_append_text(out, ", \"found\": ");
        append_found(plan->found, out);
    }
    if (plan->ranker) {
        buffer_printf(out, ", \"ranker\": \"%s\", \"ranker_spec\": ", plan->ranker->name);
        buffer_append_json(out, plan->ranker_spec, strlen(plan->ranker_spec));
    }
    buffer_append_byte(out, '}');
}
