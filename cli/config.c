#include <string.h>

#include "cli/commands.h"
#include "cli/configuration.h"
#include "cli/report.h"
#include "train/plan.h"
#include "train/round.h"

static int check(const char *path)
{
    struct error err = {0};
    struct settings settings;
    enum status status = settings_init(&settings);
    if (status == STATUS_OK)
        status = settings_read_file(&settings, path, &err);
    if (status == STATUS_OK)
        status = round_check_settings(&settings, &err);
    settings_free(&settings);
    if (status != STATUS_OK)
        return report_failure(&err);
    printf("%s: all is well\n", path);
    return EXIT_DONE;
}

/* As a comment: only what was changed belongs into a file. */
static enum status print_models(const struct settings *settings, struct buffer *out,
                                struct error *reterr)
{
    struct plan plan;
    const enum status status = plan_make(settings, &plan, reterr);
    if (status != STATUS_OK)
        return status;
    buffer_append_text(out,
                       "\n# Parameters in force of the models that a round fits; to change one, "
                       "put it under models.\n# models:\n");
    for (size_t i = 0; i < plan.n_models; i++) {
        const struct model_class *class = plan.models[i].class;
        buffer_printf(out, "#   %s:\n", class->name);
        for (size_t o = 0; o < class->n_options; o++) {
            buffer_printf(out, "#     %s: ", class->options[o].name);
            option_print(&class->options[o], plan.models[i].settings, out);
            buffer_printf(out, " # %s\n", class->options[o].help);
        }
    }
    plan_free(&plan);
    return STATUS_OK;
}

static int print(const struct invocation *invocation)
{
    struct error err = {0};
    struct settings settings;
    struct buffer text = {0};
    enum status status = configuration_read(invocation, NULL, &settings, &err);
    if (status == STATUS_OK) {
        settings_print(&settings, NULL, &text);
        status = print_models(&settings, &text, &err);
    }
    if (status == STATUS_OK && text.failed)
        status = error_set(&err, STATUS_NO_MEMORY, "no memory for the settings");
    if (status == STATUS_OK)
        fwrite(text.data, 1, text.size, stdout);
    buffer_free(&text);
    settings_free(&settings);
    return status == STATUS_OK ? EXIT_DONE : report_failure(&err);
}

int command_config(const struct invocation *invocation)
{
    const bool checks = strcmp(invocation->arguments[0], "check") == 0;
    if (checks && invocation->n_arguments != 2)
        return report_usage(invocation->command, "check needs a file: tastevin config check FILE");
    if (!checks && invocation->n_arguments != 1)
        return report_usage(invocation->command, "'%.60s' is one argument too many",
                            invocation->arguments[1]);
    return checks ? check(invocation->arguments[1]) : print(invocation);
}
