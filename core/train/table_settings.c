#include "train/table_settings.h"

#include <stdalign.h>
#include <string.h>

#include "base/text.h"
#include "data/yaml.h"

/* What the combined struct begins with; the class's settings follow at settings_at(). */
struct own_settings {
    const char *mode;
    double validation;
    bool refit;
};

const struct option table_fit_options[] = {
    {"mode", OPTION_TEXT, offsetof(struct own_settings, mode), "wide_deep", 0, 0, NULL,
     "which model: wide, deep or wide_deep"},
    {"validation", OPTION_REAL, offsetof(struct own_settings, validation), "0.1", 0, 0.9, NULL,
     "share of the training rows held out to stop early by; 0: none"},
    {"refit", OPTION_BOOL, offsetof(struct own_settings, refit), "false", 0, 0, NULL,
     "once the best epoch is known, fit again to all rows for so many epochs"},
};
const size_t n_table_fit_options = sizeof table_fit_options / sizeof *table_fit_options;

/* For predictors that learn in no batches. */
enum { BATCH_DEFAULT = 256 };

static size_t settings_at(void)
{
    const size_t unit = alignof(max_align_t);
    return (sizeof(struct own_settings) + unit - 1) / unit * unit;
}

static const char *class_name_at(const void *context, size_t i)
{
    (void)context;
    return predictor_classes[i]->name;
}

static enum status find_class(const char *name, const struct predictor_class **ret_class,
                              struct error *reterr)
{
    size_t n = 0;
    while (predictor_classes[n] && strcmp(predictor_classes[n]->name, name) != 0)
        n++;
    if (predictor_classes[n]) {
        *ret_class = predictor_classes[n];
        return STATUS_OK;
    }
    const char *nearest = text_nearest(name, n, class_name_at, NULL);
    return error_set(reterr, STATUS_NOT_FOUND, "unknown mode '%.60s'%s", name,
                     text_suggest(nearest).text);
}

/* The class's options behind our own, their offsets moved to where its settings lie. */
static enum status join_options(struct table_settings *settings, struct arena *arena)
{
    const struct predictor_class *class = settings->class;
    settings->n_options = n_table_fit_options + class->n_options;
    settings->options = arena_zalloc(arena, settings->n_options, sizeof *settings->options);
    settings->values = arena_zalloc(arena, 1, settings_at() + class->settings_size);
    if (!settings->options || !settings->values)
        return STATUS_NO_MEMORY;
    memcpy(settings->options, table_fit_options, sizeof table_fit_options);
    for (size_t i = 0; i < class->n_options; i++) {
        struct option *option = &settings->options[n_table_fit_options + i];
        *option = class->options[i];
        option->offset += settings_at();
    }
    settings->predictor = (char *)settings->values + settings_at();
    return options_init(settings->options, settings->n_options, settings->values, arena);
}

/* True for a setting that some predictor has. */
static bool is_known(const char *name)
{
    for (size_t i = 0; predictor_classes[i]; i++)
        if (option_find(predictor_classes[i]->options, predictor_classes[i]->n_options, name))
            return true;
    return false;
}

/* One spec serves every mode: what only other modes have does not count here. */
static enum status apply_spec(const struct feature_spec *spec, struct table_settings *settings,
                              struct arena *arena, struct error *reterr)
{
    for (uint32_t i = 0; i < spec->n_options; i++) {
        const struct spec_option *given = &spec->options[i];
        struct error err = {0};
        if (!option_find(settings->options, settings->n_options, given->name) &&
            is_known(given->name))
            continue;
        const enum status status =
            options_set(settings->options, settings->n_options, settings->values, "key of 'model'",
                        given->name, given->value, arena, &err);
        if (status != STATUS_OK)
            return yaml_refuse(spec->file, given->line, status, reterr, "%s", err.text);
    }
    return STATUS_OK;
}

static void take_own(struct table_settings *settings)
{
    struct own_settings *own = settings->values;
    own->mode = settings->class->name; /* the command line's choice, where there is one */
    settings->validation = own->validation;
    settings->refit = own->refit;
    const struct option *batch = option_find(settings->options, settings->n_options, "batch");
    settings->batch = BATCH_DEFAULT;
    if (batch && batch->type == OPTION_INT) {
        int64_t value;
        memcpy(&value, (const char *)settings->values + batch->offset, sizeof value);
        settings->batch = value > UINT32_MAX ? UINT32_MAX : (uint32_t)value;
    }
}

enum status table_settings_read(const struct feature_spec *spec, const char *mode,
                                struct arena *arena, struct table_settings *ret_settings,
                                struct error *reterr)
{
    struct table_settings settings = {0};
    const char *of_spec = feature_spec_option(spec, "mode");
    const char *name = mode ? mode : of_spec ? of_spec : table_fit_options[0].initial;
    enum status status = find_class(name, &settings.class, reterr);
    if (status != STATUS_OK)
        return status;
    if (join_options(&settings, arena) != STATUS_OK)
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory for the settings");
    status = apply_spec(spec, &settings, arena, reterr);
    if (status != STATUS_OK)
        return status;
    take_own(&settings);
    *ret_settings = settings;
    return STATUS_OK;
}

enum status table_settings_set(struct table_settings *settings, const char *name, const char *text,
                               struct arena *arena, struct error *reterr)
{
    if (strcmp(name, table_fit_options[0].name) == 0)
        return error_set(reterr, STATUS_OUT_OF_RANGE, "the mode is chosen by --mode");
    const enum status status = options_set(settings->options, settings->n_options, settings->values,
                                           "setting", name, text, arena, reterr);
    if (status == STATUS_OK)
        take_own(settings);
    return status;
}

void table_settings_append_json(const struct table_settings *settings, struct buffer *out)
{
    buffer_append_byte(out, '{');
    for (size_t i = 0; i < settings->n_options; i++) {
        const struct option *option = &settings->options[i];
        buffer_append_text(out, i ? ", " : "");
        buffer_append_json(out, option->name, strlen(option->name));
        buffer_append_text(out, ": ");
        option_print_json(option, settings->values, out);
    }
    buffer_append_byte(out, '}');
}
