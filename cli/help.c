#include "cli/help.h"

#include <stdarg.h>
#include <string.h>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/report.h"
#include "version.h"

enum { LEFT_WIDTH = 30, LINE_WIDTH = 92 };

static const char about[] =
    "Tastevin is a recommendation server: applications post what their users do, it answers what "
    "each of them should see next. Events are stored in SQLite, models are trained again in the "
    "background, answers come over HTTP with the last click already counted.";

static const char *const beside_words[] = {
    [BESIDE_YES] = "May run while a daemon serves from the same data directory.",
    [BESIDE_NO] = "Needs the data directory for itself: stop the daemon first.",
    [BESIDE_MIXED] = NULL,
    [BESIDE_NONE] = NULL,
};

/* Words of `text`, broken at LINE_WIDTH, every line but the first indented. A line feed in the
 * text ends a line; lines that begin with a space are left as they are. */
static void wrap(FILE *out, const char *text, int column, int indent)
{
    int at = column;
    while (*text) {
        if (*text == '\n') {
            fputc('\n', out);
            text++;
            at = 0;
            const size_t whole = strcspn(text, "\n");
            if (*text == ' ') {
                fprintf(out, "%.*s", (int)whole, text);
                text += whole;
            }
            continue;
        }
        const int length = (int)strcspn(text, " \n");
        if (at > indent && at + 1 + length > LINE_WIDTH) {
            fprintf(out, "\n%*s", indent, "");
            at = indent;
        } else if (at > indent) {
            fputc(' ', out);
            at++;
        }
        fprintf(out, "%.*s", length, text);
        at += length;
        text += length;
        text += strspn(text, " ");
    }
    fputc('\n', out);
}

static void left_of(const struct command_option *o, char *left, size_t size)
{
    const int used = o->letter ? snprintf(left, size, "  -%c, --%s", o->letter, o->option.name)
                               : snprintf(left, size, "      --%s", o->option.name);
    if (o->metavar)
        snprintf(left + used, size - (size_t)used, " %s", o->metavar);
}

/* The help sentence with the choices, range and default that the table knows. */
static void sentence_of(const struct command_option *o, char *text, size_t size)
{
    const struct option *option = &o->option;
    size_t used = (size_t)snprintf(text, size, "%s", option->help);
    for (size_t i = 0; option->type == OPTION_CHOICE && option->choices[i] && used < size; i++)
        used +=
            (size_t)snprintf(text + used, size - used, "%s%s", i ? ", " : ": ", option->choices[i]);
    if (o->repeats && used < size)
        used += (size_t)snprintf(text + used, size - used, " (may be repeated)");
    if (o->metavar && option->initial && used < size)
        snprintf(text + used, size - used, " [%s]", option->initial);
}

void help_row(const char *name, const char *text, FILE *out)
{
    const int width = fprintf(out, "%-*s", LEFT_WIDTH, name);
    if (width > LEFT_WIDTH)
        fprintf(out, "\n%*s", LEFT_WIDTH, "");
    wrap(out, text, LEFT_WIDTH, LEFT_WIDTH);
}

static void print_option(FILE *out, const struct command_option *o)
{
    char left[128], text[512];
    left_of(o, left, sizeof left);
    sentence_of(o, text, sizeof text);
    help_row(left, text, out);
}

void help_general(FILE *out)
{
    fputs("Usage: tastevin SUBCOMMAND [OPTION...] [ARGUMENT...]\n\n", out);
    wrap(out, about, 0, 0);
    fputs("\nSubcommands:\n", out);
    for (const struct command *c = commands; c->name; c++)
        fprintf(out, "  %-14s%s\n", c->name, c->summary);
    fputs("\nOptions of every subcommand that has a use for them:\n", out);
    for (size_t i = 0; i < n_common_options; i++)
        print_option(out, &common_options[i]);
    fputs("\n'tastevin SUBCOMMAND --help' says more. To begin: tastevin demo\n", out);
}

void help_command(const struct command *command, FILE *out)
{
    fprintf(out, "Usage: tastevin %s [OPTION...]%s%s\n\n", command->name,
            *command->arguments ? " " : "", command->arguments);
    wrap(out, command->summary, 0, 0);
    if (*command->details) {
        fputc('\n', out);
        wrap(out, command->details, 0, 0);
    }
    if (beside_words[command->beside])
        fprintf(out, "\n%s\n", beside_words[command->beside]);
    fputs("\nOptions:\n", out);
    for (size_t i = 0; i < command->n_options; i++)
        print_option(out, &command->options[i]);
    for (size_t i = 0; i < n_common_options; i++)
        if (command_takes(command, &common_options[i]))
            print_option(out, &common_options[i]);
    if (command->more)
        command->more(out);
}

/* ---- the manual page ---- */

/* Text in which a backslash, a leading dot or quote and a minus keep their meaning. Lines that
 * begin with a space are examples. */
static void roff(FILE *out, const char *text)
{
    bool line_start = true, example = false;
    for (; *text; text++) {
        if (line_start && *text == ' ' && !example) {
            fputs(".PP\n.nf\n", out);
            example = true;
        } else if (line_start && *text != ' ' && *text != '\n' && example) {
            fputs(".fi\n.PP\n", out);
            example = false;
        }
        if (line_start && (*text == '.' || *text == '\''))
            fputs("\\&", out);
        if (*text == '\\')
            fputs("\\e", out);
        else if (*text == '-')
            fputs("\\-", out);
        else
            fputc(*text, out);
        line_start = *text == '\n';
    }
    fputs(example ? "\n.fi\n" : "\n", out);
}

static void roff_option(FILE *out, const struct command_option *o)
{
    char text[512];
    fputs(".TP\n\\fB", out);
    if (o->letter)
        fprintf(out, "\\-%c\\fR, \\fB", o->letter);
    fputs("\\-\\-", out);
    for (const char *c = o->option.name; *c; c++)
        fprintf(out, *c == '-' ? "\\-" : "%c", *c);
    fputs("\\fR", out);
    if (o->metavar)
        fprintf(out, " \\fI%s\\fR", o->metavar);
    fputc('\n', out);
    sentence_of(o, text, sizeof text);
    roff(out, text);
}

void help_manual(FILE *out)
{
    fprintf(out, ".TH TASTEVIN 1 \"\" \"tastevin %s\" \"User commands\"\n", TASTEVIN_VERSION);
    fputs(".SH NAME\ntastevin \\- a recommendation server\n.SH SYNOPSIS\n.B tastevin\n"
          ".I SUBCOMMAND\n[OPTION...] [ARGUMENT...]\n.SH DESCRIPTION\n",
          out);
    roff(out, about);
    fputs(".SH OPTIONS\nOf every subcommand that has a use for them:\n", out);
    for (size_t i = 0; i < n_common_options; i++)
        roff_option(out, &common_options[i]);
    fputs(".SH SUBCOMMANDS\n", out);
    for (const struct command *c = commands; c->name; c++) {
        fprintf(out, ".SS tastevin %s [OPTION...] %s\n", c->name, c->arguments);
        roff(out, c->summary);
        fputs(".PP\n", out);
        roff(out, c->details);
        if (beside_words[c->beside])
            fprintf(out, ".PP\n%s\n", beside_words[c->beside]);
        for (size_t i = 0; i < c->n_options; i++)
            roff_option(out, &c->options[i]);
    }
    fputs(".SH EXIT STATUS\n0: done; 1: failed; 2: wrong usage.\n", out);
}

/* ---- completion ---- */

static void completion_words(FILE *out, const struct command *command)
{
    fprintf(out, "    %s) words='", command->name);
    for (size_t i = 0; i < command->n_options; i++)
        fprintf(out, "--%s ", command->options[i].option.name);
    for (size_t i = 0; i < n_common_options; i++)
        if (command_takes(command, &common_options[i]))
            fprintf(out, "--%s ", common_options[i].option.name);
    for (size_t i = 0; command->words && command->words[i]; i++)
        fprintf(out, "%s ", command->words[i]);
    fputs("' ;;\n", out);
}

void help_completion(FILE *out)
{
    fputs("# bash completion for tastevin, made by: tastevin help --bash-completion\n"
          "_tastevin()\n{\n    local word=${COMP_WORDS[COMP_CWORD]} words=\n"
          "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n        words='",
          out);
    for (const struct command *c = commands; c->name; c++)
        fprintf(out, "%s ", c->name);
    fputs("'\n    else\n    case ${COMP_WORDS[1]} in\n", out);
    for (const struct command *c = commands; c->name; c++)
        completion_words(out, c);
    fputs("    esac\n    fi\n    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n}\n"
          "complete -o default -F _tastevin tastevin\n",
          out);
}

int command_help(const struct invocation *invocation)
{
    if (invocation_flag(invocation, "man")) {
        help_manual(stdout);
        return EXIT_DONE;
    }
    if (invocation_flag(invocation, "bash-completion")) {
        help_completion(stdout);
        return EXIT_DONE;
    }
    if (invocation->n_arguments == 0) {
        help_general(stdout);
        return EXIT_DONE;
    }
    const char *nearest = NULL;
    const struct command *command = command_find(invocation->arguments[0], &nearest);
    if (!command)
        return report_usage(NULL, "unknown subcommand '%.60s'%s", invocation->arguments[0],
                            text_suggest(nearest).text);
    help_command(command, stdout);
    return EXIT_DONE;
}
