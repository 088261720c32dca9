#include "data/settings.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "data/settings_parts.h"

enum { MODEL_SETTINGS_MAX = 1000 };

/* What the options say about events goes to where models look for it. */
static void settings_settle(struct settings *settings)
{
    const int64_t half_life_ms = settings->interactions.half_life_ms;
    settings->types.half_life_ms = half_life_ms > 0 ? half_life_ms : 0;
    settings->types.max_per_user = (uint32_t)settings->interactions.max_per_user;
    settings->types.cap = settings->interactions.cap;
}

enum status settings_init(struct settings *settings)
{
    *settings = (struct settings){.types_place = "default"};
    event_types_init(&settings->types);
    enum status status =
        options_init(settings_options, settings_n_options, settings, &settings->arena);
    settings->places = arena_zalloc(&settings->arena, settings_n_options, sizeof *settings->places);
    if (status != STATUS_OK || !settings->places) {
        settings_free(settings);
        return STATUS_NO_MEMORY;
    }
    for (size_t i = 0; i < settings_n_options; i++)
        settings->places[i] = "default";
    settings_settle(settings);
    return STATUS_OK;
}

void settings_free(struct settings *settings)
{
    free(settings->model_settings);
    arena_free(&settings->arena);
    *settings = (struct settings){0};
}

const char *settings_place(const struct settings *settings, const char *name)
{
    const struct option *option = option_find(settings_options, settings_n_options, name);
    return option ? settings->places[option - settings_options] : NULL;
}

/* Rules that a range cannot say. */
static enum status check_value(const struct settings *settings, struct error *reterr)
{
    if (settings->training.every_ms >= 0 && settings->training.every_ms < 1000)
        return error_set(reterr, STATUS_OUT_OF_RANGE,
                         "training.every is below 1s; use never for no rounds by time");
    if (*settings->data.directory == '\0')
        return error_set(reterr, STATUS_OUT_OF_RANGE, "data.directory is empty; name a folder");
    return STATUS_OK;
}

/* Texts are printed as YAML and shown in messages. */
static enum status check_text(const char *name, const char *text, struct error *reterr)
{
    return utf8_is_printable(text)
               ? STATUS_OK
               : error_set(reterr, STATUS_MALFORMED,
                           "%.80s holds a control character or is not valid UTF-8", name);
}

enum status settings_apply(struct settings *settings, const struct option *option, const char *text,
                           const char *place, struct error *reterr)
{
    enum status status = check_text(option->name, text, reterr);
    if (status == STATUS_OK)
        status = option_set(option, settings, text, &settings->arena, reterr);
    if (status == STATUS_OK)
        status = check_value(settings, reterr);
    if (status != STATUS_OK)
        return status;
    settings->places[option - settings_options] = place;
    settings_settle(settings);
    return STATUS_OK;
}

static enum status refuse_memory(struct error *reterr)
{
    return error_set(reterr, STATUS_NO_MEMORY, "out of memory for the settings");
}

static const char *keep(struct settings *settings, const char *text)
{
    return arena_strndup(&settings->arena, text, strlen(text));
}

enum status settings_add_model(struct settings *settings, const char *model, const char *name,
                               const char *value, const char *place, struct error *reterr)
{
    if (settings->n_model_settings == MODEL_SETTINGS_MAX)
        return error_set(reterr, STATUS_TOO_LARGE, "there are more than %d settings of models",
                         MODEL_SETTINGS_MAX);
    enum status status = check_text("the model's name", model, reterr);
    if (status == STATUS_OK)
        status = check_text("the parameter's name", name, reterr);
    if (status == STATUS_OK)
        status = check_text(name, value, reterr);
    if (status != STATUS_OK)
        return status;
    struct model_setting *grown =
        realloc(settings->model_settings, (settings->n_model_settings + 1) * sizeof *grown);
    if (!grown)
        return refuse_memory(reterr);
    settings->model_settings = grown;
    const struct model_setting setting = {keep(settings, model), keep(settings, name),
                                          keep(settings, value), keep(settings, place)};
    if (!setting.model || !setting.name || !setting.value || !setting.place)
        return refuse_memory(reterr);
    grown[settings->n_model_settings++] = setting;
    return STATUS_OK;
}

/* ---- one setting by name ---- */

static enum status refuse_name(const char *what, const char *name, const char *nearest,
                               struct error *reterr)
{
    return error_set(reterr, STATUS_NOT_FOUND, "unknown %s '%.80s'%s", what, name,
                     text_suggest(nearest).text);
}

/* "models.ials.dimensions" -> ials, dimensions */
static bool split_model_name(const char *name, char model[64], const char **parameter)
{
    static const char section[] = "models.";
    if (strncmp(name, section, strlen(section)) != 0)
        return false;
    const char *start = name + strlen(section), *dot = strchr(start, '.');
    if (!dot || dot == start || dot - start >= 64 || dot[1] == '\0')
        return false;
    memcpy(model, start, (size_t)(dot - start));
    model[dot - start] = '\0';
    *parameter = dot + 1;
    return true;
}

enum status settings_set(struct settings *settings, const char *name, const char *value,
                         const char *place, struct error *reterr)
{
    char model[64];
    const char *parameter;
    if (split_model_name(name, model, &parameter))
        return settings_add_model(settings, model, parameter, value, place, reterr);
    const struct option *option = option_find(settings_options, settings_n_options, name);
    if (!option)
        return refuse_name("setting", name,
                           option_nearest(settings_options, settings_n_options, name), reterr);
    const char *kept = keep(settings, place);
    return kept ? settings_apply(settings, option, value, kept, reterr) : refuse_memory(reterr);
}

/* ---- environment ---- */

enum { VARIABLE_NAME_MAX = 96 };
static const char prefix[] = "TASTEVIN_";

static const struct {
    const char *variable, *name;
} short_variables[] = {
    {"TASTEVIN_DATA", "data.directory"},
    {"TASTEVIN_ADMIN_KEY_FILE", "server.admin_key_file"},
};
enum { N_SHORT_VARIABLES = sizeof short_variables / sizeof *short_variables };

/* server.max_body -> TASTEVIN_SERVER_MAX_BODY */
static void variable_of(const char *name, char out[VARIABLE_NAME_MAX])
{
    snprintf(out, VARIABLE_NAME_MAX, "%s%s", prefix, name);
    for (char *at = out + strlen(prefix); *at; at++)
        *at = *at == '.' ? '_' : (char)toupper((unsigned char)*at);
}

static const struct option *option_of_variable(const char *variable)
{
    for (size_t i = 0; i < N_SHORT_VARIABLES; i++)
        if (strcmp(short_variables[i].variable, variable) == 0)
            return option_find(settings_options, settings_n_options, short_variables[i].name);
    for (size_t i = 0; i < settings_n_options; i++) {
        char known[VARIABLE_NAME_MAX];
        variable_of(settings_options[i].name, known);
        if (strcmp(known, variable) == 0)
            return &settings_options[i];
    }
    return NULL;
}

static const char *variable_at(const void *context, size_t i)
{
    return ((const char(*)[VARIABLE_NAME_MAX])context)[i];
}

static enum status refuse_variable(const char *variable, struct error *reterr)
{
    char(*known)[VARIABLE_NAME_MAX] = calloc(settings_n_options + N_SHORT_VARIABLES, sizeof *known);
    if (!known)
        return refuse_memory(reterr);
    for (size_t i = 0; i < settings_n_options; i++)
        variable_of(settings_options[i].name, known[i]);
    for (size_t i = 0; i < N_SHORT_VARIABLES; i++)
        snprintf(known[settings_n_options + i], VARIABLE_NAME_MAX, "%s",
                 short_variables[i].variable);
    const char *nearest =
        text_nearest(variable, settings_n_options + N_SHORT_VARIABLES, variable_at, known);
    const enum status status = refuse_name("environment variable", variable, nearest, reterr);
    free(known);
    return status;
}

/* Kubernetes describes a service called tastevin to every container beside it in variables such as
 * TASTEVIN_SERVICE_HOST and TASTEVIN_PORT_8080_TCP_ADDR. */
static bool is_service_variable(const char *variable, const char *value)
{
    return strncmp(variable, "TASTEVIN_SERVICE_", 17) == 0 ||
           strncmp(variable, "TASTEVIN_PORT_", 14) == 0 ||
           (strcmp(variable, "TASTEVIN_PORT") == 0 && strstr(value, "://"));
}

static enum status read_variable(struct settings *settings, const char *entry, struct error *reterr)
{
    const char *equals = strchr(entry, '=');
    if (!equals)
        return STATUS_OK;
    char *variable = arena_strndup(&settings->arena, entry, (size_t)(equals - entry));
    if (!variable)
        return refuse_memory(reterr);
    if (is_service_variable(variable, equals + 1))
        return STATUS_OK;
    const struct option *option = option_of_variable(variable);
    if (!option)
        return refuse_variable(variable, reterr);
    const enum status status = settings_apply(settings, option, equals + 1, variable, reterr);
    if (status != STATUS_OK && reterr)
        snprintf(reterr->pointer, sizeof reterr->pointer, "%s", variable);
    return status;
}

enum status settings_read_environment(struct settings *settings, char *const *environment,
                                      struct error *reterr)
{
    for (; *environment; environment++) {
        if (strncmp(*environment, prefix, strlen(prefix)) != 0)
            continue;
        const enum status status = read_variable(settings, *environment, reterr);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}
