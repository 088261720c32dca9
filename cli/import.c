#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/configuration.h"
#include "cli/console.h"
#include "cli/context.h"
#include "cli/help.h"
#include "cli/report.h"
#include "data/import.h"

enum { ON_ERROR_STOP = 1 };

void help_formats(FILE *out)
{
    fputs("\nFormats:\n", out);
    for (size_t i = 0; reader_classes[i]; i++) {
        char name[64];
        snprintf(name, sizeof name, "  %s", reader_classes[i]->name);
        help_row(name, reader_classes[i]->summary, out);
    }
}

static size_t n_shown(const struct import_result *result)
{
    return result->broken < IMPORT_SHOWN_MAX ? (size_t)result->broken : IMPORT_SHOWN_MAX;
}

static void print_broken_json(const struct import_result *result)
{
    struct buffer text = {0};
    for (size_t i = 0; i < n_shown(result); i++) {
        const struct error *line = &result->first[i];
        buffer_append_text(&text, i ? ", {\"place\": " : "{\"place\": ");
        buffer_append_json(&text, line->pointer, strlen(line->pointer));
        buffer_append_text(&text, ", \"reason\": ");
        buffer_append_json(&text, line->text, strlen(line->text));
        buffer_append_byte(&text, '}');
    }
    printf(", \"broken_lines\": [%s]}\n", text.failed || !text.data ? "" : text.data);
    buffer_free(&text);
}

static void print_result(const struct invocation *invocation, const struct import_result *result,
                         bool dry)
{
    if (invocation_flag(invocation, "json")) {
        printf("{\"users\": %" PRIu64 ", \"items\": %" PRIu64 ", \"events\": %" PRIu64
               ", \"duplicates\": %" PRIu64 ", \"broken\": %" PRIu64 ", \"dry_run\": %s",
               result->users, result->items, result->events, result->duplicates, result->broken,
               dry ? "true" : "false");
        print_broken_json(result);
        return;
    }
    printf("%s: %" PRIu64 " user%s, %" PRIu64 " item%s, %" PRIu64 " event%s",
           dry ? "fit" : "imported", result->users, plural(result->users), result->items,
           plural(result->items), result->events, plural(result->events));
    if (result->duplicates)
        printf(", %" PRIu64 " event%s there already", result->duplicates,
               result->duplicates == 1 ? " was" : "s were");
    putchar('\n');
}

static void warn_broken(const struct import_result *result)
{
    if (!result->broken)
        return;
    const size_t n = n_shown(result);
    report_note("tastevin: %" PRIu64 " broken line%s left out%s:", result->broken,
                plural(result->broken), n < result->broken ? "; the first" : "");
    for (size_t i = 0; i < n; i++)
        report_note("  %s: %s", result->first[i].pointer, result->first[i].text);
}

static int fail(struct context *context, struct console *console, const struct error *err)
{
    console_close(console);
    context_close(context);
    return report_failure(err);
}

static struct reader_settings reader_settings_of(const struct invocation *invocation)
{
    static const char *const kinds[] = {NULL, "users", "items", "interactions"};
    const char *delimiter = invocation_text(invocation, "delimiter");
    return (struct reader_settings){.columns = invocation_text(invocation, "columns"),
                                    .kind = kinds[invocation_choice(invocation, "kind")],
                                    .type = invocation_text(invocation, "type"),
                                    .positive_from =
                                        invocation_has(invocation, "positive-from")
                                            ? invocation_real(invocation, "positive-from")
                                            : NAN,
                                    .delimiter = delimiter ? delimiter[0] : '\0'};
}

static int run(const struct invocation *invocation, const struct reader_class *reader)
{
    struct error err = {0};
    struct context context = {0};
    struct console console = {0};
    struct import_result result;
    const bool dry = invocation_flag(invocation, "dry-run");
    enum status status = console_open(&console, &err);
    if (status == STATUS_OK && dry) {
        status = configuration_read(invocation, NULL, &context.settings, &err);
        context.types = context.settings.types;
    } else if (status == STATUS_OK) {
        status = context_open(invocation, CONTEXT_MAKE, &context, &err);
    }
    if (status != STATUS_OK)
        return fail(&context, &console, &err);
    const struct import_job job = {
        .reader = reader,
        .settings = reader_settings_of(invocation),
        .store = context.store,
        .types = &context.types,
        .auto_items = invocation_flag(invocation, "auto-items") ||
                      context.settings.items.auto_list || strcmp(reader->name, "pairs") == 0,
        .stop_on_error = invocation_choice(invocation, "on-error") == ON_ERROR_STOP,
        .yields = !dry && context_has_daemon(&context),
        .observer = &console.observer};
    status =
        import_paths(&job, invocation->arguments + 1, invocation->n_arguments - 1, &result, &err);
    progress_clear(&console.progress);
    if (status == STATUS_OK || result.events + result.items + result.users > 0)
        print_result(invocation, &result, dry);
    if (!(status != STATUS_OK && job.stop_on_error))
        warn_broken(&result);
    if (status != STATUS_OK)
        return fail(&context, &console, &err);
    console_close(&console);
    context_close(&context);
    const bool nothing = result.users + result.items + result.events + result.duplicates == 0;
    return nothing && result.broken ? EXIT_FAILED : EXIT_DONE;
}

int command_import(const struct invocation *invocation)
{
    const char *nearest = NULL, *delimiter = invocation_text(invocation, "delimiter");
    const struct reader_class *reader = reader_class_find(invocation->arguments[0], &nearest);
    if (!reader)
        return report_usage(invocation->command, "unknown format '%.60s'%s",
                            invocation->arguments[0], text_suggest(nearest).text);
    if (delimiter && strlen(delimiter) != 1)
        return report_usage(invocation->command, "--delimiter is one character, not '%.60s'",
                            delimiter);
    return run(invocation, reader);
}
