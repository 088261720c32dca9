#include "cli/configuration.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { SETTING_NAME_MAX = 200 };

enum status configuration_cut(const char *assignment, char *name, size_t size,
                              const char **ret_value, struct error *reterr)
{
    const char *equals = strchr(assignment, '=');
    if (!equals || equals == assignment || (size_t)(equals - assignment) >= size)
        return error_set(reterr, STATUS_MALFORMED, "--set takes NAME=VALUE, not '%.60s'",
                         assignment);
    memcpy(name, assignment, (size_t)(equals - assignment));
    name[equals - assignment] = '\0';
    *ret_value = equals + 1;
    return STATUS_OK;
}

static enum status apply(const struct given *given, struct settings *settings, struct error *reterr)
{
    char place[SETTING_NAME_MAX], name[SETTING_NAME_MAX];
    const char *value = NULL;
    snprintf(place, sizeof place, "--%s", given->option->option.name);
    if (given->option->setting)
        return settings_set(settings, given->option->setting, given->text, place, reterr);
    if (strcmp(given->option->option.name, "set") != 0)
        return STATUS_OK;
    const enum status status = configuration_cut(given->text, name, sizeof name, &value, reterr);
    return status != STATUS_OK ? status : settings_set(settings, name, value, place, reterr);
}

enum status configuration_read(const struct invocation *invocation, const char *before,
                               struct settings *ret_settings, struct error *reterr)
{
    enum status status = settings_init(ret_settings);
    if (status != STATUS_OK)
        return error_set(reterr, status, "no memory for the settings");
    const bool from_file = invocation->command->takes & TAKES_CONFIG;
    const char *file = from_file ? invocation_text(invocation, "config") : NULL;
    if (file)
        status = settings_read_file(ret_settings, file, reterr);
    if (status == STATUS_OK)
        status = settings_read_environment(ret_settings, environ, reterr);
    bool past = false;
    for (size_t i = 0; i < invocation->n_given && status == STATUS_OK; i++) {
        const struct given *given = &invocation->given[i];
        const char *name = given->option->option.name;
        past = past || (before && strcmp(name, before) == 0);
        if (!(past && strcmp(name, "set") == 0))
            status = apply(given, ret_settings, reterr);
    }
    return status;
}

enum status configuration_set_table(const struct invocation *invocation,
                                    struct table_settings *settings, struct arena *arena,
                                    struct error *reterr)
{
    enum { NAME_SIZE = 200 };
    enum status status = STATUS_OK;
    const struct given *given = NULL;
    while (status == STATUS_OK && (given = invocation_next(invocation, "set", given))) {
        char name[NAME_SIZE];
        const char *value = NULL;
        status = configuration_cut(given->text, name, sizeof name, &value, reterr);
        if (status == STATUS_OK)
            status = table_settings_set(settings, name, value, arena, reterr);
    }
    return status;
}
